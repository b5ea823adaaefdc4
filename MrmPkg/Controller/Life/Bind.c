/** @file
  Partitions are bound to the live machine: each promise of the plan is kept, or the
  partition refused.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Life/Bind.h"
#include "Life/Life.h"
#include "Guard/Guard.h"
#include "Chipset/Chipset.h"
#include "Talk/Area.h"
#include "Talk/Cards.h"
#include "Talk/Control.h"
#include "Talk/Disk.h"
#include "Talk/Variables.h"
#include "Media/Medium.h"
#include "Machine/BootFiles.h"
#include "Machine/Isolation.h"
#include "Machine/PartitionMemory.h"
#include "Machine/Processor.h"
#include "Machine/ProcessorChoice.h"
#include "Machine/Shared.h"
#include "Machine/Survey.h"
#include "Machine/Uart.h"
#include "Pci/Bind.h"
#include "Pci/Confine.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include <Library/MemoryAllocationLib.h>

typedef
VOID
(*BIND_STEP)(
  IN OUT MRM_PARTITION  *Partition
  );

///
/// What is judged before memory, one promise after the other.
///
STATIC CONST BIND_STEP  mBindSteps[] = {
  BindMachine,
  BindIsolation,
  BindFiles,
  BindProcessors,
  BindPci,
  BindDma,
  BindConsole,
  BindChipset
};

/**
  Carry a step out for all partitions that were not refused: a refused one is passed
  over, so that its share stays free for nobody but the PC's firmware.

  @param[in]     Step        The step.
  @param[in,out] Partitions  The partitions.
  @param[in]     Count       Their number.
**/
STATIC
VOID
ForEachPartition (
  IN     BIND_STEP      Step,
  IN OUT MRM_PARTITION  *Partitions,
  IN     UINTN          Count
  )
{
  UINTN  Index;

  for (Index = 0; Index < Count; Index++) {
    if (Partitions[Index].Life.State == MrmStateAbsent) {
      Step (&Partitions[Index]);
    }
  }
}

/**
  Free what the controller has of a partition.

  @param[in,out] Partition  The partition; nothing of it runs.
**/
STATIC
VOID
FreeParts (
  IN OUT MRM_PARTITION  *Partition
  )
{
  ReleaseFiles (Partition);
  CloseGuard (Partition);
  CloseConfinement (Partition);
  FreeChipset (Partition);
  CloseStore (Partition);
  CloseControl (Partition);
  if (Partition->PciPorts != NULL) {
    FreePool (Partition->PciPorts);
    Partition->PciPorts    = NULL;
    Partition->PciBusCount = 0;
  }
}

/**
  Take from a partition what it shares with the controller; its disks keep what was written.

  @param[in,out] Partition  The partition; nothing of it runs.
**/
STATIC
VOID
CloseChannels (
  IN OUT MRM_PARTITION  *Partition
  )
{
  CloseDisks (Partition);
  ReleaseMedia (Partition);
  CloseCards (Partition);
  CloseArea (Partition);
}

VOID
ReleasePartition (
  IN OUT MRM_PARTITION  *Partition
  )
{
  // Memory first: firmware may need some to wake processors.
  CloseChannels (Partition);
  ReleaseMemory (Partition);
  FreeParts (Partition);
  ReleaseProcessors (Partition);
}

VOID
DropPartition (
  IN OUT MRM_PARTITION   *Partition,
  IN     CONST MRM_PLAN  *Next
  )
{
  if (Partition->Life.State != MrmStateRefused) {
    ReleaseDevices (Partition, Next);
  }

  CloseChannels (Partition);
  HoldMemory (Partition);
  FreeParts (Partition);
}

UINTN
BindPartitions (
  IN OUT MRM_PARTITION  *Partitions,
  IN     UINTN          Count
  )
{
  UINTN  Step;
  UINTN  Index;
  UINTN  Bound;

  for (Step = 0; Step < ARRAY_SIZE (mBindSteps); Step++) {
    ForEachPartition (mBindSteps[Step], Partitions, Count);
  }

  BindMemory (Partitions, Count);
  ForEachPartition (BindCardArea, Partitions, Count);
  if (!gMachine.VerifyOnly) {
    // A disk of one partition must not take the room on the ESP that the variables of another one need.
    ForEachPartition (OpenStore, Partitions, Count);
  }

  ForEachPartition (BindMedia, Partitions, Count);
  BindShared (Partitions, Count);
  if (!gMachine.VerifyOnly) {
    // The only other steps that change the machine.
    ForEachPartition (OpenControl, Partitions, Count);
    ForEachPartition (OpenArea, Partitions, Count);
    ForEachPartition (OpenCards, Partitions, Count);
    ForEachPartition (OpenDisks, Partitions, Count);
    ForEachPartition (OpenConfinement, Partitions, Count);
    ForEachPartition (OpenGuard, Partitions, Count);
    ForEachPartition (ClaimProcessors, Partitions, Count);
  }

  Bound = 0;
  for (Index = 0; Index < Count; Index++) {
    if (Partitions[Index].Life.State == MrmStateRefused) {
      ReleasePartition (&Partitions[Index]);
      continue;
    }

    if (Partitions[Index].Life.State == MrmStateAbsent) {
      Say ("%a: ready: every promise can be kept", Partitions[Index].Plan->Name);
    }

    Bound++;
  }

  DropShared (Partitions, Count);
  return Bound;
}
