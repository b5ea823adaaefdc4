/** @file
  The memory that a partition shares with the controller for its cards on networks and its served disks.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Talk/Area.h"
#include "Machine/Uncached.h"
#include "Partition/Verdict.h"
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmChannelLib.h>
#include <Library/MrmDiskLib.h>

STATIC_ASSERT (MRM_MAX_CARDS + MRM_MAX_DISKS <= MRM_FUNCTION_MOST, "cards and disks are devices of one bus");

VOID
CollectArea (
  IN  CONST MRM_PARTITION  *Partition,
  OUT MRM_PARTITION_AREA   *Area
  )
{
  UINTN  Index;

  ZeroMem (Area, sizeof (*Area));
  Area->Memory.Ranges   = Area->Ranges;
  Area->Memory.Capacity = ARRAY_SIZE (Area->Ranges);
  CopyMem (Area->ApicIds, Partition->ApicIds, sizeof (Area->ApicIds));
  for (Index = 0; Index < Partition->PieceCount; Index++) {
    // There are no more of them than fit.
    MrmRangeAdd (&Area->Memory, Partition->Pieces[Index].Base, Partition->Pieces[Index].Size);
  }
}

VOID
ReachArea (
  IN OUT MRM_FUNCTION              *Function,
  IN     CONST MRM_PARTITION       *Partition,
  IN     CONST MRM_PARTITION_AREA  *Area
  )
{
  Function->Memory      = &Area->Memory;
  Function->ApicIds     = Area->ApicIds;
  Function->ApicIdCount = Partition->Plan->ProcessorCount;
}

VOID
OpenArea (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_PARTITION_AREA  *Area;
  EFI_STATUS          Status;

  if (Partition->CardArea.Size == 0) {
    return;
  }

  Area   = AllocatePool (sizeof (*Area));
  Status = (Area == NULL) ? EFI_OUT_OF_RESOURCES : SetUncached (&Partition->CardArea, TRUE);
  if (EFI_ERROR (Status)) {
    Refuse (Partition, MRM_RULE_CONTROLLER, "its cards and served disks cannot be made: %r", Status);
    if (Area != NULL) {
      FreePool (Area);
    }

    return;
  }

  CollectArea (Partition, Area);
  Partition->Area = Area;
}

VOID
CloseArea (
  IN OUT MRM_PARTITION  *Partition
  )
{
  if (Partition->Area != NULL) {
    SetUncached (&Partition->CardArea, FALSE);
    FreePool (Partition->Area);
    Partition->Area = NULL;
  }
}

VOID
StartArea (
  IN CONST MRM_PARTITION  *Partition
  )
{
  UINT8  *Area;

  if (Partition->Area != NULL) {
    // Nobody looks at the area of cards and disks that are closed.  Writing it takes a while: it is not cached.
    Area = (UINT8 *)(UINTN)Partition->CardArea.Base;
    MrmChannelBuildArea (
      Area,
      Partition->CardArea.Base,
      Partition->Plan->CardCount,
      Partition->Plan->ProcessorCount
      );
    MrmDiskBuildArea (Area, Partition->CardArea.Base, Partition->Plan->CardCount, Partition->Plan->DiskCount);
  }
}
