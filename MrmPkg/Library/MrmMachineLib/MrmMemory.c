/** @file
  Which memory a partition gets: in which order, and what stays with the PC's firmware.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmMachineLib.h>

/**
  Bytes of a set below 4 GiB.

  @param[in] Set  The set.
**/
STATIC
UINT64
BytesBelow4G (
  IN CONST MRM_RANGE_SET  *Set
  )
{
  UINT64  Bytes;
  UINTN   Index;

  Bytes = 0;
  for (Index = 0; Index < Set->Count; Index++) {
    if (Set->Ranges[Index].Base < SIZE_4GB) {
      Bytes += MIN (Set->Ranges[Index].Size, SIZE_4GB - Set->Ranges[Index].Base);
    }
  }

  return Bytes;
}

/**
  TRUE if some pieces lie below 4 GiB, at least in part.

  @param[in] Pieces  The pieces.
  @param[in] Count   Their number.
**/
STATIC
BOOLEAN
ReachBelow4G (
  IN CONST MRM_RANGE  *Pieces,
  IN UINTN            Count
  )
{
  UINTN  Index;

  for (Index = 0; Index < Count; Index++) {
    if (Pieces[Index].Base < SIZE_4GB) {
      return TRUE;
    }
  }

  return FALSE;
}

BOOLEAN
EFIAPI
MrmMemoryNext (
  IN  CONST MRM_MEMORY_REQUESTS  *Partitions,
  IN  UINTN                      Count,
  OUT UINTN                      *Partition,
  OUT UINTN                      *Request
  )
{
  CONST MRM_PLAN_MEMORY  *Best;
  CONST MRM_PLAN_MEMORY  *Candidate;
  UINTN                  Index;
  UINTN                  Number;

  Best = NULL;
  for (Index = 0; Index < Count; Index++) {
    for (Number = 0; (Partitions[Index].Plan != NULL) && (Number < Partitions[Index].Plan->MemoryCount); Number++) {
      Candidate = &Partitions[Index].Plan->Memory[Number];
      if ((Partitions[Index].Judged & (1U << Number)) != 0) {
        continue;
      }

      if (  (Best == NULL)
         || (Candidate->Limit < Best->Limit)
         || ((Candidate->Limit == Best->Limit) && (Candidate->Minimum > Best->Minimum)))
      {
        Best       = Candidate;
        *Partition = Index;
        *Request   = Number;
      }
    }
  }

  return Best != NULL;
}

RETURN_STATUS
EFIAPI
MrmMemoryChoose (
  IN OUT MRM_RANGE_SET          *Free,
  IN     CONST MRM_PLAN_MEMORY  *Request,
  IN     UINTN                  MaxPieces,
  OUT    MRM_RANGE              *Pieces,
  OUT    UINTN                  *PieceCount
  )
{
  RETURN_STATUS  Status;

  Status = MrmRangeAllocate (
             Free,
             Request->Size,
             Request->Alignment,
             Request->Minimum,
             Request->Limit,
             MaxPieces,
             Pieces,
             PieceCount
             );
  if (  !RETURN_ERROR (Status)
     && (Request->Purpose != MrmMemoryLow)
     && ReachBelow4G (Pieces, *PieceCount)
     && (BytesBelow4G (Free) < MRM_FIRMWARE_SHARE))
  {
    Status = RETURN_OUT_OF_RESOURCES;
  }

  return Status;
}
