/** @file
  Finds the last committed image.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmJournalInternal.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>

///
/// No journal is used long enough to have so many checkpoints: a larger number is damage.
///
#define GENERATION_LIMIT  BIT62

UINT32
MrmJournalRecordsStart (
  IN UINT32  ImageSize
  )
{
  return MRM_JOURNAL_BLOCK + ALIGN_VALUE (ImageSize, MRM_JOURNAL_BLOCK);
}

UINT32
EFIAPI
MrmJournalFileSize (
  IN UINT32  ImageSize
  )
{
  return MrmJournalRecordsStart (ImageSize) + MRM_JOURNAL_RECORDS_SIZE;
}

/**
  Judge the checkpoint of a file.

  @param[in]  File    Contents of the file, or NULL.
  @param[in]  Size    Its size in bytes.
  @param[out] Header  Receives the header.

  @retval TRUE   It is whole.
  @retval FALSE  There is none, or it is damaged.
**/
STATIC
BOOLEAN
ReadCheckpoint (
  IN  CONST UINT8         *File,
  IN  UINTN               Size,
  OUT MRM_JOURNAL_HEADER  *Header
  )
{
  if ((File == NULL) || (Size < MRM_JOURNAL_BLOCK)) {
    return FALSE;
  }

  CopyMem (Header, File, sizeof (*Header));
  return (Header->Signature == MRM_JOURNAL_HEADER_SIGNATURE)
         && (Header->Crc == CalculateCrc32 ((UINT8 *)Header + CRC_START, sizeof (*Header) - CRC_START))
         && (Header->Version == MRM_JOURNAL_VERSION)
         && (Header->Generation != 0)
         && (Header->ImageSize <= Size - MRM_JOURNAL_BLOCK)
         && (Header->ImageCrc == CalculateCrc32 ((UINT8 *)File + MRM_JOURNAL_BLOCK, Header->ImageSize));
}

/**
  Judge the record that the next commit would have written.

  @param[in]  Journal  Generation, Sequence and Next are those of the record.
  @param[in]  File     Contents of the file.
  @param[in]  Size     Its size in bytes.
  @param[out] Record   Receives the record's header.

  @retval TRUE   It is whole.
  @retval FALSE  It was never written, or not to its end.
**/
STATIC
BOOLEAN
ReadRecord (
  IN  CONST MRM_JOURNAL   *Journal,
  IN  CONST UINT8         *File,
  IN  UINTN               Size,
  OUT MRM_JOURNAL_RECORD  *Record
  )
{
  if ((Journal->Next > Size) || (Size - Journal->Next < sizeof (*Record))) {
    return FALSE;
  }

  CopyMem (Record, File + Journal->Next, sizeof (*Record));
  return (Record->Signature == MRM_JOURNAL_RECORD_SIGNATURE)
         && (Record->Size >= sizeof (*Record))
         && (Record->Size <= Size - Journal->Next)
         && (Record->Generation == Journal->Generation)
         && (Record->Sequence == Journal->Sequence)
         && (Record->Crc == CalculateCrc32 ((UINT8 *)File + Journal->Next + CRC_START, Record->Size - CRC_START));
}

/**
  Carry out the changes of a record.

  @param[in,out] Journal  Image is changed, if anything.
  @param[in]     Data     What follows the record's header.
  @param[in]     Size     Its size in bytes.
  @param[in]     Write    FALSE: only judge.

  @retval TRUE   All of them lie in the image.
  @retval FALSE  They do not: this library has not written them.
**/
STATIC
BOOLEAN
ReplayChanges (
  IN OUT MRM_JOURNAL  *Journal,
  IN     CONST UINT8  *Data,
  IN     UINTN        Size,
  IN     BOOLEAN      Write
  )
{
  MRM_JOURNAL_CHANGE  Change;

  while (Size != 0) {
    if (Size < sizeof (Change)) {
      return FALSE;
    }

    CopyMem (&Change, Data, sizeof (Change));
    Data += sizeof (Change);
    Size -= sizeof (Change);
    if (  (Change.Size == 0)
       || (Change.Size > Size)
       || (Change.Size > Journal->ImageSize)
       || (Change.Offset > Journal->ImageSize - Change.Size))
    {
      return FALSE;
    }

    if (Write) {
      CopyMem (Journal->Image + Change.Offset, Data, Change.Size);
    }

    Data += Change.Size;
    Size -= Change.Size;
  }

  return TRUE;
}

/**
  Find records that a later commit could bring back: behind one that is damaged, or of a
  checkpoint that is.

  @param[in] File        Contents of a file, or NULL.
  @param[in] Size        Its size in bytes.
  @param[in] From        Where to begin, multiple of MRM_JOURNAL_BLOCK.
  @param[in] Generation  Lowest generation that matters.

  @return  The highest generation of them; 0 when there are none.
**/
STATIC
UINT64
StaleGeneration (
  IN CONST UINT8  *File,
  IN UINTN        Size,
  IN UINTN        From,
  IN UINT64       Generation
  )
{
  MRM_JOURNAL_RECORD  Record;
  UINT64              Highest;

  Highest = 0;
  for ( ; (File != NULL) && (From + sizeof (Record) <= Size); From += MRM_JOURNAL_BLOCK) {
    CopyMem (&Record, File + From, sizeof (Record));
    if (  (Record.Signature == MRM_JOURNAL_RECORD_SIGNATURE)
       && (Record.Generation >= Generation)
       && (Record.Generation < GENERATION_LIMIT))
    {
      Highest = MAX (Highest, Record.Generation);
    }
  }

  return Highest;
}

/**
  Begin anew with the next commit, in the other file and with a generation of which no
  record exists, if there are records that it could bring back.

  @param[in,out] Journal  The journal, its last committed state found.
  @param[in]     Files    The contents of both files; NULL for one that cannot be read.
  @param[in]     Sizes    Their sizes in bytes.
  @param[in]     From     Where in Journal->File no record is any more that counts.
**/
STATIC
VOID
LeaveStaleRecords (
  IN OUT MRM_JOURNAL          *Journal,
  IN     CONST UINT8  *CONST  *Files,
  IN     CONST UINTN          *Sizes,
  IN     UINT32               From
  )
{
  UINT64  Behind;
  UINT64  Other;
  UINT32  Start;

  Start  = MrmJournalRecordsStart (Journal->ImageSize);
  Behind = StaleGeneration (Files[Journal->File], Sizes[Journal->File], From, Journal->Generation);
  Other  = StaleGeneration (Files[1 - Journal->File], Sizes[1 - Journal->File], Start, Journal->Generation + 1);
  if ((Behind != 0) || (Other != 0)) {
    Journal->Next       = MrmJournalFileSize (Journal->ImageSize);
    Journal->Generation = MAX (Journal->Generation, MAX (Behind, Other));
  }
}

RETURN_STATUS
EFIAPI
MrmJournalOpen (
  IN OUT MRM_JOURNAL          *Journal,
  IN     CONST UINT8  *CONST  *Files,
  IN     CONST UINTN          *Sizes
  )
{
  MRM_JOURNAL_HEADER  Header;
  MRM_JOURNAL_HEADER  Newest;
  MRM_JOURNAL_RECORD  Record;
  CONST UINT8         *Changes;
  UINTN               Size;
  UINT32              Index;

  SetMem (Journal->Image, Journal->ImageSize, 0xFF);
  ZeroMem (&Newest, sizeof (Newest));
  Journal->File = 0;
  for (Index = 0; Index < MRM_JOURNAL_FILES; Index++) {
    if (ReadCheckpoint (Files[Index], Sizes[Index], &Header) && (Header.Generation > Newest.Generation)) {
      Newest      = Header;
      Journal->File = Index;
    }
  }

  // Generations go on from those of an image of another size, or its checkpoint would count as the newer one later.
  Journal->Generation = Newest.Generation;
  Journal->Sequence   = 1;
  Journal->Next       = MrmJournalFileSize (Journal->ImageSize);
  if (Newest.Generation == 0) {
    LeaveStaleRecords (Journal, Files, Sizes, MrmJournalRecordsStart (Journal->ImageSize));
    return RETURN_NOT_FOUND;
  }

  if (Newest.ImageSize != Journal->ImageSize) {
    LeaveStaleRecords (Journal, Files, Sizes, Journal->Next);
    return RETURN_BAD_BUFFER_SIZE;
  }

  CopyMem (Journal->Image, Files[Journal->File] + MRM_JOURNAL_BLOCK, Journal->ImageSize);
  Journal->Next = MrmJournalRecordsStart (Journal->ImageSize);
  Size        = MIN (Sizes[Journal->File], MrmJournalFileSize (Journal->ImageSize));
  while (ReadRecord (Journal, Files[Journal->File], Size, &Record)) {
    Changes = Files[Journal->File] + Journal->Next + sizeof (Record);
    if (!ReplayChanges (Journal, Changes, Record.Size - sizeof (Record), FALSE)) {
      break;
    }

    ReplayChanges (Journal, Changes, Record.Size - sizeof (Record), TRUE);
    Journal->Next += ALIGN_VALUE (Record.Size, MRM_JOURNAL_BLOCK);
    Journal->Sequence++;
  }

  LeaveStaleRecords (Journal, Files, Sizes, Journal->Next + MRM_JOURNAL_BLOCK);
  return RETURN_SUCCESS;
}
