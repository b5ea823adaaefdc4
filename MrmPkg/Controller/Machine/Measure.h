/** @file
  Measures clocks against each other: MrmMachineLib decides what readings mean.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_MEASURE_H_
#define MRM_MEASURE_H_

#include "Core/Clock.h"
#include <Uefi.h>
#include <Library/MrmMachineLib.h>

/**
  Read a counter that counts up.

  @return  What it says; more bits than its mask has are ignored.
**/
typedef
UINT64
(*MRM_READ_COUNTER)(
  VOID
  );

/**
  Measure a frequency, again and again until it is steady: whatever holds the processor up for a while, such as a
  system management interrupt, disturbs single readings.  The best measurement counts.

  Uses no service of the PC's firmware: any processor may call it.

  @param[in]  Clock         The counter, and the frequency that is known.
  @param[in]  Read          Reads the counter.
  @param[in]  Milliseconds  From one reading to the next, at least 1; the counter must not wrap in that time.
  @param[out] Result        Receives the measurement; Frequency 0 when there is none.
**/
VOID
MeasureClock (
  IN  CONST MRM_CLOCK   *Clock,
  IN  MRM_READ_COUNTER  Read,
  IN  UINT32            Milliseconds,
  OUT MRM_CLOCK_RESULT  *Result
  );

#endif
