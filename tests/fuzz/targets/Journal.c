/** @file
  The two files of a journal, after damage that no CRC shows: MrmJournalOpen(), then two commits.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/BaseLib.h>
#include <Library/MrmJournalLib.h>

#define IMAGE  SIZE_4KB
#define DISK   (2 * SIZE_4KB + MRM_JOURNAL_RECORDS_SIZE)

/**
  Write a file as the input says: checkpoint, records, damage.

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
  MRM_JOURNAL_HEADER  Header = { MRM_JOURNAL_HEADER_SIGNATURE, 0, MRM_JOURNAL_VERSION, IMAGE, 0, 0, 0 };
  MRM_JOURNAL_RECORD  Record = { MRM_JOURNAL_RECORD_SIGNATURE, 0, 0, 0, 0 };
  UINTN             Offset;
  UINTN             Count;
  UINT8             Mode;

  memset (File, 0, DISK);
  Mode = (UINT8)FuzzNumber (Fuzz, 1);
  if ((Mode & 1) != 0) {
    Header.Generation = FuzzNumber (Fuzz, (Mode & 2) != 0 ? 4 : 1);
    memset (File + MRM_JOURNAL_BLOCK, (UINT8)FuzzNumber (Fuzz, 1), IMAGE);
    if ((Mode & 4) != 0) {
      Header.ImageSize = (UINT32)FuzzNumber (Fuzz, 4);
    }

    if (Header.ImageSize <= DISK - MRM_JOURNAL_BLOCK) {
      Header.ImageCrc = CalculateCrc32 (File + MRM_JOURNAL_BLOCK, Header.ImageSize);
    }

    Header.Crc = CalculateCrc32 ((UINT8 *)&Header + 8, sizeof (Header) - 8);
    memcpy (File, &Header, sizeof (Header));
  }

  Offset            = MRM_JOURNAL_BLOCK + IMAGE;
  Record.Generation = Header.Generation;
  for (Count = FuzzNumber (Fuzz, 1) % 8; Count != 0; Count--) {
    Mode            = (UINT8)FuzzNumber (Fuzz, 1);
    Record.Size     = (UINT32)(sizeof (Record) + FuzzNumber (Fuzz, (Mode & 1) != 0 ? 2 : 1) % (2 * MRM_JOURNAL_BLOCK));
    Record.Sequence = (Mode & 2) != 0 ? (UINT32)FuzzNumber (Fuzz, 1) : Record.Sequence + 1;
    FuzzTake (Fuzz, File + Offset + sizeof (Record), Record.Size - sizeof (Record));
    memcpy (File + Offset, &Record, sizeof (Record));
    Record.Crc = CalculateCrc32 (File + Offset + 8, Record.Size - 8) ^ ((Mode & 4) != 0);
    if ((Mode & 8) != 0) {
      Record.Size = (UINT32)FuzzNumber (Fuzz, 4);
    }

    memcpy (File + Offset, &Record, sizeof (Record));
    Record.Size = MIN (Record.Size, 2 * MRM_JOURNAL_BLOCK);
    Offset     += ALIGN_VALUE (Record.Size + 1, MRM_JOURNAL_BLOCK);
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

  @param[in,out] Journal  The journal.
  @param[in]     Disk   The files.
  @param[in]     Sizes  Their sizes.

  @return  What MrmJournalOpen() says.
**/
STATIC
RETURN_STATUS
Open (
  IN OUT MRM_JOURNAL    *Journal,
  IN     UINT8        (*Disk)[DISK],
  IN     CONST UINTN  *Sizes
  )
{
  CONST UINT8    *Files[MRM_JOURNAL_FILES];
  RETURN_STATUS  Status;

  Files[0] = FuzzExact (Disk[0], Sizes[0]);
  Files[1] = FuzzExact (Disk[1], Sizes[1]);
  Status   = MrmJournalOpen (Journal, Files, Sizes);
  free ((VOID *)Files[0]);
  free ((VOID *)Files[1]);
  FUZZ_CHECK (Journal->File < MRM_JOURNAL_FILES);
  return Status;
}

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  STATIC UINT8     Disk[MRM_JOURNAL_FILES][DISK];
  STATIC UINT8     New[IMAGE];
  FUZZ             Fuzz  = { Data, Size };
  MRM_JOURNAL        Journal = { 0 };
  MRM_JOURNAL_WRITE  Writes[MRM_JOURNAL_MAX_WRITES];
  UINTN            Sizes[MRM_JOURNAL_FILES];
  UINTN            Count;
  UINTN            Index;
  UINTN            Round;
  RETURN_STATUS    Status;

  FUZZ_CHECK (MrmJournalFileSize (IMAGE) == DISK);
  Journal.ImageSize = IMAGE;
  Journal.Image     = malloc (IMAGE);
  Journal.Buffer    = malloc (MrmJournalBufferSize (IMAGE));
  FUZZ_CHECK (Journal.Image != NULL && Journal.Buffer != NULL);
  Sizes[0] = TakeFile (&Fuzz, Disk[0]);
  Sizes[1] = TakeFile (&Fuzz, Disk[1]);
  Status   = Open (&Journal, Disk, Sizes);
  FUZZ_CHECK (Status == RETURN_SUCCESS || Status == RETURN_NOT_FOUND || Status == RETURN_BAD_BUFFER_SIZE);
  // Life goes on from whatever was found, and what is committed is found again.
  for (Round = 0; Round < 2; Round++) {
    memcpy (New, Journal.Image, IMAGE);
    Index      = (UINTN)FuzzNumber (&Fuzz, 2) % IMAGE;
    New[Index] = (UINT8)~New[Index];
    Count      = MrmJournalCommit (&Journal, New, Writes);
    FUZZ_CHECK (Count >= 1 && Count <= MRM_JOURNAL_MAX_WRITES);
    for (Index = 0; Index < Count; Index++) {
      FUZZ_CHECK (Writes[Index].File < MRM_JOURNAL_FILES);
      FUZZ_CHECK (Writes[Index].Offset % MRM_JOURNAL_BLOCK == 0 && Writes[Index].Size % MRM_JOURNAL_BLOCK == 0);
      FUZZ_CHECK (Writes[Index].Offset <= DISK && Writes[Index].Size <= DISK - Writes[Index].Offset);
      memcpy (Disk[Writes[Index].File] + Writes[Index].Offset, Writes[Index].Data, Writes[Index].Size);
      Sizes[Writes[Index].File] = MAX (Sizes[Writes[Index].File], Writes[Index].Offset + Writes[Index].Size);
    }

    MrmJournalCommitted (&Journal, New, Writes, Count);
    FUZZ_CHECK (memcmp (Journal.Image, New, IMAGE) == 0);
    FUZZ_CHECK (Open (&Journal, Disk, Sizes) == RETURN_SUCCESS);
    FUZZ_CHECK (memcmp (Journal.Image, New, IMAGE) == 0);
  }

  free (Journal.Image);
  free (Journal.Buffer);
  return 0;
}
