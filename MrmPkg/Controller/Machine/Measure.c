/** @file
  Measures clocks against each other: MrmMachineLib decides what readings mean.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Measure.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>

#define ROUNDS    8       ///< measurements at most
#define PATIENCE  BIT34   ///< ticks of the TSC in which a counter must have moved: seconds

/**
  Read the TSC, after all that was read before and before all that is read after.
**/
STATIC
UINT64
ReadTsc (
  VOID
  )
{
  UINT64  Ticks;

  AsmLfence ();
  Ticks = AsmReadTsc ();
  AsmLfence ();
  return Ticks;
}

/**
  Wait until it is time for the next reading, by the clock whose frequency is known.

  @param[in] Clock   The counter.
  @param[in] Read    Reads it.
  @param[in] Last    The reading before.
  @param[in] Ticks   Of that clock.

  @retval TRUE   It is.
  @retval FALSE  The counter stands still.
**/
STATIC
BOOLEAN
WaitForStep (
  IN CONST MRM_CLOCK          *Clock,
  IN MRM_READ_COUNTER         Read,
  IN CONST MRM_CLOCK_READING  *Last,
  IN UINT64                   Ticks
  )
{
  if (Clock->TscFrequency != 0) {
    while (ReadTsc () - Last->After < Ticks) {
      CpuPause ();
    }

    return TRUE;
  }

  while (((Read () - Last->Counter) & Clock->Mask) < Ticks) {
    if (ReadTsc () - Last->After > PATIENCE) {
      return FALSE;
    }

    CpuPause ();
  }

  return TRUE;
}

/**
  Take the readings of one measurement.

  @param[in]  Clock     The counter.
  @param[in]  Read      Reads it.
  @param[in]  Ticks     From one to the next, of the clock whose frequency is known.
  @param[out] Readings  Receives MRM_CLOCK_READINGS of them.

  @retval TRUE   Taken.
  @retval FALSE  The counter stands still.
**/
STATIC
BOOLEAN
TakeReadings (
  IN  CONST MRM_CLOCK    *Clock,
  IN  MRM_READ_COUNTER   Read,
  IN  UINT64             Ticks,
  OUT MRM_CLOCK_READING  *Readings
  )
{
  UINTN    Index;
  BOOLEAN  Enabled;

  for (Index = 0; Index < MRM_CLOCK_READINGS; Index++) {
    if ((Index > 0) && !WaitForStep (Clock, Read, &Readings[Index - 1], Ticks)) {
      return FALSE;
    }

    Enabled                 = SaveAndDisableInterrupts ();
    Readings[Index].Before  = ReadTsc ();
    Readings[Index].Counter = Read ();
    Readings[Index].After   = ReadTsc ();
    SetInterruptState (Enabled);
  }

  return TRUE;
}

VOID
MeasureClock (
  IN  CONST MRM_CLOCK   *Clock,
  IN  MRM_READ_COUNTER  Read,
  IN  UINT32            Milliseconds,
  OUT MRM_CLOCK_RESULT  *Result
  )
{
  MRM_CLOCK_READING  Readings[MRM_CLOCK_READINGS];
  MRM_CLOCK_RESULT   Latest;
  UINT64             Ticks;
  UINTN              Round;

  ZeroMem (Result, sizeof (*Result));
  Ticks = MAX (Clock->CounterFrequency, Clock->TscFrequency);
  Ticks = DivU64x32 (MultU64x32 (Ticks, Milliseconds), 1000);
  for (Round = 0; Round < ROUNDS; Round++) {
    if (!TakeReadings (Clock, Read, Ticks, Readings)) {
      return;
    }

    if (RETURN_ERROR (MrmClockMeasure (Clock, Readings, MRM_CLOCK_READINGS, &Latest))) {
      continue;
    }

    if ((Result->Frequency == 0) || (Latest.Spread < Result->Spread)) {
      CopyMem (Result, &Latest, sizeof (*Result));
    }

    if (Result->Spread <= MRM_CLOCK_STEADY) {
      return;
    }
  }
}
