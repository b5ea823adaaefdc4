/** @file
  Which plan is carried out. There are three carriers of the same bytes: the source this
  image was built of, a section added to the image, and a file on the ESP.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Partition/Plan.h"
#include "Core/Esp.h"
#include "Core/Log.h"
#include <Guid/GlobalVariable.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmBuiltInLib.h>
#include <Library/MrmPlanLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>
#include <Protocol/LoadedImage.h>

#define MRM_PLAN_FILE  L"\\EFI\\MRM\\plan.bin"
#define SECURE_BOOT_ON  1    ///< of the variable SecureBoot (UEFI 2.10 section 3.3)
#define PE_MARK         "MZ"   ///< what a PE image begins with: IMAGE_DOS_SIGNATURE

///
/// A plan with all it stands on.
///
typedef struct {
  CONST MRM_PLAN    *Plan;    ///< NULL: there is none
  VOID              *Blob;    ///< from the pool
  VOID              *Room;    ///< from the pool
} READ_PLAN;

CONST MRM_PLAN  *gPlan;

STATIC READ_PLAN  mPlan;

/**
  Free a plan.

  @param[in,out] Read  Becomes empty; may be empty.
**/
STATIC
VOID
FreePlan (
  IN OUT READ_PLAN  *Read
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

  @param[in]  Blob   The blob.
  @param[in]  Size   Its size in bytes.
  @param[in]  Where  Where it came from, for people.
  @param[out] Read   Receives the plan; empty when it cannot be relied on, which is said.

  @retval TRUE   Read.
  @retval FALSE  Not read.
**/
STATIC
BOOLEAN
ReadPlan (
  IN  CONST VOID   *Blob,
  IN  UINTN        Size,
  IN  CONST CHAR8  *Where,
  OUT READ_PLAN    *Read
  )
{
  RETURN_STATUS  Status;
  UINTN          Needed;
  CHAR8          Reason[MRM_PLAN_FAULT_SIZE];
  MRM_TEXT       Fault;

  ZeroMem (Read, sizeof (*Read));
  MrmTextBegin (&Fault, Reason, sizeof (Reason));
  // Pool memory lies at a multiple of 8 (UEFI 2.10 section 7.2.4).
  Read->Blob = AllocateCopyPool (Size, Blob);
  Status     = (Read->Blob == NULL) ? RETURN_OUT_OF_RESOURCES : RETURN_SUCCESS;
  if (!RETURN_ERROR (Status)) {
    Status = MrmPlanRead (Read->Blob, Size, NULL, 0, &Needed, &Read->Plan, &Fault);
  }

  if (Status == RETURN_BUFFER_TOO_SMALL) {
    Read->Room = AllocatePool (Needed);
    Status     = RETURN_OUT_OF_RESOURCES;
    if (Read->Room != NULL) {
      Status = MrmPlanRead (Read->Blob, Size, Read->Room, Needed, &Needed, &Read->Plan, &Fault);
    }
  }

  if (!RETURN_ERROR (Status)) {
    return TRUE;
  }

  Say ("the plan %a is not taken: %a", Where, (Fault.Length == 0) ? "no memory for it" : Reason);
  FreePlan (Read);
  return FALSE;
}

/**
  Find the plan in a loaded image and read it.

  @param[in]  Image  The image.
  @param[in]  Where  Where it came from, for people.
  @param[out] Read   Receives the plan.

  @retval TRUE   Read.
  @retval FALSE  There is none, or it cannot be relied on, which is said.
**/
STATIC
BOOLEAN
ReadSection (
  IN  EFI_HANDLE   Image,
  IN  CONST CHAR8  *Where,
  OUT READ_PLAN    *Read
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
  return (BOOLEAN)((Blob != NULL) && ReadPlan (Blob, Size, Where, Read));
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

  @param[in]  File  The file.
  @param[out] Read  Receives the plan; empty when it is not taken, which is said.
**/
STATIC
VOID
ReadImage (
  IN  CONST MRM_RANGE  *File,
  OUT READ_PLAN        *Read
  )
{
  EFI_STATUS  Status;
  EFI_HANDLE  Image;

  Status = gBS->LoadImage (FALSE, gImageHandle, NULL, (VOID *)(UINTN)File->Base, (UINTN)File->Size, &Image);
  if (!EFI_ERROR (Status)) {
    if (!ReadSection (Image, "in plan.bin", Read)) {
      Say ("there is no plan to take in plan.bin");
    }
  } else {
    Say ("plan.bin is not taken: the PC's firmware refuses it: %r", Status);
  }

  if (!EFI_ERROR (Status) || (Status == EFI_SECURITY_VIOLATION)) {
    // Even an image that may not be started has been loaded then (UEFI 2.10 section 7.4.1).
    gBS->UnloadImage (Image);
  }
}

/**
  Read the plan on the ESP.

  @param[out] Read  Receives the plan; empty when there is none or it is not taken, which is said.
**/
STATIC
VOID
ReadPlanFile (
  OUT READ_PLAN  *Read
  )
{
  EFI_STATUS  Status;
  MRM_RANGE   File;

  ZeroMem (Read, sizeof (*Read));
  Status = ReadEspFile (MRM_PLAN_FILE, &File);
  if (Status == EFI_NOT_FOUND) {
    return;
  }

  if (EFI_ERROR (Status)) {
    Say ("plan.bin cannot be read: %r", Status);
    return;
  }

  if ((File.Size >= sizeof (PE_MARK)) && (CompareMem ((VOID *)(UINTN)File.Base, PE_MARK, sizeof (PE_MARK) - 1) == 0)) {
    ReadImage (&File, Read);
  } else if (SecureBoot ()) {
    Say ("plan.bin is not taken: Secure Boot is on, and it is not signed");
  } else {
    ReadPlan ((VOID *)(UINTN)File.Base, (UINTN)File.Size, "in plan.bin", Read);
  }

  FreeEspFile (&File);
}

EFI_STATUS
OpenPlan (
  VOID
  )
{
  READ_PLAN    File;
  CONST CHAR8  *Where;
  UINTN        BuiltIn;

  Where   = "in this image";
  BuiltIn = (UINTN)(gMrmBuiltInPlanEnd - gMrmBuiltInPlan);
  if (!ReadSection (gImageHandle, Where, &mPlan) && (BuiltIn != 0)) {
    ReadPlan (gMrmBuiltInPlan, BuiltIn, "built in", &mPlan);
  }

  ReadPlanFile (&File);
  if ((File.Plan != NULL) && (mPlan.Plan != NULL) && (File.Plan->Made <= mPlan.Plan->Made)) {
    Say ("plan.bin is not taken: it is not newer than the plan this image carries");
    FreePlan (&File);
  }

  if (File.Plan != NULL) {
    FreePlan (&mPlan);
    mPlan = File;
    Where = "from plan.bin";
  }

  gPlan = mPlan.Plan;
  if (gPlan == NULL) {
    Say ("there is no plan: make one by `python -m generator esp PARTITIONS.yaml --output DIR`");
    return EFI_NOT_FOUND;
  }

  Say ("plan %a for %a, %d partitions, %a", gPlan->Title, gPlan->Machine, gPlan->PartitionCount, Where);
  return EFI_SUCCESS;
}

VOID
ForgetPlan (
  VOID
  )
{
  FreePlan (&mPlan);
  gPlan = NULL;
}
