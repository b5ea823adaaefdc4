/** @file
  Commands that read and write (NVMe 6).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmDiskBlocks.h"

/**
  TRUE if the partition's memory has the same bytes.

  @param[in] Map    The memory.
  @param[in] Bytes  The bytes.
**/
STATIC
BOOLEAN
IsSame (
  IN CONST MAP    *Map,
  IN CONST UINT8  *Bytes
  )
{
  UINT32  Index;

  for (Index = 0; Index < Map->Count; Index++) {
    if (CompareMem (Map->Pieces[Index].Place, Bytes, Map->Pieces[Index].Size) != 0) {
      return FALSE;
    }

    Bytes += Map->Pieces[Index].Size;
  }

  return TRUE;
}

/**
  Read blocks into the buffer.

  @param[in,out] Disk   The disk.
  @param[in]     Block  The first block.
  @param[in]     Count  How many.

  @return  The command's status.
**/
STATIC
UINT16
Read (
  IN OUT MRM_DISK  *Disk,
  IN     UINT64    Block,
  IN     UINT32    Count
  )
{
  return MrmDiskFromMedium (
           Disk,
           MrmDiskReadBlocks (Disk->Medium, Block, Count, Disk->Buffer),
           STATUS_READ_ERROR
           );
}

/**
  Write blocks.  A driver that does not know whether an earlier try was done may try again: what is there already is
  not refused.

  @param[in,out] Disk   The disk, not read-only.
  @param[in]     Map    Where the partition has them.
  @param[in]     Block  The first block.
  @param[in]     Count  How many.

  @return  The command's status.
**/
STATIC
UINT16
Write (
  IN OUT MRM_DISK   *Disk,
  IN     CONST MAP  *Map,
  IN     UINT64     Block,
  IN     UINT32     Count
  )
{
  UINT16  Status;

  if (MrmDiskMayWrite (Disk->Medium, Block, Count)) {
    MrmDiskGather (Map, Disk->Buffer);
    return MrmDiskFromMedium (
             Disk,
             MrmDiskWriteBlocks (Disk->Medium, Block, Count, Disk->Buffer),
             STATUS_WRITE_FAULT
             );
  }

  Status = MrmDiskIsBehind (Disk->Medium, Block, Count) ? Read (Disk, Block, Count) : STATUS_READ_ONLY_RANGE;
  if ((Status == STATUS_SUCCESS) && !IsSame (Map, Disk->Buffer)) {
    Status = STATUS_READ_ONLY_RANGE;
  }

  if (Status == STATUS_SUCCESS) {
    MrmDiskNote (Disk->Medium, Block, Count);
  } else if (Status == STATUS_READ_ONLY_RANGE) {
    Disk->Refused++;
  }

  return Status;
}

/**
  Read, write or compare.

  @param[in,out] Disk     The disk.
  @param[in]     Command  A copy of the command.
  @param[in,out] Cost     Of the round.

  @return  Its status.
**/
STATIC
UINT16
Transfer (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command,
  IN OUT COST           *Cost
  )
{
  MAP     Map;
  UINT64  Block;
  UINT32  Count;
  UINT16  Status;

  Status = MrmDiskReadRange (Disk, Command, &Block, &Count);
  if ((Status == STATUS_SUCCESS) && (Count > MRM_DISK_TRANSFER / Disk->Medium->BlockSize)) {
    Status = STATUS_FIELD;
  }

  if ((Status == STATUS_SUCCESS) && (Command->Opcode == OPCODE_WRITE) && Disk->ReadOnly) {
    Disk->Refused++;
    Status = STATUS_WRITE_PROTECTED;
  }

  if (Status == STATUS_SUCCESS) {
    Status = MrmDiskMap (Disk, Command, Count * Disk->Medium->BlockSize, &Map);
  }

  if (Status != STATUS_SUCCESS) {
    return Status;
  }

  Cost->Moved += Count * Disk->Medium->BlockSize;
  if (Command->Opcode == OPCODE_WRITE) {
    Status = Write (Disk, &Map, Block, Count);
    if (Status == STATUS_SUCCESS) {
      Disk->Writes++;
      Disk->BlocksWritten += Count;
      Status               = MrmDiskSettle (Disk, (DWORD (Command, 12) & DWORD12_DURABLE) != 0, Cost);
    }

    return Status;
  }

  Status = Read (Disk, Block, Count);
  if (Status != STATUS_SUCCESS) {
    return Status;
  }

  Disk->Reads++;
  Disk->BlocksRead += Count;
  if (Command->Opcode == OPCODE_COMPARE) {
    return IsSame (&Map, Disk->Buffer) ? STATUS_SUCCESS : STATUS_DIFFERENT;
  }

  MrmDiskScatter (&Map, Disk->Buffer);
  return STATUS_SUCCESS;
}

UINT16
MrmDiskIoCommand (
  IN OUT MRM_DISK       *Disk,
  IN     UINTN          Number,
  IN     CONST COMMAND  *Command,
  IN OUT COST           *Cost
  )
{
  if (Command->Flags != 0) {
    return STATUS_FIELD;
  }

  if (  (Command->Namespace != NAMESPACE)
     && ((Command->Opcode != OPCODE_FLUSH) || (Command->Namespace != EVERY_NAMESPACE)))
  {
    return STATUS_NAMESPACE;
  }

  switch (Command->Opcode) {
    case OPCODE_FLUSH:
      return MrmDiskMakeDurable (Disk, Cost);
    case OPCODE_READ:
    case OPCODE_WRITE:
    case OPCODE_COMPARE:
      return Transfer (Disk, Command, Cost);
    case OPCODE_ZEROES:
      return MrmDiskBeginZeroes (Disk, Number, Command);
    case OPCODE_MANAGEMENT:
      return MrmDiskManage (Disk, Command, Cost);
    default:
      return STATUS_OPCODE;
  }
}
