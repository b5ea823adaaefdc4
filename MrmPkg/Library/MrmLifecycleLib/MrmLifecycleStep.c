/** @file
  What a mailbox means for the life of its partition.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmLifecycleInternal.h"

/**
  The state that belongs to a phase.

  @param[in] Phase  A phase, in range.
  @param[in] State  The state so far: it stays before any sign of life, and while the OS shuts down.

  @return The state.
**/
STATIC
MRM_STATE
StateOf (
  IN UINT32     Phase,
  IN MRM_STATE  State
  )
{
  switch (Phase) {
    case MrmPhaseNone:
      return State;
    case MrmPhaseLoader:
      return MrmStateLoading;
    case MrmPhaseRunning:
      return (State == MrmStateStopping) ? State : MrmStateRunning;
    default:
      return MrmStateFirmware;
  }
}

/**
  TRUE if a mailbox is what a partition firmware makes of it.

  @param[in] Snapshot  Copy of the mailbox.
  @param[in] Reached   Furthest phase seen since the last start.
**/
STATIC
BOOLEAN
IsSound (
  IN CONST MRM_MAILBOX  *Snapshot,
  IN MRM_PHASE          Reached
  )
{
  return (Snapshot->Signature == MRM_MAILBOX_SIGNATURE)
         && (Snapshot->Version == MRM_MAILBOX_VERSION)
         && (Snapshot->Phase >= (UINT32)Reached)
         && (Snapshot->Phase < MrmPhaseMax)
         && (Snapshot->Request < MrmRequestMax);
}

/**
  The partition has been reset from within.  An OS that has told a panic before has failed: it only did not wait until
  its time for last words was over.

  @param[in,out] Lifecycle  State of the partition.
  @param[in]     Policy     Its policy.
  @param[in]     Cause      Which reset.
  @param[in]     Now        Milliseconds.
**/
STATIC
VOID
ObeyReset (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     MRM_CAUSE              Cause,
  IN     UINT64                 Now
  )
{
  if (Lifecycle->Panicked) {
    MrmLifecycleFail (Lifecycle, Policy, MrmCausePanic, RETURN_ABORTED, Now);
  } else {
    MrmLifecycleEnd (Lifecycle, Policy, Cause, Now);
  }
}

/**
  Carry out what the partition asks for.

  @param[in,out] Lifecycle  State of the partition.
  @param[in]     Policy     Its policy.
  @param[in]     Snapshot   Copy of the mailbox, sound, with a request.
  @param[in]     Now        Milliseconds.
**/
STATIC
VOID
ObeyRequest (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     CONST MRM_MAILBOX      *Snapshot,
  IN     UINT64                 Now
  )
{
  switch (Snapshot->Request) {
    case MrmRequestShutdown:
      MrmLifecycleEnd (Lifecycle, Policy, MrmCauseShutdown, Now);
      break;
    case MrmRequestColdReset:
      ObeyReset (Lifecycle, Policy, MrmCauseColdReset, Now);
      break;
    case MrmRequestWarmReset:
      ObeyReset (Lifecycle, Policy, MrmCauseWarmReset, Now);
      break;
    default:
      MrmLifecycleFail (Lifecycle, Policy, MrmCauseReported, (EFI_STATUS)Snapshot->Status, Now);
      break;
  }
}

/**
  TRUE if firmware or loader has shown no sign of life for too long.

  @param[in,out] Lifecycle  State of the partition; takes note of signs.
  @param[in]     Policy     Its policy.
  @param[in]     Snapshot   Copy of the mailbox, sound.
  @param[in]     Now        Milliseconds.
**/
STATIC
BOOLEAN
IsSilent (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     CONST MRM_MAILBOX      *Snapshot,
  IN     UINT64                 Now
  )
{
  if ((Snapshot->Phase != (UINT32)Lifecycle->Phase) || (Snapshot->Heartbeat != Lifecycle->Heartbeat)) {
    Lifecycle->Heartbeat  = Snapshot->Heartbeat;
    Lifecycle->SignOfLife = Now;
  }

  return (Snapshot->Phase < MrmPhaseRunning)
         && (Policy->FirmwareMilliseconds != 0)
         && (Now - Lifecycle->SignOfLife >= Policy->FirmwareMilliseconds);
}

/**
  Take note of a panic that the OS tells.  A kernel that saves a dump says so instead and is left alone.

  @param[in,out] Lifecycle  State of the partition.
  @param[in]     Panic      MRM_MAILBOX.Panic.
  @param[in]     Now        Milliseconds.
**/
STATIC
VOID
NotePanic (
  IN OUT MRM_LIFECYCLE  *Lifecycle,
  IN     UINT32         Panic,
  IN     UINT64         Now
  )
{
  if (!Lifecycle->Panicked && ((Panic & MRM_PANIC_NONE) == MRM_PANIC_PANICKED)) {
    Lifecycle->Panicked   = TRUE;
    Lifecycle->PanickedAt = Now;
  }
}

MRM_ACTION
EFIAPI
MrmLifecycleReset (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     MRM_CAUSE              Cause,
  IN     UINT64                 Now
  )
{
  if (!MrmLifecycleIsLive (Lifecycle)) {
    return MrmActionNone;
  }

  ObeyReset (Lifecycle, Policy, Cause, Now);
  return MrmActionStop;
}

MRM_ACTION
EFIAPI
MrmLifecycleStep (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     CONST MRM_MAILBOX      *Snapshot,
  IN     UINT64                 Now
  )
{
  MRM_STATE  State;

  if (!MrmLifecycleIsLive (Lifecycle)) {
    return MrmActionNone;
  }

  if (!IsSound (Snapshot, Lifecycle->Phase)) {
    if (MrmStopIsOverdue (Lifecycle, Now)) {
      MrmStopEnd (Lifecycle, MrmCauseOverdue, Now);
      return MrmActionStop;
    }

    if ((Lifecycle->State == MrmStateRunning) || (Lifecycle->State == MrmStateStopping)) {
      return MrmActionNone;
    }

    MrmLifecycleFail (Lifecycle, Policy, MrmCauseMailbox, RETURN_COMPROMISED_DATA, Now);
    return MrmActionStop;
  }

  if (Snapshot->Phase == MrmPhaseRunning) {
    NotePanic (Lifecycle, Snapshot->Panic, Now);
  }

  if (Snapshot->Request != MrmRequestNone) {
    ObeyRequest (Lifecycle, Policy, Snapshot, Now);
    return MrmActionStop;
  }

  if (MrmStopIsOverdue (Lifecycle, Now)) {
    MrmStopEnd (Lifecycle, MrmCauseOverdue, Now);
    return MrmActionStop;
  }

  MrmStopListen (Lifecycle, &Snapshot->Thermal, Now);
  if (IsSilent (Lifecycle, Policy, Snapshot, Now)) {
    MrmLifecycleFail (Lifecycle, Policy, MrmCauseSilence, RETURN_TIMEOUT, Now);
    return MrmActionStop;
  }

  Lifecycle->Phase = (MRM_PHASE)Snapshot->Phase;
  State            = StateOf (Snapshot->Phase, Lifecycle->State);
  if (State != Lifecycle->State) {
    MrmLifecycleEnter (Lifecycle, State, MrmCauseNone, Now);
    return MrmActionReport;
  }

  if ((State != MrmStateRunning) && (State != MrmStateStopping)) {
    return MrmActionNone;
  }

  if (Snapshot->Sleep.Reset == MRM_SLEEP_RESET) {
    ObeyReset (Lifecycle, Policy, MrmCauseColdReset, Now);
    return MrmActionStop;
  }

  if ((Snapshot->Sleep.Control & MRM_SLEEP_ENABLE) != 0) {
    MrmLifecycleEnd (Lifecycle, Policy, MrmCauseShutdown, Now);
    return MrmActionStop;
  }

  if (Now - Lifecycle->Since >= MRM_SETTLED_MILLISECONDS) {
    Lifecycle->FailuresInRow = 0;
  }

  if (Lifecycle->Panicked && (Now - Lifecycle->PanickedAt >= MRM_PANIC_MILLISECONDS)) {
    MrmLifecycleFail (Lifecycle, Policy, MrmCausePanic, RETURN_ABORTED, Now);
    return MrmActionStop;
  }

  if (Policy->Watchdog && MrmWatchdogRunsOut (Lifecycle, &Snapshot->Watchdog, Now)) {
    MrmLifecycleFail (Lifecycle, Policy, MrmCauseWatchdog, RETURN_TIMEOUT, Now);
    return MrmActionStop;
  }

  return MrmStopUnheard (Lifecycle, Now) ? MrmActionReport : MrmActionNone;
}
