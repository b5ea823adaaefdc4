/** @file
  Life of one partition: carries out what MrmLifecycleLib decides.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Life/Life.h"
#include "Guard/Guard.h"
#include "Build/Image.h"
#include "Chipset/Chipset.h"
#include "Talk/Talk.h"
#include "Media/Medium.h"
#include "Machine/Interrupt.h"
#include "Machine/Ready.h"
#include "Machine/ResetEntry.h"
#include "Machine/Uart.h"
#include "Pci/Claim.h"
#include "Pci/Confine.h"
#include "Partition/Partition.h"
#include "Core/Clock.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/LocalApicLib.h>
#include <Library/PrintLib.h>

VOID
ClaimDevices (
  IN OUT MRM_PARTITION  *Partition
  )
{
  ClaimPci (Partition);
  ClaimConsole (Partition);
  ClaimChipset (Partition);
  Partition->Quiesced = !EFI_ERROR (QuiesceDevices (Partition));
  MrmLifecycleBound (&Partition->Life, Partition->Policy, Milliseconds ());
}

VOID
ReleaseDevices (
  IN CONST MRM_PARTITION  *Partition,
  IN CONST MRM_PLAN       *Next  OPTIONAL
  )
{
  if (Partition->Quiesced) {
    FreeDevices (Partition);
    ReleaseChipset (Partition);
    ReleasePci (Partition);
    if ((Next == NULL) || !GivesUart (Next, Partition->Plan->Console.IoBase)) {
      ReleaseConsole (Partition);
    }
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
  Note that a partition cannot be started, and say so.

  @param[in,out] Partition  The partition.
  @param[in]     Cause      What has failed.
  @param[in]     Status     With which status.
**/
STATIC
VOID
FailStart (
  IN OUT MRM_PARTITION  *Partition,
  IN     MRM_CAUSE      Cause,
  IN     EFI_STATUS     Status
  )
{
  MrmLifecycleFail (&Partition->Life, Partition->Policy, Cause, Status, Milliseconds ());
  ReportState (Partition, "");
}

/**
  Start the first processor of a partition, in its guard if it has one.

  @param[in] Partition   The partition.
  @param[in] Trampoline  Address of the start-up code, page-aligned, below 1 MiB.
**/
STATIC
VOID
StartProcessor (
  IN CONST MRM_PARTITION  *Partition,
  IN UINT32               Trampoline
  )
{
  BOOLEAN  Interrupts;

  if (Partition->Guard == NULL) {
    SendInitSipiSipi (Partition->ApicIds[0], Trampoline);
    return;
  }

  // Handlers of interrupts send some, too: a command is two writes.
  Interrupts = SaveAndDisableInterrupts ();
  MrmGuardStart (MrmGuardProcessor (Partition->Guard, 0), Trampoline / SIZE_4KB);
  SetInterruptState (Interrupts);
}

/**
  Take a partition's processors from it once more, or after a start that has failed.

  @param[in,out] Partition  The partition; Lost is set anew.
**/
STATIC
VOID
TakeProcessors (
  IN OUT MRM_PARTITION  *Partition
  )
{
  LeaveGuest (Partition);
  Partition->Lost = (BOOLEAN)!ReclaimMachine (Partition);
}

/**
  Note that a partition cannot be started after its processors have come into its guard, and take them back.

  @param[in,out] Partition  The partition.
  @param[in]     Cause      What has failed.
  @param[in]     Status     Why.
**/
STATIC
VOID
FailInGuard (
  IN OUT MRM_PARTITION  *Partition,
  IN     MRM_CAUSE      Cause,
  IN     EFI_STATUS     Status
  )
{
  if (Partition->Guard != NULL) {
    TakeProcessors (Partition);
  }

  FailStart (Partition, Cause, Status);
}

/**
  Start a partition, for the first time or again.  Each folder is passed once (docs/architecture.md, "From a request to
  a start").

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

  // What did not stop, or come back, when the partition was stopped gets another chance.
  if (Partition->Lost) {
    TakeProcessors (Partition);
  }

  if (Partition->Lost) {
    FailStart (Partition, MrmCauseProcessor, EFI_TIMEOUT);
    return;
  }

  Status = ReadyDevices (Partition);
  if (EFI_ERROR (Status)) {
    FailStart (Partition, MrmCauseDevice, Status);
    return;
  }

  Partition->Quiesced = TRUE;
  if (!ReadyMachine (Partition)) {
    return;
  }

  // Processors enter the guard by way of the low slice, which is filled after that.
  Status = EnterGuard (Partition);
  if (EFI_ERROR (Status)) {
    FailInGuard (Partition, MrmCauseProcessor, Status);
    return;
  }

  Status = BuildPartition (Partition, &Trampoline);
  if (EFI_ERROR (Status)) {
    FailInGuard (Partition, MrmCauseBuild, Status);
    return;
  }

  StartTalk (Partition);
  MrmLifecycleStart (&Partition->Life, Milliseconds ());
  Partition->Quiesced = FALSE;
  Partition->StartTsc = AsmReadTsc ();
  Say ("%a: starting", Partition->Plan->Name);
  StartProcessor (Partition, Trampoline);
}

/**
  Reclaim a partition: take its processors from it, and quiesce its devices.  If a processor does not stop, the devices
  do not count as quiesced: it can start them again.

  @param[in,out] Partition  The partition.
**/
STATIC
VOID
ReclaimPartition (
  IN OUT MRM_PARTITION  *Partition
  )
{
  EndTalk (Partition);
  LeaveGuest (Partition);
  Partition->Lost     = (BOOLEAN)!ReclaimMachine (Partition);
  Partition->Quiesced = (BOOLEAN)(!EFI_ERROR (QuiesceDevices (Partition)) && !Partition->Lost);
  FlushMedia (Partition);
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
  BOOLEAN     Reset;
  CHAR8       Words[MRM_REASON_SIZE];

  Words[0] = '\0';
  Before   = Partition->Life.State;
  Action   = MrmLifecycleStep (&Partition->Life, Partition->Policy, Snapshot, Milliseconds ());
  if ((Action == MrmActionNone) && ReachedResetEntry (Partition)) {
    Action = MrmLifecycleReset (&Partition->Life, Partition->Policy, MrmCauseResetEntry, Milliseconds ());
  }

  if ((Action == MrmActionNone) && GuardEnded (Partition, &Reset, Words, sizeof (Words))) {
    Action = MrmActionStop;
    if (Reset) {
      MrmLifecycleReset (&Partition->Life, Partition->Policy, MrmCauseResetPort, Milliseconds ());
    } else {
      MrmLifecycleFail (&Partition->Life, Partition->Policy, MrmCauseGuard, EFI_ACCESS_DENIED, Milliseconds ());
    }
  }

  if (Action == MrmActionNone) {
    UpdateTemperature (Partition, Snapshot);
    UpdateWatchdog (Partition, Snapshot);
    return;
  }

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
      ReclaimPartition (&gPartitions[Index]);
    }
  }
}
