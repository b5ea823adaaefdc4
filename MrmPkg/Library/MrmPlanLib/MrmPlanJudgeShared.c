/** @file
  Judges the shared memories of a plan.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPlanJudge.h"

/**
  Find a shared memory of a partition by its name.

  @param[in] Partition  The partition.
  @param[in] Name       The name.
  @param[in] Count      How many of its shared memories are looked at.

  @return  It; NULL if there is none.
**/
STATIC
CONST MRM_PLAN_SHARED *
FindShared (
  IN CONST MRM_PLAN_PARTITION  *Partition,
  IN CONST CHAR8               *Name,
  IN UINT32                    Count
  )
{
  UINT32  Index;

  for (Index = 0; Index < Count; Index++) {
    if (MrmPlanSameText (Partition->Shared[Index].Name, Name)) {
      return &Partition->Shared[Index];
    }
  }

  return NULL;
}

CONST CHAR8 *
MrmPlanJudgeShared (
  IN CONST MRM_PLAN  *Plan,
  IN UINT32          Number
  )
{
  CONST MRM_PLAN_PARTITION  *Partition;
  CONST MRM_PLAN_SHARED     *Shared;
  CONST MRM_PLAN_SHARED     *Other;
  UINT32                    Index;
  UINT32                    Before;

  Partition = &Plan->Partitions[Number];
  for (Index = 0; Index < Partition->SharedCount; Index++) {
    Shared = &Partition->Shared[Index];
    if (!MrmPlanIsName (Shared->Name)) {
      return "the name of a shared memory is not a-z, then a-z, 0-9 and hyphens";
    }

    if ((Shared->Size % MRM_SHARED_ALIGNMENT) != 0) {
      return "the size of a shared memory is not a multiple of 2 MiB";
    }

    if (FindShared (Partition, Shared->Name, Index) != NULL) {
      return "it has a shared memory twice";
    }

    for (Before = 0; Before < Number; Before++) {
      Other = FindShared (&Plan->Partitions[Before], Shared->Name, Plan->Partitions[Before].SharedCount);
      if ((Other != NULL) && (Other->Size != Shared->Size)) {
        return "another partition has one of its shared memories in another size";
      }
    }
  }

  return NULL;
}

UINT32
MrmPlanCountShared (
  IN CONST MRM_PLAN  *Plan
  )
{
  CONST MRM_PLAN_PARTITION  *Partition;
  UINT32                    Number;
  UINT32                    Index;
  UINT32                    Before;
  UINT32                    Count;

  Count = 0;
  for (Number = 0; Number < Plan->PartitionCount; Number++) {
    Partition = &Plan->Partitions[Number];
    for (Index = 0; Index < Partition->SharedCount; Index++) {
      for (Before = 0; Before < Number; Before++) {
        if (FindShared (&Plan->Partitions[Before], Partition->Shared[Index].Name, Plan->Partitions[Before].SharedCount) != NULL) {
          break;
        }
      }

      Count += (Before == Number) ? 1 : 0;
    }
  }

  return Count;
}
