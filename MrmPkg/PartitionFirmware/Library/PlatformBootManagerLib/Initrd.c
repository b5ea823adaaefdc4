/** @file
  Offers an initrd to a Linux loader.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformBootManager.h"
#include <Guid/LinuxEfiInitrdMedia.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DevicePathLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/LoadFile2.h>

#pragma pack(1)
typedef struct {
  VENDOR_DEVICE_PATH          Vendor;
  EFI_DEVICE_PATH_PROTOCOL    End;
} INITRD_DEVICE_PATH;
#pragma pack()

STATIC CONST INITRD_DEVICE_PATH  mInitrdPath = {
  {
    { MEDIA_DEVICE_PATH, MEDIA_VENDOR_DP, { (UINT8)sizeof (VENDOR_DEVICE_PATH), 0 } },
    LINUX_EFI_INITRD_MEDIA_GUID
  },
  { END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, { END_DEVICE_PATH_LENGTH, 0 } }
};

STATIC MRM_RANGE   mInitrd;
STATIC EFI_HANDLE  mHandle;     ///< NULL = none is offered

/**
  EFI_LOAD_FILE2_PROTOCOL.LoadFile() (UEFI 2.10 section 13.2).

  @param[in]     This        The protocol.
  @param[in]     FilePath    Remaining device path; must be empty.
  @param[in]     BootPolicy  Must be FALSE.
  @param[in,out] BufferSize  Bytes in Buffer; bytes needed or given on return.
  @param[out]    Buffer      Receives the initrd.

  @retval EFI_SUCCESS            Loaded.
  @retval EFI_UNSUPPORTED        BootPolicy is TRUE.
  @retval EFI_INVALID_PARAMETER  An argument is missing.
  @retval EFI_NOT_FOUND          FilePath names something below the initrd.
  @retval EFI_BUFFER_TOO_SMALL   BufferSize says how much is needed.
**/
STATIC
EFI_STATUS
EFIAPI
InitrdLoadFile2 (
  IN     EFI_LOAD_FILE2_PROTOCOL   *This,
  IN     EFI_DEVICE_PATH_PROTOCOL  *FilePath,
  IN     BOOLEAN                   BootPolicy,
  IN OUT UINTN                     *BufferSize,
  OUT    VOID                      *Buffer OPTIONAL
  )
{
  if (BootPolicy) {
    return EFI_UNSUPPORTED;
  }

  if ((BufferSize == NULL) || (FilePath == NULL) || !IsDevicePathValid (FilePath, 0)) {
    return EFI_INVALID_PARAMETER;
  }

  if (!IsDevicePathEnd (FilePath)) {
    return EFI_NOT_FOUND;
  }

  if ((Buffer == NULL) || (*BufferSize < mInitrd.Size)) {
    *BufferSize = (UINTN)mInitrd.Size;
    return EFI_BUFFER_TOO_SMALL;
  }

  CopyMem (Buffer, (VOID *)(UINTN)mInitrd.Base, (UINTN)mInitrd.Size);
  *BufferSize = (UINTN)mInitrd.Size;
  return EFI_SUCCESS;
}

STATIC EFI_LOAD_FILE2_PROTOCOL  mInitrdLoadFile2 = { InitrdLoadFile2 };

EFI_STATUS
OfferInitrd (
  IN CONST MRM_RANGE  *Initrd
  )
{
  EFI_STATUS  Status;

  mInitrd = *Initrd;
  if ((mInitrd.Size == 0) == (mHandle == NULL)) {
    return EFI_SUCCESS;
  }

  if (mHandle == NULL) {
    return gBS->InstallMultipleProtocolInterfaces (
                  &mHandle,
                  &gEfiDevicePathProtocolGuid,
                  &mInitrdPath,
                  &gEfiLoadFile2ProtocolGuid,
                  &mInitrdLoadFile2,
                  NULL
                  );
  }

  Status = gBS->UninstallMultipleProtocolInterfaces (
                  mHandle,
                  &gEfiDevicePathProtocolGuid,
                  &mInitrdPath,
                  &gEfiLoadFile2ProtocolGuid,
                  &mInitrdLoadFile2,
                  NULL
                  );
  if (!EFI_ERROR (Status)) {
    mHandle = NULL;
  }

  return Status;
}
