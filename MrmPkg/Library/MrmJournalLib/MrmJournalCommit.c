/** @file
  Says what to write so that a new image is committed.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmJournalInternal.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>

UINT32
EFIAPI
MrmJournalBufferSize (
  IN UINT32  ImageSize
  )
{
  return MAX (MRM_JOURNAL_BLOCK + ALIGN_VALUE (ImageSize, MRM_JOURNAL_BLOCK), MRM_JOURNAL_RECORDS_SIZE);
}

/**
  Find where two images differ.  Nearly all of them is equal: words are compared first.

  @param[in] One    An image.
  @param[in] Other  The other.
  @param[in] From   Where to begin.
  @param[in] Size   Bytes of both.

  @return  Offset of the first byte that differs; Size when none does.
**/
STATIC
UINT32
FirstDifference (
  IN CONST UINT8  *One,
  IN CONST UINT8  *Other,
  IN UINT32       From,
  IN UINT32       Size
  )
{
  while (  (Size - From >= sizeof (UINT64))
        && (ReadUnaligned64 ((CONST UINT64 *)(One + From)) == ReadUnaligned64 ((CONST UINT64 *)(Other + From))))
  {
    From += sizeof (UINT64);
  }

  while ((From < Size) && (One[From] == Other[From])) {
    From++;
  }

  return From;
}

/**
  Find the next run of bytes that differ; a gap shorter than the description of another run
  is taken in.

  @param[in]  Journal  The committed state.
  @param[in]  Image    The new state.
  @param[in]  From     Where to begin.
  @param[out] Change   Receives the run.

  @retval TRUE   Found.
  @retval FALSE  There is none.
**/
STATIC
BOOLEAN
NextChange (
  IN  CONST MRM_JOURNAL   *Journal,
  IN  CONST UINT8         *Image,
  IN  UINT32              From,
  OUT MRM_JOURNAL_CHANGE  *Change
  )
{
  UINT32  Index;
  UINT32  End;

  From = FirstDifference (Image, Journal->Image, From, Journal->ImageSize);
  if (From == Journal->ImageSize) {
    return FALSE;
  }

  End = From + 1;
  for (Index = End; (Index < Journal->ImageSize) && (Index - End < sizeof (*Change)); Index++) {
    if (Image[Index] != Journal->Image[Index]) {
      End = Index + 1;
    }
  }

  Change->Offset = From;
  Change->Size   = End - From;
  return TRUE;
}

/**
  Write a record with all changes into the buffer.

  @param[in,out] Journal   The committed state; Buffer receives the record, blocks filled with zero.
  @param[in]     Image     The new state.
  @param[in]     Capacity  Bytes there are for it on the disk.

  @return  Bytes of the record; 0 when nothing has changed; more than Capacity when it does not fit.
**/
STATIC
UINT32
EncodeRecord (
  IN OUT MRM_JOURNAL  *Journal,
  IN     CONST UINT8  *Image,
  IN     UINT32       Capacity
  )
{
  MRM_JOURNAL_RECORD  Record;
  MRM_JOURNAL_CHANGE  Change;
  UINT32              Size;
  UINT32              From;

  Size = sizeof (Record);
  for (From = 0; NextChange (Journal, Image, From, &Change); From = Change.Offset + Change.Size) {
    if ((Size > Capacity) || (Capacity - Size < sizeof (Change) + Change.Size)) {
      return Capacity + 1;
    }

    CopyMem (Journal->Buffer + Size, &Change, sizeof (Change));
    CopyMem (Journal->Buffer + Size + sizeof (Change), Image + Change.Offset, Change.Size);
    Size += (UINT32)sizeof (Change) + Change.Size;
  }

  if (Size == sizeof (Record)) {
    return 0;
  }

  ZeroMem (Journal->Buffer + Size, ALIGN_VALUE (Size, MRM_JOURNAL_BLOCK) - Size);
  Record.Signature  = MRM_JOURNAL_RECORD_SIGNATURE;
  Record.Crc        = 0;
  Record.Size       = Size;
  Record.Sequence   = Journal->Sequence;
  Record.Generation = Journal->Generation;
  CopyMem (Journal->Buffer, &Record, sizeof (Record));
  Record.Crc = CalculateCrc32 (Journal->Buffer + CRC_START, Size - CRC_START);
  CopyMem (Journal->Buffer, &Record, sizeof (Record));
  return Size;
}

/**
  Write a checkpoint into the buffer: its header last on the disk, so that it counts only
  when it is whole.

  @param[in,out] Journal  The committed state; Buffer receives header and image.
  @param[in]     Image    The new state.
  @param[out]    Writes   Receives the steps.
**/
STATIC
VOID
EncodeCheckpoint (
  IN OUT MRM_JOURNAL        *Journal,
  IN     CONST UINT8        *Image,
  OUT    MRM_JOURNAL_WRITE  *Writes
  )
{
  MRM_JOURNAL_HEADER  Header;
  UINT32              File;

  File = (Journal->Generation == 0) ? 0 : 1 - Journal->File;
  ZeroMem (&Header, sizeof (Header));
  Header.Signature  = MRM_JOURNAL_HEADER_SIGNATURE;
  Header.Version    = MRM_JOURNAL_VERSION;
  Header.ImageSize  = Journal->ImageSize;
  Header.Generation = Journal->Generation + 1;
  Header.ImageCrc   = CalculateCrc32 ((UINT8 *)Image, Journal->ImageSize);
  Header.Crc        = CalculateCrc32 ((UINT8 *)&Header + CRC_START, sizeof (Header) - CRC_START);

  ZeroMem (Journal->Buffer, MrmJournalBufferSize (Journal->ImageSize));
  CopyMem (Journal->Buffer, &Header, sizeof (Header));
  CopyMem (Journal->Buffer + MRM_JOURNAL_BLOCK, Image, Journal->ImageSize);

  Writes[0].File   = File;
  Writes[0].Offset = MRM_JOURNAL_BLOCK;
  Writes[0].Size   = ALIGN_VALUE (Journal->ImageSize, MRM_JOURNAL_BLOCK);
  Writes[0].Data   = Journal->Buffer + MRM_JOURNAL_BLOCK;
  Writes[1].File   = File;
  Writes[1].Offset = 0;
  Writes[1].Size   = MRM_JOURNAL_BLOCK;
  Writes[1].Data   = Journal->Buffer;
}

UINTN
EFIAPI
MrmJournalCommit (
  IN OUT MRM_JOURNAL        *Journal,
  IN     CONST UINT8        *Image,
  OUT    MRM_JOURNAL_WRITE  *Writes
  )
{
  UINT32  Capacity;
  UINT32  Size;

  Capacity = MrmJournalFileSize (Journal->ImageSize) - Journal->Next;
  Size     = EncodeRecord (Journal, Image, Capacity);
  if (Size == 0) {
    return 0;
  }

  if (Size > Capacity) {
    EncodeCheckpoint (Journal, Image, Writes);
    return MRM_JOURNAL_MAX_WRITES;
  }

  Writes[0].File   = Journal->File;
  Writes[0].Offset = Journal->Next;
  Writes[0].Size   = ALIGN_VALUE (Size, MRM_JOURNAL_BLOCK);
  Writes[0].Data   = Journal->Buffer;
  return 1;
}

VOID
EFIAPI
MrmJournalCommitted (
  IN OUT MRM_JOURNAL              *Journal,
  IN     CONST UINT8              *Image,
  IN     CONST MRM_JOURNAL_WRITE  *Writes,
  IN     UINTN                    Count
  )
{
  CopyMem (Journal->Image, Image, Journal->ImageSize);
  if (Count == 1) {
    Journal->Next += Writes[0].Size;
    Journal->Sequence++;
  } else if (Count == MRM_JOURNAL_MAX_WRITES) {
    Journal->File     = Writes[0].File;
    Journal->Next     = MrmJournalRecordsStart (Journal->ImageSize);
    Journal->Sequence = 1;
    Journal->Generation++;
  }
}

VOID
EFIAPI
MrmJournalFailed (
  IN OUT MRM_JOURNAL  *Journal
  )
{
  Journal->Next = MrmJournalFileSize (Journal->ImageSize);
}
