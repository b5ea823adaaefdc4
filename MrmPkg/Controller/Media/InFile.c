/** @file
  Served disks in files on the ESP, through the PC's own file system.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Media/InFile.h"
#include "Media/FileAccess.h"
#include "Media/MakeFile.h"
#include "Core/Esp.h"
#include "Core/Facts.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/PrintLib.h>

#define GROW_TIME  20   ///< milliseconds that others wait while a file is made longer

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
  MRM_MADE_FILE      Made;
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
      Status = MakeFile (Path, Had, Exists, Size, &Made);
      if (!EFI_ERROR (Status)) {
        Status = LengthenFile (&Made, MAX_UINT64);
        File   = Made.File;
      }
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

  Storage->Size      = ((Size != 0) ? Size : Had) & ~(UINT64)(MRM_FILE_BLOCK - 1);
  Storage->BlockSize = MRM_FILE_BLOCK;
  Storage->Read      = ReadStorage;
  Storage->Write     = WriteStorage;
  Storage->Flush     = FlushStorage;
  Storage->Close     = CloseStorage;
  return EFI_SUCCESS;
}

BOOLEAN
GrowFile (
  IN CONST CHAR16   *Path,
  IN UINT64         Size,
  IN MRM_DISK_MODE  Mode
  )
{
  STATIC MRM_MADE_FILE  Made;
  CHAR8                 Words[MRM_STORAGE_WORDS];
  UINT64                Had;
  BOOLEAN               Exists;
  EFI_STATUS            Status;

  if (Made.File == NULL) {
    if (  EFI_ERROR (JudgeFile (Path, Size, Mode, &Had, &Exists, Words))
       || (Had == Size)
       || EFI_ERROR (MakeFile (Path, Had, Exists, Size, &Made)))
    {
      return FALSE;
    }
  }

  Status = LengthenFile (&Made, GROW_TIME);
  if (Status == EFI_NOT_READY) {
    return TRUE;
  }

  if (!EFI_ERROR (Status)) {
    Made.File->Close (Made.File);
  }

  Made.File = NULL;
  return FALSE;
}
