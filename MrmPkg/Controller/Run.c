/** @file
  The controller's life: looks after all partitions until the last one is off, and then
  does what the plan says.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Run.h"
#include "Console/Screen.h"
#include "Life/Life.h"
#include "Life/PcEnd.h"
#include "Life/Redivide.h"
#include "Life/Requests.h"
#include "Chipset/Chipset.h"
#include "Talk/Channel.h"
#include "Talk/Control.h"
#include "Talk/Disk.h"
#include "Talk/Turn.h"
#include "Talk/Variables.h"
#include "Machine/Interrupt.h"
#include "Machine/MachineCheck.h"
#include "Machine/Memory.h"
#include "Machine/PowerButton.h"
#include "Machine/ResetEntry.h"
#include "Machine/Tick.h"
#include "Pci/Confine.h"
#include "Partition/Partition.h"
#include "Partition/Policy.h"
#include "Core/Clock.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/UefiBootServicesTableLib.h>

#define REFRESH_PERIOD  1000        ///< milliseconds, as the next ones
#define BURST_GAP       5           ///< how soon a call follows the one before
#define BURST_LIMIT     50          ///< how long calls may hold the controller up

/**
  TRUE when all partitions that one comes after run.

  @param[in] Partition  The one.
**/
STATIC
BOOLEAN
OthersRun (
  IN CONST MRM_PARTITION  *Partition
  )
{
  CONST MRM_PLAN_POLICY  *Policy;
  UINTN                  Index;

  Policy = Partition->Policy;
  for (Index = 0; Index < Policy->AfterCount; Index++) {
    if (gPartitions[Policy->After[Index]].Life.State != MrmStateRunning) {
      return FALSE;
    }
  }

  return TRUE;
}

/**
  TRUE if nothing runs any more and nothing is about to.
**/
STATIC
BOOLEAN
AllOff (
  VOID
  )
{
  CONST MRM_LIFECYCLE  *Lifecycles[MRM_MAX_PARTITIONS];
  UINTN                Index;

  for (Index = 0; Index < gPartitionCount; Index++) {
    Lifecycles[Index] = &gPartitions[Index].Life;
  }

  return MrmLifecycleAllOff (Lifecycles, gPartitionCount);
}

/**
  TRUE if a processor of a partition did not stop: it may run on, so that the PC's firmware cannot have its memory.
**/
STATIC
BOOLEAN
SomeLost (
  VOID
  )
{
  UINTN  Index;

  for (Index = 0; (Index < gPartitionCount) && !gPartitions[Index].Lost; Index++) {
  }

  return (BOOLEAN)(Index < gPartitionCount);
}

/**
  Do what the plan says for the time when all partitions are off.

  @retval TRUE   The controller goes on.
  @retval FALSE  It ends: back to the PC's firmware.
**/
STATIC
BOOLEAN
FinishAllOff (
  VOID
  )
{
  switch (gPolicy->AllOff) {
    case MrmAllOffPowerOff:
      Say ("all partitions are off: the PC is switched off");
      ResetPc (EfiResetShutdown);
      return TRUE;
    case MrmAllOffReboot:
      Say ("all partitions are off: the PC starts anew");
      ResetPc (EfiResetCold);
      return TRUE;
    case MrmAllOffMenu:
      if (SomeLost ()) {
        Say ("all partitions are off, but a processor has not stopped: the PC starts anew");
        ResetPc (EfiResetCold);
        return TRUE;
      }

      Say ("all partitions are off: back to the PC's firmware");
      return FALSE;
    default:
      Say ("all partitions are off");
      return TRUE;
  }
}

/**
  Look at a partition once: copy its mailbox, commit its variables, answer its request, and go on with its life.

  @param[in,out] Partition  The partition.

  @retval TRUE   It asked something, and was answered: more may follow at once.
  @retval FALSE  It did not.
**/
STATIC
BOOLEAN
PollPartition (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_MAILBOX  Snapshot;
  BOOLEAN      Others;
  BOOLEAN      Answered;

  Others   = OthersRun (Partition);
  Answered = FALSE;
  if (MrmLifecycleIsLive (&Partition->Life)) {
    if (Partition->Guard != NULL) {
      MrmGuardLook (Partition->Guard);
    }

    CopyMem (&Snapshot, Partition->Mailbox, sizeof (Snapshot));
    Answered = PollVariables (Partition, &Snapshot);
    PollEvents (Partition);
    Answered = PollRequest (Partition, &Snapshot) || Answered;
    PollLife (Partition, &Snapshot);
  }

  StartDue (Partition, Others);
  return Answered;
}

/**
  Look at all partitions. While they ask things, look again without waiting for the timer:
  a firmware writes several variables in a row.
**/
STATIC
VOID
PollPartitions (
  VOID
  )
{
  UINT64  Begin;
  UINT64  Now;
  UINT64  Answered;
  UINTN   Index;

  Begin    = Milliseconds ();
  Answered = 0;
  do {
    Now = Milliseconds ();
    BeginPoll ();
    for (Index = 0; Index < gPartitionCount; Index++) {
      if (PollPartition (&gPartitions[Index])) {
        Answered = Milliseconds () + BURST_GAP;
        NoteActivity ();
      }

      if (MrmLifecycleIsLive (&gPartitions[Index].Life) && (gPartitions[Index].Life.State != MrmStateRunning)) {
        NoteActivity ();
      }
    }

    PollTurns ();
    CpuPause ();
  } while ((Milliseconds () < Answered) && (Now - Begin < BURST_LIMIT));
}

/**
  Look at all partitions until the controller is to end.
**/
STATIC
VOID
PollUntilEnd (
  VOID
  )
{
  BOOLEAN  Off;
  BOOLEAN  WasOff;
  BOOLEAN  Busy;
  UINT64   Refreshed;

  WasOff    = FALSE;
  Refreshed = 0;
  while (TRUE) {
    PollPartitions ();
    PollPcEnd ();
    if (!PcEnds () && PollRedivision ()) {
      RenewScreens ();
      NoteActivity ();
      // A start that is due has not been seen yet: without it all partitions may seem to be off.
      continue;
    }

    Off = AllOff ();
    if (Off && !WasOff && !FinishAllOff ()) {
      return;
    }

    WasOff = Off;
    PollInterrupts ();
    PollMachineChecks ();
    PollConfinement ();
    PollScreens ();
    PollPowerButton ();
    if (Milliseconds () - Refreshed >= REFRESH_PERIOD) {
      RefreshControls ();
      Refreshed = Milliseconds ();
    }

    Busy = PollNetworks ();
    Busy = PollDisks () || Busy;
    if (!Busy) {
      AdjustTick ();
      WaitForRound ();
    }
  }
}

VOID
RunPartitions (
  VOID
  )
{
  UINTN  Index;

  OpenNetworks ();
  WatchDisks ();
  OpenResetEntry ();
  for (Index = 0; Index < gPartitionCount; Index++) {
    if (gPartitions[Index].Life.State == MrmStateAbsent) {
      ClaimDevices (&gPartitions[Index]);
    }
  }

  // The owner of the chipset has the power button, too.
  if (!IsChipsetOwned ()) {
    WatchPowerButton ();
  }

  SayFreeMemory ();
  OpenScreens ();
  PollUntilEnd ();
  CloseScreens ();
  CloseResetEntry ();
  CloseNetworks ();
  IgnoreDisks ();
  ReleaseTick ();
  for (Index = 0; Index < gPartitionCount; Index++) {
    if (gPartitions[Index].Life.State != MrmStateRefused) {
      ReleaseDevices (&gPartitions[Index], NULL);
    }
  }
}
