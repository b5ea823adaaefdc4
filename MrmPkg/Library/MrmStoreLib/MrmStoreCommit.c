/** @file
  Says what to write so that a new state of a variable store is committed.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmStoreInternal.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>

UINT32
EFIAPI
MrmStoreBufferSize (
  IN UINT32  ImageSize
  )
{
  return MAX (MRM_STORE_BLOCK + ALIGN_VALUE (ImageSize, MRM_STORE_BLOCK), MRM_STORE_JOURNAL_SIZE);
}

/**
  Find the next run of bytes that differ; a gap shorter than the description of another run
  is taken in.

  @param[in]  Store   The committed state.
  @param[in]  Image   The new state.
  @param[in]  From    Where to begin.
  @param[out] Change  Receives the run.

  @retval TRUE   Found.
  @retval FALSE  There is none.
**/
STATIC
BOOLEAN
NextChange (
  IN  CONST MRM_STORE   *Store,
  IN  CONST UINT8       *Image,
  IN  UINT32            From,
  OUT MRM_STORE_CHANGE  *Change
  )
{
  UINT32  Index;
  UINT32  End;

  while ((From < Store->ImageSize) && (Image[From] == Store->Image[From])) {
    From++;
  }

  if (From == Store->ImageSize) {
    return FALSE;
  }

  End = From + 1;
  for (Index = End; (Index < Store->ImageSize) && (Index - End < sizeof (*Change)); Index++) {
    if (Image[Index] != Store->Image[Index]) {
      End = Index + 1;
    }
  }

  Change->Offset = From;
  Change->Size   = End - From;
  return TRUE;
}

/**
  Write a record with all changes into the buffer.

  @param[in,out] Store     The committed state; Buffer receives the record, blocks filled with zero.
  @param[in]     Image     The new state.
  @param[in]     Capacity  Bytes there are for it on the disk.

  @return  Bytes of the record; 0 when nothing has changed; more than Capacity when it does not fit.
**/
STATIC
UINT32
EncodeRecord (
  IN OUT MRM_STORE    *Store,
  IN     CONST UINT8  *Image,
  IN     UINT32       Capacity
  )
{
  MRM_STORE_RECORD  Record;
  MRM_STORE_CHANGE  Change;
  UINT32            Size;
  UINT32            From;

  Size = sizeof (Record);
  for (From = 0; NextChange (Store, Image, From, &Change); From = Change.Offset + Change.Size) {
    if ((Size > Capacity) || (Capacity - Size < sizeof (Change) + Change.Size)) {
      return Capacity + 1;
    }

    CopyMem (Store->Buffer + Size, &Change, sizeof (Change));
    CopyMem (Store->Buffer + Size + sizeof (Change), Image + Change.Offset, Change.Size);
    Size += (UINT32)sizeof (Change) + Change.Size;
  }

  if (Size == sizeof (Record)) {
    return 0;
  }

  ZeroMem (Store->Buffer + Size, ALIGN_VALUE (Size, MRM_STORE_BLOCK) - Size);
  Record.Signature  = MRM_STORE_RECORD_SIGNATURE;
  Record.Crc        = 0;
  Record.Size       = Size;
  Record.Sequence   = Store->Sequence;
  Record.Generation = Store->Generation;
  CopyMem (Store->Buffer, &Record, sizeof (Record));
  Record.Crc = CalculateCrc32 (Store->Buffer + CRC_START, Size - CRC_START);
  CopyMem (Store->Buffer, &Record, sizeof (Record));
  return Size;
}

/**
  Write a checkpoint into the buffer: its header last on the disk, so that it counts only
  when it is whole.

  @param[in,out] Store   The committed state; Buffer receives header and image.
  @param[in]     Image   The new state.
  @param[out]    Writes  Receives the steps.
**/
STATIC
VOID
EncodeCheckpoint (
  IN OUT MRM_STORE        *Store,
  IN     CONST UINT8      *Image,
  OUT    MRM_STORE_WRITE  *Writes
  )
{
  MRM_STORE_HEADER  Header;
  UINT32            File;

  File = (Store->Generation == 0) ? 0 : 1 - Store->File;
  ZeroMem (&Header, sizeof (Header));
  Header.Signature  = MRM_STORE_HEADER_SIGNATURE;
  Header.Version    = MRM_STORE_VERSION;
  Header.ImageSize  = Store->ImageSize;
  Header.Generation = Store->Generation + 1;
  Header.ImageCrc   = CalculateCrc32 ((UINT8 *)Image, Store->ImageSize);
  Header.Crc        = CalculateCrc32 ((UINT8 *)&Header + CRC_START, sizeof (Header) - CRC_START);

  ZeroMem (Store->Buffer, MrmStoreBufferSize (Store->ImageSize));
  CopyMem (Store->Buffer, &Header, sizeof (Header));
  CopyMem (Store->Buffer + MRM_STORE_BLOCK, Image, Store->ImageSize);

  Writes[0].File   = File;
  Writes[0].Offset = MRM_STORE_BLOCK;
  Writes[0].Size   = ALIGN_VALUE (Store->ImageSize, MRM_STORE_BLOCK);
  Writes[0].Data   = Store->Buffer + MRM_STORE_BLOCK;
  Writes[1].File   = File;
  Writes[1].Offset = 0;
  Writes[1].Size   = MRM_STORE_BLOCK;
  Writes[1].Data   = Store->Buffer;
}

UINTN
EFIAPI
MrmStoreCommit (
  IN OUT MRM_STORE        *Store,
  IN     CONST UINT8      *Image,
  OUT    MRM_STORE_WRITE  *Writes
  )
{
  UINT32  Capacity;
  UINT32  Size;

  Capacity = MrmStoreFileSize (Store->ImageSize) - Store->Next;
  Size     = EncodeRecord (Store, Image, Capacity);
  if (Size == 0) {
    return 0;
  }

  if (Size > Capacity) {
    EncodeCheckpoint (Store, Image, Writes);
    return MRM_STORE_MAX_WRITES;
  }

  Writes[0].File   = Store->File;
  Writes[0].Offset = Store->Next;
  Writes[0].Size   = ALIGN_VALUE (Size, MRM_STORE_BLOCK);
  Writes[0].Data   = Store->Buffer;
  return 1;
}

VOID
EFIAPI
MrmStoreCommitted (
  IN OUT MRM_STORE              *Store,
  IN     CONST UINT8            *Image,
  IN     CONST MRM_STORE_WRITE  *Writes,
  IN     UINTN                  Count
  )
{
  CopyMem (Store->Image, Image, Store->ImageSize);
  if (Count == 1) {
    Store->Next += Writes[0].Size;
    Store->Sequence++;
  } else if (Count == MRM_STORE_MAX_WRITES) {
    Store->File     = Writes[0].File;
    Store->Next     = MrmStoreJournalStart (Store->ImageSize);
    Store->Sequence = 1;
    Store->Generation++;
  }
}

VOID
EFIAPI
MrmStoreFailed (
  IN OUT MRM_STORE  *Store
  )
{
  Store->Next = MrmStoreFileSize (Store->ImageSize);
}
