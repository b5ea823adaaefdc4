/** @file
  Commands about many blocks that bring no data for them: Write Zeroes and Dataset Management (NVMe 6.7, 6.16).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmDiskBlocks.h"

#define RANGE_COUNT  MAX_UINT8    ///< command dword 10: ranges less one
#define DEALLOCATE   BIT2         ///< command dword 11

///
/// A range of Dataset Management.
///
typedef struct {
  UINT32    Attributes;
  UINT32    Count;
  UINT64    Block;
} RANGE;

STATIC_ASSERT (sizeof (RANGE) == 16, "a range has 16 bytes");

UINT16
MrmDiskBeginZeroes (
  IN OUT MRM_DISK       *Disk,
  IN     UINTN          Number,
  IN     CONST COMMAND  *Command
  )
{
  UINT64  Block;
  UINT32  Count;
  UINT16  Status;

  Status = MrmDiskReadRange (Disk, Command, &Block, &Count);
  if (Status != STATUS_SUCCESS) {
    return Status;
  }

  if (Disk->ReadOnly) {
    Disk->Refused++;
    return STATUS_WRITE_PROTECTED;
  }

  Disk->Work.Live    = TRUE;
  Disk->Work.Durable = (DWORD (Command, 12) & DWORD12_DURABLE) != 0;
  Disk->Work.Queue   = (UINT16)Number;
  Disk->Work.Command = Command->Id;
  Disk->Work.Block   = Block;
  Disk->Work.Left    = Count;
  Disk->Writes++;
  return STATUS_LATER;
}

/**
  Write zeros to some blocks.  As with other writes, what is there already is not refused.

  @param[in,out] Disk   The disk, not read-only.
  @param[in]     Block  The first block.
  @param[in]     Count  How many; MRM_DISK_TRANSFER bytes at most.

  @return  The command's status.
**/
STATIC
UINT16
WriteZeroes (
  IN OUT MRM_DISK  *Disk,
  IN     UINT64    Block,
  IN     UINT32    Count
  )
{
  MRM_DISK_MEDIUM  *Medium;
  UINTN            Length;
  UINT16           Status;

  Medium = Disk->Medium;
  Length = (UINTN)Count * Medium->BlockSize;
  if (MrmDiskMayWrite (Medium, Block, Count)) {
    ZeroMem (Disk->Buffer, Length);
    return MrmDiskFromMedium (Disk, MrmDiskWriteBlocks (Medium, Block, Count, Disk->Buffer), STATUS_WRITE_FAULT);
  }

  Status = STATUS_READ_ONLY_RANGE;
  if (MrmDiskIsBehind (Medium, Block, Count)) {
    Status = MrmDiskFromMedium (Disk, MrmDiskReadBlocks (Medium, Block, Count, Disk->Buffer), STATUS_READ_ERROR);
    if ((Status == STATUS_SUCCESS) && !IsZeroBuffer (Disk->Buffer, Length)) {
      Status = STATUS_READ_ONLY_RANGE;
    }
  }

  if (Status == STATUS_SUCCESS) {
    MrmDiskNote (Medium, Block, Count);
  } else if (Status == STATUS_READ_ONLY_RANGE) {
    Disk->Refused++;
  }

  return Status;
}

UINT16
MrmDiskGoOn (
  IN OUT MRM_DISK  *Disk,
  IN OUT COST      *Cost
  )
{
  MRM_DISK_WORK  *Work;
  UINT32         Count;
  UINT16         Status;

  // The whole may be half done when it is refused: no written block has changed.
  Work         = &Disk->Work;
  Count        = MIN (Work->Left, MRM_DISK_TRANSFER / Disk->Medium->BlockSize);
  Cost->Moved += Count * Disk->Medium->BlockSize;
  Status       = WriteZeroes (Disk, Work->Block, Count);
  if (Status == STATUS_SUCCESS) {
    Disk->BlocksWritten += Count;
    Work->Block         += Count;
    Work->Left          -= Count;
    if (Work->Left != 0) {
      return STATUS_LATER;
    }

    Status = MrmDiskSettle (Disk, Work->Durable, Cost);
  }

  Work->Live = FALSE;
  return Status;
}

UINT16
MrmDiskManage (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command,
  IN OUT COST           *Cost
  )
{
  MAP          Map;
  CONST RANGE  *Ranges;
  UINT32       Count;
  UINT32       Index;
  UINT16       Status;

  Count  = (DWORD (Command, 10) & RANGE_COUNT) + 1;
  Status = MrmDiskMap (Disk, Command, Count * sizeof (RANGE), &Map);
  if (Status != STATUS_SUCCESS) {
    return Status;
  }

  MrmDiskGather (&Map, Disk->Buffer);
  Cost->Moved += Count * sizeof (RANGE);
  if ((DWORD (Command, 11) & DEALLOCATE) == 0) {
    return STATUS_SUCCESS;
  }

  if (Disk->ReadOnly) {
    Disk->Refused++;
    return STATUS_WRITE_PROTECTED;
  }

  Ranges = (CONST RANGE *)Disk->Buffer;
  for (Index = 0; Index < Count; Index++) {
    if (  (Ranges[Index].Block > Disk->Medium->Blocks)
       || (Ranges[Index].Count > Disk->Medium->Blocks - Ranges[Index].Block))
    {
      return STATUS_BLOCK_RANGE;
    }

    if (Disk->Medium->AppendOnly && (Ranges[Index].Block < Disk->Medium->Next)) {
      Disk->Refused++;
      return STATUS_READ_ONLY_RANGE;
    }
  }

  return STATUS_SUCCESS;
}
