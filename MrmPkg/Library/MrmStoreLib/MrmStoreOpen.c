/** @file
  Finds the last committed state of a variable store.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmStoreInternal.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>

///
/// No journal is used long enough to have so many checkpoints: a larger number is damage.
///
#define GENERATION_LIMIT  BIT62

UINT32
MrmStoreJournalStart (
  IN UINT32  ImageSize
  )
{
  return MRM_STORE_BLOCK + ALIGN_VALUE (ImageSize, MRM_STORE_BLOCK);
}

UINT32
EFIAPI
MrmStoreFileSize (
  IN UINT32  ImageSize
  )
{
  return MrmStoreJournalStart (ImageSize) + MRM_STORE_JOURNAL_SIZE;
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
  IN  CONST UINT8       *File,
  IN  UINTN             Size,
  OUT MRM_STORE_HEADER  *Header
  )
{
  if ((File == NULL) || (Size < MRM_STORE_BLOCK)) {
    return FALSE;
  }

  CopyMem (Header, File, sizeof (*Header));
  return (Header->Signature == MRM_STORE_HEADER_SIGNATURE)
         && (Header->Crc == CalculateCrc32 ((UINT8 *)Header + CRC_START, sizeof (*Header) - CRC_START))
         && (Header->Version == MRM_STORE_VERSION)
         && (Header->Generation != 0)
         && (Header->ImageSize <= Size - MRM_STORE_BLOCK)
         && (Header->ImageCrc == CalculateCrc32 ((UINT8 *)File + MRM_STORE_BLOCK, Header->ImageSize));
}

/**
  Judge the record that the next commit would have written.

  @param[in]  Store   Generation, Sequence and Next are those of the record.
  @param[in]  File    Contents of the file.
  @param[in]  Size    Its size in bytes.
  @param[out] Record  Receives the record's header.

  @retval TRUE   It is whole.
  @retval FALSE  It was never written, or not to its end.
**/
STATIC
BOOLEAN
ReadRecord (
  IN  CONST MRM_STORE   *Store,
  IN  CONST UINT8       *File,
  IN  UINTN             Size,
  OUT MRM_STORE_RECORD  *Record
  )
{
  if ((Store->Next > Size) || (Size - Store->Next < sizeof (*Record))) {
    return FALSE;
  }

  CopyMem (Record, File + Store->Next, sizeof (*Record));
  return (Record->Signature == MRM_STORE_RECORD_SIGNATURE)
         && (Record->Size >= sizeof (*Record))
         && (Record->Size <= Size - Store->Next)
         && (Record->Generation == Store->Generation)
         && (Record->Sequence == Store->Sequence)
         && (Record->Crc == CalculateCrc32 ((UINT8 *)File + Store->Next + CRC_START, Record->Size - CRC_START));
}

/**
  Carry out the changes of a record.

  @param[in,out] Store   Image is changed, if anything.
  @param[in]     Data    What follows the record's header.
  @param[in]     Size    Its size in bytes.
  @param[in]     Write   FALSE: only judge.

  @retval TRUE   All of them lie in the store.
  @retval FALSE  They do not: this library has not written them.
**/
STATIC
BOOLEAN
ReplayChanges (
  IN OUT MRM_STORE    *Store,
  IN     CONST UINT8  *Data,
  IN     UINTN        Size,
  IN     BOOLEAN      Write
  )
{
  MRM_STORE_CHANGE  Change;

  while (Size != 0) {
    if (Size < sizeof (Change)) {
      return FALSE;
    }

    CopyMem (&Change, Data, sizeof (Change));
    Data += sizeof (Change);
    Size -= sizeof (Change);
    if (  (Change.Size == 0)
       || (Change.Size > Size)
       || (Change.Size > Store->ImageSize)
       || (Change.Offset > Store->ImageSize - Change.Size))
    {
      return FALSE;
    }

    if (Write) {
      CopyMem (Store->Image + Change.Offset, Data, Change.Size);
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
  @param[in] From        Where to begin, multiple of MRM_STORE_BLOCK.
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
  MRM_STORE_RECORD  Record;
  UINT64            Highest;

  Highest = 0;
  for ( ; (File != NULL) && (From + sizeof (Record) <= Size); From += MRM_STORE_BLOCK) {
    CopyMem (&Record, File + From, sizeof (Record));
    if (  (Record.Signature == MRM_STORE_RECORD_SIGNATURE)
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

  @param[in,out] Store  The store, its last committed state found.
  @param[in]     Files  The contents of both files; NULL for one that cannot be read.
  @param[in]     Sizes  Their sizes in bytes.
  @param[in]     From   Where in Store->File no record is any more that counts.
**/
STATIC
VOID
LeaveStaleRecords (
  IN OUT MRM_STORE    *Store,
  IN     CONST UINT8  *CONST  *Files,
  IN     CONST UINTN  *Sizes,
  IN     UINT32       From
  )
{
  UINT64  Behind;
  UINT64  Other;
  UINT32  Start;

  Start  = MrmStoreJournalStart (Store->ImageSize);
  Behind = StaleGeneration (Files[Store->File], Sizes[Store->File], From, Store->Generation);
  Other  = StaleGeneration (Files[1 - Store->File], Sizes[1 - Store->File], Start, Store->Generation + 1);
  if ((Behind != 0) || (Other != 0)) {
    Store->Next       = MrmStoreFileSize (Store->ImageSize);
    Store->Generation = MAX (Store->Generation, MAX (Behind, Other));
  }
}

RETURN_STATUS
EFIAPI
MrmStoreOpen (
  IN OUT MRM_STORE    *Store,
  IN     CONST UINT8  *CONST  *Files,
  IN     CONST UINTN  *Sizes
  )
{
  MRM_STORE_HEADER  Header;
  MRM_STORE_HEADER  Newest;
  MRM_STORE_RECORD  Record;
  CONST UINT8       *Changes;
  UINTN             Size;
  UINT32            Index;

  SetMem (Store->Image, Store->ImageSize, 0xFF);
  ZeroMem (&Newest, sizeof (Newest));
  Store->File = 0;
  for (Index = 0; Index < MRM_STORE_FILES; Index++) {
    if (ReadCheckpoint (Files[Index], Sizes[Index], &Header) && (Header.Generation > Newest.Generation)) {
      Newest      = Header;
      Store->File = Index;
    }
  }

  // Generations go on from those of an image of another size, or its checkpoint would count as the newer one later.
  Store->Generation = Newest.Generation;
  Store->Sequence   = 1;
  Store->Next       = MrmStoreFileSize (Store->ImageSize);
  if (Newest.Generation == 0) {
    LeaveStaleRecords (Store, Files, Sizes, MrmStoreJournalStart (Store->ImageSize));
    return RETURN_NOT_FOUND;
  }

  if (Newest.ImageSize != Store->ImageSize) {
    LeaveStaleRecords (Store, Files, Sizes, Store->Next);
    return RETURN_BAD_BUFFER_SIZE;
  }

  CopyMem (Store->Image, Files[Store->File] + MRM_STORE_BLOCK, Store->ImageSize);
  Store->Next = MrmStoreJournalStart (Store->ImageSize);
  Size        = MIN (Sizes[Store->File], MrmStoreFileSize (Store->ImageSize));
  while (ReadRecord (Store, Files[Store->File], Size, &Record)) {
    Changes = Files[Store->File] + Store->Next + sizeof (Record);
    if (!ReplayChanges (Store, Changes, Record.Size - sizeof (Record), FALSE)) {
      break;
    }

    ReplayChanges (Store, Changes, Record.Size - sizeof (Record), TRUE);
    Store->Next += ALIGN_VALUE (Record.Size, MRM_STORE_BLOCK);
    Store->Sequence++;
  }

  LeaveStaleRecords (Store, Files, Sizes, Store->Next + MRM_STORE_BLOCK);
  return RETURN_SUCCESS;
}
