/** @file
  Starts the drivers of those devices a partition needs, and finds what they made.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformBootManager.h"
#include <IndustryStandard/Pci.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/NonDiscoverableDevice.h>
#include <Protocol/PciIo.h>
#include <Protocol/PciRootBridgeIo.h>

/**
  What kind of device a PCI function is, by its class code.

  @param[in] PciIo  The function.

  @return  MRM_DEVICES_*; 0 for any other.
**/
STATIC
UINT32
KindOf (
  IN EFI_PCI_IO_PROTOCOL  *PciIo
  )
{
  UINT8  Class[3];

  if (EFI_ERROR (PciIo->Pci.Read (PciIo, EfiPciIoWidthUint8, PCI_CLASSCODE_OFFSET, sizeof (Class), Class))) {
    return 0;
  }

  switch (Class[2]) {
    case PCI_CLASS_MASS_STORAGE:
      return MRM_DEVICES_STORAGE;
    case PCI_CLASS_NETWORK:
      return MRM_DEVICES_NETWORK;
    case PCI_CLASS_DISPLAY:
      return MRM_DEVICES_DISPLAY;
    case PCI_CLASS_SERIAL:
      return (Class[1] == PCI_CLASS_SERIAL_USB) ? MRM_DEVICES_USB : 0;
    default:
      return 0;
  }
}

/**
  Whether a device path begins at a served disk.

  @param[in] Path  The device path.
**/
STATIC
BOOLEAN
IsServedDisk (
  IN CONST EFI_DEVICE_PATH_PROTOCOL  *Path
  )
{
  return   (DevicePathType (Path) == HARDWARE_DEVICE_PATH)
        && (DevicePathSubType (Path) == HW_VENDOR_DP)
        && CompareGuid (&((CONST VENDOR_DEVICE_PATH *)Path)->Guid, &gEdkiiNonDiscoverableDeviceProtocolGuid);
}

BOOLEAN
IsBehind (
  IN CONST EFI_DEVICE_PATH_PROTOCOL  *Path,
  IN UINT16                          Segment
  )
{
  if (Path == NULL) {
    return FALSE;
  }

  // PciHostBridgeLib gives each host bridge its segment as UID.
  return   (Segment == 0)
        || (  (DevicePathType (Path) == ACPI_DEVICE_PATH)
           && (DevicePathSubType (Path) == ACPI_DP)
           && (((CONST ACPI_HID_DEVICE_PATH *)Path)->UID == Segment))
        || ((MrmGetHandOff ()->DiskSegment == Segment) && IsServedDisk (Path));
}

EFI_HANDLE *
ListHandles (
  IN  EFI_GUID  *Protocol,
  IN  UINT16    Segment,
  OUT UINTN     *Count
  )
{
  EFI_HANDLE                *Handles;
  EFI_HANDLE                Handle;
  EFI_DEVICE_PATH_PROTOCOL  *Path;
  EFI_DEVICE_PATH_PROTOCOL  *Other;
  UINTN                     Found;
  UINTN                     Index;
  UINTN                     Place;

  *Count = 0;
  if (EFI_ERROR (gBS->LocateHandleBuffer (ByProtocol, Protocol, NULL, &Found, &Handles))) {
    return NULL;
  }

  // Insertion sort; few handles.
  for (Index = 0; Index < Found; Index++) {
    Handle = Handles[Index];
    Path   = DevicePathFromHandle (Handle);
    if (!IsBehind (Path, Segment)) {
      continue;
    }

    for (Place = *Count; Place > 0; Place--) {
      Other = DevicePathFromHandle (Handles[Place - 1]);
      if (CompareMem (Other, Path, MIN (GetDevicePathSize (Other), GetDevicePathSize (Path))) <= 0) {
        break;
      }

      Handles[Place] = Handles[Place - 1];
    }

    Handles[Place] = Handle;
    (*Count)++;
  }

  if (*Count == 0) {
    FreePool (Handles);
    return NULL;
  }

  return Handles;
}

/**
  Start the drivers of handles that have a protocol, but not those of what is behind them.

  @param[in] Protocol  The protocol.
  @param[in] Segment   Only behind this host bridge; 0 = any.
**/
STATIC
VOID
ConnectShallow (
  IN EFI_GUID  *Protocol,
  IN UINT16    Segment
  )
{
  EFI_HANDLE  *Handles;
  UINTN       Count;
  UINTN       Index;

  Handles = ListHandles (Protocol, Segment, &Count);
  for (Index = 0; Index < Count; Index++) {
    gBS->ConnectController (Handles[Index], NULL, NULL, FALSE);
  }

  if (Handles != NULL) {
    FreePool (Handles);
  }
}

VOID
ConnectDevices (
  IN UINT32  Kinds,
  IN UINT16  Segment
  )
{
  EFI_HANDLE           *Handles;
  UINTN                Count;
  UINTN                Index;
  EFI_PCI_IO_PROTOCOL  *PciIo;

  // This only makes a handle for each PCI function, and for each served disk.
  ConnectShallow (&gEfiPciRootBridgeIoProtocolGuid, Segment);
  ConnectShallow (&gEdkiiNonDiscoverableDeviceProtocolGuid, Segment);
  Handles = ListHandles (&gEfiPciIoProtocolGuid, Segment, &Count);
  for (Index = 0; Index < Count; Index++) {
    if (  !EFI_ERROR (gBS->HandleProtocol (Handles[Index], &gEfiPciIoProtocolGuid, (VOID **)&PciIo))
       && ((KindOf (PciIo) & Kinds) != 0))
    {
      gBS->ConnectController (Handles[Index], NULL, NULL, TRUE);
    }
  }

  if (Handles != NULL) {
    FreePool (Handles);
  }
}

BOOLEAN
NameDevice (
  IN  UINT32  Kinds,
  IN  UINT16  Segment,
  OUT CHAR8   *Text,
  IN  UINTN   Size
  )
{
  EFI_HANDLE           *Handles;
  UINTN                Count;
  UINTN                Index;
  EFI_PCI_IO_PROTOCOL  *PciIo;
  UINTN                Place[4];
  UINT16               Ids[2];
  BOOLEAN              Found;

  Found   = FALSE;
  Handles = ListHandles (&gEfiPciIoProtocolGuid, Segment, &Count);
  for (Index = 0; !Found && Index < Count; Index++) {
    if (  EFI_ERROR (gBS->HandleProtocol (Handles[Index], &gEfiPciIoProtocolGuid, (VOID **)&PciIo))
       || ((KindOf (PciIo) & Kinds) == 0)
       || EFI_ERROR (PciIo->GetLocation (PciIo, &Place[0], &Place[1], &Place[2], &Place[3]))
       || EFI_ERROR (PciIo->Pci.Read (PciIo, EfiPciIoWidthUint16, PCI_VENDOR_ID_OFFSET, ARRAY_SIZE (Ids), Ids)))
    {
      continue;
    }

    Found = TRUE;
    AsciiSPrint (
      Text,
      Size,
      "%04x:%02x:%02x.%x (%04x:%04x)",
      Place[0],
      Place[1],
      Place[2],
      Place[3],
      Ids[0],
      Ids[1]
      );
  }

  if (Handles != NULL) {
    FreePool (Handles);
  }

  return Found;
}
