/** @file
  What was promised and what was found: on the console, and in full in a file on the ESP.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Report.h"
#include "Clock.h"
#include "Screen.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>

#define LINE_SIZE         512
#define FIRST_CAPACITY    SIZE_16KB
#define REPORT_DIRECTORY  L"\\EFI\\MRM"
#define REPORT_FILE       L"\\EFI\\MRM\\report.txt"

#define LOG_LINES         128

STATIC CHAR8    *mText;
STATIC UINTN    mLength;
STATIC UINTN    mCapacity;
STATIC BOOLEAN  mEnded;     ///< the report was written
STATIC MRM_LOG  mLog;

/**
  Add a line to the report's text; lost without a word when there is no memory.

  @param[in] Line  The line without its end.
**/
STATIC
VOID
Append (
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
  Add a line to the log.

  @param[in] Line  The line without its end.
**/
STATIC
VOID
AddToLog (
  IN CONST CHAR8  *Line
  )
{
  if (mLog.Entries == NULL) {
    mLog.Entries  = AllocateZeroPool (LOG_LINES * sizeof (*mLog.Entries));
    mLog.Capacity = LOG_LINES;
  }

  if (mLog.Entries != NULL) {
    MrmLogAdd (&mLog, Milliseconds (), Line);
  }
}

CONST MRM_LOG *
GetLog (
  VOID
  )
{
  return &mLog;
}

/**
  Add a line to what is told of a partition's promises.

  @param[in] Partition  The partition.
  @param[in] Verdict    "kept" or "refused".
  @param[in] Text       What was promised and found.
  @param[in] Rule       The rule.
**/
STATIC
VOID
Audit (
  IN CONST MRM_PARTITION  *Partition,
  IN CONST CHAR8          *Verdict,
  IN CONST CHAR8          *Text,
  IN CONST CHAR8          *Rule
  )
{
  MRM_TEXT  *Lines;

  // Judging a partition does not change it, but what is told of it.
  Lines = (MRM_TEXT *)&Partition->Audit;
  MrmTextAdd (Lines, Verdict);
  MrmTextAdd (Lines, ": ");
  MrmTextAdd (Lines, Text);
  MrmTextAdd (Lines, " [");
  MrmTextAdd (Lines, Rule);
  MrmTextAdd (Lines, "]\n");
}

VOID
EFIAPI
Say (
  IN CONST CHAR8  *Format,
  ...
  )
{
  CHAR8    Line[LINE_SIZE];
  VA_LIST  Marker;

  VA_START (Marker, Format);
  AsciiVSPrint (Line, sizeof (Line), Format, Marker);
  VA_END (Marker);
  Append (Line);
  AddToLog (Line);
  PrintLine (Line);
}

VOID
EFIAPI
Keep (
  IN CONST MRM_PARTITION  *Partition,
  IN CONST CHAR8          *Rule,
  IN CONST CHAR8          *Format,
  ...
  )
{
  CHAR8    Text[LINE_SIZE];
  VA_LIST  Marker;

  VA_START (Marker, Format);
  AsciiVSPrint (Text, sizeof (Text), Format, Marker);
  VA_END (Marker);
  Say ("%a: kept: %a [%a]", Partition->Plan->Name, Text, Rule);
  Audit (Partition, "kept", Text, Rule);
}

VOID
EFIAPI
Refuse (
  IN OUT MRM_PARTITION  *Partition,
  IN     CONST CHAR8    *Rule,
  IN     CONST CHAR8    *Format,
  ...
  )
{
  CHAR8    Text[LINE_SIZE];
  VA_LIST  Marker;

  if (Partition->Life.State == MrmStateRefused) {
    return;
  }

  VA_START (Marker, Format);
  AsciiVSPrint (Text, sizeof (Text), Format, Marker);
  VA_END (Marker);
  Partition->Life.State = MrmStateRefused;
  Say ("%a: %a: %a [%a]", Partition->Plan->Name, MrmStateName (MrmStateRefused), Text, Rule);
  Audit (Partition, MrmStateName (MrmStateRefused), Text, Rule);
}

EFI_STATUS
WriteReport (
  VOID
  )
{
  EFI_STATUS         Status;
  EFI_FILE_PROTOCOL  *File;
  UINTN              Size;

  // An older report may be longer: remove it first.
  Status = gMachine.Esp->Open (gMachine.Esp, &File, REPORT_FILE, EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE, 0);
  if (!EFI_ERROR (Status)) {
    File->Delete (File);
  }

  Status = gMachine.Esp->Open (
                           gMachine.Esp,
                           &File,
                           REPORT_DIRECTORY,
                           EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE,
                           EFI_FILE_DIRECTORY
                           );
  if (EFI_ERROR (Status)) {
    return Status;
  }

  File->Close (File);
  Status = gMachine.Esp->Open (
                           gMachine.Esp,
                           &File,
                           REPORT_FILE,
                           EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE,
                           0
                           );
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Size   = mLength;
  Status = File->Write (File, &Size, mText);
  File->Close (File);
  FreePool (mText);
  mText  = NULL;
  mEnded = TRUE;
  return Status;
}
