/** @file
  The partitions on the live machine.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Partition/Partition.h"
#include "Partition/Plan.h"
#include <Library/MemoryAllocationLib.h>

#define AUDIT_SIZE  SIZE_4KB   ///< lines of one partition

MRM_PARTITION  *gPartitions;
UINTN          gPartitionCount;

EFI_STATUS
MakePartitions (
  VOID
  )
{
  CHAR8  *Audit;
  UINTN  Index;

  gPartitions = AllocateZeroPool (gPlan->PartitionCount * sizeof (MRM_PARTITION));
  Audit       = AllocatePool (gPlan->PartitionCount * AUDIT_SIZE);
  if ((gPartitions == NULL) || (Audit == NULL)) {
    return EFI_OUT_OF_RESOURCES;
  }

  gPartitionCount = gPlan->PartitionCount;
  for (Index = 0; Index < gPartitionCount; Index++) {
    gPartitions[Index].Plan = &gPlan->Partitions[Index];
    MrmTextBegin (&gPartitions[Index].Audit, Audit + Index * AUDIT_SIZE, AUDIT_SIZE);
  }

  return EFI_SUCCESS;
}

VOID
ForgetPartitions (
  VOID
  )
{
  if (gPartitionCount > 0) {
    FreePool (gPartitions[0].Audit.Buffer);
    FreePool (gPartitions);
    gPartitionCount = 0;
  }
}
