/** @file
  What the commands about blocks have in common.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmDiskBlocks.h"

#define BLOCK_COUNT  MAX_UINT16   ///< command dword 12: blocks less one

UINT16
MrmDiskFromMedium (
  IN OUT MRM_DISK       *Disk,
  IN     RETURN_STATUS  Status,
  IN     UINT16         Other
  )
{
  if (!RETURN_ERROR (Status)) {
    return STATUS_SUCCESS;
  }

  switch (Status) {
    case RETURN_NOT_READY:
      return STATUS_NOT_READY;
    case RETURN_WRITE_PROTECTED:
      return STATUS_WRITE_PROTECTED;
    case RETURN_VOLUME_FULL:
      return STATUS_CAPACITY;
    default:
      Disk->MediumErrors++;
      return Other;
  }
}

UINT16
MrmDiskMakeDurable (
  IN OUT MRM_DISK  *Disk,
  IN OUT COST      *Cost
  )
{
  if (Disk->ReadOnly) {
    return STATUS_SUCCESS;
  }

  Cost->Flushed = Cost->Flushed || Disk->Medium->Dirty;
  return MrmDiskFromMedium (Disk, MrmDiskFlush (Disk->Medium), STATUS_WRITE_FAULT);
}

UINT16
MrmDiskSettle (
  IN OUT MRM_DISK  *Disk,
  IN     BOOLEAN   Durable,
  IN OUT COST      *Cost
  )
{
  return (Durable || Disk->WriteThrough || !Disk->Medium->Cached) ? MrmDiskMakeDurable (Disk, Cost) : STATUS_SUCCESS;
}

UINT16
MrmDiskReadRange (
  IN  CONST MRM_DISK  *Disk,
  IN  CONST COMMAND   *Command,
  OUT UINT64          *Block,
  OUT UINT32          *Count
  )
{
  *Block = DWORD (Command, 10) | ((UINT64)DWORD (Command, 11) << 32);
  *Count = (DWORD (Command, 12) & BLOCK_COUNT) + 1;
  if ((*Block >= Disk->Medium->Blocks) || (*Count > Disk->Medium->Blocks - *Block)) {
    return STATUS_BLOCK_RANGE;
  }

  return STATUS_SUCCESS;
}
