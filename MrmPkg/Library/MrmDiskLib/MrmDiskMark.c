/** @file
  Marks of append-only media, and UUIDs of media.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmDiskInternal.h"

#define MARK_SIGNATURE  SIGNATURE_64 ('M', 'R', 'M', ' ', 'm', 'a', 'r', 'k')
#define MARK_VERSION    1

///
/// A mark as it is on the medium; the rest of its MRM_DISK_MARK_SIZE bytes is zero.
///
typedef struct {
  UINT64    Signature;
  UINT32    Version;
  UINT32    Crc;                     ///< of all this, while it is zero
  UINT64    Sequence;                ///< 1 and up
  UINT64    Next;
} RECORD;

STATIC_ASSERT (sizeof (RECORD) == 32, "a mark has no gaps");

#define UUID_VERSION    0x8000       ///< 8: made as its maker likes (RFC 9562)
#define UUID_VARIANT    0x80

/**
  Judge a mark.

  @param[in]  Bytes   MRM_DISK_MARK_SIZE bytes.
  @param[in]  Blocks  Blocks of the medium.
  @param[out] Record  Receives the mark.

  @retval TRUE   It is whole.
  @retval FALSE  It is not.
**/
STATIC
BOOLEAN
ReadRecord (
  IN  CONST UINT8  *Bytes,
  IN  UINT64       Blocks,
  OUT RECORD       *Record
  )
{
  UINT32  Crc;

  CopyMem (Record, Bytes, sizeof (*Record));
  Crc         = Record->Crc;
  Record->Crc = 0;
  return (Record->Signature == MARK_SIGNATURE)
         && (Record->Version == MARK_VERSION)
         && (Record->Sequence != 0)
         && (Record->Next <= Blocks)
         && (CalculateCrc32 (Record, sizeof (*Record)) == Crc);
}

RETURN_STATUS
EFIAPI
MrmDiskMarkRead (
  IN  CONST UINT8    *First,
  IN  CONST UINT8    *Second,
  IN  UINT64         Blocks,
  OUT MRM_DISK_MARK  *Mark
  )
{
  RECORD   Records[MRM_DISK_MARKS];
  BOOLEAN  Whole[MRM_DISK_MARKS];
  UINTN    Latest;

  ZeroMem (Mark, sizeof (*Mark));
  Whole[0] = ReadRecord (First, Blocks, &Records[0]);
  Whole[1] = ReadRecord (Second, Blocks, &Records[1]);
  if (!Whole[0] && !Whole[1]) {
    // The first mark ever goes to the first place: if the second was never written, no mark was ever whole.
    return IsZeroBuffer (Second, MRM_DISK_MARK_SIZE) ? RETURN_SUCCESS : RETURN_VOLUME_CORRUPTED;
  }

  Latest = 0;
  if (!Whole[0] || (Whole[1] && (Records[1].Sequence > Records[0].Sequence))) {
    Latest = 1;
  }

  Mark->Next     = Records[Latest].Next;
  Mark->Sequence = Records[Latest].Sequence;
  return RETURN_SUCCESS;
}

UINTN
EFIAPI
MrmDiskMarkWrite (
  IN OUT MRM_DISK_MARK  *Mark,
  IN     UINT64         Next,
  OUT    UINT8          *Bytes
  )
{
  RECORD  Record;

  Mark->Next = Next;
  Mark->Sequence++;
  Record.Signature = MARK_SIGNATURE;
  Record.Version   = MARK_VERSION;
  Record.Crc       = 0;
  Record.Sequence  = Mark->Sequence;
  Record.Next      = Next;
  Record.Crc       = CalculateCrc32 (&Record, sizeof (Record));
  ZeroMem (Bytes, MRM_DISK_MARK_SIZE);
  CopyMem (Bytes, &Record, sizeof (Record));
  return (UINTN)((Mark->Sequence - 1) % MRM_DISK_MARKS);
}

VOID
EFIAPI
MrmDiskUuid (
  IN  CONST GUID   *Machine,
  IN  CONST CHAR8  *Partition,
  IN  CONST CHAR8  *Name,
  OUT GUID         *Uuid
  )
{
  UINT64  Halves[2];

  // The names in the other order make the other half.
  Halves[0] = MrmFunctionHash (Machine, Partition, Name);
  Halves[1] = MrmFunctionHash (Machine, Name, Partition) ^ SwapBytes64 (Halves[0]);
  CopyMem (Uuid, Halves, sizeof (*Uuid));
  Uuid->Data3    = (UINT16)((Uuid->Data3 & 0x0FFF) | UUID_VERSION);
  Uuid->Data4[0] = (UINT8)((Uuid->Data4[0] & 0x3F) | UUID_VARIANT);
}
