/** @file
  UEFI variable stores of the partitions: two journal files for each on the ESP, opened once,
  their space taken in advance, so that a commit changes nothing of the file system but the
  time in a directory entry.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Store.h"
#include "Report.h"
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
  Make sure a folder exists.

  @param[in] Path  The folder; what it lies in exists.

  @return  Status of the file system.
**/
STATIC
EFI_STATUS
MakeFolder (
  IN CHAR16  *Path
  )
{
  EFI_STATUS         Status;
  EFI_FILE_PROTOCOL  *Folder;

  Status = gMachine.Esp->Open (
                           gMachine.Esp,
                           &Folder,
                           Path,
                           EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE,
                           EFI_FILE_DIRECTORY
                           );
  return EFI_ERROR (Status) ? Status : Folder->Close (Folder);
}

/**
  Open one of a store's files; a new or short one is filled up to its size.

  @param[in]  Partition  The partition.
  @param[in]  Number     0 or 1.
  @param[out] File       Receives the file.
  @param[out] Contents   Receives what it holds; for FreePool.

  @retval EFI_SUCCESS  Done.
  @return Other        Status of the file system; File is NULL.
**/
STATIC
EFI_STATUS
OpenFile (
  IN  CONST MRM_PARTITION  *Partition,
  IN  UINTN                Number,
  OUT EFI_FILE_PROTOCOL    **File,
  OUT UINT8                **Contents
  )
{
  EFI_STATUS  Status;
  CHAR16      Path[STORE_PATH_SIZE];
  UINT64      Size;
  UINTN       Wanted;
  UINTN       Had;

  Size      = 1;
  Wanted    = MrmStoreFileSize (Partition->Plan->Policy.VariableQuota);
  *File     = NULL;
  *Contents = AllocateZeroPool (Wanted);
  if (*Contents == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  UnicodeSPrint (Path, sizeof (Path), L"\\EFI\\MRM\\%a\\variables.%c", Partition->Plan->Name, (CHAR16)(L'a' + Number));
  Status = gMachine.Esp->Open (
                           gMachine.Esp,
                           File,
                           Path,
                           EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE,
                           0
                           );
  if (EFI_ERROR (Status)) {
    *File = NULL;
    return Status;
  }

  Status = FileHandleGetSize (*File, &Size);
  Had    = (UINTN)MIN (Size, Wanted);
  if (!EFI_ERROR (Status) && (Had != 0)) {
    // What cannot be read is garbage to MrmStoreOpen().
    (*File)->Read (*File, &Had, *Contents);
  }

  if (!EFI_ERROR (Status) && (Size < Wanted)) {
    Status = WriteThrough (*File, 0, Wanted, *Contents);
  }

  if (EFI_ERROR (Status)) {
    if (Size == 0) {
      // Leave no half of a file behind.
      (*File)->Delete (*File);
    } else {
      (*File)->Close (*File);
    }

    *File = NULL;
  }

  return Status;
}

/**
  Close the files of a store.

  @param[in,out] Store  The store.
**/
STATIC
VOID
CloseFiles (
  IN OUT MRM_PARTITION_STORE  *Store
  )
{
  UINTN  Index;

  for (Index = 0; Index < MRM_STORE_FILES; Index++) {
    if (Store->Files[Index] != NULL) {
      Store->Files[Index]->Close (Store->Files[Index]);
      Store->Files[Index] = NULL;
    }
  }
}

/**
  Open both files and find the last committed state.

  @param[in]     Partition  The partition.
  @param[in,out] Store      Its store; receives the committed state.
**/
STATIC
VOID
OpenFiles (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT MRM_PARTITION_STORE  *Store
  )
{
  EFI_STATUS  Status;
  CHAR16      Path[STORE_PATH_SIZE];
  UINT8       *Contents[MRM_STORE_FILES];
  UINTN       Sizes[MRM_STORE_FILES];
  UINTN       Index;

  UnicodeSPrint (Path, sizeof (Path), L"\\EFI\\MRM\\%a", Partition->Plan->Name);
  Status = MakeFolder (L"\\EFI\\MRM");
  if (!EFI_ERROR (Status)) {
    Status = MakeFolder (Path);
  }

  for (Index = 0; Index < MRM_STORE_FILES; Index++) {
    Contents[Index] = NULL;
    Sizes[Index]    = MrmStoreFileSize (Store->Committed.ImageSize);
    if (!EFI_ERROR (Status)) {
      Status = OpenFile (Partition, Index, &Store->Files[Index], &Contents[Index]);
    }
  }

  if (EFI_ERROR (Status)) {
    Say (
      "%a: its variables cannot be kept on the ESP: %r; they live until the PC is switched off",
      Partition->Plan->Name,
      Status
      );
  }

  Status = MrmStoreOpen (&Store->Committed, (CONST UINT8 *CONST *)Contents, Sizes);
  if (Status == RETURN_BAD_BUFFER_SIZE) {
    Say ("%a: its variables begin anew: their quota was another one", Partition->Plan->Name);
  }

  for (Index = 0; Index < MRM_STORE_FILES; Index++) {
    if (Contents[Index] != NULL) {
      FreePool (Contents[Index]);
    }
  }

  if ((Store->Files[0] == NULL) || (Store->Files[1] == NULL)) {
    CloseFiles (Store);
  }
}

VOID
OpenStore (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_PARTITION_STORE  *Store;
  UINT32               Size;

  Size  = Partition->Plan->Policy.VariableQuota;
  Store = AllocateZeroPool (sizeof (*Store));
  if (Store != NULL) {
    Store->Committed.ImageSize = Size;
    Store->Committed.Image     = AllocatePool (Size);
    Store->Committed.Buffer    = AllocatePool (MrmStoreBufferSize (Size));
    Store->Fetched             = AllocatePool (Size);
  }

  if (  (Store == NULL)
     || (Store->Committed.Image == NULL)
     || (Store->Committed.Buffer == NULL)
     || (Store->Fetched == NULL))
  {
    Refuse (Partition, MRM_RULE_CONTROLLER, "no memory to keep its variables");
    return;
  }

  OpenFiles (Partition, Store);
  Partition->Store = Store;
}

VOID
CloseStores (
  IN CONST MRM_PARTITION  *Partitions,
  IN UINTN                Count
  )
{
  UINTN  Index;

  for (Index = 0; Index < Count; Index++) {
    if (Partitions[Index].Store != NULL) {
      CloseFiles (Partitions[Index].Store);
    }
  }
}

VOID
LoadStore (
  IN OUT MRM_PARTITION  *Partition
  )
{
  Partition->Store->Answered = 0;
  CopyMem (
    (VOID *)(UINTN)Partition->VariableStore.Base,
    Partition->Store->Committed.Image,
    Partition->Store->Committed.ImageSize
    );
}

/**
  Commit what was fetched.

  @param[in]     Partition  The partition.
  @param[in,out] Store      Its store.

  @retval EFI_SUCCESS       It will be there after a power cut, or until the PC is switched
                            off where the ESP has no room.
  @retval EFI_DEVICE_ERROR  It was not written; it was said.
**/
STATIC
EFI_STATUS
Commit (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT MRM_PARTITION_STORE  *Store
  )
{
  EFI_STATUS       Status;
  MRM_STORE_WRITE  Writes[MRM_STORE_MAX_WRITES];
  UINTN            Count;
  UINTN            Index;

  if (Store->Files[0] == NULL) {
    CopyMem (Store->Committed.Image, Store->Fetched, Store->Committed.ImageSize);
    return EFI_SUCCESS;
  }

  Count = MrmStoreCommit (&Store->Committed, Store->Fetched, Writes);
  for (Index = 0; Index < Count; Index++) {
    Status = WriteThrough (
               Store->Files[Writes[Index].File],
               Writes[Index].Offset,
               Writes[Index].Size,
               Writes[Index].Data
               );
    if (EFI_ERROR (Status)) {
      Say ("%a: its variables cannot be written: %r", Partition->Plan->Name, Status);
      MrmStoreFailed (&Store->Committed);
      return EFI_DEVICE_ERROR;
    }
  }

  MrmStoreCommitted (&Store->Committed, Store->Fetched, Writes, Count);
  return EFI_SUCCESS;
}

BOOLEAN
AttendStore (
  IN OUT MRM_PARTITION      *Partition,
  IN     CONST MRM_MAILBOX  *Snapshot
  )
{
  MRM_PARTITION_STORE  *Store;

  Store = Partition->Store;
  if (Snapshot->Store.Sequence == Store->Answered) {
    return FALSE;
  }

  CopyMem (Store->Fetched, (VOID *)(UINTN)Partition->VariableStore.Base, Store->Committed.ImageSize);
  Partition->Mailbox->Store.Status = Commit (Partition, Store);
  MemoryFence ();
  Store->Answered                    = Snapshot->Store.Sequence;
  Partition->Mailbox->Store.Answered = Store->Answered;
  return TRUE;
}
