/** @file
  Boots over the partition's own network interfaces.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformBootManager.h"
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/LoadFile.h>
#include <Protocol/SimpleNetwork.h>

/**
  Whether a device path has a messaging node of a kind.

  @param[in] Path     The device path.
  @param[in] SubType  MSG_*_DP.
**/
STATIC
BOOLEAN
HasNode (
  IN CONST EFI_DEVICE_PATH_PROTOCOL  *Path,
  IN UINT8                           SubType
  )
{
  for ( ; !IsDevicePathEnd (Path); Path = NextDevicePathNode (Path)) {
    if ((DevicePathType (Path) == MESSAGING_DEVICE_PATH) && (DevicePathSubType (Path) == SubType)) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Boot from all interfaces.

  @param[in]     Segment  Only behind this host bridge; 0 = any.
  @param[in,out] Reason   Why the last loader that came is back; unchanged when none came.
**/
STATIC
VOID
BootFromInterfaces (
  IN     UINT16  Segment,
  IN OUT CHAR8   *Reason
  )
{
  EFI_HANDLE                *Handles;
  UINTN                     Count;
  UINTN                     Index;
  EFI_DEVICE_PATH_PROTOCOL  *Path;
  EFI_DEVICE_PATH_PROTOCOL  *Full;
  VOID                      *Loader;
  UINTN                     Size;

  Handles = ListHandles (&gEfiLoadFileProtocolGuid, Segment, &Count);
  for (Index = 0; Index < Count; Index++) {
    Path = DevicePathFromHandle (Handles[Index]);
    if (!HasNode (Path, MSG_MAC_ADDR_DP)) {
      continue;
    }

    Full   = NULL;
    Loader = EfiBootManagerGetLoadOptionBuffer (Path, &Full, &Size);
    if (Loader != NULL) {
      StartLoader (Full, Loader, Size, NULL, 0, Reason);
      FreePool (Loader);
    }

    if (Full != NULL) {
      FreePool (Full);
    }
  }

  if (Handles != NULL) {
    FreePool (Handles);
  }
}

VOID
BootNetwork (
  IN  CONST MRM_BOOT_SOURCE  *Source,
  OUT CHAR8                  *Reason
  )
{
  EFI_HANDLE  *Interfaces;
  UINTN       Count;

  ConnectDevices (MRM_DEVICES_NETWORK, Source->Segment);
  BootFromInterfaces (Source->Segment, Reason);
  if (Reason[0] != '\0') {
    return;
  }

  Interfaces = ListHandles (&gEfiSimpleNetworkProtocolGuid, Source->Segment, &Count);
  if (Interfaces == NULL) {
    AsciiSPrint (Reason, MRM_REASON_LENGTH, "no network interface with a UEFI driver");
  } else {
    AsciiSPrint (Reason, MRM_REASON_LENGTH, "no server offered a loader");
    FreePool (Interfaces);
  }
}
