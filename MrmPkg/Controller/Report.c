/** @file
  What was promised and what was found: on the console, and in full in a file on the ESP.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Report.h"
#include "Clock.h"
#include "Screen.h"
#include "StoreFiles.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>

#define LINE_SIZE         512
#define FIRST_CAPACITY    SIZE_16KB
#define REPORT_DIRECTORY  L"\\EFI\\MRM"
#define REPORT_FILE       L"\\EFI\\MRM\\report.txt"

#define LOG_LINES         128

///
/// What an owner can do about a rule that does not hold.
///
typedef struct {
  CONST CHAR8    *Rule;
  CONST CHAR8    *Advice;
} MRM_WAY_OUT;

STATIC CONST MRM_WAY_OUT  mWaysOut[] = {
  { MRM_RULE_PM_TIMER,         "MRM needs a PC with one" },
  { MRM_RULE_CLOCKS,           "start again, with nothing else on a virtual machine's host; on a PC look for a firmware update" },
  { MRM_RULE_CONSOLE_EXISTS,   "turn it on in the firmware set-up, or name another console" },
  { MRM_RULE_BOOT_FILE,        "copy all of the build's ESP folder to this volume" },
  { MRM_RULE_BOOT_INITRD,      "copy all of the build's ESP folder to this volume" },
  { MRM_RULE_PROCESSOR_EXISTS, "scan this PC anew and build with that" },
  { MRM_RULE_PROCESSOR_BSP,    "scan this PC anew and build with that" },
  { MRM_RULE_PROCESSOR_OWNED,  "scan this PC anew and build with that" },
  { MRM_RULE_PROCESSOR_ENOUGH, "ask for fewer, or turn on in the firmware set-up what is off" },
  { MRM_RULE_PROCESSOR_CORE,   "scan this PC anew and build with that, or write 'allow_shared_cores: true' for both" },
  { MRM_RULE_PROCESSOR_USABLE, "turn it on in the firmware set-up, or plan without it" },
  { MRM_RULE_MEMORY_LOW,       "write 'low: 32 KiB' where only Linux's EFI stub boots, or have fewer partitions" },
  { MRM_RULE_MEMORY_BELOW_1G,  "lower 'below_1g' here or in other partitions" },
  { MRM_RULE_MEMORY,           "give it less, or raise 'firmware: memory:' in the machine file" },
  { MRM_RULE_PCI_EXISTS,       "scan this PC anew and build with that; a slot may be off in the firmware set-up" },
  { MRM_RULE_PCI_PORT,         "scan this PC anew and build with that" },
  { MRM_RULE_PCI_WINDOWS,      "name the port above it, which gives all that is behind it" },
  { MRM_RULE_PCI_BOOT_DEVICE,  "name another port, or start Mrm.efi from another disk" },
  { MRM_RULE_PCI_ECAM,         "scan this PC anew and build with that" },
  { MRM_RULE_PCI_MSI,          "give away another port, or move the card" },
  { MRM_RULE_PCI_POPULATED,    "plug the device in, or plan without this port" },
  { MRM_RULE_CONTROLLER,       "give it fewer devices, or raise 'firmware: memory:' of the machine file" }
};

STATIC CHAR8    *mText;
STATIC UINTN    mLength;
STATIC UINTN    mCapacity;
STATIC BOOLEAN  mEnded;     ///< the report was written, or could not be
STATIC MRM_LOG  mLog;

/**
  What an owner can do about a rule that does not hold.

  @param[in] Rule  MRM_RULE_*.
**/
STATIC
CONST CHAR8 *
WayOut (
  IN CONST CHAR8  *Rule
  )
{
  UINTN  Index;

  for (Index = 0; Index < ARRAY_SIZE (mWaysOut); Index++) {
    if (AsciiStrCmp (mWaysOut[Index].Rule, Rule) == 0) {
      return mWaysOut[Index].Advice;
    }
  }

  return "see docs/rules.md";
}

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

  if (Partition->Life.State == MrmStateRefused) {
    return;
  }

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
  UINTN    Length;
  VA_LIST  Marker;

  if (Partition->Life.State == MrmStateRefused) {
    return;
  }

  VA_START (Marker, Format);
  Length = AsciiVSPrint (Text, sizeof (Text), Format, Marker);
  VA_END (Marker);
  AsciiSPrint (Text + Length, sizeof (Text) - Length, ": %a", WayOut (Rule));
  Partition->Life.State = MrmStateRefused;
  AsciiSPrint (Partition->Words, sizeof (Partition->Words), "%a [%a]", Text, Rule);
  Say ("%a: %a: %a [%a]", Partition->Plan->Name, MrmStateName (MrmStateRefused), Text, Rule);
  Audit (Partition, MrmStateName (MrmStateRefused), Text, Rule);
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

  // Nothing is added from here on: a machine check must not allocate memory, nor a text grow that nobody will write.
  mEnded = TRUE;
  Status = OpenReport (&File);
  if (!EFI_ERROR (Status)) {
    Size   = mLength;
    Status = File->Write (File, &Size, mText);
    if (!EFI_ERROR (Status) && (Size != mLength)) {
      Status = EFI_VOLUME_FULL;
    }

    // FAT drivers may keep what was written until then.
    if (!EFI_ERROR (Status)) {
      Status = File->Flush (File);
    }

    File->Close (File);
  }

  if (mText != NULL) {
    FreePool (mText);
    mText = NULL;
  }

  return Status;
}
