/** @file
  The volume that is written to: the one Mrm.efi came from, or the one that is chosen when it came from a server.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Esp.h"
#include "Core/Facts.h"
#include <Guid/FileInfo.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/FileHandleLib.h>
#include <Library/MemoryAllocationLib.h>

///
/// Bytes of a folder's entry: the longest name FAT knows has 255 characters.
///
#define ENTRY_SIZE  (SIZE_OF_EFI_FILE_INFO + 256 * sizeof (CHAR16))

EFI_STATUS
OpenEspFile (
  IN  CONST CHAR16       *Path,
  IN  UINT64             Mode,
  IN  UINT64             Attributes,
  OUT EFI_FILE_PROTOCOL  **File
  )
{
  if (gMachine.Esp == NULL) {
    return EFI_NO_MEDIA;
  }

  return gMachine.Esp->Open (gMachine.Esp, File, (CHAR16 *)Path, Mode, Attributes);
}

EFI_STATUS
MakeFolder (
  IN CHAR16  *Path
  )
{
  EFI_STATUS         Status;
  EFI_FILE_PROTOCOL  *Folder;

  Status = OpenEspFile (
             Path,
             EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE,
             EFI_FILE_DIRECTORY,
             &Folder
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

  Status = OpenEspFile (Path, EFI_FILE_MODE_READ, 0, &File);
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

/**
  Open a file in MRM_FOLDER, empty.

  @param[in]  Path  Its path.
  @param[out] File  Receives the file.

  @return  Status of the file system.
**/
STATIC
EFI_STATUS
OpenEmpty (
  IN  CONST CHAR16       *Path,
  OUT EFI_FILE_PROTOCOL  **File
  )
{
  EFI_STATUS  Status;

  // An older one may be longer: remove it first.
  Status = OpenEspFile (Path, EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE, 0, File);
  if (!EFI_ERROR (Status)) {
    (*File)->Delete (*File);
  }

  Status = MakeFolder (MRM_FOLDER);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  return OpenEspFile (Path, EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE, 0, File);
}

EFI_STATUS
WriteEspFile (
  IN CONST CHAR16  *Path,
  IN CONST VOID    *Data,
  IN UINTN         Size
  )
{
  EFI_STATUS         Status;
  EFI_FILE_PROTOCOL  *File;
  UINTN              Written;

  Status = OpenEmpty (Path, &File);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Written = Size;
  Status  = File->Write (File, &Written, (VOID *)Data);
  if (!EFI_ERROR (Status) && (Written != Size)) {
    Status = EFI_VOLUME_FULL;
  }

  // Until it is flushed, a FAT driver may have the data only in memory.
  if (!EFI_ERROR (Status)) {
    Status = File->Flush (File);
  }

  File->Close (File);
  return Status;
}

/**
  List the files of a folder that is open.

  @param[in]     Folder  The folder.
  @param[in,out] Names   Names of its files with their zeros, one behind the other; from the pool, or NULL.
  @param[in,out] Size    Bytes of Names.

  @return  As VisitEspFiles().
**/
STATIC
EFI_STATUS
ListOpenFolder (
  IN     EFI_FILE_PROTOCOL  *Folder,
  IN OUT CHAR16             **Names,
  IN OUT UINTN              *Size
  )
{
  EFI_STATUS     Status;
  EFI_FILE_INFO  *Entry;
  CHAR16         *Longer;
  UINTN          Room;
  UINTN          NameSize;

  Entry = AllocatePool (ENTRY_SIZE);
  if (Entry == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  for ( ; ;) {
    Room   = ENTRY_SIZE;
    Status = Folder->Read (Folder, &Room, Entry);
    if (EFI_ERROR (Status) || (Room == 0)) {
      break;
    }

    if ((Entry->Attribute & EFI_FILE_DIRECTORY) != 0) {
      continue;
    }

    NameSize = StrSize (Entry->FileName);
    Longer   = ReallocatePool (*Size, *Size + NameSize, *Names);
    if (Longer == NULL) {
      Status = EFI_OUT_OF_RESOURCES;
      break;
    }

    CopyMem ((UINT8 *)Longer + *Size, Entry->FileName, NameSize);
    *Names = Longer;
    *Size += NameSize;
  }

  FreePool (Entry);
  return Status;
}

EFI_STATUS
VisitEspFiles (
  IN CONST CHAR16     *Folder,
  IN MRM_ESP_VISITOR  Visit
  )
{
  EFI_STATUS         Status;
  EFI_FILE_PROTOCOL  *File;
  CHAR16             *Names;
  CONST CHAR16       *Name;
  UINTN              Size;

  Status = OpenEspFile (Folder, EFI_FILE_MODE_READ, 0, &File);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  // First all names: EDK2's FAT driver may pass over files when one of the folder is opened while it is listed.
  Names  = NULL;
  Size   = 0;
  Status = ListOpenFolder (File, &Names, &Size);
  File->Close (File);
  for (Name = Names; (Names != NULL) && (Name < Names + Size / sizeof (CHAR16)); Name += StrLen (Name) + 1) {
    Visit (Name);
  }

  if (Names != NULL) {
    FreePool (Names);
  }

  return Status;
}
