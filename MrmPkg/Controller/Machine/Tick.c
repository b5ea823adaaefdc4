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
STATIC UINT64                   mPeriod;                  ///< of the PC's firmware while it ticks otherwise; 0 = it does not
STATIC UINT64                   mPeriods[MrmTickUsers];   ///< that each of them wants; 0 = any will do
STATIC UINT64                   mWanted;                  ///< the shortest of these; 0 = there is none
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
  IN MRM_TICK_USER  User,
  IN UINT64         Period
  )
{
  UINT64  Wanted;
  UINTN   Index;

  mPeriods[User] = Period;
  Wanted         = 0;
  for (Index = 0; Index < ARRAY_SIZE (mPeriods); Index++) {
    if ((mPeriods[Index] != 0) && ((Wanted == 0) || (mPeriods[Index] < Wanted))) {
      Wanted = mPeriods[Index];
    }
  }

  if (Wanted != mWanted) {
    ReleaseTick ();
    mWanted   = Wanted;
    mActiveAt = Milliseconds ();
    if (Wanted != 0) {
      Change (Wanted);
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

EFI_STATUS
WatchByTimer (
  IN  EFI_EVENT_NOTIFY  Look,
  IN  EFI_TPL           Tpl,
  IN  UINT64            Period,
  OUT EFI_EVENT         *Event
  )
{
  EFI_STATUS  Status;

  Status = gBS->CreateEvent (EVT_TIMER | EVT_NOTIFY_SIGNAL, Tpl, Look, NULL, Event);
  if (EFI_ERROR (Status)) {
    *Event = NULL;
    return Status;
  }

  return gBS->SetTimer (*Event, TimerPeriodic, Period);
}

VOID
IgnoreTimer (
  IN OUT EFI_EVENT  *Event
  )
{
  if (*Event != NULL) {
    gBS->CloseEvent (*Event);
    *Event = NULL;
  }
}
