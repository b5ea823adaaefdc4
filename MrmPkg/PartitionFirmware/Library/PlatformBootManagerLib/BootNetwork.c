/** @file
  Boots over the partition's own network interfaces.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformBootManager.h"
#include <Library/BaseLib.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/LoadFile.h>
#include <Protocol/RamDisk.h>
#include <Protocol/SimpleNetwork.h>

/**
  Find a node in a device path.

  @param[in] Path     The device path.
  @param[in] Type     MESSAGING_DEVICE_PATH or MEDIA_DEVICE_PATH.
  @param[in] SubType  MSG_*_DP or MEDIA_*_DP.

  @return  The first such node; NULL if there is none.
**/
STATIC
EFI_DEVICE_PATH_PROTOCOL *
FindNode (
  IN EFI_DEVICE_PATH_PROTOCOL  *Path,
  IN UINT8                     Type,
  IN UINT8                     SubType
  )
{
  for ( ; !IsDevicePathEnd (Path); Path = NextDevicePathNode (Path)) {
    if ((DevicePathType (Path) == Type) && (DevicePathSubType (Path) == SubType)) {
      return Path;
    }
  }

  return NULL;
}

/**
  Make the device path of a file that HTTP boot fetches (UEFI 2.10 section 24.7.3.1).

  @param[in] Path  Device path of an interface, with a URI node.
  @param[in] Uri   URI that takes the place of the one in it; ASCII.

  @return  The device path, to be freed; NULL without memory.
**/
STATIC
EFI_DEVICE_PATH_PROTOCOL *
ReplaceUri (
  IN EFI_DEVICE_PATH_PROTOCOL  *Path,
  IN CONST CHAR16              *Uri
  )
{
  EFI_DEVICE_PATH_PROTOCOL  *Interface;
  EFI_DEVICE_PATH_PROTOCOL  *Node;
  EFI_DEVICE_PATH_PROTOCOL  *Full;
  UINTN                     Length;
  UINTN                     Index;

  Full      = NULL;
  Length    = StrLen (Uri);
  Interface = DuplicateDevicePath (Path);
  Node      = CreateDeviceNode (MESSAGING_DEVICE_PATH, MSG_URI_DP, (UINT16)(sizeof (*Node) + Length));
  if ((Interface != NULL) && (Node != NULL)) {
    for (Index = 0; Index < Length; Index++) {
      ((URI_DEVICE_PATH *)Node)->Uri[Index] = (CHAR8)Uri[Index];
    }

    SetDevicePathEndNode (FindNode (Interface, MESSAGING_DEVICE_PATH, MSG_URI_DP));
    Full = AppendDevicePathNode (Interface, Node);
  }

  if (Interface != NULL) {
    FreePool (Interface);
  }

  if (Node != NULL) {
    FreePool (Node);
  }

  return Full;
}

/**
  Give up the RAM disk that a loader came from, if it came from one.

  @param[in,out] Path  Device path of the loader; cut behind its RAM disk.
**/
STATIC
VOID
RemoveRamDisk (
  IN OUT EFI_DEVICE_PATH_PROTOCOL  *Path
  )
{
  MEDIA_RAM_DISK_DEVICE_PATH  *Node;
  EFI_RAM_DISK_PROTOCOL       *RamDisk;
  EFI_PHYSICAL_ADDRESS        Start;
  EFI_PHYSICAL_ADDRESS        End;

  Node = (MEDIA_RAM_DISK_DEVICE_PATH *)FindNode (Path, MEDIA_DEVICE_PATH, MEDIA_RAM_DISK_DP);
  if (  (Node == NULL)
     || EFI_ERROR (gBS->LocateProtocol (&gEfiRamDiskProtocolGuid, NULL, (VOID **)&RamDisk)))
  {
    return;
  }

  Start = ReadUnaligned64 ((UINT64 *)Node->StartingAddr);
  End   = ReadUnaligned64 ((UINT64 *)Node->EndingAddr);
  SetDevicePathEndNode (NextDevicePathNode (Node));
  if (!EFI_ERROR (RamDisk->Unregister (Path))) {
    // UefiBootManagerLib allocated it; nobody else frees it.
    gBS->FreePages (Start, EFI_SIZE_TO_PAGES ((UINTN)(End - Start + 1)));
  }
}

/**
  Boot from all interfaces.

  @param[in]     Segment  Only behind this host bridge; 0 = any.
  @param[in]     Http     TRUE: by HTTP; FALSE: by PXE.
  @param[in]     Uri      For HTTP: what to fetch; NULL = what DHCP names.
  @param[in,out] Reason   Why the last loader that came is back; unchanged when none came.
**/
STATIC
VOID
BootFromInterfaces (
  IN     UINT16        Segment,
  IN     BOOLEAN       Http,
  IN     CONST CHAR16  *Uri OPTIONAL,
  IN OUT CHAR8         *Reason
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
    if (  (FindNode (Path, MESSAGING_DEVICE_PATH, MSG_MAC_ADDR_DP) == NULL)
       || ((FindNode (Path, MESSAGING_DEVICE_PATH, MSG_URI_DP) != NULL) != Http))
    {
      continue;
    }

    Path = (Uri == NULL) ? DuplicateDevicePath (Path) : ReplaceUri (Path, Uri);
    if (Path == NULL) {
      continue;
    }

    Full   = NULL;
    Loader = EfiBootManagerGetLoadOptionBuffer (Path, &Full, &Size);
    FreePool (Path);
    if (Loader != NULL) {
      StartLoader (Full, Loader, Size, NULL, 0, Reason);
      FreePool (Loader);
    }

    if (Full != NULL) {
      RemoveRamDisk (Full);
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
  EFI_HANDLE    *Interfaces;
  UINTN         Count;
  CONST CHAR16  *Uri;
  CHAR8         Name[MRM_DEVICE_NAME_LENGTH];

  ConnectDevices (MRM_DEVICES_NETWORK, Source->Segment);
  Uri = (Source->Path.Size == 0) ? NULL : (CONST CHAR16 *)(UINTN)Source->Path.Base;
  if (Uri == NULL) {
    BootFromInterfaces (Source->Segment, FALSE, NULL, Reason);
  }

  BootFromInterfaces (Source->Segment, TRUE, Uri, Reason);
  if (Reason[0] != '\0') {
    return;
  }

  Interfaces = ListHandles (&gEfiSimpleNetworkProtocolGuid, Source->Segment, &Count);
  if (Interfaces == NULL) {
    if (NameDevice (MRM_DEVICES_NETWORK, Source->Segment, Name, sizeof (Name))) {
      AsciiSPrint (
        Reason,
        MRM_REASON_LENGTH,
        "%a has no driver: none is in the firmware, none for UEFI on x64 in its option ROM; boot from a disk or a file",
        Name
        );
    } else {
      AsciiSPrint (Reason, MRM_REASON_LENGTH, "no network card is there: give the partition one by 'pci'");
    }
  } else {
    AsciiSPrint (
      Reason,
      MRM_REASON_LENGTH,
      (Uri == NULL) ? "no server offered a loader" : "the loader could not be fetched"
      );
    FreePool (Interfaces);
  }
}
