/** @file
  Files of served disks are made as long as they are to be, through the PC's own file system.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Media/MakeFile.h"
#include "Core/Clock.h"
#include "Core/Esp.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include <Guid/FileSystemInfo.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/FileHandleLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>

#define FILL_SIZE  SIZE_1MB   ///< bytes written at once
#define SAID_SIZE  SIZE_64MB  ///< making this much takes seconds: it is said
#define PATH_SIZE  128        ///< CHAR16; a plan has shorter ones

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
    if (!*Exists || (*Had < MRM_FILE_BLOCK) || (*Had < Size)) {
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

EFI_STATUS
MakeFile (
  IN  CONST CHAR16   *Path,
  IN  UINT64         Had,
  IN  BOOLEAN        Exists,
  IN  UINT64         Size,
  OUT MRM_MADE_FILE  *Made
  )
{
  EFI_STATUS  Status;

  ZeroMem (Made, sizeof (*Made));
  Made->Had    = Had;
  Made->At     = Had;
  Made->Size   = Size;
  Made->Exists = Exists;
  Status       = MakeFolders (Path);
  if (!EFI_ERROR (Status)) {
    Status = OpenEspFile (Path, EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE, 0, &Made->File);
  }

  if (EFI_ERROR (Status)) {
    Made->File = NULL;
    return Status;
  }

  if (Size - Had >= SAID_SIZE) {
    Say ("%s: %ld MiB of zeros are written", Path, (Size - Had) / SIZE_1MB);
  }

  return EFI_SUCCESS;
}

/**
  Write zeros behind what an open file has.

  @param[in,out] Made  The file; At moves on.
  @param[in]     Time  Milliseconds after which no more is begun.

  @return  Status of the file system.
**/
STATIC
EFI_STATUS
Fill (
  IN OUT MRM_MADE_FILE  *Made,
  IN     UINT64         Time
  )
{
  EFI_STATUS  Status;
  VOID        *Zeros;
  UINT64      Begin;
  UINTN       Part;
  UINTN       Done;

  Zeros = AllocateZeroPool (FILL_SIZE);
  if (Zeros == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  Begin  = Milliseconds ();
  Status = Made->File->SetPosition (Made->File, Made->At);
  while (!EFI_ERROR (Status) && (Made->At < Made->Size)) {
    Part   = (UINTN)MIN (Made->Size - Made->At, FILL_SIZE);
    Done   = Part;
    Status = Made->File->Write (Made->File, &Done, Zeros);
    if (!EFI_ERROR (Status) && (Done != Part)) {
      Status = EFI_VOLUME_FULL;
    }

    Made->At += Part;
    if (Milliseconds () - Begin >= Time) {
      break;
    }
  }

  FreePool (Zeros);
  return Status;
}

EFI_STATUS
LengthenFile (
  IN OUT MRM_MADE_FILE  *Made,
  IN     UINT64         Time
  )
{
  EFI_STATUS  Status;

  if (Made->At == Made->Size) {
    return EFI_SUCCESS;
  }

  Status = Fill (Made, Time);
  if (!EFI_ERROR (Status) && (Made->At < Made->Size)) {
    return EFI_NOT_READY;
  }

  if (!EFI_ERROR (Status)) {
    Status = Made->File->Flush (Made->File);
  }

  if (EFI_ERROR (Status)) {
    if (!Made->Exists) {
      // Do not leave an incomplete file behind.
      Made->File->Delete (Made->File);
    } else {
      // Others need the room that it took.
      FileHandleSetSize (Made->File, Made->Had);
      Made->File->Close (Made->File);
    }

    Made->File = NULL;
    // This one is for those who call again.
    Status = (Status == EFI_NOT_READY) ? EFI_DEVICE_ERROR : Status;
  }

  return Status;
}
