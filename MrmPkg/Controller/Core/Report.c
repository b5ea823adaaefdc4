/** @file
  All that was said until partitions run, in a file on the ESP.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Report.h"
#include "Core/Esp.h"
#include "Core/Facts.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>

#define FIRST_CAPACITY    SIZE_16KB
#define REPORT_DIRECTORY  L"\\EFI\\MRM"
#define REPORT_FILE       L"\\EFI\\MRM\\report.txt"

STATIC CHAR8    *mText;
STATIC UINTN    mLength;
STATIC UINTN    mCapacity;
STATIC BOOLEAN  mEnded;     ///< the report was written, or could not be

VOID
BeginReport (
  VOID
  )
{
  mEnded = FALSE;
}

VOID
AddToReport (
  IN CONST CHAR8  *Line
  )
{
  UINTN  Length;
  UINTN  Capacity;
  CHAR8  *Text;

  if (mEnded) {
    return;
  }

  Length = AsciiStrLen (Line);
  if (mLength + Length + 1 > mCapacity) {
    Capacity = (mCapacity == 0) ? FIRST_CAPACITY : mCapacity * 2;
    Text     = ReallocatePool (mCapacity, Capacity, mText);
    if (Text == NULL) {
      return;
    }

    mText     = Text;
    mCapacity = Capacity;
  }

  CopyMem (mText + mLength, Line, Length);
  mLength         += Length;
  mText[mLength++] = '\n';
}

/**
  Open the report's file, empty.

  @param[out] File  Receives the file.

  @return  Status of the file system.
**/
STATIC
EFI_STATUS
OpenReport (
  OUT EFI_FILE_PROTOCOL  **File
  )
{
  EFI_STATUS  Status;

  // An older report may be longer: remove it first.
  Status = gMachine.Esp->Open (gMachine.Esp, File, REPORT_FILE, EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE, 0);
  if (!EFI_ERROR (Status)) {
    (*File)->Delete (*File);
  }

  Status = MakeFolder (REPORT_DIRECTORY);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  return gMachine.Esp->Open (
                         gMachine.Esp,
                         File,
                         REPORT_FILE,
                         EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE,
                         0
                         );
}

EFI_STATUS
WriteReport (
  VOID
  )
{
  EFI_STATUS         Status;
  EFI_FILE_PROTOCOL  *File;
  UINTN              Size;

  // No line is added from here on: a machine check must not allocate memory, and later lines would not be written.
  mEnded = TRUE;
  Status = OpenReport (&File);
  if (!EFI_ERROR (Status)) {
    Size   = mLength;
    Status = File->Write (File, &Size, mText);
    if (!EFI_ERROR (Status) && (Size != mLength)) {
      Status = EFI_VOLUME_FULL;
    }

    // Until it is flushed, a FAT driver may have the data only in memory.
    if (!EFI_ERROR (Status)) {
      Status = File->Flush (File);
    }

    File->Close (File);
  }

  if (mText != NULL) {
    FreePool (mText);
    mText = NULL;
  }

  mLength   = 0;
  mCapacity = 0;

  return Status;
}
