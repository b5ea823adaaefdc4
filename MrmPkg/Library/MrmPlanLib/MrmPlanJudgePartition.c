/** @file
  Judges what a partition of a plan says of itself.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPlanJudge.h"
#include <IndustryStandard/Acpi.h>
#include <Library/BaseLib.h>

#define LOW_LIMIT    0x90000     ///< bytes: beyond what a real-mode trampoline reaches safely
#define BELOW_1G     BASE_1GB
#define MAC_GROUP    BIT0        ///< of the first byte
#define ALL_PERMITS  (MRM_PERMIT_START | MRM_PERMIT_STOP | MRM_PERMIT_RESTART | MRM_PERMIT_NMI)

BOOLEAN
MrmPlanJudgeConsole (
  IN CONST MRM_PLAN_CONSOLE  *Console
  )
{
  switch (Console->Kind) {
    case MrmConsoleNone:
      return TRUE;
    case MrmConsoleUart16550Io:
      return (BOOLEAN)((Console->IoBase != 0) && (Console->BaudRate != 0));
    case MrmConsoleUart16550Pci:
      return (BOOLEAN)((Console->Function != NULL) && (Console->BaudRate != 0));
    default:
      // Only the live machine tells what is in memory space.
      return FALSE;
  }
}

/**
  Judge memory requests.

  @param[in] Partition  The partition.

  @return  What is wrong; NULL for nothing.
**/
STATIC
CONST CHAR8 *
JudgeMemory (
  IN CONST MRM_PLAN_PARTITION  *Partition
  )
{
  CONST MRM_PLAN_MEMORY  *Memory;
  UINT32                 Index;

  for (Index = 0; Index < Partition->MemoryCount; Index++) {
    Memory = &Partition->Memory[Index];
    if ((Memory->Purpose == MrmMemoryLow) != (Index == 0)) {
      return "its first memory request is not the only one for the low slice";
    }

    if (((Memory->Size % SIZE_4KB) != 0) || ((Memory->Alignment & (Memory->Alignment - 1)) != 0)) {
      return "a memory request is not aligned to pages, or its alignment is no power of two";
    }

    if ((Memory->Minimum >= Memory->Limit) || (Memory->Size > Memory->Limit - Memory->Minimum)) {
      return "a memory request does not fit between its own bounds";
    }

    if (  ((Memory->Purpose == MrmMemoryLow) && (Memory->Limit > LOW_LIMIT))
       || ((Memory->Purpose == MrmMemoryBelow1G) && (Memory->Limit > BELOW_1G)))
    {
      return "a memory request reaches higher than what it is for";
    }
  }

  return NULL;
}

/**
  Find the PCI bus that the partition sees as a segment.

  @param[in] Partition  The partition.
  @param[in] Segment    The segment.
  @param[in] Count      How many of its buses are looked at.

  @retval TRUE   There is one.
  @retval FALSE  There is none.
**/
STATIC
BOOLEAN
HasSegment (
  IN CONST MRM_PLAN_PARTITION  *Partition,
  IN UINT16                    Segment,
  IN UINT32                    Count
  )
{
  UINT32  Index;

  for (Index = 0; Index < Count; Index++) {
    if (Partition->PciBuses[Index].Segment == Segment) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Judge PCI buses and processors.

  @param[in] Partition  The partition.

  @return  What is wrong; NULL for nothing.
**/
STATIC
CONST CHAR8 *
JudgeHardware (
  IN CONST MRM_PLAN_PARTITION  *Partition
  )
{
  UINT32  Index;
  UINT32  Before;

  for (Index = 0; Index < Partition->ProcessorCount; Index++) {
    for (Before = 0; Before < Index; Before++) {
      if (Partition->ApicIds[Index] == Partition->ApicIds[Before]) {
        return "it has a processor twice";
      }
    }
  }

  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    if (HasSegment (Partition, Partition->PciBuses[Index].Segment, Index)) {
      return "two of its PCI ports are one segment";
    }

    if ((Partition->PciBuses[Index].RootPort == NULL) == (Partition->PciBuses[Index].FunctionCount == 0)) {
      return "one of its PCI buses is neither a port nor functions, or both";
    }

    if ((Partition->PciBuses[Index].FunctionCount != 0) && (Partition->Isolation == MrmIsolationCooperative)) {
      return "it has PCI functions by themselves, and nothing keeps it to them";
    }

    if (MrmPlanHasTwice (&Partition->PciBuses[Index])) {
      return "it has a PCI function twice";
    }

    for (Before = 0; Before < Index; Before++) {
      if (MrmPlanShareDevice (&Partition->PciBuses[Index], &Partition->PciBuses[Before])) {
        return "it has a PCI port twice";
      }
    }
  }

  return NULL;
}

/**
  Judge the PCI segment of cards on networks and served disks.

  @param[in] Partition  The partition.

  @return  What is wrong; NULL for nothing.
**/
STATIC
CONST CHAR8 *
JudgeChannelSegment (
  IN CONST MRM_PLAN_PARTITION  *Partition
  )
{
  if (!MrmPlanHasChannels (Partition) != (Partition->ChannelSegment == 0)) {
    return "it has cards or served disks without a PCI segment, or a segment without them";
  }

  if (  MrmPlanHasChannels (Partition)
     && (  (Partition->PciBusCount == MRM_MAX_PCI_BUSES)
        || HasSegment (Partition, Partition->ChannelSegment, Partition->PciBusCount)))
  {
    return "there is no PCI segment left for its cards and served disks";
  }

  return NULL;
}

/**
  Judge cards on networks.

  @param[in] Partition  The partition.

  @return  What is wrong; NULL for nothing.
**/
STATIC
CONST CHAR8 *
JudgeCards (
  IN CONST MRM_PLAN_PARTITION  *Partition
  )
{
  UINT32  Index;
  UINT32  Before;

  for (Index = 0; Index < Partition->CardCount; Index++) {
    if (!MrmPlanIsName (Partition->Cards[Index].Network)) {
      return "the name of a network is not a-z, then a-z, 0-9 and hyphens";
    }

    if (((Partition->Cards[Index].Mac >> 40) & MAC_GROUP) != 0) {
      return "the MAC of a card stands for several";
    }

    for (Before = 0; Before < Index; Before++) {
      if (MrmPlanSameText (Partition->Cards[Index].Network, Partition->Cards[Before].Network)) {
        return "it is on a network twice";
      }
    }
  }

  return NULL;
}

/**
  Judge the owner of the chipset.

  @param[in] Partition  The partition.

  @return  What is wrong; NULL for nothing.
**/
STATIC
CONST CHAR8 *
JudgeChipset (
  IN CONST MRM_PLAN_PARTITION  *Partition
  )
{
  if (!Partition->Chipset) {
    return NULL;
  }

  if (Partition->Isolation == MrmIsolationCooperative) {
    return "it owns the chipset, and nothing keeps it from what others have";
  }

  if ((Partition->PciBusCount != 0) || MrmPlanHasChannels (Partition)) {
    return "it owns the chipset, and has devices besides";
  }

  return NULL;
}

/**
  Judge boot sources.

  @param[in] Partition  The partition.

  @return  What is wrong; NULL for nothing.
**/
STATIC
CONST CHAR8 *
JudgeBoot (
  IN CONST MRM_PLAN_PARTITION  *Partition
  )
{
  CONST MRM_PLAN_BOOT_SOURCE  *Source;
  UINT32                      Index;
  BOOLEAN                     FromEsp;

  for (Index = 0; Index < Partition->Boot.SourceCount; Index++) {
    Source  = &Partition->Boot.Sources[Index];
    FromEsp = (BOOLEAN)((Source->Kind == MrmBootFile) || (Source->Kind == MrmBootShell));
    if (FromEsp && (Source->Loader == NULL)) {
      return "a boot source names no file";
    }

    if ((Source->Kind != MrmBootFile) && (Source->Initrd != NULL)) {
      return "a boot source has an initrd that is no file";
    }

    if ((Source->Segment != 0) && (FromEsp || !HasSegment (Partition, Source->Segment, Partition->PciBusCount))) {
      return "a boot source lies behind a PCI port that the partition does not have";
    }
  }

  return NULL;
}

/**
  Judge how a partition lives.

  @param[in] Plan    The plan.
  @param[in] Number  Which of its partitions.

  @return  What is wrong; NULL for nothing.
**/
STATIC
CONST CHAR8 *
JudgePolicy (
  IN CONST MRM_PLAN  *Plan,
  IN UINT32          Number
  )
{
  CONST MRM_PLAN_POLICY  *Policy;
  UINT32                 Index;

  Policy = &Plan->Partitions[Number].Policy;
  for (Index = 0; Index < Policy->AfterCount; Index++) {
    if (Policy->After[Index] >= Plan->PartitionCount) {
      return "it waits for a partition that is not in the plan";
    }
  }

  if ((Policy->PermitCount != 0) && (Policy->PermitCount != Plan->PartitionCount)) {
    return "it has not one permission for each partition";
  }

  for (Index = 0; Index < Policy->PermitCount; Index++) {
    if ((Policy->Permits[Index] & ~ALL_PERMITS) != 0) {
      return "it has a permission nobody knows";
    }
  }

  if ((Policy->VariableQuota % SIZE_4KB) != 0) {
    return "its variable store is not a multiple of 4 KiB";
  }

  return NULL;
}

/**
  Judge the DSDT and its patches.

  @param[in] Partition  The partition.

  @return  What is wrong; NULL for nothing.
**/
STATIC
CONST CHAR8 *
JudgeDsdt (
  IN CONST MRM_PLAN_PARTITION  *Partition
  )
{
  CONST EFI_ACPI_DESCRIPTION_HEADER  *Header;
  CONST MRM_PLAN_AML_PATCH           *Patch;
  UINT32                             Index;
  UINT64                             End;

  // Its size is at least that of a header, and it lies at a multiple of 8.
  Header = (CONST VOID *)Partition->Dsdt;
  if (  (Header->Signature != EFI_ACPI_6_3_DIFFERENTIATED_SYSTEM_DESCRIPTION_TABLE_SIGNATURE)
     || (Header->Length != Partition->DsdtSize)
     || (CalculateSum8 (Partition->Dsdt, Partition->DsdtSize) != 0))
  {
    return "its DSDT is none, or is damaged";
  }

  End = sizeof (*Header);
  for (Index = 0; Index < Partition->DsdtPatchCount; Index++) {
    Patch = &Partition->DsdtPatches[Index];
    if ((Patch->Width & (Patch->Width - 1)) != 0) {
      return "a patch of its DSDT is not 1, 2, 4 or 8 bytes wide";
    }

    if ((Patch->Offset < End) || ((UINT64)Patch->Offset + Patch->Width > Partition->DsdtSize)) {
      return "patches of its DSDT lie outside it, or not one behind the other";
    }

    if ((Patch->Index != 0) && (Patch->Index >= Partition->PciBusCount + (MrmPlanHasChannels (Partition) ? 1 : 0))) {
      return "a patch of its DSDT is for a PCI bus that it does not have";
    }

    End = (UINT64)Patch->Offset + Patch->Width;
  }

  return NULL;
}

CONST CHAR8 *
MrmPlanJudgePartition (
  IN CONST MRM_PLAN  *Plan,
  IN UINT32          Number
  )
{
  CONST MRM_PLAN_PARTITION  *Partition;
  CONST CHAR8               *What;

  Partition = &Plan->Partitions[Number];
  if (!MrmPlanIsName (Partition->Name)) {
    return "its name is not a-z, then a-z, 0-9 and hyphens";
  }

  if (!MrmPlanJudgeConsole (&Partition->Console)) {
    return "its console is incomplete";
  }

  What = JudgeMemory (Partition);
  if (What == NULL) {
    What = JudgeHardware (Partition);
  }

  if (What == NULL) {
    What = JudgeChannelSegment (Partition);
  }

  if (What == NULL) {
    What = JudgeChipset (Partition);
  }

  if (What == NULL) {
    What = JudgeCards (Partition);
  }

  if (What == NULL) {
    What = MrmPlanJudgeDisks (Partition);
  }

  if (What == NULL) {
    What = MrmPlanJudgeShared (Plan, Number);
  }

  if (What == NULL) {
    What = JudgeBoot (Partition);
  }

  if (What == NULL) {
    What = JudgePolicy (Plan, Number);
  }

  return (What == NULL) ? JudgeDsdt (Partition) : What;
}
