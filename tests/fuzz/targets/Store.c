/** @file
  The two files of a variable store, after damage that no CRC shows: MrmStoreOpen(), then two commits.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/BaseLib.h>
#include <Library/MrmStoreLib.h>

#define IMAGE  SIZE_4KB
#define DISK   (2 * SIZE_4KB + MRM_STORE_JOURNAL_SIZE)

/**
  Write a file as the input says: checkpoint, journal, damage.

  @param[in,out] Fuzz  The input.
  @param[out]    File  DISK bytes.

  @return  Size of the file.
**/
STATIC
UINTN
TakeFile (
  IN OUT FUZZ   *Fuzz,
  OUT    UINT8  *File
  )
{
  MRM_STORE_HEADER  Header = { MRM_STORE_HEADER_SIGNATURE, 0, MRM_STORE_VERSION, IMAGE, 0, 0, 0 };
  MRM_STORE_RECORD  Record = { MRM_STORE_RECORD_SIGNATURE, 0, 0, 0, 0 };
  UINTN             Offset;
  UINTN             Count;
  UINT8             Mode;

  memset (File, 0, DISK);
  Mode = (UINT8)FuzzNumber (Fuzz, 1);
  if ((Mode & 1) != 0) {
    Header.Generation = FuzzNumber (Fuzz, (Mode & 2) != 0 ? 4 : 1);
    memset (File + MRM_STORE_BLOCK, (UINT8)FuzzNumber (Fuzz, 1), IMAGE);
    if ((Mode & 4) != 0) {
      Header.ImageSize = (UINT32)FuzzNumber (Fuzz, 4);
    }

    if (Header.ImageSize <= DISK - MRM_STORE_BLOCK) {
      Header.ImageCrc = CalculateCrc32 (File + MRM_STORE_BLOCK, Header.ImageSize);
    }

    Header.Crc = CalculateCrc32 ((UINT8 *)&Header + 8, sizeof (Header) - 8);
    memcpy (File, &Header, sizeof (Header));
  }

  Offset            = MRM_STORE_BLOCK + IMAGE;
  Record.Generation = Header.Generation;
  for (Count = FuzzNumber (Fuzz, 1) % 8; Count != 0; Count--) {
    Mode            = (UINT8)FuzzNumber (Fuzz, 1);
    Record.Size     = (UINT32)(sizeof (Record) + FuzzNumber (Fuzz, (Mode & 1) != 0 ? 2 : 1) % (2 * MRM_STORE_BLOCK));
    Record.Sequence = (Mode & 2) != 0 ? (UINT32)FuzzNumber (Fuzz, 1) : Record.Sequence + 1;
    FuzzTake (Fuzz, File + Offset + sizeof (Record), Record.Size - sizeof (Record));
    memcpy (File + Offset, &Record, sizeof (Record));
    Record.Crc = CalculateCrc32 (File + Offset + 8, Record.Size - 8) ^ ((Mode & 4) != 0);
    if ((Mode & 8) != 0) {
      Record.Size = (UINT32)FuzzNumber (Fuzz, 4);
    }

    memcpy (File + Offset, &Record, sizeof (Record));
    Record.Size = MIN (Record.Size, 2 * MRM_STORE_BLOCK);
    Offset     += ALIGN_VALUE (Record.Size + 1, MRM_STORE_BLOCK);
  }

  for (Count = FuzzNumber (Fuzz, 1) % 4; Count != 0; Count--) {
    Offset = (UINTN)FuzzNumber (Fuzz, 4) % (DISK - 8);
    FuzzTake (Fuzz, File + Offset, 8);
  }

  Offset = (UINTN)FuzzNumber (Fuzz, 4) % (DISK + 1);
  if ((Offset == 0) || (Mode & 0x10) == 0) {
    return DISK;
  }

  memset (File + Offset, 0, DISK - Offset);
  return Offset;
}

/**
  Open copies of the files.

  @param[in,out] Store  The store.
  @param[in]     Disk   The files.
  @param[in]     Sizes  Their sizes.

  @return  What MrmStoreOpen() says.
**/
STATIC
RETURN_STATUS
Open (
  IN OUT MRM_STORE    *Store,
  IN     UINT8        (*Disk)[DISK],
  IN     CONST UINTN  *Sizes
  )
{
  CONST UINT8    *Files[MRM_STORE_FILES];
  RETURN_STATUS  Status;

  Files[0] = FuzzExact (Disk[0], Sizes[0]);
  Files[1] = FuzzExact (Disk[1], Sizes[1]);
  Status   = MrmStoreOpen (Store, Files, Sizes);
  free ((VOID *)Files[0]);
  free ((VOID *)Files[1]);
  FUZZ_CHECK (Store->File < MRM_STORE_FILES);
  return Status;
}

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  STATIC UINT8     Disk[MRM_STORE_FILES][DISK];
  STATIC UINT8     New[IMAGE];
  FUZZ             Fuzz  = { Data, Size };
  MRM_STORE        Store = { 0 };
  MRM_STORE_WRITE  Writes[MRM_STORE_MAX_WRITES];
  UINTN            Sizes[MRM_STORE_FILES];
  UINTN            Count;
  UINTN            Index;
  UINTN            Round;
  RETURN_STATUS    Status;

  FUZZ_CHECK (MrmStoreFileSize (IMAGE) == DISK);
  Store.ImageSize = IMAGE;
  Store.Image     = malloc (IMAGE);
  Store.Buffer    = malloc (MrmStoreBufferSize (IMAGE));
  FUZZ_CHECK (Store.Image != NULL && Store.Buffer != NULL);
  Sizes[0] = TakeFile (&Fuzz, Disk[0]);
  Sizes[1] = TakeFile (&Fuzz, Disk[1]);
  Status   = Open (&Store, Disk, Sizes);
  FUZZ_CHECK (Status == RETURN_SUCCESS || Status == RETURN_NOT_FOUND || Status == RETURN_BAD_BUFFER_SIZE);
  // Life goes on from whatever was found, and what is committed is found again.
  for (Round = 0; Round < 2; Round++) {
    memcpy (New, Store.Image, IMAGE);
    Index      = (UINTN)FuzzNumber (&Fuzz, 2) % IMAGE;
    New[Index] = (UINT8)~New[Index];
    Count      = MrmStoreCommit (&Store, New, Writes);
    FUZZ_CHECK (Count >= 1 && Count <= MRM_STORE_MAX_WRITES);
    for (Index = 0; Index < Count; Index++) {
      FUZZ_CHECK (Writes[Index].File < MRM_STORE_FILES);
      FUZZ_CHECK (Writes[Index].Offset % MRM_STORE_BLOCK == 0 && Writes[Index].Size % MRM_STORE_BLOCK == 0);
      FUZZ_CHECK (Writes[Index].Offset <= DISK && Writes[Index].Size <= DISK - Writes[Index].Offset);
      memcpy (Disk[Writes[Index].File] + Writes[Index].Offset, Writes[Index].Data, Writes[Index].Size);
      Sizes[Writes[Index].File] = MAX (Sizes[Writes[Index].File], Writes[Index].Offset + Writes[Index].Size);
    }

    MrmStoreCommitted (&Store, New, Writes, Count);
    FUZZ_CHECK (memcmp (Store.Image, New, IMAGE) == 0);
    FUZZ_CHECK (Open (&Store, Disk, Sizes) == RETURN_SUCCESS);
    FUZZ_CHECK (memcmp (Store.Image, New, IMAGE) == 0);
  }

  free (Store.Image);
  free (Store.Buffer);
  return 0;
}
