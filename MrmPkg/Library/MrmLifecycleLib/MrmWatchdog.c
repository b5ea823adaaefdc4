/** @file
  The watchdog a WDAT table describes to an OS.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmLifecycleInternal.h"

BOOLEAN
MrmWatchdogRunsOut (
  IN OUT MRM_LIFECYCLE       *Lifecycle,
  IN     CONST MRM_WATCHDOG  *Registers,
  IN     UINT64              Now
  )
{
  UINT32  Countdown;
  UINT64  Elapsed;

  Countdown = MIN (MAX (Registers->Countdown, MRM_WATCHDOG_MINIMUM), MRM_WATCHDOG_MAXIMUM);
  if (Registers->Running == 0) {
    Lifecycle->WatchdogArmed     = FALSE;
    Lifecycle->WatchdogRemaining = Countdown;
    return FALSE;
  }

  if (!Lifecycle->WatchdogArmed || (Registers->Ping != 0)) {
    Lifecycle->WatchdogArmed = TRUE;
    Lifecycle->WatchdogFed   = Now;
  }

  Elapsed                      = (Now - Lifecycle->WatchdogFed) / MRM_WATCHDOG_PERIOD;
  Lifecycle->WatchdogRemaining = (Elapsed >= Countdown) ? 0 : Countdown - (UINT32)Elapsed;
  return Lifecycle->WatchdogRemaining == 0;
}
