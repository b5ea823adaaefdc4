/** @file
  How often the boot processor wakes: most of what an idle controller costs is the tick of the PC's firmware
  (PI 1.7 volume 2, section 12.11).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Tick.h"
#include "Machine/Interrupt.h"
#include "Core/Clock.h"
#include <Library/BaseLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/Timer.h>

#define QUIET_MILLISECONDS  1000
#define SLOW_PERIOD         (20 * 10000)   ///< 20 ms in units of 100 ns

///
/// Milliseconds between two rounds.  A round begins a moment after the tick that it waited for, so the next tick but
/// one comes a moment too early: one millisecond less is waited for.
///
#define ROUND        (10 - 1)
#define QUIET_ROUND  (20 - 1)

STATIC EFI_TIMER_ARCH_PROTOCOL  *mTimer;
STATIC UINT64                   mPeriod;                  ///< of the PC's firmware while it ticks otherwise; 0 = it does not
STATIC UINT64                   mPeriods[MrmTickUsers];   ///< that each of them wants; 0 = any will do
STATIC UINT64                   mWanted;                  ///< the shortest of these; 0 = there is none
STATIC UINT64                   mActiveAt;
STATIC MRM_TICK_WATCH           *mWatches;

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

/**
  The timer event of a watch, at its TPL.

  @param[in] Event    Not used.
  @param[in] Context  The watch.
**/
STATIC
VOID
EFIAPI
OnTimer (
  IN EFI_EVENT  Event,
  IN VOID       *Context
  )
{
  CONST MRM_TICK_WATCH  *Watch;

  Watch = Context;
  if ((Watch->IsAsked == NULL) || Watch->IsAsked ()) {
    Watch->Look ();
  }
}

/**
  Have all events look by themselves, or not.

  @param[in] Delay  Whether they do.
**/
STATIC
VOID
ArmWatches (
  IN EFI_TIMER_DELAY  Delay
  )
{
  CONST MRM_TICK_WATCH  *Watch;

  for (Watch = mWatches; Watch != NULL; Watch = Watch->Next) {
    gBS->SetTimer (Watch->Event, Delay, Watch->Period);
  }
}

EFI_STATUS
WatchByTimer (
  IN OUT MRM_TICK_WATCH  *Watch
  )
{
  EFI_STATUS  Status;

  Status = gBS->CreateEvent (EVT_TIMER | EVT_NOTIFY_SIGNAL, Watch->Tpl, OnTimer, Watch, &Watch->Event);
  if (EFI_ERROR (Status)) {
    Watch->Event = NULL;
    return Status;
  }

  Watch->Next = mWatches;
  mWatches    = Watch;
  return gBS->SetTimer (Watch->Event, TimerPeriodic, Watch->Period);
}

VOID
IgnoreTimer (
  IN OUT MRM_TICK_WATCH  *Watch
  )
{
  MRM_TICK_WATCH  **Link;

  if (Watch->Event == NULL) {
    return;
  }

  for (Link = &mWatches; *Link != Watch; Link = &(*Link)->Next) {
  }

  *Link = Watch->Next;
  gBS->CloseEvent (Watch->Event);
  Watch->Event = NULL;
}

VOID
WaitForRound (
  VOID
  )
{
  CONST MRM_TICK_WATCH  *Watch;
  UINT64                Last;
  EFI_TPL               Tpl;

  Last = TscIn ((Milliseconds () - mActiveAt < QUIET_MILLISECONDS) ? ROUND : QUIET_ROUND);
  // To signal events with each tick costs more than all that is looked at.
  ArmWatches (TimerCancel);
  while ((AsmReadTsc () < Last) && !HaltUnlessAsked ()) {
    for (Watch = mWatches; Watch != NULL; Watch = Watch->Next) {
      if ((Watch->IsAsked == NULL) || Watch->IsAsked ()) {
        Tpl = gBS->RaiseTPL (Watch->Tpl);
        Watch->Look ();
        gBS->RestoreTPL (Tpl);
      }
    }
  }

  ArmWatches (TimerPeriodic);
}
