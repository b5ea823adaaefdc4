/** @file
  Served disks in files on the ESP, through the PC's own file system.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Media/InFile.h"
#include "Media/FileAccess.h"
#include "Core/Esp.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include <Guid/FileSystemInfo.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/FileHandleLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>

#define BLOCK_SIZE  512
#define FILL_SIZE   SIZE_1MB   ///< bytes written at once when a file is made
#define SAID_SIZE   SIZE_64MB  ///< making this much takes seconds: it is said
#define PATH_SIZE   128        ///< CHAR16; a plan has shorter ones

/**
  Read bytes (MRM_STORAGE_READ).

  @param[in]  Storage  The storage.
  @param[in]  Offset   The first one.
  @param[in]  Size     How many.
  @param[out] Bytes    Receives them.

  @return  As ReadFile().
**/
STATIC
EFI_STATUS
ReadStorage (
  IN  CONST MRM_STORAGE  *Storage,
  IN  UINT64             Offset,
  IN  UINTN              Size,
  OUT VOID               *Bytes
  )
{
  return ReadFile (Storage->File, Offset, Size, Bytes);
}

/**
  Write bytes (MRM_STORAGE_WRITE).

  @param[in] Storage  The storage.
  @param[in] Offset   The first one.
  @param[in] Size     How many.
  @param[in] Bytes    What to write.

  @return  As WriteFile().
**/
STATIC
EFI_STATUS
WriteStorage (
  IN CONST MRM_STORAGE  *Storage,
  IN UINT64             Offset,
  IN UINTN              Size,
  IN CONST VOID         *Bytes
  )
{
  return WriteFile (Storage->File, Offset, Size, Bytes);
}

/**
  See that a power cut does not lose what was written (MRM_STORAGE_FLUSH).

  @param[in] Storage  The storage.

  @return  As FlushFile().
**/
STATIC
EFI_STATUS
FlushStorage (
  IN CONST MRM_STORAGE  *Storage
  )
{
  return FlushFile (Storage->File);
}

/**
  Close the file (MRM_STORAGE_CLOSE).

  @param[in,out] Storage  The storage.
**/
STATIC
VOID
CloseStorage (
  IN OUT MRM_STORAGE  *Storage
  )
{
  CloseFile (Storage->File);
  Storage->File = NULL;
}

/**
  How much room the ESP has.

  @param[out] Free  Receives bytes.

  @retval EFI_SUCCESS          Read.
  @retval EFI_WRITE_PROTECTED  Nothing can be written there.
  @return Other                Status of the file system.
**/
STATIC
EFI_STATUS
ReadRoom (
  OUT UINT64  *Free
  )
{
  EFI_STATUS            Status;
  EFI_FILE_SYSTEM_INFO  *Info;
  UINTN                 Size;

  Size   = 0;
  Info   = NULL;
  Status = gMachine.Esp->GetInfo (gMachine.Esp, &gEfiFileSystemInfoGuid, &Size, NULL);
  if (Status == EFI_BUFFER_TOO_SMALL) {
    Info   = AllocatePool (Size);
    Status = EFI_OUT_OF_RESOURCES;
    if (Info != NULL) {
      Status = gMachine.Esp->GetInfo (gMachine.Esp, &gEfiFileSystemInfoGuid, &Size, Info);
    }
  }

  if (!EFI_ERROR (Status)) {
    *Free  = Info->FreeSpace;
    Status = Info->ReadOnly ? EFI_WRITE_PROTECTED : EFI_SUCCESS;
  }

  if (Info != NULL) {
    FreePool (Info);
  }

  return Status;
}

/**
  How long a file is.

  @param[in]  Path    Its path.
  @param[out] Size    Receives bytes; 0 if it is not there.
  @param[out] Exists  Receives whether it is there.

  @return  Status of the file system.
**/
STATIC
EFI_STATUS
MeasureFile (
  IN  CONST CHAR16  *Path,
  OUT UINT64        *Size,
  OUT BOOLEAN       *Exists
  )
{
  EFI_STATUS         Status;
  EFI_FILE_PROTOCOL  *File;

  *Size   = 0;
  *Exists = FALSE;
  Status  = OpenEspFile (Path, EFI_FILE_MODE_READ, 0, &File);
  if (EFI_ERROR (Status)) {
    return (Status == EFI_NOT_FOUND) ? EFI_SUCCESS : Status;
  }

  *Exists = TRUE;
  Status  = FileHandleGetSize (File, Size);
  File->Close (File);
  return Status;
}

/**
  Judge the file that is there, or the room for it.

  @param[in]  Path    Its path.
  @param[in]  Size    Bytes it is to have; 0 for what it has.
  @param[in]  Mode    What may be done with it.
  @param[out] Had     Receives how many bytes it has.
  @param[out] Exists  Receives whether it is there.
  @param[out] Words   Receives why it will not do.

  @retval EFI_SUCCESS  It will do, as soon as it has Size bytes.
  @return Other        Words says why not.
**/
STATIC
EFI_STATUS
JudgeFile (
  IN  CONST CHAR16   *Path,
  IN  UINT64         Size,
  IN  MRM_DISK_MODE  Mode,
  OUT UINT64         *Had,
  OUT BOOLEAN        *Exists,
  OUT CHAR8          *Words
  )
{
  EFI_STATUS  Status;
  UINT64      Free;

  Status = MeasureFile (Path, Had, Exists);
  if (EFI_ERROR (Status)) {
    AsciiSPrint (Words, MRM_STORAGE_WORDS, "cannot be opened: %r", Status);
    return Status;
  }

  if (Mode == MrmDiskReadOnly) {
    if (!*Exists || (*Had < BLOCK_SIZE) || (*Had < Size)) {
      AsciiSPrint (
        Words,
        MRM_STORAGE_WORDS,
        *Exists ? "has %ld bytes, which is not enough" : "is not there",
        *Had
        );
      return EFI_NOT_FOUND;
    }

    return EFI_SUCCESS;
  }

  if (*Had > Size) {
    AsciiSPrint (Words, MRM_STORAGE_WORDS, "has %ld bytes, more than the %ld that were promised", *Had, Size);
    return EFI_BAD_BUFFER_SIZE;
  }

  if ((Mode == MrmDiskAppendOnly) && (*Had != 0) && (*Had != Size)) {
    // Its marks are at its end: with another end it would seem to be new.
    AsciiSPrint (Words, MRM_STORAGE_WORDS, "has %ld bytes, and one that is append-only keeps its size", *Had);
    return EFI_BAD_BUFFER_SIZE;
  }

  Status = ReadRoom (&Free);
  if (EFI_ERROR (Status)) {
    AsciiSPrint (Words, MRM_STORAGE_WORDS, "cannot be written: %r", Status);
    return Status;
  }

  if (Size - *Had > Free) {
    AsciiSPrint (
      Words,
      MRM_STORAGE_WORDS,
      "needs %ld KiB of the ESP, which has %ld KiB free",
      (Size - *Had) / SIZE_1KB,
      Free / SIZE_1KB
      );
    return EFI_VOLUME_FULL;
  }

  return EFI_SUCCESS;
}

/**
  Make the folders above a file.

  @param[in] Path  Path of the file, shorter than PATH_SIZE.

  @return  Status of the file system.
**/
STATIC
EFI_STATUS
MakeFolders (
  IN CONST CHAR16  *Path
  )
{
  EFI_STATUS  Status;
  CHAR16      Folder[PATH_SIZE];
  UINTN       Length;

  Status = EFI_SUCCESS;
  for (Length = 1; !EFI_ERROR (Status) && (Path[Length] != 0); Length++) {
    if (Path[Length] == L'\\') {
      StrnCpyS (Folder, ARRAY_SIZE (Folder), Path, Length);
      Status = MakeFolder (Folder);
    }
  }

  return Status;
}

/**
  Make an open file longer, with zeros.

  @param[in] File  The file.
  @param[in] Had   Bytes it has.
  @param[in] Size  Bytes it is to have.

  @return  Status of the file system.
**/
STATIC
EFI_STATUS
Fill (
  IN EFI_FILE_PROTOCOL  *File,
  IN UINT64             Had,
  IN UINT64             Size
  )
{
  EFI_STATUS  Status;
  VOID        *Zeros;
  UINTN       Part;
  UINTN       Done;

  Zeros = AllocateZeroPool (FILL_SIZE);
  if (Zeros == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  Status = File->SetPosition (File, Had);
  while (!EFI_ERROR (Status) && (Had < Size)) {
    Part   = (UINTN)MIN (Size - Had, FILL_SIZE);
    Done   = Part;
    Status = File->Write (File, &Done, Zeros);
    if (!EFI_ERROR (Status) && (Done != Part)) {
      Status = EFI_VOLUME_FULL;
    }

    Had += Part;
  }

  FreePool (Zeros);
  return EFI_ERROR (Status) ? Status : File->Flush (File);
}

/**
  Open a file for writing, as long as it is to be.

  @param[in]  Path    Its path.
  @param[in]  Had     Bytes it has.
  @param[in]  Exists  Whether it is there.
  @param[in]  Size    Bytes it is to have.
  @param[out] File    Receives the file.

  @return  Status of the file system.
**/
STATIC
EFI_STATUS
OpenToWrite (
  IN  CONST CHAR16       *Path,
  IN  UINT64             Had,
  IN  BOOLEAN            Exists,
  IN  UINT64             Size,
  OUT EFI_FILE_PROTOCOL  **File
  )
{
  EFI_STATUS  Status;

  Status = MakeFolders (Path);
  if (!EFI_ERROR (Status)) {
    Status = OpenEspFile (Path, EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE, 0, File);
  }

  if (EFI_ERROR (Status) || (Had == Size)) {
    return Status;
  }

  if (Size - Had >= SAID_SIZE) {
    Say ("%s: %ld MiB of zeros are written", Path, (Size - Had) / SIZE_1MB);
  }

  Status = Fill (*File, Had, Size);
  if (EFI_ERROR (Status) && !Exists) {
    // Do not leave an incomplete file behind.
    (*File)->Delete (*File);
  } else if (EFI_ERROR (Status)) {
    // Others need the room that it took.
    FileHandleSetSize (*File, Had);
    (*File)->Close (*File);
  }

  return Status;
}

EFI_STATUS
OpenFileStorage (
  IN  CONST CHAR16   *Path,
  IN  UINT64         Size,
  IN  MRM_DISK_MODE  Mode,
  OUT MRM_STORAGE    *Storage,
  OUT CHAR8          *Words
  )
{
  EFI_STATUS         Status;
  EFI_FILE_PROTOCOL  *File;
  UINT64             Had;
  UINT64             Reopen;
  BOOLEAN            Exists;

  Status = JudgeFile (Path, Size, Mode, &Had, &Exists, Words);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Storage->File = NULL;
  if (!gMachine.VerifyOnly) {
    if (Mode != MrmDiskReadOnly) {
      Reopen = EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE;
      Status = OpenToWrite (Path, Had, Exists, Size, &File);
    } else {
      Reopen = EFI_FILE_MODE_READ;
      Status = OpenEspFile (Path, EFI_FILE_MODE_READ, 0, &File);
    }

    if (!EFI_ERROR (Status)) {
      Status = TakeFile (Path, Reopen, File, &Storage->File);
    }

    if (EFI_ERROR (Status)) {
      AsciiSPrint (Words, MRM_STORAGE_WORDS, "cannot be %a: %r", Exists ? "opened" : "made", Status);
      return Status;
    }
  }

  Storage->Size      = ((Size != 0) ? Size : Had) & ~(UINT64)(BLOCK_SIZE - 1);
  Storage->BlockSize = BLOCK_SIZE;
  Storage->Read      = ReadStorage;
  Storage->Write     = WriteStorage;
  Storage->Flush     = FlushStorage;
  Storage->Close     = CloseStorage;
  return EFI_SUCCESS;
}
