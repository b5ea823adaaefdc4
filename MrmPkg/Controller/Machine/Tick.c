/** @file
  How often the boot processor wakes: most of what an idle controller costs is the tick of the PC's firmware
  (PI 1.7 volume 2, section 12.11).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Tick.h"
#include "Core/Clock.h"
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/Timer.h>

#define QUIET_MILLISECONDS  1000
#define SLOW_PERIOD         (20 * 10000)   ///< 20 ms in units of 100 ns

STATIC EFI_TIMER_ARCH_PROTOCOL  *mTimer;
STATIC UINT64                   mPeriod;   ///< of the PC's firmware while it ticks slower; 0 = it does not
STATIC UINT64                   mActiveAt;

VOID
ReleaseTick (
  VOID
  )
{
  if (mPeriod != 0) {
    mTimer->SetTimerPeriod (mTimer, mPeriod);
    mPeriod = 0;
  }
}

VOID
NoteActivity (
  VOID
  )
{
  mActiveAt = Milliseconds ();
  ReleaseTick ();
}

VOID
AdjustTick (
  VOID
  )
{
  UINT64  Period;

  if (  (mPeriod != 0)
     || (Milliseconds () - mActiveAt < QUIET_MILLISECONDS)
     || EFI_ERROR (gBS->LocateProtocol (&gEfiTimerArchProtocolGuid, NULL, (VOID **)&mTimer))
     || EFI_ERROR (mTimer->GetTimerPeriod (mTimer, &Period)))
  {
    return;
  }

  // A timer that ticks as slowly already, or does not tick, is left alone.
  if ((Period != 0) && (Period < SLOW_PERIOD) && !EFI_ERROR (mTimer->SetTimerPeriod (mTimer, SLOW_PERIOD))) {
    mPeriod = Period;
  } else {
    mActiveAt = Milliseconds ();
  }
}
