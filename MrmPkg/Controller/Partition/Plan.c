/** @file
  Which plan is carried out. There are three carriers of the same bytes: the source this
  image was built of, a section added to the image, and a file on the ESP. A plan that was
  reloaded while one of these was in force takes its place, until there is another one.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Partition/Plan.h"
#include "Core/Esp.h"
#include "Core/Journal.h"
#include "Core/Log.h"
#include <Guid/GlobalVariable.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmBuiltInLib.h>
#include <Library/MrmPlanLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>
#include <Protocol/LoadedImage.h>

#define MRM_PLAN_FILE       L"\\EFI\\MRM\\plan.bin"
#define KEPT_PATH           L"\\EFI\\MRM\\plan"
#define KEPT_FILE           L"\\EFI\\MRM\\plan.a"   ///< one of those that KEPT_PATH names
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

  Taken  = FALSE;
  Status = gBS->LoadImage (FALSE, gImageHandle, NULL, (VOID *)Bytes, Size, &Image);
  if (!EFI_ERROR (Status)) {
    Taken = ReadSection (Image, Read, Fault);
    if (!Taken && (Fault->Length == 0)) {
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

BOOLEAN
ReadGivenPlan (
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
  Read the plan on the ESP.

  @param[out] Read  Receives the plan; empty when there is none or it is not taken, which is said.
**/
STATIC
VOID
ReadPlanFile (
  OUT MRM_READ_PLAN  *Read
  )
{
  EFI_STATUS  Status;
  MRM_RANGE   File;
  CHAR8       Reason[MRM_PLAN_FAULT_SIZE];
  MRM_TEXT    Fault;

  ZeroMem (Read, sizeof (*Read));
  Status = ReadEspFile (MRM_PLAN_FILE, &File);
  if (Status == EFI_NOT_FOUND) {
    return;
  }

  if (EFI_ERROR (Status)) {
    Say ("plan.bin cannot be read: %r", Status);
    return;
  }

  MrmTextBegin (&Fault, Reason, sizeof (Reason));
  if (!ReadGivenPlan ((CONST UINT8 *)(UINTN)File.Base, (UINTN)File.Size, Read, &Fault)) {
    Say ("plan.bin is not taken: %a", Reason);
  }

  FreeEspFile (&File);
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
  KEPT_PLAN  Kept;
  MRM_RANGE  File;
  BOOLEAN    Lasting;
  CHAR8      Reason[MRM_PLAN_FAULT_SIZE];
  MRM_TEXT   Fault;

  ZeroMem (Read, sizeof (*Read));
  if (EFI_ERROR (ReadEspFile (KEPT_FILE, &File))) {
    // Nobody has reloaded a plan yet: nothing is left behind for that.
    return;
  }

  FreeEspFile (&File);
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

EFI_STATUS
OpenPlan (
  VOID
  )
{
  MRM_READ_PLAN  Read;
  CONST CHAR8    *Where;

  Where = "in this image";
  ReadCarried (&mPlan);
  ReadPlanFile (&Read);
  if ((Read.Plan != NULL) && (mPlan.Plan != NULL) && (Read.Plan->Made <= mPlan.Plan->Made)) {
    Say ("plan.bin is not taken: it is not newer than the plan this image carries");
    FreePlan (&Read);
  }

  if (Read.Plan != NULL) {
    FreePlan (&mPlan);
    mPlan = Read;
    Where = "from plan.bin";
  }

  mBase = ChecksumOf (&mPlan);
  if (mPlan.Plan != NULL) {
    ReadCommitted (&Read);
    if (Read.Plan != NULL) {
      FreePlan (&mPlan);
      mPlan = Read;
      Where = "as it was reloaded";
    }
  }

  gPlan = mPlan.Plan;
  if (gPlan == NULL) {
    Say ("there is no plan: make one by `python -m generator esp PARTITIONS.yaml --output DIR`");
    return EFI_NOT_FOUND;
  }

  Say ("plan %a for %a, %d partitions, %a", gPlan->Title, gPlan->Machine, gPlan->PartitionCount, Where);
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

  MakeFolder (L"\\EFI\\MRM");
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
