/** @file
  All that was said until partitions run, in a file on the ESP.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Report.h"
#include "Core/Esp.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>

#define FIRST_CAPACITY  SIZE_16KB
#define REPORT_FILE     MRM_FOLDER L"\\report.txt"

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

EFI_STATUS
WriteReport (
  VOID
  )
{
  EFI_STATUS  Status;

  // No line is added from here on: a machine check must not allocate memory, and later lines would not be written.
  mEnded = TRUE;
  Status = WriteEspFile (REPORT_FILE, mText, mLength);
  if (mText != NULL) {
    FreePool (mText);
    mText = NULL;
  }

  mLength   = 0;
  mCapacity = 0;

  return Status;
}
