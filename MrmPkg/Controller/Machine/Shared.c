/** @file
  Memory that partitions share by their plan: taken once, zeroed once, and kept as long as the plan in force has it and
  one of its partitions can run.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Shared.h"
#include "Machine/Memory.h"
#include "Partition/Partition.h"
#include "Partition/Verdict.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>

#define ZERO_STEP  SIZE_64MB   ///< bytes zeroed between two looks at the other partitions

///
/// A shared memory on the live machine.
///
typedef struct {
  CHAR8        Name[MRM_NAME_LENGTH];
  MRM_RANGE    Range;                   ///< empty: this one is free
  UINT64       Zeroed;                  ///< of these bytes, how many have been zeroed
} SHARED;

STATIC SHARED  mShared[MRM_MAX_SHARED];

/**
  Find a shared memory that is there.

  @param[in] Plan  What a partition is to have.

  @return  It; NULL if there is none of this name and size.
**/
STATIC
SHARED *
Find (
  IN CONST MRM_PLAN_SHARED  *Plan
  )
{
  UINTN  Index;

  for (Index = 0; Index < ARRAY_SIZE (mShared); Index++) {
    if ((mShared[Index].Range.Size == Plan->Size) && (AsciiStrCmp (mShared[Index].Name, Plan->Name) == 0)) {
      return &mShared[Index];
    }
  }

  return NULL;
}

VOID
DropShared (
  IN CONST MRM_PARTITION  *Partitions,
  IN UINTN                Count
  )
{
  BOOLEAN  Used[MRM_MAX_SHARED];
  SHARED   *Shared;
  UINTN    Index;
  UINT32   Number;

  ZeroMem (Used, sizeof (Used));
  for (Index = 0; Index < Count; Index++) {
    for (Number = 0; (Partitions[Index].Life.State != MrmStateRefused) && (Number < Partitions[Index].Plan->SharedCount); Number++) {
      Shared = Find (&Partitions[Index].Plan->Shared[Number]);
      if (Shared != NULL) {
        Used[Shared - mShared] = TRUE;
      }
    }
  }

  for (Index = 0; Index < ARRAY_SIZE (mShared); Index++) {
    if (!Used[Index] && (mShared[Index].Range.Size != 0)) {
      Say ("machine: shared memory %a is given up", mShared[Index].Name);
      HoldRange (&mShared[Index].Range);
    }
  }
}

/**
  Allocate memory for a shared memory that is not there yet.

  @param[in]  Plan  What a partition is to have.
  @param[out] Room  Receives how many bytes are free in one piece, if there is not enough.

  @return  It; NULL if there is no room.
**/
STATIC
SHARED *
Allocate (
  IN  CONST MRM_PLAN_SHARED  *Plan,
  OUT UINT64                 *Room
  )
{
  MRM_PLAN_MEMORY  Request;
  SHARED           *Shared;
  UINTN            Index;

  *Room             = 0;
  Request.Purpose   = MrmMemoryMain;
  Request.Size      = Plan->Size;
  Request.Alignment = MRM_SHARED_ALIGNMENT;
  Request.Minimum   = SIZE_1MB;
  Request.Limit     = LShiftU64 (1, gMachine.PhysicalAddressBits);
  for (Index = 0; Index < ARRAY_SIZE (mShared); Index++) {
    Shared = &mShared[Index];
    if (Shared->Range.Size == 0) {
      if (EFI_ERROR (AllocateRequest (&Request, &Shared->Range, Room))) {
        Shared->Range.Size = 0;
        return NULL;
      }

      AsciiStrCpyS (Shared->Name, sizeof (Shared->Name), Plan->Name);
      Shared->Zeroed = 0;
      return Shared;
    }
  }

  return NULL;
}

/**
  Give a partition its shared memories.

  @param[in,out] Partition  Receives Shared, or is refused.
**/
STATIC
VOID
BindOne (
  IN OUT MRM_PARTITION  *Partition
  )
{
  CONST MRM_PLAN_SHARED  *Plan;
  SHARED                 *Shared;
  UINT64                 Room;
  UINT32                 Number;

  for (Number = 0; Number < Partition->Plan->SharedCount; Number++) {
    Plan   = &Partition->Plan->Shared[Number];
    Shared = Find (Plan);
    if (Shared == NULL) {
      Shared = Allocate (Plan, &Room);
    }

    if (Shared == NULL) {
      Refuse (
        Partition,
        MRM_RULE_SHARED,
        "promised %ld KiB as shared memory %a, found %ld KiB free in one piece",
        Plan->Size / SIZE_1KB,
        Plan->Name,
        Room / SIZE_1KB
        );
      return;
    }

    Partition->Shared[Number] = Shared->Range;
    Keep (
      Partition,
      MRM_RULE_SHARED,
      "shared memory %a: %ld KiB at 0x%lx",
      Plan->Name,
      Plan->Size / SIZE_1KB,
      Shared->Range.Base
      );
  }
}

VOID
BindShared (
  IN OUT MRM_PARTITION  *Partitions,
  IN     UINTN          Count
  )
{
  UINTN  Index;

  // What the plan no longer has may make room.
  DropShared (Partitions, Count);
  for (Index = 0; Index < Count; Index++) {
    if (Partitions[Index].Life.State == MrmStateAbsent) {
      BindOne (&Partitions[Index]);
    }
  }
}

BOOLEAN
ZeroShared (
  IN CONST MRM_PARTITION  *Partition
  )
{
  SHARED  *Shared;
  UINT64  Size;
  UINT32  Number;

  for (Number = 0; Number < Partition->Plan->SharedCount; Number++) {
    Shared = Find (&Partition->Plan->Shared[Number]);
    if ((Shared != NULL) && (Shared->Zeroed < Shared->Range.Size)) {
      Size = MIN (Shared->Range.Size - Shared->Zeroed, ZERO_STEP);
      ZeroMem ((VOID *)(UINTN)(Shared->Range.Base + Shared->Zeroed), (UINTN)Size);
      Shared->Zeroed += Size;
      return FALSE;
    }
  }

  return TRUE;
}

VOID
ReleaseShared (
  VOID
  )
{
  UINTN  Index;

  for (Index = 0; Index < ARRAY_SIZE (mShared); Index++) {
    if (mShared[Index].Range.Size != 0) {
      HoldRange (&mShared[Index].Range);
    }
  }
}
