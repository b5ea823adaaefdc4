/** @file
  PCI functions, for a scan.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Scan/Functions.h"
#include "Scan/Archive.h"
#include <IndustryStandard/Acpi.h>
#include <IndustryStandard/Pci.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/PciIo.h>

///
/// Folder of a function: segment, bus, device, function.
///
#define FOLDER  "uefi/pci/%04x:%02x:%02x.%x"

///
/// Bytes of configuration space: of PCI Express, and without.
///
#define EXPRESS_SIZE  PCI_EXP_MAX_CONFIG_OFFSET
#define LEGACY_SIZE   PCI_MAX_CONFIG_OFFSET

/**
  Add the base address registers of a function, as its driver of the PC's firmware knows them.

  @param[in] PciIo  The function.
**/
STATIC
VOID
AddRegisters (
  IN EFI_PCI_IO_PROTOCOL  *PciIo
  )
{
  EFI_STATUS                               Status;
  UINT8                                    Index;
  VOID                                     *Resources;
  CONST EFI_ACPI_ADDRESS_SPACE_DESCRIPTOR  *Space;

  for (Index = 0; Index < PCI_MAX_BAR; Index++) {
    Status = PciIo->GetBarAttributes (PciIo, Index, NULL, &Resources);
    if (EFI_ERROR (Status)) {
      continue;
    }

    Space = Resources;
    if (Space->Desc == ACPI_ADDRESS_SPACE_DESCRIPTOR) {
      AddLine (
        "%a 0x%lx 0x%lx",
        (Space->ResType == ACPI_ADDRESS_SPACE_TYPE_IO) ? "io" : "memory",
        Space->AddrRangeMin,
        Space->AddrLen
        );
    }

    FreePool (Resources);
  }
}

VOID
AddDevicePath (
  IN EFI_HANDLE  Handle
  )
{
  CHAR16  *Text;

  Text = ConvertDevicePathToText (DevicePathFromHandle (Handle), FALSE, FALSE);
  AddLine ("%s", (Text == NULL) ? L"" : Text);
  if (Text != NULL) {
    FreePool (Text);
  }
}

/**
  Add one function.

  @param[in]  Handle  Its handle.
  @param[in]  PciIo   Its protocol.
  @param[out] Config  Room for EXPRESS_SIZE bytes.
**/
STATIC
VOID
AddFunction (
  IN  EFI_HANDLE           Handle,
  IN  EFI_PCI_IO_PROTOCOL  *PciIo,
  OUT UINT32               *Config
  )
{
  EFI_STATUS  Status;
  UINTN       Segment;
  UINTN       Bus;
  UINTN       Device;
  UINTN       Function;
  UINTN       Size;

  Status = PciIo->GetLocation (PciIo, &Segment, &Bus, &Device, &Function);
  if (EFI_ERROR (Status)) {
    return;
  }

  Size   = EXPRESS_SIZE;
  Status = PciIo->Pci.Read (PciIo, EfiPciIoWidthUint32, 0, Size / sizeof (*Config), Config);
  if (EFI_ERROR (Status)) {
    Size   = LEGACY_SIZE;
    Status = PciIo->Pci.Read (PciIo, EfiPciIoWidthUint32, 0, Size / sizeof (*Config), Config);
  }

  if (EFI_ERROR (Status)) {
    return;
  }

  BeginFile (FOLDER "/config", Segment, Bus, Device, Function);
  AddBytes (Config, Size);
  EndFile ();

  BeginFile (FOLDER "/path", Segment, Bus, Device, Function);
  AddDevicePath (Handle);
  AddRegisters (PciIo);
  EndFile ();
}

VOID
AddFunctions (
  VOID
  )
{
  EFI_STATUS           Status;
  EFI_HANDLE           *Handles;
  UINTN                Count;
  UINTN                Index;
  EFI_PCI_IO_PROTOCOL  *PciIo;
  UINT32               *Config;

  Status = gBS->LocateHandleBuffer (ByProtocol, &gEfiPciIoProtocolGuid, NULL, &Count, &Handles);
  if (EFI_ERROR (Status)) {
    return;
  }

  Config = AllocatePool (EXPRESS_SIZE);
  for (Index = 0; (Config != NULL) && (Index < Count); Index++) {
    Status = gBS->HandleProtocol (Handles[Index], &gEfiPciIoProtocolGuid, (VOID **)&PciIo);
    if (!EFI_ERROR (Status)) {
      AddFunction (Handles[Index], PciIo, Config);
    }
  }

  if (Config != NULL) {
    FreePool (Config);
  }

  FreePool (Handles);
}
