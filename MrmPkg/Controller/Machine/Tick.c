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
STATIC UINT64                   mPeriod;   ///< of the PC's firmware while it ticks otherwise; 0 = it does not
STATIC UINT64                   mWanted;   ///< the period that cards on networks want; 0 = none do
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

/**
  Have the timer of the PC's firmware tick otherwise.

  @param[in] Wanted  In units of 100 ns; faster or slower than it does.

  @retval TRUE   It does.
  @retval FALSE  It is left alone: it ticks like that anyway, or not at all, or there is no such timer.
**/
STATIC
BOOLEAN
Change (
  IN UINT64  Wanted
  )
{
  UINT64  Period;

  if (  EFI_ERROR (gBS->LocateProtocol (&gEfiTimerArchProtocolGuid, NULL, (VOID **)&mTimer))
     || EFI_ERROR (mTimer->GetTimerPeriod (mTimer, &Period))
     || (Period == 0)
     || ((Wanted < SLOW_PERIOD) ? (Period <= Wanted) : (Period >= Wanted))
     || EFI_ERROR (mTimer->SetTimerPeriod (mTimer, Wanted)))
  {
    return FALSE;
  }

  mPeriod = Period;
  return TRUE;
}

VOID
NoteActivity (
  VOID
  )
{
  mActiveAt = Milliseconds ();
  if (mWanted == 0) {
    ReleaseTick ();
  }
}

VOID
HastenTick (
  IN UINT64  Period
  )
{
  if (Period != mWanted) {
    ReleaseTick ();
    mWanted   = Period;
    mActiveAt = Milliseconds ();
    if (Period != 0) {
      Change (Period);
    }
  }
}

VOID
AdjustTick (
  VOID
  )
{
  if ((mWanted != 0) || (mPeriod != 0) || (Milliseconds () - mActiveAt < QUIET_MILLISECONDS)) {
    return;
  }

  // A timer that ticks as slowly already, or does not tick, is left alone.
  if (!Change (SLOW_PERIOD)) {
    mActiveAt = Milliseconds ();
  }
}
