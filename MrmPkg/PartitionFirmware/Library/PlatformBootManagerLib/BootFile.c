/** @file
  Boots from memory: a loader or the shell the controller has read from the PC's ESP.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformBootManager.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>

#pragma pack(1)
typedef struct {
  MEMMAP_DEVICE_PATH          Memory;
  EFI_DEVICE_PATH_PROTOCOL    End;
} MEMORY_DEVICE_PATH;
#pragma pack()

///
/// Magic number of a Linux kernel with a boot protocol (Documentation/arch/x86/boot.rst).
///
#define LINUX_HEADER_OFFSET  0x202
#define LINUX_HEADER_MAGIC   SIGNATURE_32 ('H', 'd', 'r', 'S')

/**
  Whether an image is a Linux kernel, which does not use the firmware's drivers.

  @param[in] Image  The image.
**/
STATIC
BOOLEAN
IsLinux (
  IN CONST MRM_RANGE  *Image
  )
{
  return   (Image->Size >= LINUX_HEADER_OFFSET + sizeof (UINT32))
        && (ReadUnaligned32 ((UINT32 *)(UINTN)(Image->Base + LINUX_HEADER_OFFSET)) == LINUX_HEADER_MAGIC);
}

/**
  Make a handle for the memory a loader lies in, so that its image has a device and a file path.

  @param[in] Source  The source.

  @return  Full device path of the loader, to be freed; NULL without memory.
**/
STATIC
EFI_DEVICE_PATH_PROTOCOL *
MakeDevice (
  IN CONST MRM_BOOT_SOURCE  *Source
  )
{
  MEMORY_DEVICE_PATH        *Path;
  EFI_HANDLE                Handle;
  EFI_DEVICE_PATH_PROTOCOL  *Full;

  Path = AllocateZeroPool (sizeof (*Path));
  if (Path == NULL) {
    return NULL;
  }

  Path->Memory.Header.Type     = HARDWARE_DEVICE_PATH;
  Path->Memory.Header.SubType  = HW_MEMMAP_DP;
  Path->Memory.MemoryType      = EfiBootServicesData;
  Path->Memory.StartingAddress = Source->Loader.Base;
  Path->Memory.EndingAddress   = Source->Loader.Base + Source->Loader.Size - 1;
  SetDevicePathNodeLength (&Path->Memory.Header, sizeof (Path->Memory));
  SetDevicePathEndNode (&Path->End);

  Handle = NULL;
  if (EFI_ERROR (gBS->InstallProtocolInterface (&Handle, &gEfiDevicePathProtocolGuid, EFI_NATIVE_INTERFACE, Path))) {
    FreePool (Path);
    return NULL;
  }

  Full = FileDevicePath (Handle, (Source->Path.Size == 0) ? L"\\" : (CHAR16 *)(UINTN)Source->Path.Base);
  return Full;
}

VOID
BootFile (
  IN  CONST MRM_BOOT_SOURCE  *Source,
  OUT CHAR8                  *Reason
  )
{
  STATIC CONST MRM_RANGE    None = { 0, 0 };
  EFI_DEVICE_PATH_PROTOCOL  *Path;

  if (Source->Loader.Size == 0) {
    AsciiSPrint (Reason, MRM_REASON_LENGTH, "the controller could not read it");
    return;
  }

  if (Source->Kind == MrmBootShell) {
    ConnectDevices (MRM_DEVICES_STORAGE | MRM_DEVICES_USB | MRM_DEVICES_NETWORK, 0);
  } else if (!IsLinux (&Source->Loader)) {
    ConnectDevices (MRM_DEVICES_STORAGE | MRM_DEVICES_USB, 0);
  }

  Path = MakeDevice (Source);
  if ((Path == NULL) || EFI_ERROR (OfferInitrd (&Source->Initrd))) {
    AsciiSPrint (Reason, MRM_REASON_LENGTH, "out of memory");
    return;
  }

  StartLoader (
    Path,
    (VOID *)(UINTN)Source->Loader.Base,
    (UINTN)Source->Loader.Size,
    (VOID *)(UINTN)Source->Options.Base,
    (UINT32)Source->Options.Size,
    Reason
    );
  OfferInitrd (&None);
  FreePool (Path);
}
