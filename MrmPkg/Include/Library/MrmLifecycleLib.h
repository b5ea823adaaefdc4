/** @file
  Life of one partition as a state machine over copies of its mailbox.  Pure: no
  globals, no I/O; the controller carries out the action it returns.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_LIFECYCLE_LIB_H_
#define MRM_LIFECYCLE_LIB_H_

#include <MrmMailbox.h>

typedef enum {
  MrmStateAbsent,        ///< not yet bound to the machine
  MrmStateRefused,       ///< a promise cannot be kept; never started
  MrmStateStarting,      ///< SIPI sent, no sign of life yet
  MrmStateFirmware,      ///< partition firmware runs
  MrmStateLoading,       ///< loader runs
  MrmStateRunning,       ///< OS runs
  MrmStateOff,           ///< the OS powered the partition off
  MrmStateFailed,        ///< firmware or loader could not continue
  MrmStateRestarting,    ///< being started again
  MrmStateMax
} MRM_STATE;

typedef enum {
  MrmActionNone,
  MrmActionReport,       ///< state changed: tell the operator
  MrmActionStop,         ///< take back processors, quiesce devices; stays off
  MrmActionRestart       ///< take back processors, quiesce devices, start again from pristine copies
} MRM_ACTION;

typedef struct {
  MRM_STATE     State;
  MRM_REQUEST   Request;      ///< request that led to the last action
  EFI_STATUS    Status;       ///< status that came with it
  UINT32        Starts;       ///< times started
  MRM_PHASE     Phase;        ///< furthest phase seen since the last start
} MRM_LIFECYCLE;

/**
  Record that a partition is about to be started with a fresh mailbox.

  @param[in,out] Lifecycle  State of the partition: becomes MrmStateStarting at its first start,
                            MrmStateRestarting later; Starts is counted.
**/
VOID
EFIAPI
MrmLifecycleStart (
  IN OUT MRM_LIFECYCLE  *Lifecycle
  );

/**
  Judge a copy of the mailbox and advance the state.

  A damaged mailbox (signature, version, phase or request out of range, phase going
  back) of a partition that has not reached MrmPhaseRunning is a failure (MrmActionStop,
  Status EFI_COMPROMISED_DATA); of a running one it is ignored: the page is memory of
  the OS's machine and the OS keeps running.

  A partition that is absent, refused, off or failed has no mailbox to judge: nothing
  happens.  One that is restarting is judged like a starting one, so its mailbox must
  have been prepared again (MrmMailboxInitialize()) before the next step.

  @param[in,out] Lifecycle  State of the partition; advanced.
  @param[in]     Snapshot   Copy of the mailbox; not trusted.

  @return What the controller must do now.
**/
MRM_ACTION
EFIAPI
MrmLifecycleStep (
  IN OUT MRM_LIFECYCLE      *Lifecycle,
  IN     CONST MRM_MAILBOX  *Snapshot
  );

/**
  Prepare a mailbox for a start: signature, version, everything else zero.
**/
VOID
EFIAPI
MrmMailboxInitialize (
  OUT MRM_MAILBOX  *Mailbox
  );

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
  );

/**
  Name of a state for people, e.g. "running"; "unknown" when out of range.
**/
CONST CHAR8 *
EFIAPI
MrmStateName (
  IN MRM_STATE  State
  );

#endif
