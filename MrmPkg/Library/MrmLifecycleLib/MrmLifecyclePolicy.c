/** @file
  When a partition starts, and what follows its end: policy and orders.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmLifecycleInternal.h"

/**
  How long to wait before the restart after a failure.

  @param[in] Policy  The policy.
  @param[in] InRow   How many failures there were in a row, at least 1.

  @return  Milliseconds.
**/
STATIC
UINT32
BackOff (
  IN CONST MRM_PLAN_POLICY  *Policy,
  IN UINT32                 InRow
  )
{
  UINT32  Most;
  UINT32  Wait;

  Most = MAX (Policy->BackOffMilliseconds, MRM_BACK_OFF_MAXIMUM);
  for (Wait = Policy->BackOffMilliseconds; (InRow > 1) && (Wait != 0) && (Wait < Most); InRow--) {
    Wait = (Wait > Most / 2) ? Most : Wait * 2;
  }

  return Wait;
}

BOOLEAN
EFIAPI
MrmLifecycleIsLive (
  IN CONST MRM_LIFECYCLE  *Lifecycle
  )
{
  switch (Lifecycle->State) {
    case MrmStateStarting:
    case MrmStateFirmware:
    case MrmStateLoading:
    case MrmStateRunning:
    case MrmStateStopping:
      return TRUE;
    case MrmStateRestarting:
      return !Lifecycle->StartWanted;
    default:
      return FALSE;
  }
}

VOID
EFIAPI
MrmLifecycleBound (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     UINT64                 Now
  )
{
  MrmLifecycleEnter (Lifecycle, MrmStateOff, MrmCauseNone, Now);
  Lifecycle->StartWanted = Policy->AutoStart;
  Lifecycle->StartTimed  = FALSE;
}

BOOLEAN
EFIAPI
MrmLifecycleIsDue (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     BOOLEAN                Others,
  IN     UINT64                 Now
  )
{
  if (!Lifecycle->StartWanted) {
    return FALSE;
  }

  if (!Lifecycle->StartTimed) {
    if (!Others) {
      return FALSE;
    }

    MrmLifecycleStartAt (Lifecycle, Now + Policy->DelayMilliseconds);
  }

  return Now >= Lifecycle->StartAt;
}

VOID
EFIAPI
MrmLifecycleStart (
  IN OUT MRM_LIFECYCLE  *Lifecycle,
  IN     UINT64         Now
  )
{
  MrmLifecycleEnter (
    Lifecycle,
    (Lifecycle->Starts == 0) ? MrmStateStarting : MrmStateRestarting,
    MrmCauseNone,
    Now
    );
  Lifecycle->Status            = RETURN_SUCCESS;
  Lifecycle->Phase             = MrmPhaseNone;
  Lifecycle->StartWanted       = FALSE;
  Lifecycle->SignOfLife        = Now;
  Lifecycle->Heartbeat         = 0;
  Lifecycle->WatchdogArmed     = FALSE;
  Lifecycle->WatchdogRemaining = 0;
  Lifecycle->Panicked          = FALSE;
  Lifecycle->Listens           = FALSE;
  Lifecycle->Readings          = 0;
  Lifecycle->Temperature       = MRM_THERMAL_NORMAL;
  if (Lifecycle->Starts != MAX_UINT32) {
    Lifecycle->Starts++;
  }
}

VOID
EFIAPI
MrmLifecycleFail (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     MRM_CAUSE              Cause,
  IN     EFI_STATUS             Status,
  IN     UINT64                 Now
  )
{
  if (Lifecycle->Failures != MAX_UINT32) {
    Lifecycle->Failures++;
  }

  if (Lifecycle->State == MrmStateStopping) {
    MrmStopEnd (Lifecycle, Cause, Now);
    Lifecycle->Status = Status;
    return;
  }

  if (Lifecycle->FailuresInRow != MAX_UINT32) {
    Lifecycle->FailuresInRow++;
  }

  Lifecycle->Status      = Status;
  Lifecycle->StartWanted = FALSE;
  if (  (Policy->Restart == MrmRestartNever)
     || ((Policy->RestartLimit != 0) && (Lifecycle->FailuresInRow >= Policy->RestartLimit)))
  {
    MrmLifecycleEnter (Lifecycle, MrmStateFailed, Cause, Now);
  } else {
    MrmLifecycleEnter (Lifecycle, MrmStateRestarting, Cause, Now);
    MrmLifecycleStartAt (Lifecycle, Now + BackOff (Policy, Lifecycle->FailuresInRow));
  }
}

VOID
MrmLifecycleEnd (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     MRM_CAUSE              Cause,
  IN     UINT64                 Now
  )
{
  if (Lifecycle->State == MrmStateStopping) {
    MrmStopEnd (Lifecycle, Cause, Now);
    return;
  }

  Lifecycle->Status = RETURN_SUCCESS;
  if (  (Policy->Restart == MrmRestartAlways)
     || ((Policy->Restart == MrmRestartOnFailure) && (Cause != MrmCauseShutdown)))
  {
    MrmLifecycleEnter (Lifecycle, MrmStateRestarting, Cause, Now);
    MrmLifecycleStartAt (Lifecycle, Now);
  } else {
    MrmLifecycleEnter (Lifecycle, MrmStateOff, Cause, Now);
  }
}

RETURN_STATUS
EFIAPI
MrmLifecycleOrder (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     MRM_VERB               Verb,
  IN     BOOLEAN                AtOnce,
  IN     UINT64                 Now,
  OUT    MRM_ACTION             *Action
  )
{
  BOOLEAN  Live;

  *Action = MrmActionNone;
  if ((Lifecycle->State == MrmStateAbsent) || (Lifecycle->State == MrmStateRefused)) {
    return RETURN_UNSUPPORTED;
  }

  Live = MrmLifecycleIsLive (Lifecycle);
  if (  Live
     && !AtOnce
     && ((Verb == MrmVerbStop) || (Verb == MrmVerbRestart))
     && MrmStopAsk (Lifecycle, Policy, Verb, Now))
  {
    *Action = MrmActionReport;
    return RETURN_SUCCESS;
  }

  switch (Verb) {
    case MrmVerbStart:
    case MrmVerbRestart:
      if (Live && (Verb == MrmVerbStart)) {
        return RETURN_ALREADY_STARTED;
      }

      Lifecycle->FailuresInRow = 0;
      Lifecycle->Status        = RETURN_SUCCESS;
      MrmLifecycleEnter (
        Lifecycle,
        (Lifecycle->Starts == 0) ? MrmStateOff : MrmStateRestarting,
        MrmCauseOrder,
        Now
        );
      MrmLifecycleStartAt (Lifecycle, Now);
      *Action = Live ? MrmActionStop : MrmActionReport;
      return RETURN_SUCCESS;

    case MrmVerbStop:
      if (!Live && !Lifecycle->StartWanted) {
        return RETURN_NOT_STARTED;
      }

      Lifecycle->StartWanted = FALSE;
      Lifecycle->Status      = RETURN_SUCCESS;
      MrmLifecycleEnter (Lifecycle, MrmStateOff, MrmCauseOrder, Now);
      *Action = Live ? MrmActionStop : MrmActionReport;
      return RETURN_SUCCESS;

    default:
      return Live ? RETURN_SUCCESS : RETURN_NOT_STARTED;
  }
}

BOOLEAN
EFIAPI
MrmLifecycleAllOff (
  IN CONST MRM_LIFECYCLE  *CONST  *Lifecycles,
  IN UINTN                Count
  )
{
  UINTN    Index;
  BOOLEAN  Started;

  Started = FALSE;
  for (Index = 0; Index < Count; Index++) {
    if (MrmLifecycleIsLive (Lifecycles[Index])) {
      return FALSE;
    }

    // A partition whose start waits for one that is off does not count: it would wait for ever.
    if (Lifecycles[Index]->StartWanted && Lifecycles[Index]->StartTimed) {
      return FALSE;
    }

    Started = Started || (Lifecycles[Index]->Starts != 0);
  }

  return Started;
}

MRM_VERB
EFIAPI
MrmLifecycleAnew (
  IN CONST MRM_LIFECYCLE  *Lifecycle,
  IN BOOLEAN              Ended,
  IN BOOLEAN              Stopped
  )
{
  if (Stopped) {
    return MrmVerbStop;
  }

  return (Ended || (Lifecycle->State == MrmStateRestarting)) ? MrmVerbStart : MrmVerbMax;
}
