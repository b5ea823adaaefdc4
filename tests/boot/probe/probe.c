/** @file
  An EFI application of the tests: tries what partition firmware promises to loaders and systems, and tells what it
  found at its console's UART, a line each: `PROBE name value`.

  Started as `probe.efi WHAT PORT`: `store`, `fill`, `time`, `clean` or `window`, and the UART's first port in
  hexadecimal digits.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiDxe.h>
#include <Guid/DxeServices.h>
#include <Protocol/LoadedImage.h>

#define VOLATILE     (EFI_VARIABLE_BOOTSERVICE_ACCESS | EFI_VARIABLE_RUNTIME_ACCESS)
#define KEPT         (EFI_VARIABLE_NON_VOLATILE | VOLATILE)
#define LARGE        1000       ///< bytes of a variable; a store of 64 KiB has room for some sixty
#define SMALL        1          ///< then it has room for some hundreds, which nest calls deep in programs that recurse
#define WRITES       61         ///< that are timed
#define ENOUGH       8          ///< variables in a row that are not there: no more will come
#define MAP_SIZE     SIZE_64KB
#define LINE_STATUS  5          ///< of a 16550: register and bit
#define CAN_SEND     BIT5

STATIC EFI_SYSTEM_TABLE      *mSystem;
STATIC EFI_BOOT_SERVICES     *mBoot;
STATIC EFI_RUNTIME_SERVICES  *mRuntime;
STATIC EFI_HANDLE            mImage;
STATIC UINT16                mPort;
STATIC UINT8                 mMap[MAP_SIZE];
STATIC UINT8                 mData[LARGE];
STATIC EFI_GUID              mVendor = {
  0x3d4c1f0a, 0x0001, 0x4c8a, { 0xa6, 0x57, 0x1b, 0x90, 0x6e, 0xd2, 0x4f, 0x38 }
};

/**
  The compiler calls this for loops that set bytes.
**/
VOID *
memset (
  VOID   *Buffer,
  INT32  Value,
  UINTN  Length
  )
{
  __asm__ volatile ("rep stosb" : "=D" (Buffer), "+c" (Length) : "0" (Buffer), "a" (Value) : "memory");
  return (UINT8 *)Buffer - Length;
}

/**
  Send one character by the UART itself, as ConOut is gone after ExitBootServices.

  @param[in] Character  The character.
**/
STATIC
VOID
SayCharacter (
  IN CHAR8  Character
  )
{
  UINT8  Status;

  do {
    __asm__ volatile ("inb %1, %0" : "=a" (Status) : "Nd" ((UINT16)(mPort + LINE_STATUS)));
  } while ((Status & CAN_SEND) == 0);

  __asm__ volatile ("outb %0, %1" : : "a" (Character), "Nd" (mPort));
}

/**
  Tell what was found.

  @param[in] Name   Of what.
  @param[in] Value  What was found; of a status, its code without the bit of errors.
**/
STATIC
VOID
Say (
  IN CONST CHAR8  *Name,
  IN UINT64       Value
  )
{
  CONST CHAR8  *Begin = "\r\nPROBE ";
  INTN         Shift;

  for ( ; *Begin != 0; Begin++) {
    SayCharacter (*Begin);
  }

  for ( ; *Name != 0; Name++) {
    SayCharacter (*Name);
  }

  SayCharacter (' ');
  for (Shift = 60; Shift >= 0; Shift -= 4) {
    SayCharacter ("0123456789abcdef"[(Value >> Shift) & 0xF]);
  }

  SayCharacter ('.');
}

/**
  Make the name of a variable.

  @param[in]  Number  Below 10,000.
  @param[out] Name    Receives V and four digits.
**/
STATIC
VOID
MakeName (
  IN  UINTN   Number,
  OUT CHAR16  *Name
  )
{
  UINTN  Digit;

  Name[0] = L'V';
  for (Digit = 4; Digit > 0; Digit--) {
    Name[Digit] = (CHAR16)(L'0' + Number % 10);
    Number     /= 10;
  }

  Name[5] = 0;
}

/**
  Write a variable; all its bytes are the same.

  @param[in] Number      Of the variable.
  @param[in] Attributes  KEPT or VOLATILE.
  @param[in] Value       Of its bytes.
  @param[in] Size        Bytes; 0 deletes it.

  @return  Status of SetVariable().
**/
STATIC
EFI_STATUS
WriteAs (
  IN UINTN   Number,
  IN UINT32  Attributes,
  IN UINT8   Value,
  IN UINTN   Size
  )
{
  EFI_STATUS  Status;
  CHAR16      Name[6];

  MakeName (Number, Name);
  memset (mData, Value, Size);
  Status = mRuntime->SetVariable (Name, &mVendor, Attributes, Size, mData);

  // The host is busy, and the controller late: the variable has been changed all the same.
  return (Status == EFI_DEVICE_ERROR) ? EFI_SUCCESS : Status;
}

/**
  Write a variable that is kept; all its bytes are the same.

  @param[in] Number  Of the variable.
  @param[in] Value   Of its bytes.
  @param[in] Size    Bytes; 0 deletes it.

  @return  Status of SetVariable().
**/
STATIC
EFI_STATUS
Write (
  IN UINTN  Number,
  IN UINT8  Value,
  IN UINTN  Size
  )
{
  return WriteAs (Number, KEPT, Value, Size);
}

/**
  Count the variables that are not what was written.

  @param[in] Count    How many were written, from number 0 on.
  @param[in] Deleted  Number of the one that is not there.
  @param[in] Changed  Number of the one whose bytes are one more than its number.
**/
STATIC
UINTN
CountWrong (
  IN UINTN  Count,
  IN UINTN  Deleted,
  IN UINTN  Changed
  )
{
  EFI_STATUS  Status;
  CHAR16      Name[6];
  UINTN       Number;
  UINTN       Size;
  UINTN       Wrong;
  UINT8       Value;

  Wrong = 0;
  for (Number = 0; Number < Count; Number++) {
    MakeName (Number, Name);
    Size   = sizeof (mData);
    Status = mRuntime->GetVariable (Name, &mVendor, NULL, &Size, mData);
    Value  = (UINT8)(Number + ((Number == Changed) ? 1 : 0));
    if (Number == Deleted) {
      Wrong += (Status == EFI_NOT_FOUND) ? 0 : 1;
    } else if (EFI_ERROR (Status) || (Size != LARGE) || (mData[0] != Value) || (mData[LARGE - 1] != Value)) {
      Wrong++;
    }
  }

  return Wrong;
}

/**
  Write variables until the store takes no more.

  @param[in] First       Number of the first.
  @param[in] Attributes  KEPT or VOLATILE: each have a store.
  @param[in] Size        Bytes of each.

  @return  How many there are.
**/
STATIC
UINTN
Fill (
  IN UINTN   First,
  IN UINT32  Attributes,
  IN UINTN   Size
  )
{
  EFI_STATUS  Status;
  UINTN       Number;

  Number = First;
  do {
    Status = WriteAs (Number, Attributes, (UINT8)Number, Size);
    Number++;
  } while (!EFI_ERROR (Status) && (Number < 9999));

  Say ("filled", Number - 1 - First);
  Say ("filled-status", Status & ~MAX_BIT);
  return Number - 1 - First;
}

/**
  Delete what was written before, in whichever life of the partition.
**/
STATIC
VOID
Clean (
  VOID
  )
{
  UINTN  Number;
  UINTN  Deleted;
  UINTN  Missing;

  Deleted = 0;
  Missing = 0;
  for (Number = 0; Missing < ENOUGH; Number++) {
    if (EFI_ERROR (Write (Number, 0, 0))) {
      Missing++;
    } else {
      Missing = 0;
      Deleted++;
    }
  }

  Say ("cleaned", Deleted);
}

/**
  Ask for the services that a partition does not have.
**/
STATIC
VOID
TryCapsules (
  VOID
  )
{
  EFI_CAPSULE_HEADER  Capsule;
  EFI_CAPSULE_HEADER  *Capsules[1];
  EFI_RESET_TYPE      Reset;
  UINT64              Largest;

  memset (&Capsule, 0, sizeof (Capsule));
  Capsule.CapsuleGuid      = mVendor;
  Capsule.HeaderSize       = sizeof (Capsule);
  Capsule.CapsuleImageSize = sizeof (Capsule);
  Capsules[0]              = &Capsule;
  Say ("update-capsule", mRuntime->UpdateCapsule (Capsules, 1, 0) & ~MAX_BIT);
  Say ("update-no-capsule", mRuntime->UpdateCapsule (NULL, 0, 0) & ~MAX_BIT);
  Say ("query-capsule", mRuntime->QueryCapsuleCapabilities (Capsules, 1, &Largest, &Reset) & ~MAX_BIT);
  Say ("query-no-capsule", mRuntime->QueryCapsuleCapabilities (NULL, 0, NULL, NULL) & ~MAX_BIT);
}

/**
  Leave boot services, as a system does.
**/
STATIC
VOID
LeaveBootServices (
  VOID
  )
{
  EFI_STATUS  Status;
  UINTN       Size;
  UINTN       Key;
  UINTN       Each;
  UINT32      Version;

  do {
    Size   = sizeof (mMap);
    Status = mBoot->GetMemoryMap (&Size, (EFI_MEMORY_DESCRIPTOR *)mMap, &Key, &Each, &Version);
    Status = EFI_ERROR (Status) ? Status : mBoot->ExitBootServices (mImage, Key);
  } while (Status == EFI_INVALID_PARAMETER);

  Say ("exit-boot-services", Status & ~MAX_BIT);
}

/**
  Probe `store`: what a full store does before and after ExitBootServices, and services that there are not.
**/
STATIC
VOID
ProbeStore (
  VOID
  )
{
  UINTN   Count;
  UINT32  High;

  Clean ();
  TryCapsules ();
  Count = Fill (0, KEPT, LARGE);
  Say ("wrong", CountWrong (Count, Count, Count));
  Say ("replace", Write (1, 2, LARGE) & ~MAX_BIT);
  Say ("delete", Write (3, 0, 0) & ~MAX_BIT);
  Say ("one-more", Write (Count, (UINT8)Count, LARGE) & ~MAX_BIT);
  Say ("two-more", Write (Count + 1, (UINT8)(Count + 1), LARGE) & ~MAX_BIT);
  Say ("wrong", CountWrong (Count + 1, 3, 1));
  LeaveBootServices ();
  Say ("boot", 0);
  TryCapsules ();
  High = 0;
  Say ("monotonic-status", mRuntime->GetNextHighMonotonicCount (&High) & ~MAX_BIT);
  Say ("monotonic", High);
  Say ("monotonic-status", mRuntime->GetNextHighMonotonicCount (&High) & ~MAX_BIT);
  Say ("monotonic", High);
  Say ("delete", Write (5, 0, 0) & ~MAX_BIT);
  Say ("one-more", Write (Count + 1, (UINT8)(Count + 1), LARGE) & ~MAX_BIT);
  Say ("end", 0);
  mRuntime->ResetSystem (EfiResetCold, EFI_SUCCESS, 0, NULL);
}

/**
  Probe `fill`: the store of volatile variables, which cost no commit, with many small ones.
**/
STATIC
VOID
ProbeFill (
  VOID
  )
{
  Fill (5000, VOLATILE, SMALL);
  Say ("end", 0);
}

/**
  The time-stamp counter.
**/
STATIC
UINT64
ReadTsc (
  VOID
  )
{
  UINT32  Low;
  UINT32  High;

  __asm__ volatile ("lfence; rdtsc" : "=a" (Low), "=d" (High));
  return ((UINT64)High << 32) | Low;
}

/**
  Probe `time`: how long a system waits for SetVariable(), in units of the time-stamp counter.  The store must have
  room: what is replaced leaves it at the next start only.
**/
STATIC
VOID
ProbeTime (
  VOID
  )
{
  UINT64  Taken[WRITES];
  UINT64  Begin;
  UINT64  Swap;
  UINTN   Number;
  UINTN   Other;

  LeaveBootServices ();
  for (Number = 0; Number < WRITES; Number++) {
    Begin = ReadTsc ();
    if (EFI_ERROR (Write (0, (UINT8)Number, SMALL))) {
      Say ("not-written", Number);
    }

    Taken[Number] = ReadTsc () - Begin;
    for (Other = Number; (Other > 0) && (Taken[Other - 1] > Taken[Other]); Other--) {
      Swap             = Taken[Other];
      Taken[Other]     = Taken[Other - 1];
      Taken[Other - 1] = Swap;
    }
  }

  Say ("least", Taken[0]);
  Say ("half", Taken[WRITES / 2]);
  Say ("most", Taken[WRITES - 1]);
  Say ("end", 0);
  mRuntime->ResetSystem (EfiResetCold, EFI_SUCCESS, 0, NULL);
}

/**
  Probe `clean`: none of them any more.
**/
STATIC
VOID
ProbeClean (
  VOID
  )
{
  Clean ();
  Say ("end", 0);
}

/**
  Whether two GUIDs are the same.

  @param[in] One    One.
  @param[in] Other  The other.
**/
STATIC
BOOLEAN
IsSame (
  IN CONST EFI_GUID  *One,
  IN CONST EFI_GUID  *Other
  )
{
  CONST UINT64  *First  = (CONST UINT64 *)One;
  CONST UINT64  *Second = (CONST UINT64 *)Other;

  return (First[0] == Second[0]) && (First[1] == Second[1]);
}

/**
  Probe `window`: set a cache attribute on the largest window of devices, as a driver may, then jump there.
**/
STATIC
VOID
ProbeWindow (
  VOID
  )
{
  EFI_GUID                         Guid = DXE_SERVICES_TABLE_GUID;
  EFI_GCD_MEMORY_SPACE_DESCRIPTOR  *Spaces;
  EFI_DXE_SERVICES                 *Services;
  EFI_PHYSICAL_ADDRESS             Base;
  UINT64                           Length;
  UINTN                            Count;
  UINTN                            Index;

  Services = NULL;
  for (Index = 0; Index < mSystem->NumberOfTableEntries; Index++) {
    if (IsSame (&mSystem->ConfigurationTable[Index].VendorGuid, &Guid)) {
      Services = mSystem->ConfigurationTable[Index].VendorTable;
    }
  }

  if ((Services == NULL) || EFI_ERROR (Services->GetMemorySpaceMap (&Count, &Spaces))) {
    return;
  }

  Base   = 0;
  Length = 0;
  for (Index = 0; Index < Count; Index++) {
    if ((Spaces[Index].GcdMemoryType == EfiGcdMemoryTypeMemoryMappedIo) && (Spaces[Index].Length > Length)) {
      Base   = Spaces[Index].BaseAddress;
      Length = Spaces[Index].Length;
    }
  }

  Say ("window", Base);
  Say ("length", Length);
  Say ("uncached", Services->SetMemorySpaceAttributes (Base, SIZE_4KB, EFI_MEMORY_UC) & ~MAX_BIT);
  ((VOID (*)(VOID))(UINTN)Base)();
}

/**
  Read a number.

  @param[in] Text  Hexadecimal digits.
**/
STATIC
UINT16
ReadHex (
  IN CONST CHAR16  *Text
  )
{
  UINT16  Value;

  for (Value = 0; ; Text++) {
    if ((*Text >= L'0') && (*Text <= L'9')) {
      Value = (UINT16)(Value * 16 + (*Text - L'0'));
    } else if ((*Text >= L'a') && (*Text <= L'f')) {
      Value = (UINT16)(Value * 16 + (*Text - L'a' + 10));
    } else {
      return Value;
    }
  }
}

/**
  The begin of the next word.

  @param[in] Text  Amid a word.
**/
STATIC
CONST CHAR16 *
NextWord (
  IN CONST CHAR16  *Text
  )
{
  while ((*Text != 0) && (*Text != L' ')) {
    Text++;
  }

  return (*Text == 0) ? Text : Text + 1;
}

/**
  Entry point.

  @param[in] ImageHandle  This image.
  @param[in] SystemTable  The system table.

  @retval EFI_SUCCESS            Everything has been told.
  @retval EFI_INVALID_PARAMETER  Nobody said what to probe.
**/
EFI_STATUS
EFIAPI
Main (
  IN EFI_HANDLE        ImageHandle,
  IN EFI_SYSTEM_TABLE  *SystemTable
  )
{
  EFI_GUID                   Guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
  EFI_LOADED_IMAGE_PROTOCOL  *Loaded;
  CONST CHAR16               *What;
  CHAR16                     First;

  mSystem  = SystemTable;
  mBoot    = SystemTable->BootServices;
  mRuntime = SystemTable->RuntimeServices;
  mImage   = ImageHandle;
  if (EFI_ERROR (mBoot->HandleProtocol (ImageHandle, &Guid, (VOID **)&Loaded)) || (Loaded->LoadOptions == NULL)) {
    return EFI_INVALID_PARAMETER;
  }

  What  = NextWord (Loaded->LoadOptions);
  First = *What;
  mPort = ReadHex (NextWord (What));
  switch (First) {
    case L's':
      ProbeStore ();
      break;
    case L'f':
      ProbeFill ();
      break;
    case L't':
      ProbeTime ();
      break;
    case L'c':
      ProbeClean ();
      break;
    case L'w':
      ProbeWindow ();
      break;
    default:
      return EFI_INVALID_PARAMETER;
  }

  return EFI_SUCCESS;
}
