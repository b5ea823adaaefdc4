/** @file
  Stores that are kept on the ESP: two journal files for each, opened once, their space taken
  in advance (MrmStoreLib decides what is written where).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Journal.h"
#include "Core/Facts.h"
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

  return EFI_ERROR (Status) ? Status : File->Flush (File);
}

/**
  Open one of a store's files; a new or short one is filled up to its size.

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
  Status = gMachine.Esp->Open (
                           gMachine.Esp,
                           File,
                           Name,
                           EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE,
                           0
                           );
  if (EFI_ERROR (Status)) {
    // The file may have been written earlier: read what was committed then.
    if (!EFI_ERROR (gMachine.Esp->Open (gMachine.Esp, File, Name, EFI_FILE_MODE_READ, 0))) {
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
    // A part that cannot be read is damage, which MrmStoreOpen() finds.
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
CloseKeptStore (
  IN OUT MRM_KEPT_STORE  *Kept
  )
{
  UINTN  Index;

  for (Index = 0; Index < MRM_STORE_FILES; Index++) {
    if (Kept->Files[Index] != NULL) {
      Kept->Files[Index]->Close (Kept->Files[Index]);
      Kept->Files[Index] = NULL;
    }
  }
}

EFI_STATUS
OpenKeptStore (
  OUT MRM_KEPT_STORE  *Kept,
  IN  UINT32          Size,
  IN  CONST CHAR16    *Path,
  OUT EFI_STATUS      *FileStatus
  )
{
  EFI_STATUS  Status;
  EFI_STATUS  OneStatus;
  UINT8       *Contents[MRM_STORE_FILES];
  UINTN       Sizes[MRM_STORE_FILES];
  UINTN       Index;

  ZeroMem (Kept, sizeof (*Kept));
  *FileStatus               = EFI_SUCCESS;
  Kept->Committed.ImageSize = Size;
  Kept->Committed.Image     = AllocatePool (Size);
  Kept->Committed.Buffer    = AllocatePool (MrmStoreBufferSize (Size));
  if ((Kept->Committed.Image == NULL) || (Kept->Committed.Buffer == NULL)) {
    if (Kept->Committed.Image != NULL) {
      FreePool (Kept->Committed.Image);
    }

    if (Kept->Committed.Buffer != NULL) {
      FreePool (Kept->Committed.Buffer);
    }

    ZeroMem (Kept, sizeof (*Kept));
    return EFI_OUT_OF_RESOURCES;
  }

  for (Index = 0; Index < MRM_STORE_FILES; Index++) {
    Sizes[Index] = MrmStoreFileSize (Size);
    OneStatus    = OpenFile (Path, Index, Sizes[Index], &Kept->Files[Index], &Contents[Index]);
    if (!EFI_ERROR (*FileStatus)) {
      *FileStatus = OneStatus;
    }
  }

  Status = MrmStoreOpen (&Kept->Committed, (CONST UINT8 *CONST *)Contents, Sizes);
  for (Index = 0; Index < MRM_STORE_FILES; Index++) {
    if (Contents[Index] != NULL) {
      FreePool (Contents[Index]);
    }
  }

  if (EFI_ERROR (*FileStatus)) {
    CloseKeptStore (Kept);
  }

  return Status;
}

EFI_STATUS
CommitKeptStore (
  IN OUT MRM_KEPT_STORE  *Kept,
  IN     CONST UINT8     *Image
  )
{
  EFI_STATUS       Status;
  MRM_STORE_WRITE  Writes[MRM_STORE_MAX_WRITES];
  UINTN            Count;
  UINTN            Index;

  if (Kept->Files[0] == NULL) {
    CopyMem (Kept->Committed.Image, Image, Kept->Committed.ImageSize);
    return EFI_SUCCESS;
  }

  Count = MrmStoreCommit (&Kept->Committed, Image, Writes);
  for (Index = 0; Index < Count; Index++) {
    Status = WriteThrough (
               Kept->Files[Writes[Index].File],
               Writes[Index].Offset,
               Writes[Index].Size,
               Writes[Index].Data
               );
    if (EFI_ERROR (Status)) {
      MrmStoreFailed (&Kept->Committed);
      return Status;
    }
  }

  MrmStoreCommitted (&Kept->Committed, Image, Writes, Count);
  return EFI_SUCCESS;
}

VOID
FreeKeptStore (
  IN OUT MRM_KEPT_STORE  *Kept
  )
{
  FreePool (Kept->Committed.Image);
  FreePool (Kept->Committed.Buffer);
  ZeroMem (Kept, sizeof (*Kept));
}
