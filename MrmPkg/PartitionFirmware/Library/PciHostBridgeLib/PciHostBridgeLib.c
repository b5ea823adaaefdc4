/** @file
  One PCI host bridge per owned bus range, resources as the PC's firmware assigned them.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiDxe.h>
#include <Library/DebugLib.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmHandOffLib.h>
#include <Library/PciHostBridgeLib.h>
#include <Protocol/PciHostBridgeResourceAllocation.h>
#include <Protocol/PciRootBridgeIo.h>

///
/// What the owner of the chipset has of the ports of old, and drivers of displays ask for.
///
#define VGA_PORTS  (EFI_PCI_ATTRIBUTE_VGA_IO_16 | EFI_PCI_ATTRIBUTE_VGA_PALETTE_IO_16 | \
                    EFI_PCI_ATTRIBUTE_VGA_IO    | EFI_PCI_ATTRIBUTE_VGA_PALETTE_IO)

#pragma pack(1)
typedef struct {
  ACPI_HID_DEVICE_PATH        Acpi;
  EFI_DEVICE_PATH_PROTOCOL    End;
} ROOT_BRIDGE_DEVICE_PATH;
#pragma pack()

STATIC CONST ROOT_BRIDGE_DEVICE_PATH  mDevicePathTemplate = {
  {
    {
      ACPI_DEVICE_PATH,
      ACPI_DP,
      { (UINT8)sizeof (ACPI_HID_DEVICE_PATH), (UINT8)(sizeof (ACPI_HID_DEVICE_PATH) >> 8) }
    },
    EISA_PNP_ID (0x0A08),
    0
  },
  {
    END_DEVICE_PATH_TYPE,
    END_ENTIRE_DEVICE_PATH_SUBTYPE,
    { END_DEVICE_PATH_LENGTH, 0 }
  }
};

/**
  Describe a window as the aperture below or above 4 GiB that it is; the other is closed.

  @param[in]  Window   The window; Size zero = closed.
  @param[out] Below4G  Aperture below 4 GiB.
  @param[out] Above4G  Aperture above 4 GiB.
**/
STATIC
VOID
SetApertures (
  IN  CONST MRM_RANGE           *Window,
  OUT PCI_ROOT_BRIDGE_APERTURE  *Below4G,
  OUT PCI_ROOT_BRIDGE_APERTURE  *Above4G
  )
{
  PCI_ROOT_BRIDGE_APERTURE  *Aperture;

  Below4G->Base  = MAX_UINT64;
  Below4G->Limit = 0;
  Above4G->Base  = MAX_UINT64;
  Above4G->Limit = 0;
  if (Window->Size != 0) {
    Aperture        = (Window->Base < SIZE_4GB) ? Below4G : Above4G;
    Aperture->Base  = Window->Base;
    Aperture->Limit = Window->Base + Window->Size - 1;
  }
}

PCI_ROOT_BRIDGE *
EFIAPI
PciHostBridgeGetRootBridges (
  OUT UINTN  *Count
  )
{
  CONST MRM_HAND_OFF       *HandOff;
  CONST MRM_PCI_BUS        *Bus;
  PCI_ROOT_BRIDGE          *Bridges;
  PCI_ROOT_BRIDGE          *Bridge;
  ROOT_BRIDGE_DEVICE_PATH  *DevicePath;
  UINTN                    Index;

  *Count  = 0;
  HandOff = MrmGetHandOff ();
  if ((HandOff == NULL) || (HandOff->PciBusCount == 0) || (HandOff->PciBusCount > MRM_MAX_PCI_BUSES)) {
    return NULL;
  }

  Bridges = AllocateZeroPool (HandOff->PciBusCount * sizeof (PCI_ROOT_BRIDGE));
  if (Bridges == NULL) {
    return NULL;
  }

  for (Index = 0; Index < HandOff->PciBusCount; Index++) {
    Bus        = &HandOff->PciBuses[Index];
    Bridge     = &Bridges[Index];
    DevicePath = AllocateCopyPool (sizeof (mDevicePathTemplate), &mDevicePathTemplate);
    if (DevicePath == NULL) {
      break;
    }

    DevicePath->Acpi.UID         = Bus->Segment;
    Bridge->Segment              = Bus->Segment;
    Bridge->DmaAbove4G           = TRUE;
    Bridge->ResourceAssigned     = TRUE;
    Bridge->AllocationAttributes = EFI_PCI_HOST_BRIDGE_MEM64_DECODE;
    Bridge->Supports             = (Bus->Segment == 0) ? VGA_PORTS : 0;
    Bridge->Attributes           = Bridge->Supports;
    Bridge->Bus.Base             = Bus->FirstBus;
    Bridge->Bus.Limit            = Bus->LastBus;
    Bridge->Io.Base              = (Bus->Io.Size == 0) ? MAX_UINT64 : Bus->Io.Base;
    Bridge->Io.Limit             = (Bus->Io.Size == 0) ? 0 : Bus->Io.Base + Bus->Io.Size - 1;
    Bridge->DevicePath           = (EFI_DEVICE_PATH_PROTOCOL *)DevicePath;
    SetApertures (&Bus->Memory, &Bridge->Mem, &Bridge->MemAbove4G);
    SetApertures (&Bus->Prefetchable, &Bridge->PMem, &Bridge->PMemAbove4G);
  }

  *Count = Index;
  return Bridges;
}

VOID
EFIAPI
PciHostBridgeFreeRootBridges (
  IN PCI_ROOT_BRIDGE  *Bridges,
  IN UINTN            Count
  )
{
  UINTN  Index;

  for (Index = 0; Index < Count; Index++) {
    FreePool (Bridges[Index].DevicePath);
  }

  if (Bridges != NULL) {
    FreePool (Bridges);
  }
}

VOID
EFIAPI
PciHostBridgeResourceConflict (
  IN EFI_HANDLE  HostBridgeHandle,
  IN VOID        *Configuration
  )
{
  // Resources are assigned already; PciBusDxe never submits any.
  ASSERT (FALSE);
}
