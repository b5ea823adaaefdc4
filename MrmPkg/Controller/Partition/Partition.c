/** @file
  The partitions on the live machine.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Partition/Partition.h"
#include "Partition/Plan.h"
#include <IndustryStandard/Pci.h>
#include <Library/MemoryAllocationLib.h>

#define AUDIT_SIZE  SIZE_4KB   ///< lines of one partition

MRM_PARTITION  *gPartitions;
UINTN          gPartitionCount;

EFI_STATUS
AllocatePartitions (
  IN  CONST MRM_PLAN  *Plan,
  OUT MRM_PARTITION   **Partitions
  )
{
  CHAR8   *Audit;
  UINT32  Index;

  *Partitions = AllocateZeroPool (Plan->PartitionCount * sizeof (MRM_PARTITION));
  if (*Partitions == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  for (Index = 0; Index < Plan->PartitionCount; Index++) {
    Audit = AllocatePool (AUDIT_SIZE);
    if (Audit == NULL) {
      FreePartitions (*Partitions, Index);
      return EFI_OUT_OF_RESOURCES;
    }

    (*Partitions)[Index].Plan = &Plan->Partitions[Index];
    MrmTextBegin (&(*Partitions)[Index].Audit, Audit, AUDIT_SIZE);
  }

  return EFI_SUCCESS;
}

VOID
FreePartitions (
  IN MRM_PARTITION  *Partitions,
  IN UINTN          Count
  )
{
  UINTN  Index;

  for (Index = 0; Index < Count; Index++) {
    if (Partitions[Index].Audit.Buffer != NULL) {
      FreePool (Partitions[Index].Audit.Buffer);
    }
  }

  FreePool (Partitions);
}

EFI_STATUS
MakePartitions (
  VOID
  )
{
  EFI_STATUS  Status;

  Status = AllocatePartitions (gPlan, &gPartitions);
  if (!EFI_ERROR (Status)) {
    gPartitionCount = gPlan->PartitionCount;
  }

  return Status;
}

VOID
FreeAllPartitions (
  VOID
  )
{
  if (gPartitionCount > 0) {
    FreePartitions (gPartitions, gPartitionCount);
    gPartitionCount = 0;
  }
}

UINT32
HostBridgeCount (
  IN CONST MRM_PARTITION  *Partition
  )
{
  return Partition->PciBusCount + ((Partition->CardArea.Size != 0) ? 1 : 0);
}

MRM_RANGE
ConfigRange (
  IN UINT64  EcamBase,
  IN UINT8   Bus,
  IN UINTN   Device,
  IN UINTN   Function
  )
{
  MRM_RANGE  Range;

  Range.Base = EcamBase + ((UINT64)Bus * SIZE_1MB) + ((Device * (PCI_MAX_FUNC + 1)) + Function) * SIZE_4KB;
  Range.Size = SIZE_4KB;
  return Range;
}
