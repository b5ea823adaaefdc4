/** @file
  The volume that Mrm.efi came from.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Esp.h"
#include "Core/Facts.h"
#include <Library/FileHandleLib.h>
#include <Library/MemoryAllocationLib.h>

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
  Read a whole file that is open.

  @param[in]  File  The file.
  @param[out] Blob  Receives address and size; the memory belongs to the controller.

  @retval EFI_SUCCESS           Read.
  @retval EFI_END_OF_FILE       It is empty, or shorter than its file system says.
  @retval EFI_OUT_OF_RESOURCES  No memory for it.
  @return Other                 Status of the file system.
**/
STATIC
EFI_STATUS
ReadOpenFile (
  IN  EFI_FILE_PROTOCOL  *File,
  OUT MRM_RANGE          *Blob
  )
{
  EFI_STATUS  Status;
  UINT64      Size;
  UINTN       Read;
  VOID        *Buffer;

  Status = FileHandleGetSize (File, &Size);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  if (Size == 0) {
    return EFI_END_OF_FILE;
  }

  Buffer = AllocatePages (EFI_SIZE_TO_PAGES ((UINTN)Size));
  if (Buffer == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  Read   = (UINTN)Size;
  Status = File->Read (File, &Read, Buffer);
  if (!EFI_ERROR (Status) && (Read != Size)) {
    Status = EFI_END_OF_FILE;
  }

  if (EFI_ERROR (Status)) {
    // Read says how much came, not how much was allocated.
    FreePages (Buffer, EFI_SIZE_TO_PAGES ((UINTN)Size));
    return Status;
  }

  Blob->Base = (UINTN)Buffer;
  Blob->Size = Size;
  return EFI_SUCCESS;
}

EFI_STATUS
ReadEspFile (
  IN  CONST CHAR16  *Path,
  OUT MRM_RANGE     *Blob
  )
{
  EFI_STATUS         Status;
  EFI_FILE_PROTOCOL  *File;

  Status = gMachine.Esp->Open (gMachine.Esp, &File, (CHAR16 *)Path, EFI_FILE_MODE_READ, 0);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Status = ReadOpenFile (File, Blob);
  File->Close (File);
  return Status;
}

VOID
FreeEspFile (
  IN OUT MRM_RANGE  *Blob
  )
{
  if (Blob->Size != 0) {
    FreePages ((VOID *)(UINTN)Blob->Base, EFI_SIZE_TO_PAGES ((UINTN)Blob->Size));
    Blob->Size = 0;
  }
}
