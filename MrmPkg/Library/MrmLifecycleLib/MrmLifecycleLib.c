/** @file
  Life of one partition as a state machine over copies of its mailbox.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Base.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmLifecycleLib.h>

STATIC CONST CHAR8  *CONST  mStateNames[MrmStateMax] = {
  "absent",
  "refused",
  "starting",
  "firmware",
  "loading",
  "running",
  "off",
  "failed",
  "restarting"
};

/**
  The furthest phase a partition is known to have reached since its last start.

  @param[in]  Lifecycle  State of the partition.
  @param[out] Phase      Receives the phase.

  @retval TRUE   The partition has processors at work: its mailbox is to be judged.
  @retval FALSE  It has not: its mailbox means nothing.
**/
STATIC
BOOLEAN
LifecycleIsLive (
  IN  CONST MRM_LIFECYCLE  *Lifecycle,
  OUT UINT32               *Phase
  )
{
  *Phase = MrmPhaseNone;
  switch (Lifecycle->State) {
    case MrmStateStarting:
    case MrmStateRestarting:
      //
      // The mailbox was prepared afresh; Lifecycle->Phase is of the life before.
      //
      return TRUE;

    case MrmStateFirmware:
    case MrmStateLoading:
    case MrmStateRunning:
      *Phase = (UINT32)Lifecycle->Phase;
      return TRUE;

    default:
      return FALSE;
  }
}

/**
  The state that belongs to a phase.

  @param[in] Phase     A phase, in range.
  @param[in] Starting  The state before any sign of life.

  @return The state.
**/
STATIC
MRM_STATE
LifecycleStateOf (
  IN UINT32     Phase,
  IN MRM_STATE  Starting
  )
{
  switch (Phase) {
    case MrmPhaseNone:
      return Starting;
    case MrmPhaseLoader:
      return MrmStateLoading;
    case MrmPhaseRunning:
      return MrmStateRunning;
    default:
      return MrmStateFirmware;
  }
}

/**
  Record that a partition is about to be started with a fresh mailbox.

  @param[in,out] Lifecycle  State of the partition: becomes MrmStateStarting at its first start,
                            MrmStateRestarting later.
**/
VOID
EFIAPI
MrmLifecycleStart (
  IN OUT MRM_LIFECYCLE  *Lifecycle
  )
{
  Lifecycle->State   = (Lifecycle->Starts == 0) ? MrmStateStarting : MrmStateRestarting;
  Lifecycle->Phase   = MrmPhaseNone;
  Lifecycle->Request = MrmRequestNone;
  Lifecycle->Status  = RETURN_SUCCESS;
  if (Lifecycle->Starts != MAX_UINT32) {
    Lifecycle->Starts++;
  }
}

/**
  Judge a copy of the mailbox and advance the state.

  @param[in,out] Lifecycle  State of the partition; advanced.
  @param[in]     Snapshot   Copy of the mailbox; not trusted.

  @return What the controller must do now.
**/
MRM_ACTION
EFIAPI
MrmLifecycleStep (
  IN OUT MRM_LIFECYCLE      *Lifecycle,
  IN     CONST MRM_MAILBOX  *Snapshot
  )
{
  UINT32     Reached;
  UINT32     Phase;
  UINT32     Request;
  MRM_STATE  State;

  if (!LifecycleIsLive (Lifecycle, &Reached)) {
    return MrmActionNone;
  }

  Phase   = Snapshot->Phase;
  Request = Snapshot->Request;
  if (  (Snapshot->Signature != MRM_MAILBOX_SIGNATURE)
     || (Snapshot->Version != MRM_MAILBOX_VERSION)
     || (Phase < Reached)
     || (Phase >= MrmPhaseMax)
     || (Request >= MrmRequestMax))
  {
    if (Lifecycle->State == MrmStateRunning) {
      return MrmActionNone;
    }

    Lifecycle->State   = MrmStateFailed;
    Lifecycle->Request = MrmRequestNone;
    Lifecycle->Status  = RETURN_COMPROMISED_DATA;
    return MrmActionStop;
  }

  Lifecycle->Phase = (MRM_PHASE)Phase;
  if (Request != MrmRequestNone) {
    Lifecycle->Request = (MRM_REQUEST)Request;
    Lifecycle->Status  = (EFI_STATUS)Snapshot->Status;
    switch (Request) {
      case MrmRequestColdReset:
      case MrmRequestWarmReset:
        Lifecycle->State = MrmStateRestarting;
        return MrmActionRestart;

      case MrmRequestShutdown:
        Lifecycle->State = MrmStateOff;
        return MrmActionStop;

      default:
        Lifecycle->State = MrmStateFailed;
        return MrmActionStop;
    }
  }

  State = LifecycleStateOf (Phase, Lifecycle->State);
  if (State == Lifecycle->State) {
    return MrmActionNone;
  }

  Lifecycle->State = State;
  return MrmActionReport;
}

/**
  Prepare a mailbox for a start: signature, version, everything else zero.

  @param[out] Mailbox  The mailbox; nothing of the partition runs.
**/
VOID
EFIAPI
MrmMailboxInitialize (
  OUT MRM_MAILBOX  *Mailbox
  )
{
  ZeroMem (Mailbox, sizeof (*Mailbox));
  Mailbox->Signature = MRM_MAILBOX_SIGNATURE;
  Mailbox->Version   = MRM_MAILBOX_VERSION;
}

/**
  Copy the failure text of a mailbox as printable, zero-terminated ASCII: bytes
  outside 0x20..0x7E become '?', TextLength is not trusted.

  @param[in]  Snapshot  Copy of the mailbox.
  @param[out] Text      Receives the text.
  @param[in]  Size      Bytes in Text, at least 1.
**/
VOID
EFIAPI
MrmMailboxText (
  IN  CONST MRM_MAILBOX  *Snapshot,
  OUT CHAR8              *Text,
  IN  UINTN              Size
  )
{
  UINTN  Index;
  UINTN  Length;
  CHAR8  Character;

  if (Size == 0) {
    return;
  }

  Length = MIN ((UINTN)Snapshot->TextLength, MRM_MAILBOX_TEXT_SIZE);
  Length = MIN (Length, Size - 1);
  for (Index = 0; Index < Length; Index++) {
    Character   = Snapshot->Text[Index];
    Text[Index] = ((Character >= 0x20) && (Character <= 0x7E)) ? Character : '?';
  }

  Text[Length] = '\0';
}

/**
  Name of a state for people.

  @param[in] State  The state.

  @return The name, e.g. "running"; "unknown" when State is out of range.
**/
CONST CHAR8 *
EFIAPI
MrmStateName (
  IN MRM_STATE  State
  )
{
  return ((UINT32)State < MrmStateMax) ? mStateNames[State] : "unknown";
}
