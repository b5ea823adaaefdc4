/** @file
  Time since the controller started, by the TSC.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Clock.h"
#include <Library/BaseLib.h>

STATIC UINT64  mStartTsc;

VOID
StartClock (
  VOID
  )
{
  mStartTsc = AsmReadTsc ();
}

UINT64
MillisecondsBetween (
  IN UINT64  From,
  IN UINT64  To
  )
{
  UINT64  Seconds;
  UINT64  Rest;

  if ((To <= From) || (gMachine.TscFrequency == 0)) {
    return 0;
  }

  // In two steps, so that years of ticks do not overflow.
  Seconds = DivU64x64Remainder (To - From, gMachine.TscFrequency, &Rest);
  return MultU64x32 (Seconds, 1000) + DivU64x64Remainder (MultU64x32 (Rest, 1000), gMachine.TscFrequency, NULL);
}

UINT64
Milliseconds (
  VOID
  )
{
  return MillisecondsBetween (mStartTsc, AsmReadTsc ());
}
