/** @file
  Starts the partitions and looks after them: the controller's life.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Store.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/LocalApicLib.h>
#include <Library/UefiBootServicesTableLib.h>

#define POLL_PERIOD  (10 * 10000)   ///< 10 ms in units of 100 ns

/**
  Milliseconds between two readings of the TSC; 0 when they are not in order.

  @param[in] From  Earlier reading.
  @param[in] To    Later reading.
**/
STATIC
UINT64
Milliseconds (
  IN UINT64  From,
  IN UINT64  To
  )
{
  return (To <= From) ? 0 : DivU64x64Remainder (MultU64x32 (To - From, 1000), gMachine.TscFrequency, NULL);
}

/**
  Start a partition, for the first time or again.

  @param[in,out] Partition  Its processors wait for a SIPI.
**/
STATIC
VOID
StartPartition (
  IN OUT MRM_PARTITION  *Partition
  )
{
  EFI_STATUS  Status;
  UINT32      Trampoline;

  if (EFI_ERROR (QuiescePci (Partition))) {
    Partition->Life.State  = MrmStateFailed;
    Partition->Life.Status = EFI_DEVICE_ERROR;
    Say ("%a: failed: a device did not come back from its reset", Partition->Plan->Name);
    return;
  }

  Status = BuildPartition (Partition, &Trampoline);
  if (EFI_ERROR (Status)) {
    Partition->Life.State  = MrmStateFailed;
    Partition->Life.Status = Status;
    Say ("%a: failed: its memory cannot hold firmware and boot files: %r", Partition->Plan->Name, Status);
    return;
  }

  MrmLifecycleStart (&Partition->Life);
  Partition->StartTsc = AsmReadTsc ();
  Say ("%a: starting", Partition->Plan->Name);
  SendInitSipiSipi (Partition->ApicIds[0], Trampoline);
}

/**
  Say what state a partition has come to, and how long it took.

  @param[in] Partition  The partition.
  @param[in] Snapshot   Its mailbox.
**/
STATIC
VOID
Report (
  IN CONST MRM_PARTITION  *Partition,
  IN CONST MRM_MAILBOX    *Snapshot
  )
{
  CHAR8        Text[MRM_REASON_SIZE];
  CONST CHAR8  *Detail;

  Text[0] = '\0';
  switch (Partition->Life.Request) {
    case MrmRequestShutdown:
      Detail = "shutdown";
      break;
    case MrmRequestColdReset:
      Detail = "cold reset";
      break;
    case MrmRequestWarmReset:
      Detail = "warm reset";
      break;
    case MrmRequestFailed:
      MrmMailboxText (Snapshot, Text, sizeof (Text));
      Detail = Text;
      break;
    default:
      // No request, and yet failed: MrmLifecycleLib could not believe the mailbox.
      Detail = (Partition->Life.State == MrmStateFailed) ? "its mailbox was overwritten" : NULL;
      break;
  }

  if (Detail == NULL) {
    Say ("%a: %a", Partition->Plan->Name, MrmStateName (Partition->Life.State));
  } else {
    Say ("%a: %a: %a", Partition->Plan->Name, MrmStateName (Partition->Life.State), Detail);
  }

  if (Partition->Life.State == MrmStateRunning) {
    Say (
      "%a: timing: start->loader %ld ms, loader->os %ld ms",
      Partition->Plan->Name,
      Milliseconds (Partition->StartTsc, Snapshot->PhaseTsc[MrmPhaseLoader]),
      Milliseconds (Snapshot->PhaseTsc[MrmPhaseLoader], Snapshot->PhaseTsc[MrmPhaseRunning])
      );
  }
}

/**
  Look at a partition's mailbox once and do what it leads to.

  @param[in,out] Partition  The partition.
**/
STATIC
VOID
Attend (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_MAILBOX  Snapshot;
  MRM_ACTION   Action;

  if (Partition->Mailbox == NULL) {
    return;
  }

  CopyMem (&Snapshot, Partition->Mailbox, sizeof (Snapshot));
  AttendStore (Partition, &Snapshot);
  Action = MrmLifecycleStep (&Partition->Life, &Snapshot);
  if (Action == MrmActionNone) {
    return;
  }

  if (Action == MrmActionReport) {
    Report (Partition, &Snapshot);
    return;
  }

  StopProcessors (Partition);
  Report (Partition, &Snapshot);
  if (Action == MrmActionRestart) {
    StartPartition (Partition);
  } else {
    QuiescePci (Partition);
  }
}

VOID
RunPartitions (
  IN OUT MRM_PARTITION  *Partitions,
  IN     UINTN          Count
  )
{
  EFI_STATUS  Status;
  EFI_EVENT   Timer;
  UINTN       Index;
  UINTN       Signalled;

  for (Index = 0; Index < Count; Index++) {
    if (Partitions[Index].Life.State != MrmStateRefused) {
      ReleasePci (&Partitions[Index]);
      ReleaseConsole (&Partitions[Index]);
    }
  }

  for (Index = 0; Index < Count; Index++) {
    if (Partitions[Index].Life.State != MrmStateRefused) {
      StartPartition (&Partitions[Index]);
    }
  }

  Status = gBS->CreateEvent (EVT_TIMER, TPL_CALLBACK, NULL, NULL, &Timer);
  if (!EFI_ERROR (Status)) {
    Status = gBS->SetTimer (Timer, TimerPeriodic, POLL_PERIOD);
  }

  if (EFI_ERROR (Status)) {
    // Partitions run on; they cannot be restarted.
    Say ("the PC's firmware gives no timer: %r; partitions run unattended", Status);
  }

  while (TRUE) {
    gBS->WaitForEvent (1, &Timer, &Signalled);
    for (Index = 0; Index < Count; Index++) {
      Attend (&Partitions[Index]);
    }
  }
}
