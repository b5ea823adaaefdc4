/** @file
  Boot files of partitions, read from the volume Mrm.efi came from.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Report.h"
#include <Guid/FileInfo.h>
#include <Library/FileHandleLib.h>
#include <Library/MemoryAllocationLib.h>

/**
  Read a whole file.

  @param[in]  Path  Path on the volume.
  @param[out] Blob  Receives address and size; the memory belongs to the controller.

  @retval EFI_SUCCESS           Read.
  @retval EFI_NOT_FOUND         There is no such file.
  @retval EFI_END_OF_FILE       It is empty.
  @retval EFI_OUT_OF_RESOURCES  No memory for it.
  @return Other                 Status of the file system.
**/
STATIC
EFI_STATUS
ReadFile (
  IN  CONST CHAR16  *Path,
  OUT MRM_RANGE     *Blob
  )
{
  EFI_STATUS         Status;
  EFI_FILE_PROTOCOL  *File;
  EFI_FILE_INFO      *Information;
  UINTN              Size;
  VOID               *Buffer;

  Status = gMachine.Esp->Open (gMachine.Esp, &File, (CHAR16 *)Path, EFI_FILE_MODE_READ, 0);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Information = FileHandleGetInfo (File);
  if (Information == NULL) {
    File->Close (File);
    return EFI_DEVICE_ERROR;
  }

  Size = (UINTN)Information->FileSize;
  FreePool (Information);
  if (Size == 0) {
    File->Close (File);
    return EFI_END_OF_FILE;
  }

  Buffer = AllocatePages (EFI_SIZE_TO_PAGES (Size));
  if (Buffer == NULL) {
    File->Close (File);
    return EFI_OUT_OF_RESOURCES;
  }

  Status = File->Read (File, &Size, Buffer);
  File->Close (File);
  if (EFI_ERROR (Status)) {
    FreePages (Buffer, EFI_SIZE_TO_PAGES (Size));
    return Status;
  }

  Blob->Base = (UINTN)Buffer;
  Blob->Size = Size;
  return EFI_SUCCESS;
}

VOID
BindFiles (
  IN OUT MRM_PARTITION  *Partition
  )
{
  CONST MRM_PLAN_BOOT  *Boot;
  EFI_STATUS           Status;

  Boot   = &Partition->Plan->Boot;
  Status = ReadFile (Boot->Loader, &Partition->Loader);
  if (Status == EFI_NOT_FOUND) {
    Refuse (Partition, MRM_RULE_BOOT_FILE, "loader %s not found", Boot->Loader);
  } else if (EFI_ERROR (Status)) {
    Refuse (Partition, MRM_RULE_BOOT_FILE, "loader %s cannot be read: %r", Boot->Loader, Status);
  } else {
    Keep (Partition, MRM_RULE_BOOT_FILE, "loader %s, %ld bytes", Boot->Loader, Partition->Loader.Size);
  }

  if (Boot->Initrd == NULL) {
    return;
  }

  Status = ReadFile (Boot->Initrd, &Partition->Initrd);
  if (Status == EFI_NOT_FOUND) {
    Refuse (Partition, MRM_RULE_BOOT_INITRD, "initrd %s not found", Boot->Initrd);
  } else if (EFI_ERROR (Status)) {
    Refuse (Partition, MRM_RULE_BOOT_INITRD, "initrd %s cannot be read: %r", Boot->Initrd, Status);
  } else {
    Keep (Partition, MRM_RULE_BOOT_INITRD, "initrd %s, %ld bytes", Boot->Initrd, Partition->Initrd.Size);
  }
}

VOID
ReleaseFiles (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_RANGE  *Blobs[2];
  UINTN      Index;

  Blobs[0] = &Partition->Loader;
  Blobs[1] = &Partition->Initrd;
  for (Index = 0; Index < ARRAY_SIZE (Blobs); Index++) {
    if (Blobs[Index]->Size != 0) {
      FreePages ((VOID *)(UINTN)Blobs[Index]->Base, EFI_SIZE_TO_PAGES ((UINTN)Blobs[Index]->Size));
      Blobs[Index]->Size = 0;
    }
  }
}
