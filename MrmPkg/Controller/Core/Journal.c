/** @file
  Journals on the ESP: two files for each, opened once, their space taken
  in advance (MrmJournalLib decides what is written where).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Journal.h"
#include "Core/Clock.h"
#include "Core/Esp.h"
#include "Core/Facts.h"
#include "Core/Flush.h"
#include <Guid/FileInfo.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/FileHandleLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>

#define STORE_PATH_SIZE  96                      ///< CHAR16

/**
  Write a part of a file and see it on the disk.

  @param[in] File    The file.
  @param[in] Offset  Where.
  @param[in] Size    Bytes.
  @param[in] Data    What.

  @return  Status of the file system.
**/
STATIC
EFI_STATUS
WriteThrough (
  IN EFI_FILE_PROTOCOL  *File,
  IN UINT64             Offset,
  IN UINTN              Size,
  IN CONST VOID         *Data
  )
{
  EFI_STATUS  Status;
  UINTN       Written;

  Written = Size;
  Status  = File->SetPosition (File, Offset);
  if (!EFI_ERROR (Status)) {
    Status = File->Write (File, &Written, (VOID *)Data);
  }

  if (!EFI_ERROR (Status) && (Written != Size)) {
    Status = EFI_VOLUME_FULL;
  }

  if (!EFI_ERROR (Status)) {
    Status = File->Flush (File);
  }

  if (!EFI_ERROR (Status)) {
    Status = FlushDrive (gMachine.EspDevice);
  }

  return Status;
}

/**
  Open one of a journal's files; a new or short one is filled up to its size.

  @param[in]  Path      Path of both, without ".a" and ".b".
  @param[in]  Number    0 or 1.
  @param[in]  Wanted    Bytes.
  @param[out] File      Receives the file.
  @param[out] Contents  Receives what it holds; for FreePool.

  @retval EFI_SUCCESS  Done.
  @return Other        Status of the file system; File is NULL.
**/
STATIC
EFI_STATUS
OpenFile (
  IN  CONST CHAR16       *Path,
  IN  UINTN              Number,
  IN  UINTN              Wanted,
  OUT EFI_FILE_PROTOCOL  **File,
  OUT UINT8              **Contents
  )
{
  EFI_STATUS  Status;
  CHAR16      Name[STORE_PATH_SIZE];
  UINT64      Size;
  UINTN       Had;

  Size      = 1;
  *File     = NULL;
  *Contents = AllocateZeroPool (Wanted);
  if (*Contents == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  UnicodeSPrint (Name, sizeof (Name), L"%s.%c", Path, (CHAR16)(L'a' + Number));
  Status = OpenEspFile (Name, EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE, 0, File);
  if (EFI_ERROR (Status)) {
    // The file may have been written earlier: read what was committed then.
    if (!EFI_ERROR (OpenEspFile (Name, EFI_FILE_MODE_READ, 0, File))) {
      Had = Wanted;
      (*File)->Read (*File, &Had, *Contents);
      (*File)->Close (*File);
    }

    *File = NULL;
    return Status;
  }

  Status = FileHandleGetSize (*File, &Size);
  Had    = (UINTN)MIN (Size, Wanted);
  if (!EFI_ERROR (Status) && (Had != 0)) {
    // A part that cannot be read is damage, which MrmJournalOpen() finds.
    (*File)->Read (*File, &Had, *Contents);
  }

  if (!EFI_ERROR (Status) && (Size < Wanted)) {
    Status = WriteThrough (*File, 0, Wanted, *Contents);
  }

  if (EFI_ERROR (Status)) {
    if (Size == 0) {
      // Do not leave an incomplete file behind.
      (*File)->Delete (*File);
    } else {
      (*File)->Close (*File);
    }

    *File = NULL;
  }

  return Status;
}

VOID
CloseJournal (
  IN OUT MRM_ESP_JOURNAL  *Journal
  )
{
  UINTN  Index;

  for (Index = 0; Index < MRM_JOURNAL_FILES; Index++) {
    if (Journal->Files[Index] != NULL) {
      Journal->Files[Index]->Close (Journal->Files[Index]);
      Journal->Files[Index] = NULL;
    }
  }
}

EFI_STATUS
OpenJournal (
  OUT MRM_ESP_JOURNAL  *Journal,
  IN  UINT32           Size,
  IN  CONST CHAR16     *Path,
  OUT EFI_STATUS       *FileStatus
  )
{
  EFI_STATUS  Status;
  EFI_STATUS  OneStatus;
  UINT8       *Contents[MRM_JOURNAL_FILES];
  UINTN       Sizes[MRM_JOURNAL_FILES];
  UINTN       Index;

  ZeroMem (Journal, sizeof (*Journal));
  *FileStatus               = EFI_SUCCESS;
  Journal->Committed.ImageSize = Size;
  Journal->Committed.Image     = AllocatePool (Size);
  Journal->Committed.Buffer    = AllocatePool (MrmJournalBufferSize (Size));
  if ((Journal->Committed.Image == NULL) || (Journal->Committed.Buffer == NULL)) {
    if (Journal->Committed.Image != NULL) {
      FreePool (Journal->Committed.Image);
    }

    if (Journal->Committed.Buffer != NULL) {
      FreePool (Journal->Committed.Buffer);
    }

    ZeroMem (Journal, sizeof (*Journal));
    return EFI_OUT_OF_RESOURCES;
  }

  for (Index = 0; Index < MRM_JOURNAL_FILES; Index++) {
    Sizes[Index] = MrmJournalFileSize (Size);
    OneStatus    = OpenFile (Path, Index, Sizes[Index], &Journal->Files[Index], &Contents[Index]);
    if (!EFI_ERROR (*FileStatus)) {
      *FileStatus = OneStatus;
    }
  }

  Status = MrmJournalOpen (&Journal->Committed, (CONST UINT8 *CONST *)Contents, Sizes);
  for (Index = 0; Index < MRM_JOURNAL_FILES; Index++) {
    if (Contents[Index] != NULL) {
      FreePool (Contents[Index]);
    }
  }

  if (EFI_ERROR (*FileStatus)) {
    CloseJournal (Journal);
  }

  return Status;
}

EFI_STATUS
CommitJournal (
  IN OUT MRM_ESP_JOURNAL  *Journal,
  IN     CONST UINT8      *Image
  )
{
  EFI_STATUS         Status;
  MRM_JOURNAL_WRITE  Writes[MRM_JOURNAL_MAX_WRITES];
  UINTN              Count;
  UINTN              Index;
  UINT64             Begin;

  if (Journal->Files[0] == NULL) {
    CopyMem (Journal->Committed.Image, Image, Journal->Committed.ImageSize);
    return EFI_SUCCESS;
  }

  Count = MrmJournalCommit (&Journal->Committed, Image, Writes);
  for (Index = 0; Index < Count; Index++) {
    Begin  = AsmReadTsc ();
    Status = WriteThrough (
               Journal->Files[Writes[Index].File],
               Writes[Index].Offset,
               Writes[Index].Size,
               Writes[Index].Data
               );
    Journal->FileTime += MicrosecondsBetween (Begin, AsmReadTsc ());
    if (EFI_ERROR (Status)) {
      MrmJournalFailed (&Journal->Committed);
      return Status;
    }
  }

  MrmJournalCommitted (&Journal->Committed, Image, Writes, Count);
  return EFI_SUCCESS;
}

VOID
FreeJournal (
  IN OUT MRM_ESP_JOURNAL  *Journal
  )
{
  FreePool (Journal->Committed.Image);
  FreePool (Journal->Committed.Buffer);
  ZeroMem (Journal, sizeof (*Journal));
}
