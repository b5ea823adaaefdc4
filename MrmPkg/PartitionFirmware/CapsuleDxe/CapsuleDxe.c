/** @file
  Capsule services of a partition: there are none, neither before nor after ExitBootServices.

  EDK2's driver answers other errors first, though nothing it could say would help.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiDxe.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiRuntimeServicesTableLib.h>
#include <Protocol/Capsule.h>

/**
  UpdateCapsule() (UEFI 2.10 section 8.5.3).

  @param[in] CapsuleHeaderArray  Not used.
  @param[in] CapsuleCount        Not used.
  @param[in] ScatterGatherList   Not used.

  @retval EFI_UNSUPPORTED  Always.
**/
STATIC
EFI_STATUS
EFIAPI
UpdateCapsule (
  IN EFI_CAPSULE_HEADER    **CapsuleHeaderArray,
  IN UINTN                 CapsuleCount,
  IN EFI_PHYSICAL_ADDRESS  ScatterGatherList OPTIONAL
  )
{
  return EFI_UNSUPPORTED;
}

/**
  QueryCapsuleCapabilities() (UEFI 2.10 section 8.5.3.4).

  @param[in]  CapsuleHeaderArray  Not used.
  @param[in]  CapsuleCount        Not used.
  @param[out] MaximumCapsuleSize  Not used.
  @param[out] ResetType           Not used.

  @retval EFI_UNSUPPORTED  Always.
**/
STATIC
EFI_STATUS
EFIAPI
QueryCapsuleCapabilities (
  IN  EFI_CAPSULE_HEADER  **CapsuleHeaderArray,
  IN  UINTN               CapsuleCount,
  OUT UINT64              *MaximumCapsuleSize,
  OUT EFI_RESET_TYPE      *ResetType
  )
{
  return EFI_UNSUPPORTED;
}

/**
  Entry point.

  @param[in] ImageHandle  Receives the protocol that the DXE core waits for.
  @param[in] SystemTable  Not used.

  @return  Status of InstallProtocolInterface().
**/
EFI_STATUS
EFIAPI
CapsuleDxeEntry (
  IN EFI_HANDLE        ImageHandle,
  IN EFI_SYSTEM_TABLE  *SystemTable
  )
{
  gRT->UpdateCapsule            = UpdateCapsule;
  gRT->QueryCapsuleCapabilities = QueryCapsuleCapabilities;
  return gBS->InstallProtocolInterface (&ImageHandle, &gEfiCapsuleArchProtocolGuid, EFI_NATIVE_INTERFACE, NULL);
}
