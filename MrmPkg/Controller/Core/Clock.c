/** @file
  Time since the controller started, by the TSC.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Clock.h"
#include "Core/Facts.h"
#include <Library/BaseLib.h>

#define LONGEST_MICROSECONDS  3600000000ULL

STATIC UINT64  mStartTsc;

VOID
StartClock (
  VOID
  )
{
  mStartTsc = AsmReadTsc ();
}

/**
  Time between two readings of the TSC; 0 when they are not in order.

  @param[in] From  Earlier reading.
  @param[in] To    Later reading.
  @param[in] Unit  How many of its unit are a second, at most a million.
**/
STATIC
UINT64
TimeBetween (
  IN UINT64  From,
  IN UINT64  To,
  IN UINT32  Unit
  )
{
  UINT64  Seconds;
  UINT64  Rest;

  if ((To <= From) || (gMachine.TscFrequency == 0)) {
    return 0;
  }

  // In two steps, so that years of ticks do not overflow.
  Seconds = DivU64x64Remainder (To - From, gMachine.TscFrequency, &Rest);
  return MultU64x32 (Seconds, Unit) + DivU64x64Remainder (MultU64x32 (Rest, Unit), gMachine.TscFrequency, NULL);
}

UINT64
MillisecondsBetween (
  IN UINT64  From,
  IN UINT64  To
  )
{
  return TimeBetween (From, To, 1000);
}

UINT64
MicrosecondsBetween (
  IN UINT64  From,
  IN UINT64  To
  )
{
  return MIN (TimeBetween (From, To, 1000000), LONGEST_MICROSECONDS);
}

UINT64
Milliseconds (
  VOID
  )
{
  return MillisecondsBetween (mStartTsc, AsmReadTsc ());
}

UINT64
TscIn (
  IN UINT32  Milliseconds
  )
{
  return AsmReadTsc () + DivU64x32 (MultU64x32 (gMachine.TscFrequency, Milliseconds), 1000);
}
