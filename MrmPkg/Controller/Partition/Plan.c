/** @file
  Which plan is carried out. There are three carriers of the same bytes: the source this
  image was built of, a section added to the image, and files where the image came from: on
  the ESP, or on the server of a network boot. A plan that was reloaded while one of these was
  in force takes its place, until there is another one.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Partition/Plan.h"
#include "Partition/Fit.h"
#include "Core/Esp.h"
#include "Core/Journal.h"
#include "Core/Log.h"
#include "Core/Origin.h"
#include <Guid/GlobalVariable.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmBuiltInLib.h>
#include <Library/MrmPlanLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>
#include <Protocol/LoadedImage.h>

#define PLAN_FILE           L"plan.bin"
#define PLANS_FOLDER        L"plans"
#define PLAN_ENDING         L".bin"
#define LONGEST_PATH        300                        ///< characters: a folder and the longest name FAT knows
#define NAME_SIZE           (MRM_ORIGIN_PLACE + 8)      ///< bytes of where a plan came from
#define MOST_PLAN_SIZE      (MRM_PLAN_LARGEST + SIZE_1MB) ///< bytes of a file that holds one, with its signatures
#define KEPT_PATH           MRM_FOLDER L"\\plan"
#define KEPT_FILE           MRM_FOLDER L"\\plan.a"   ///< one of those that KEPT_PATH names
#define KEPT_SIGNATURE      SIGNATURE_32 ('M', 'R', 'M', 'R')
#define MRM_KEPT_PLAN_SIZE  (SIZE_64KB + SIZE_4KB)     ///< bytes of what is committed
#define SECURE_BOOT_ON      1                          ///< of the variable SecureBoot (UEFI 2.10 section 3.3)
#define PE_MARK             "MZ"                       ///< what a PE image begins with: IMAGE_DOS_SIGNATURE

///
/// What is kept of a plan that was reloaded; its bytes follow.
///
typedef struct {
  UINT32    Signature;   ///< KEPT_SIGNATURE
  UINT32    Size;        ///< bytes that follow
  UINT32    Base;        ///< CRC-32 of the plan that the carriers had when it was reloaded
} KEPT_PLAN;

CONST MRM_PLAN  *gPlan;

STATIC MRM_READ_PLAN   mPlan;
STATIC MRM_PLAN_FIT    mFit;               ///< how well it fits this PC
STATIC CHAR8           mPlace[NAME_SIZE];  ///< where it came from, for people: "from plan.bin"
STATIC UINT32          mBase;      ///< CRC-32 of the plan that the carriers have
STATIC MRM_ESP_JOURNAL  mJournal;

VOID
FreePlan (
  IN OUT MRM_READ_PLAN  *Read
  )
{
  if (Read->Room != NULL) {
    FreePool (Read->Room);
  }

  if (Read->Blob != NULL) {
    FreePool (Read->Blob);
  }

  ZeroMem (Read, sizeof (*Read));
}

/**
  Read a plan from a copy of its blob.

  @param[in]     Blob   The blob.
  @param[in]     Size   Its size in bytes.
  @param[out]    Read   Receives the plan; empty when it cannot be relied on.
  @param[in,out] Fault  Receives why.

  @retval TRUE   Read.
  @retval FALSE  Not read.
**/
STATIC
BOOLEAN
ReadBlob (
  IN     CONST VOID     *Blob,
  IN     UINTN          Size,
  OUT    MRM_READ_PLAN  *Read,
  IN OUT MRM_TEXT       *Fault
  )
{
  RETURN_STATUS  Status;
  UINTN          Needed;

  ZeroMem (Read, sizeof (*Read));
  // Pool memory lies at a multiple of 8 (UEFI 2.10 section 7.2.4).
  Read->Blob = AllocateCopyPool (Size, Blob);
  Status     = (Read->Blob == NULL) ? RETURN_OUT_OF_RESOURCES : RETURN_SUCCESS;
  if (!RETURN_ERROR (Status)) {
    Status = MrmPlanRead (Read->Blob, Size, NULL, 0, &Needed, &Read->Plan, Fault);
  }

  if (Status == RETURN_BUFFER_TOO_SMALL) {
    Read->Room = AllocatePool (Needed);
    Status     = RETURN_OUT_OF_RESOURCES;
    if (Read->Room != NULL) {
      Status = MrmPlanRead (Read->Blob, Size, Read->Room, Needed, &Needed, &Read->Plan, Fault);
    }
  }

  if (!RETURN_ERROR (Status)) {
    return TRUE;
  }

  if (Status == RETURN_OUT_OF_RESOURCES) {
    MrmTextAdd (Fault, "there is no memory for it");
  }

  FreePlan (Read);
  return FALSE;
}

/**
  Find the plan in a loaded image and read it.

  @param[in]     Image  The image.
  @param[out]    Read   Receives the plan.
  @param[in,out] Fault  Receives why there is none; stays empty when the image has no such section.

  @retval TRUE   Read.
  @retval FALSE  There is none, or it cannot be relied on.
**/
STATIC
BOOLEAN
ReadSection (
  IN     EFI_HANDLE     Image,
  OUT    MRM_READ_PLAN  *Read,
  IN OUT MRM_TEXT       *Fault
  )
{
  EFI_STATUS                 Status;
  EFI_LOADED_IMAGE_PROTOCOL  *Loaded;
  CONST UINT8                *Blob;
  UINTN                      Size;

  ZeroMem (Read, sizeof (*Read));
  Status = gBS->HandleProtocol (Image, &gEfiLoadedImageProtocolGuid, (VOID **)&Loaded);
  if (EFI_ERROR (Status)) {
    return FALSE;
  }

  Blob = MrmPlanFindSection (Loaded->ImageBase, (UINTN)Loaded->ImageSize, &Size);
  return (BOOLEAN)((Blob != NULL) && ReadBlob (Blob, Size, Read, Fault));
}

/**
  Whether the PC's firmware starts only what is signed.

  @retval TRUE   It does.
  @retval FALSE  It does not, or knows no Secure Boot.
**/
STATIC
BOOLEAN
SecureBoot (
  VOID
  )
{
  UINT8    *Value;
  UINTN    Size;
  BOOLEAN  On;

  if (EFI_ERROR (GetVariable2 (EFI_SECURE_BOOT_MODE_NAME, &gEfiGlobalVariableGuid, (VOID **)&Value, &Size))) {
    return FALSE;
  }

  On = (BOOLEAN)((Size == sizeof (*Value)) && (*Value == SECURE_BOOT_ON));
  FreePool (Value);
  return On;
}

/**
  Read the plan of a PE image that the PC's firmware judges, as it does under Secure Boot.

  @param[in]     Bytes  The image as a file has it.
  @param[in]     Size   Its bytes.
  @param[out]    Read   Receives the plan; empty when it is not taken.
  @param[in,out] Fault  Receives why.

  @retval TRUE   Read.
  @retval FALSE  Not taken.
**/
STATIC
BOOLEAN
ReadImage (
  IN     CONST UINT8    *Bytes,
  IN     UINTN          Size,
  OUT    MRM_READ_PLAN  *Read,
  IN OUT MRM_TEXT       *Fault
  )
{
  EFI_STATUS  Status;
  EFI_HANDLE  Image;
  BOOLEAN     Taken;
  UINTN       Before;

  Taken  = FALSE;
  Before = Fault->Length;
  Status = gBS->LoadImage (FALSE, gImageHandle, NULL, (VOID *)Bytes, Size, &Image);
  if (!EFI_ERROR (Status)) {
    Taken = ReadSection (Image, Read, Fault);
    if (!Taken && (Fault->Length == Before)) {
      MrmTextAdd (Fault, "it is an image without a plan");
    }
  } else {
    MrmTextAdd (Fault, "the PC's firmware refuses it: ");
    MrmTextAdd (Fault, (Status == EFI_SECURITY_VIOLATION) ? "its signature is not trusted" : "it is no image");
  }

  if (!EFI_ERROR (Status) || (Status == EFI_SECURITY_VIOLATION)) {
    // Even an image that may not be started has been loaded then (UEFI 2.10 section 7.4.1).
    gBS->UnloadImage (Image);
  }

  return Taken;
}

/**
  Whether bytes begin as a PE image.

  @param[in] Bytes  The bytes.
  @param[in] Size   Their number.

  @retval TRUE   They do.
  @retval FALSE  They do not.
**/
STATIC
BOOLEAN
IsImage (
  IN CONST UINT8  *Bytes,
  IN UINTN        Size
  )
{
  return (BOOLEAN)((Size >= sizeof (PE_MARK)) && (CompareMem (Bytes, PE_MARK, sizeof (PE_MARK) - 1) == 0));
}

BOOLEAN
MeansPlan (
  IN CONST UINT8  *Bytes,
  IN UINTN        Size
  )
{
  UINT64  Magic;

  if (Size < sizeof (Magic)) {
    return FALSE;
  }

  CopyMem (&Magic, Bytes, sizeof (Magic));
  return (BOOLEAN)(IsImage (Bytes, Size) || (Magic == MRM_PLAN_MAGIC));
}

/**
  Read a plan for any PC; else as ReadGivenPlan().

  @param[in]     Bytes  The bytes.
  @param[in]     Size   Their number.
  @param[out]    Read   Receives the plan; empty when it is not taken.
  @param[in,out] Fault  Receives why it is not taken.

  @retval TRUE   Read.
  @retval FALSE  Not taken.
**/
STATIC
BOOLEAN
ReadFile (
  IN     CONST UINT8    *Bytes,
  IN     UINTN          Size,
  OUT    MRM_READ_PLAN  *Read,
  IN OUT MRM_TEXT       *Fault
  )
{
  ZeroMem (Read, sizeof (*Read));
  if (IsImage (Bytes, Size)) {
    return ReadImage (Bytes, Size, Read, Fault);
  }

  if (SecureBoot ()) {
    MrmTextAdd (Fault, "Secure Boot is on, and it is not signed");
    return FALSE;
  }

  return ReadBlob (Bytes, Size, Read, Fault);
}

BOOLEAN
ReadGivenPlan (
  IN     CONST UINT8    *Bytes,
  IN     UINTN          Size,
  OUT    MRM_READ_PLAN  *Read,
  IN OUT MRM_TEXT       *Fault
  )
{
  CHAR8     Reason[MRM_PLAN_FAULT_SIZE];
  MRM_TEXT  Difference;

  if (!ReadFile (Bytes, Size, Read, Fault)) {
    return FALSE;
  }

  MrmTextBegin (&Difference, Reason, sizeof (Reason));
  if (JudgeFit (Read->Plan, &Difference) != MrmFitNot) {
    return TRUE;
  }

  MrmTextAdd (Fault, "it is for another PC: ");
  MrmTextAdd (Fault, Reason);
  FreePlan (Read);
  return FALSE;
}

/**
  Read the plan this image carries.

  @param[out] Read  Receives the plan; empty when there is none or it is not taken, which is said.
**/
STATIC
VOID
ReadCarried (
  OUT MRM_READ_PLAN  *Read
  )
{
  CHAR8     Reason[MRM_PLAN_FAULT_SIZE];
  MRM_TEXT  Fault;
  UINTN     BuiltIn;

  BuiltIn = (UINTN)(gMrmBuiltInPlanEnd - gMrmBuiltInPlan);
  MrmTextBegin (&Fault, Reason, sizeof (Reason));
  if (!ReadSection (gImageHandle, Read, &Fault) && (Fault.Length == 0) && (BuiltIn != 0)) {
    ReadBlob (gMrmBuiltInPlan, BuiltIn, Read, &Fault);
  }

  if (Fault.Length != 0) {
    Say ("the plan in this image is not taken: %a", Reason);
  }
}

/**
  Read a plan from where Mrm.efi came from.

  @param[in]  Path  Its path.
  @param[in]  Name  What it is called.
  @param[out] Read  Receives the plan; empty when there is none or it is not taken, which is said.
**/
STATIC
VOID
ReadPlanFile (
  IN  CONST CHAR16   *Path,
  IN  CONST CHAR8    *Name,
  OUT MRM_READ_PLAN  *Read
  )
{
  EFI_STATUS  Status;
  MRM_RANGE   File;
  CHAR8       Reason[MRM_PLAN_FAULT_SIZE];
  MRM_TEXT    Fault;

  ZeroMem (Read, sizeof (*Read));
  Status = ReadOriginFile (Path, MOST_PLAN_SIZE, &File, Reason);
  if (EFI_ERROR (Status)) {
    if ((Status != EFI_NOT_FOUND) || CameFromServer ()) {
      Say ("%a: %a", Name, Reason);
    }

    return;
  }

  MrmTextBegin (&Fault, Reason, sizeof (Reason));
  if (!ReadFile ((CONST UINT8 *)(UINTN)File.Base, (UINTN)File.Size, Read, &Fault)) {
    Say ("%a is not taken: %a", Name, Reason);
  }

  FreeEspFile (&File);
}

/**
  Take a plan if it is for this PC and goes before the one taken so far.

  @param[in,out] Read   The plan; becomes empty.  May be empty.
  @param[in]     Name   What it is called.
  @param[in]     Place  Where it is.
**/
STATIC
VOID
Consider (
  IN OUT MRM_READ_PLAN  *Read,
  IN     CONST CHAR8    *Name,
  IN     CONST CHAR8    *Place
  )
{
  MRM_PLAN_FIT  Fit;
  MRM_TEXT      Difference;
  CHAR8         Reason[MRM_PLAN_FAULT_SIZE];

  if (Read->Plan == NULL) {
    return;
  }

  MrmTextBegin (&Difference, Reason, sizeof (Reason));
  Fit = JudgeFit (Read->Plan, &Difference);
  if (Fit == MrmFitNot) {
    KeepMisfit (Name, Read->Plan, Reason);
  } else if ((mPlan.Plan == NULL) || MrmPlanGoesBefore (Read->Plan, Fit, mPlan.Plan, mFit)) {
    AdoptPlan (Read);
    mFit = Fit;
    AsciiSPrint (mPlace, sizeof (mPlace), "%a", Place);
  } else {
    Say (
      "%a is not taken: %a the plan %a",
      Name,
      (Fit < mFit) ? "it says less of which PC it is for than" : "it is not newer than",
      mPlace
      );
  }

  FreePlan (Read);
}

/**
  Consider a plan from where Mrm.efi came from.

  @param[in] Folder  Its folder below MRM_FOLDER, with a backslash behind it; empty for none.
  @param[in] File    Its name there.
**/
STATIC
VOID
ConsiderFile (
  IN CONST CHAR16  *Folder,
  IN CONST CHAR16  *File
  )
{
  MRM_READ_PLAN  Read;
  CHAR16         Path[LONGEST_PATH];
  CHAR8          Name[MRM_ORIGIN_PLACE];
  CHAR8          Place[NAME_SIZE];

  UnicodeSPrint (Path, sizeof (Path), L"%s\\%s%s", MRM_FOLDER, Folder, File);
  if (CameFromServer ()) {
    DescribeOriginFile (Path, Name);
  } else {
    AsciiSPrint (Name, sizeof (Name), "%s%s", Folder, File);
  }

  AsciiSPrint (Place, sizeof (Place), "from %a", Name);
  ReadPlanFile (Path, Name, &Read);
  Consider (&Read, Name, Place);
}

/**
  Consider a file of the folder of plans.

  @param[in] File  Its name; a plan's ends with PLAN_ENDING, in letters of either case.
**/
STATIC
VOID
VisitPlan (
  IN CONST CHAR16  *File
  )
{
  UINTN  Length;
  UINTN  Index;

  Length = StrLen (File);
  if (Length < ARRAY_SIZE (PLAN_ENDING)) {
    return;
  }

  File += Length - (ARRAY_SIZE (PLAN_ENDING) - 1);
  for (Index = 0; Index < ARRAY_SIZE (PLAN_ENDING) - 1; Index++) {
    if (CharToUpper (File[Index]) != CharToUpper (PLAN_ENDING[Index])) {
      return;
    }
  }

  ConsiderFile (PLANS_FOLDER L"\\", File + Index - Length);
}

/**
  Open what is kept of plans that were reloaded.

  @param[out] Lasting  Receives whether the ESP can be written.

  @retval TRUE   Open.
  @retval FALSE  There is no memory for it.
**/
STATIC
BOOLEAN
OpenKept (
  OUT BOOLEAN  *Lasting
  )
{
  EFI_STATUS  FileStatus;

  if (mJournal.Committed.Image == NULL) {
    if (OpenJournal (&mJournal, MRM_KEPT_PLAN_SIZE, KEPT_PATH, &FileStatus) == EFI_OUT_OF_RESOURCES) {
      return FALSE;
    }
  }

  *Lasting = (BOOLEAN)(mJournal.Files[0] != NULL);
  return TRUE;
}

/**
  Read the plan that was reloaded last, if the carriers have the same as then.

  @param[out] Read  Receives the plan; empty when there is none or it is not taken, which is said.
**/
STATIC
VOID
ReadCommitted (
  OUT MRM_READ_PLAN  *Read
  )
{
  EFI_STATUS  Status;
  KEPT_PLAN   Kept;
  MRM_RANGE   File;
  BOOLEAN     Lasting;
  CHAR8       Reason[MRM_PLAN_FAULT_SIZE];
  MRM_TEXT    Fault;

  ZeroMem (Read, sizeof (*Read));
  Status = ReadEspFile (KEPT_FILE, &File);
  if ((Status == EFI_NOT_FOUND) || (Status == EFI_NO_MEDIA)) {
    // Nobody has reloaded a plan yet: nothing is left behind for that.
    return;
  }

  // If it is damaged, the other file of the journal may have the plan.
  if (!EFI_ERROR (Status)) {
    FreeEspFile (&File);
  }

  if (!OpenKept (&Lasting)) {
    return;
  }

  CopyMem (&Kept, mJournal.Committed.Image, sizeof (Kept));
  if ((Kept.Signature != KEPT_SIGNATURE) || (Kept.Size > MRM_KEPT_PLAN_SIZE - sizeof (Kept))) {
    return;
  }

  MrmTextBegin (&Fault, Reason, sizeof (Reason));
  if (Kept.Base != mBase) {
    Say ("the plan that was reloaded last is left alone: it took the place of another one than there is now");
  } else if (!ReadGivenPlan (mJournal.Committed.Image + sizeof (Kept), Kept.Size, Read, &Fault)) {
    Say ("the plan that was reloaded last is not taken: %a", Reason);
  }
}

/**
  CRC-32 of a plan.

  @param[in] Read  The plan; may be empty.

  @return  The CRC-32 its header states, or 0.
**/
STATIC
UINT32
ChecksumOf (
  IN CONST MRM_READ_PLAN  *Read
  )
{
  return (Read->Plan == NULL) ? 0 : ((CONST MRM_PLAN_HEADER *)Read->Blob)->Crc32;
}

/**
  Consider the plans of the server that Mrm.efi came from: a server cannot be listed, so it is asked for those whose
  names this PC knows.
**/
STATIC
VOID
AskForPlans (
  VOID
  )
{
  UINTN   Index;
  CHAR8   Name[MRM_PLAN_NAME_SIZE];
  CHAR16  File[MRM_PLAN_NAME_SIZE];

  for (Index = 0; Index < MRM_PLAN_NAMES; Index++) {
    if (NamePlan (Index, Name)) {
      AsciiStrToUnicodeStrS (Name, File, ARRAY_SIZE (File));
      ConsiderFile (L"", File);
    }
  }
}

/**
  Consider the plans on the ESP.
**/
STATIC
VOID
ListPlans (
  VOID
  )
{
  EFI_STATUS  Status;

  ConsiderFile (L"", PLAN_FILE);
  Status = VisitEspFiles (MRM_FOLDER L"\\" PLANS_FOLDER, VisitPlan);
  if (EFI_ERROR (Status) && (Status != EFI_NOT_FOUND)) {
    Say ("the folder of plans cannot be read: %r", Status);
  }
}

VOID
OpenPlan (
  VOID
  )
{
  MRM_READ_PLAN  Read;

  ReadCarried (&Read);
  Consider (&Read, "the plan in this image", "in this image");
  if (CameFromServer ()) {
    AskForPlans ();
  } else {
    ListPlans ();
  }

  mBase = ChecksumOf (&mPlan);
}

EFI_STATUS
SettlePlan (
  VOID
  )
{
  MRM_READ_PLAN  Read;
  UINTN          Misfits;

  if (mPlan.Plan != NULL) {
    ReadCommitted (&Read);
    if (Read.Plan != NULL) {
      AdoptPlan (&Read);
      AsciiSPrint (mPlace, sizeof (mPlace), "as it was reloaded");
    }
  }

  Misfits = EndMisfits ((BOOLEAN)(gPlan == NULL));
  if (gPlan == NULL) {
    Say (
      (Misfits == 0) ? "there is no plan: make one by `mrm esp FILE --output DIR`, "
                       "in a checkout by `python -m generator esp`"
                     : "there is no plan for this PC"
      );
    return EFI_NOT_FOUND;
  }

  Say ("plan %a for %a, %d partitions, %a", gPlan->Title, gPlan->Machine, gPlan->PartitionCount, mPlace);
  return EFI_SUCCESS;
}

EFI_STATUS
KeepPlan (
  IN  CONST UINT8  *Bytes,
  IN  UINTN        Size,
  OUT BOOLEAN      *Lasting
  )
{
  EFI_STATUS  Status;
  KEPT_PLAN   *Kept;

  if (Size > MRM_KEPT_PLAN_SIZE - sizeof (*Kept)) {
    return EFI_BAD_BUFFER_SIZE;
  }

  MakeFolder (MRM_FOLDER);
  Kept = AllocateZeroPool (MRM_KEPT_PLAN_SIZE);
  if ((Kept == NULL) || !OpenKept (Lasting)) {
    Status = EFI_OUT_OF_RESOURCES;
  } else {
    Kept->Signature = KEPT_SIGNATURE;
    Kept->Size      = (UINT32)Size;
    Kept->Base      = mBase;
    CopyMem (Kept + 1, Bytes, Size);
    Status = CommitJournal (&mJournal, (UINT8 *)Kept);
  }

  if (Kept != NULL) {
    FreePool (Kept);
  }

  return Status;
}

VOID
AdoptPlan (
  IN OUT MRM_READ_PLAN  *Read
  )
{
  FreePlan (&mPlan);
  mPlan = *Read;
  gPlan = mPlan.Plan;
  ZeroMem (Read, sizeof (*Read));
}

VOID
ReleasePlan (
  VOID
  )
{
  if (mJournal.Committed.Image != NULL) {
    CloseJournal (&mJournal);
    FreeJournal (&mJournal);
  }

  FreePlan (&mPlan);
  gPlan = NULL;
}
