/** @file
  Reads a plan: of a blob, of a PE image that holds one, or of an image that has been loaded.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Partition/PlanRead.h"
#include "Partition/Fit.h"
#include <Guid/GlobalVariable.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmPlanLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>
#include <Protocol/LoadedImage.h>

#define SECURE_BOOT_ON  1      ///< of the variable SecureBoot (UEFI 2.10 section 3.3)
#define PE_MARK         "MZ"   ///< what a PE image begins with: IMAGE_DOS_SIGNATURE

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

BOOLEAN
ReadPlanBlob (
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

BOOLEAN
ReadPlanSection (
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
  return (BOOLEAN)((Blob != NULL) && ReadPlanBlob (Blob, Size, Read, Fault));
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
    Taken = ReadPlanSection (Image, Read, Fault);
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

BOOLEAN
ReadAnyPlan (
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

  return ReadPlanBlob (Bytes, Size, Read, Fault);
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

  if (!ReadAnyPlan (Bytes, Size, Read, Fault)) {
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
