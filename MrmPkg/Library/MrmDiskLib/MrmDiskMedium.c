/** @file
  Blocks of a medium, and which of them may be written.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmDiskBlocks.h"

///
/// Where the bit of a block is.
///
#define PLACE_OF(Block)  ((UINTN)((Block) % MRM_DISK_WINDOW) / 8)
#define BIT_OF(Block)    ((UINT8)(1U << ((Block) % 8)))

VOID
EFIAPI
MrmDiskBeginMedium (
  IN OUT MRM_DISK_MEDIUM  *Medium,
  IN     UINT64           Next
  )
{
  Medium->Dirty = FALSE;
  Medium->Next  = Medium->AppendOnly ? Next : 0;
  Medium->Floor = Medium->Next;
  ZeroMem (Medium->Written, sizeof (Medium->Written));
}

RETURN_STATUS
EFIAPI
MrmDiskFlush (
  IN OUT MRM_DISK_MEDIUM  *Medium
  )
{
  RETURN_STATUS  Status;

  if (!Medium->Dirty || (Medium->Flush == NULL)) {
    return RETURN_SUCCESS;
  }

  Status        = Medium->Flush (Medium->Context, Medium->Next);
  Medium->Dirty = RETURN_ERROR (Status);
  return Status;
}

RETURN_STATUS
MrmDiskReadBlocks (
  IN  CONST MRM_DISK_MEDIUM  *Medium,
  IN  UINT64                 Block,
  IN  UINT32                 Count,
  OUT UINT8                  *Bytes
  )
{
  UINT32  Known;

  Known = Count;
  if (Medium->AppendOnly) {
    Known = (Block >= Medium->Next) ? 0 : (UINT32)MIN (Count, Medium->Next - Block);
    ZeroMem (Bytes + Known * Medium->BlockSize, (Count - Known) * Medium->BlockSize);
  }

  return (Known == 0) ? RETURN_SUCCESS : Medium->Read (Medium->Context, Block, Known, Bytes);
}

BOOLEAN
MrmDiskMayWrite (
  IN CONST MRM_DISK_MEDIUM  *Medium,
  IN UINT64                 Block,
  IN UINT32                 Count
  )
{
  UINT64  End;

  if (!Medium->AppendOnly) {
    return TRUE;
  }

  if (Block < Medium->Floor) {
    return FALSE;
  }

  // There are no more blocks from Floor to Next than the window has.
  End = MIN (Block + Count, Medium->Next);
  while (Block < End) {
    if ((Medium->Written[PLACE_OF (Block)] & BIT_OF (Block)) != 0) {
      return FALSE;
    }

    Block++;
  }

  return TRUE;
}

BOOLEAN
MrmDiskIsBehind (
  IN CONST MRM_DISK_MEDIUM  *Medium,
  IN UINT64                 Block,
  IN UINT32                 Count
  )
{
  return Block + Count <= Medium->Next;
}

VOID
MrmDiskNote (
  IN OUT MRM_DISK_MEDIUM  *Medium,
  IN     UINT64           Block,
  IN     UINT32           Count
  )
{
  UINT64  End;
  UINT64  Index;

  End = Block + Count;
  if (End > Medium->Next) {
    // Bits of the blocks that come into the window are those of blocks that leave it.
    if (End - Medium->Next >= MRM_DISK_WINDOW) {
      ZeroMem (Medium->Written, sizeof (Medium->Written));
    } else {
      for (Index = Medium->Next; Index < End; Index++) {
        Medium->Written[PLACE_OF (Index)] &= (UINT8) ~BIT_OF (Index);
      }
    }

    Medium->Next = End;
    if (End > MRM_DISK_WINDOW) {
      Medium->Floor = MAX (Medium->Floor, End - MRM_DISK_WINDOW);
    }
  }

  // Of blocks that are closed nothing is kept: their bits are those of others.
  for (Index = MAX (Block, Medium->Floor); Index < End; Index++) {
    Medium->Written[PLACE_OF (Index)] |= BIT_OF (Index);
  }
}

RETURN_STATUS
MrmDiskWriteBlocks (
  IN OUT MRM_DISK_MEDIUM  *Medium,
  IN     UINT64           Block,
  IN     UINT32           Count,
  IN     CONST UINT8      *Bytes
  )
{
  RETURN_STATUS  Status;

  Status = Medium->Write (Medium->Context, Block, Count, Bytes);
  if (RETURN_ERROR (Status)) {
    return Status;
  }

  Medium->Dirty = Medium->Dirty || Medium->Cached || Medium->AppendOnly;
  if (Medium->AppendOnly) {
    MrmDiskNote (Medium, Block, Count);
  }

  return RETURN_SUCCESS;
}
