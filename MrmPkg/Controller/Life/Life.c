/** @file
  Life of one partition: carries out what MrmLifecycleLib decides.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Life/Life.h"
#include "Build/Image.h"
#include "Talk/Area.h"
#include "Talk/Channel.h"
#include "Talk/Disk.h"
#include "Talk/Variables.h"
#include "Media/Medium.h"
#include "Machine/Interrupt.h"
#include "Machine/MachineCheckClear.h"
#include "Machine/Processor.h"
#include "Machine/ResetEntry.h"
#include "Machine/Shared.h"
#include "Machine/Uart.h"
#include "Pci/Quiesce.h"
#include "Pci/Claim.h"
#include "Partition/Partition.h"
#include "Core/Clock.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/LocalApicLib.h>
#include <Library/PrintLib.h>

#define SCRUB_STEP  SIZE_64MB   ///< memory zeroed between two looks at the other partitions

VOID
ClaimDevices (
  IN OUT MRM_PARTITION  *Partition
  )
{
  ClaimPci (Partition);
  ClaimConsole (Partition);
  Partition->Quiesced = !EFI_ERROR (QuiescePci (Partition));
  MrmLifecycleBound (&Partition->Life, Partition->Policy, Milliseconds ());
}

VOID
ReleaseDevices (
  IN CONST MRM_PARTITION  *Partition
  )
{
  if (Partition->Quiesced) {
    ReleasePci (Partition);
    ReleaseConsole (Partition);
  }
}

/**
  Say what state a partition has come to, and why.

  @param[in,out] Partition  The partition; remembers the words.
  @param[in]     Words      What MrmCauseText() does not tell, or "".
**/
STATIC
VOID
ReportState (
  IN OUT MRM_PARTITION  *Partition,
  IN     CONST CHAR8    *Words
  )
{
  CONST MRM_LIFECYCLE  *Life;
  UINT64               Now;

  Life = &Partition->Life;
  AsciiStrCpyS (
    Partition->Words,
    sizeof (Partition->Words),
    (Words[0] != '\0') ? Words : MrmCauseText (Life->Cause)
    );
  if (Partition->Words[0] != '\0') {
    Say ("%a: %a: %a", Partition->Plan->Name, MrmStateName (Life->State), Partition->Words);
  } else {
    Say ("%a: %a", Partition->Plan->Name, MrmStateName (Life->State));
  }

  Now = Milliseconds ();
  if ((Life->State == MrmStateRestarting) && (Life->StartAt > Now)) {
    Say (
      "%a: failure %d in a row: starts again in %ld ms",
      Partition->Plan->Name,
      Life->FailuresInRow,
      Life->StartAt - Now
      );
  } else if ((Life->State == MrmStateFailed) && (Life->FailuresInRow > 1)) {
    Say ("%a: failure %d in a row: starts no more", Partition->Plan->Name, Life->FailuresInRow);
  }
}

/**
  Zero a part of a partition's memory.

  @param[in,out] Partition  Scrubbed counts the bytes done.

  @retval TRUE   All of it is zero.
  @retval FALSE  There is more to do.
**/
STATIC
BOOLEAN
Scrub (
  IN OUT MRM_PARTITION  *Partition
  )
{
  UINT64  Done;
  UINT64  Size;
  UINTN   Index;

  Done = Partition->Scrubbed;
  for (Index = 0; Index < Partition->PieceCount; Index++) {
    if (Done < Partition->Pieces[Index].Size) {
      Size = MIN (Partition->Pieces[Index].Size - Done, SCRUB_STEP);
      ZeroMem ((VOID *)(UINTN)(Partition->Pieces[Index].Base + Done), (UINTN)Size);
      Partition->Scrubbed += Size;
      return FALSE;
    }

    Done -= Partition->Pieces[Index].Size;
  }

  Partition->Scrubbed = 0;
  return TRUE;
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
  MRM_CAUSE   Cause;
  UINT32      Trampoline;

  if (!ZeroShared (Partition) || ((Partition->Policy->Scrub || Partition->MemoryUsed) && !Scrub (Partition))) {
    return;
  }

  Partition->MemoryUsed = FALSE;

  // A device that did not come back when the partition was stopped gets another chance.
  Status = Partition->Quiesced ? EFI_SUCCESS : QuiescePci (Partition);
  Cause  = MrmCauseDevice;
  if (!EFI_ERROR (Status)) {
    if (Partition->Life.Starts != 0) {
      ClearMachineChecks (Partition);
    }

    Status = BuildPartition (Partition, &Trampoline);
    Cause  = MrmCauseBuild;
  }

  if (EFI_ERROR (Status)) {
    MrmLifecycleFail (&Partition->Life, Partition->Policy, Cause, Status, Milliseconds ());
    ReportState (Partition, "");
    return;
  }

  MrmLifecycleStart (&Partition->Life, Milliseconds ());
  StartArea (Partition);
  StartCards (Partition);
  StartDisks (Partition);
  Partition->Quiesced = FALSE;
  Partition->StartTsc = AsmReadTsc ();
  Say ("%a: starting", Partition->Plan->Name);
  SendInitSipiSipi (Partition->ApicIds[0], Trampoline);
}

/**
  Reclaim a partition: take its processors from it, and quiesce its devices.

  @param[in,out] Partition  The partition.
**/
STATIC
VOID
ReclaimPartition (
  IN OUT MRM_PARTITION  *Partition
  )
{
  QuiesceCards (Partition);
  QuiesceDisks (Partition);
  ReclaimProcessors (Partition);
  ClearResetEntry (Partition);
  Partition->Quiesced = !EFI_ERROR (QuiescePci (Partition));
  FlushMedia (Partition);
  ReportWaits (Partition);
}

/**
  Write the temperature that the OS is to find, unless it is there already.

  @param[in,out] Partition  The partition, live.
  @param[in]     Snapshot   Copy of its mailbox.
**/
STATIC
VOID
UpdateTemperature (
  IN OUT MRM_PARTITION      *Partition,
  IN     CONST MRM_MAILBOX  *Snapshot
  )
{
  if (Snapshot->Thermal.Temperature != Partition->Life.Temperature) {
    Partition->Mailbox->Thermal.Temperature = Partition->Life.Temperature;
  }
}

/**
  Write the registers of the watchdog that are the controller's, where they differ.

  @param[in,out] Partition  The partition, live.
  @param[in]     Snapshot   Copy of its mailbox.
**/
STATIC
VOID
UpdateWatchdog (
  IN OUT MRM_PARTITION      *Partition,
  IN     CONST MRM_MAILBOX  *Snapshot
  )
{
  if (  !Partition->Plan->Policy.Watchdog
     || ((Partition->Life.State != MrmStateRunning) && (Partition->Life.State != MrmStateStopping)))
  {
    return;
  }

  if (Snapshot->Watchdog.Ping != 0) {
    Partition->Mailbox->Watchdog.Ping = 0;
  }

  if (Snapshot->Watchdog.Remaining != Partition->Life.WatchdogRemaining) {
    Partition->Mailbox->Watchdog.Remaining = Partition->Life.WatchdogRemaining;
  }
}

VOID
PollLife (
  IN OUT MRM_PARTITION      *Partition,
  IN     CONST MRM_MAILBOX  *Snapshot
  )
{
  MRM_ACTION  Action;
  MRM_STATE   Before;
  CHAR8       Words[MRM_REASON_SIZE];

  Before = Partition->Life.State;
  Action = MrmLifecycleStep (&Partition->Life, Partition->Policy, Snapshot, Milliseconds ());
  if ((Action == MrmActionNone) && ReachedResetEntry (Partition)) {
    Action = MrmLifecycleReset (&Partition->Life, Partition->Policy, MrmCauseResetEntry, Milliseconds ());
  }

  if (Action == MrmActionNone) {
    UpdateTemperature (Partition, Snapshot);
    UpdateWatchdog (Partition, Snapshot);
    return;
  }

  Words[0] = '\0';
  if (Action == MrmActionStop) {
    ReclaimPartition (Partition);
    if (Partition->Life.Cause == MrmCauseReported) {
      MrmMailboxText (Snapshot, Words, sizeof (Words));
    }
  }

  ReportState (Partition, Words);
  if ((Partition->Life.State == MrmStateRunning) && (Before != MrmStateRunning)) {
    Say (
      "%a: timing: start->loader %ld ms, loader->os %ld ms",
      Partition->Plan->Name,
      MillisecondsBetween (Partition->StartTsc, Snapshot->PhaseTsc[MrmPhaseLoader]),
      MillisecondsBetween (Snapshot->PhaseTsc[MrmPhaseLoader], Snapshot->PhaseTsc[MrmPhaseRunning])
      );
  }
}

VOID
StartDue (
  IN OUT MRM_PARTITION  *Partition,
  IN     BOOLEAN        Others
  )
{
  if (MrmLifecycleIsDue (&Partition->Life, Partition->Policy, Others, Milliseconds ())) {
    StartPartition (Partition);
  }
}

EFI_STATUS
OrderPartition (
  IN OUT MRM_PARTITION  *Partition,
  IN     MRM_VERB       Verb,
  IN     BOOLEAN        AtOnce,
  IN     CONST CHAR8    *Who
  )
{
  CONST MRM_PLAN_POLICY  *Policy;
  EFI_STATUS             Status;
  MRM_ACTION             Action;
  UINT64                 Now;
  UINT64                 Until;
  CHAR8                  Words[MRM_REASON_SIZE];

  Policy = Partition->Policy;
  Now    = Milliseconds ();
  Status = MrmLifecycleOrder (&Partition->Life, Policy, Verb, AtOnce, Now, &Action);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  if (Verb == MrmVerbNmi) {
    SendNmi (Partition->ApicIds[0]);
    Say ("%a: NMI sent, ordered by %a", Partition->Plan->Name, Who);
    return EFI_SUCCESS;
  }

  if (Action == MrmActionStop) {
    ReclaimPartition (Partition);
  }

  if (Partition->Life.StartWanted && (Partition->Life.State == MrmStateOff)) {
    Say ("%a: start ordered by %a", Partition->Plan->Name, Who);
  } else if (Action != MrmActionNone) {
    if (Partition->Life.State == MrmStateStopping) {
      Until = MAX (Partition->Life.AskedUntil, Now);
      AsciiSPrint (
        Words,
        sizeof (Words),
        "asked to shut down, ordered by %a; is reclaimed in %ld s",
        Who,
        DivU64x32 (Until - Now + 999, 1000)
        );
    } else {
      AsciiSPrint (
        Words,
        sizeof (Words),
        "ordered by %a%a",
        Who,
        ((Action == MrmActionStop) && !AtOnce && (Policy->ShutdownMilliseconds != 0)) ? "; it could not be asked" : ""
        );
    }

    ReportState (Partition, Words);
  }

  return EFI_SUCCESS;
}

VOID
ReclaimAll (
  VOID
  )
{
  UINTN  Index;

  for (Index = 0; Index < gPartitionCount; Index++) {
    if (MrmLifecycleIsLive (&gPartitions[Index].Life)) {
      QuiesceCards (&gPartitions[Index]);
      QuiesceDisks (&gPartitions[Index]);
      ReclaimProcessors (&gPartitions[Index]);
      QuiescePci (&gPartitions[Index]);
      FlushMedia (&gPartitions[Index]);
    }
  }
}
