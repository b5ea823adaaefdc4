/** @file
  Which PCI functions there are.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PciConfig.h"
#include "Report.h"
#include <IndustryStandard/Pci.h>
#include <Library/BaseLib.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/PciIo.h>

/**
  Take a function into the list of a port and save its configuration.

  @param[in,out] Partition  Refused when the list is full.
  @param[in,out] Port       Receives the function.
  @param[in]     Bus        Bus number.
  @param[in]     Device     Device number.
  @param[in]     Number     Function number.
**/
STATIC
VOID
AddFunction (
  IN OUT MRM_PARTITION  *Partition,
  IN OUT MRM_PCI_PORT   *Port,
  IN     UINT8          Bus,
  IN     UINT8          Device,
  IN     UINT8          Number
  )
{
  MRM_PCI_FUNCTION  *Function;

  if (Port->FunctionCount == MRM_MAX_FUNCTIONS) {
    Refuse (Partition, MRM_RULE_CONTROLLER, "more than %d PCI functions behind one port", MRM_MAX_FUNCTIONS);
    return;
  }

  Function           = &Port->Functions[Port->FunctionCount++];
  Function->Bus      = Bus;
  Function->Device   = Device;
  Function->Function = Number;
  CopyConfig (Port, Bus, Device, Number, Function->Config);
  MrmPciCapabilities (Function->Config, &Function->Capabilities);
}

VOID
ListFunctions (
  IN OUT MRM_PARTITION      *Partition,
  IN     CONST MRM_PCI_BUS  *Bus,
  IN OUT MRM_PCI_PORT       *Port
  )
{
  UINTN  Number;
  UINT8  Device;
  UINT8  Function;

  for (Number = Bus->FirstBus; Number <= Bus->LastBus; Number++) {
    for (Device = 0; Device <= PCI_MAX_DEVICE; Device++) {
      for (Function = 0; Function <= PCI_MAX_FUNC; Function++) {
        if ((UINT16)ReadConfig (Port, (UINT8)Number, Device, Function, 0) == MAX_UINT16) {
          if (Function == 0) {
            break;
          }

          continue;
        }

        AddFunction (Partition, Port, (UINT8)Number, Device, Function);
        if (  (Function == 0)
           && ((ReadConfig (Port, (UINT8)Number, Device, 0, PCI_CACHELINE_SIZE_OFFSET) & (HEADER_TYPE_MULTI_FUNCTION << 16)) == 0))
        {
          break;
        }
      }
    }
  }
}

EFI_STATUS
FindFunction (
  IN  CONST CHAR8                      *Text,
  OUT EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  **RootBridge,
  OUT UINT16                           *Segment,
  OUT UINT8                            *Bus,
  OUT UINT8                            *Device,
  OUT UINT8                            *Function
  )
{
  EFI_STATUS                Status;
  CHAR16                    Wide[PCI_PATH_SIZE];
  EFI_DEVICE_PATH_PROTOCOL  *Path;
  EFI_DEVICE_PATH_PROTOCOL  *Rest;
  EFI_HANDLE                Handle;
  EFI_PCI_IO_PROTOCOL       *PciIo;
  UINTN                     Numbers[4];

  UnicodeSPrintAsciiFormat (Wide, sizeof (Wide), "%a", Text);
  Path = ConvertTextToDevicePath (Wide);
  if (Path == NULL) {
    return EFI_NOT_FOUND;
  }

  Rest   = Path;
  Status = gBS->LocateDevicePath (&gEfiPciRootBridgeIoProtocolGuid, &Rest, &Handle);
  if (!EFI_ERROR (Status)) {
    Status = gBS->HandleProtocol (Handle, &gEfiPciRootBridgeIoProtocolGuid, (VOID **)RootBridge);
  }

  Rest = Path;
  if (!EFI_ERROR (Status)) {
    Status = gBS->LocateDevicePath (&gEfiPciIoProtocolGuid, &Rest, &Handle);
  }

  if (!EFI_ERROR (Status) && !IsDevicePathEnd (Rest)) {
    Status = EFI_NOT_FOUND;
  }

  if (!EFI_ERROR (Status)) {
    Status = gBS->HandleProtocol (Handle, &gEfiPciIoProtocolGuid, (VOID **)&PciIo);
  }

  if (!EFI_ERROR (Status)) {
    Status = PciIo->GetLocation (PciIo, &Numbers[0], &Numbers[1], &Numbers[2], &Numbers[3]);
  }

  FreePool (Path);
  if (!EFI_ERROR (Status)) {
    *Segment  = (UINT16)Numbers[0];
    *Bus      = (UINT8)Numbers[1];
    *Device   = (UINT8)Numbers[2];
    *Function = (UINT8)Numbers[3];
  }

  return Status;
}

BOOLEAN
FindBridgeAbove (
  IN OUT CHAR8         *Text,
  OUT    MRM_PCI_PORT  *Bridge
  )
{
  UINTN  Length;

  Length = AsciiStrLen (Text);
  while ((Length > 0) && (Text[Length - 1] != '/')) {
    Length--;
  }

  if (Length == 0) {
    return FALSE;
  }

  Text[Length - 1] = '\0';
  return (BOOLEAN)!EFI_ERROR (
                     FindFunction (
                       Text,
                       &Bridge->RootBridge,
                       &Bridge->PortSegment,
                       &Bridge->PortBus,
                       &Bridge->PortDevice,
                       &Bridge->PortFunction
                       )
                     );
}

EFI_STATUS
FindFunctionOf (
  IN  EFI_HANDLE  Handle,
  OUT UINT16      *Segment,
  OUT UINT8       *Bus
  )
{
  EFI_STATUS                Status;
  EFI_DEVICE_PATH_PROTOCOL  *Path;
  EFI_HANDLE                Owner;
  EFI_PCI_IO_PROTOCOL       *PciIo;
  UINTN                     Numbers[4];

  Path = DevicePathFromHandle (Handle);
  if (Path == NULL) {
    return EFI_NOT_FOUND;
  }

  Status = gBS->LocateDevicePath (&gEfiPciIoProtocolGuid, &Path, &Owner);
  if (!EFI_ERROR (Status)) {
    Status = gBS->HandleProtocol (Owner, &gEfiPciIoProtocolGuid, (VOID **)&PciIo);
  }

  if (!EFI_ERROR (Status)) {
    Status = PciIo->GetLocation (PciIo, &Numbers[0], &Numbers[1], &Numbers[2], &Numbers[3]);
  }

  if (!EFI_ERROR (Status)) {
    *Segment = (UINT16)Numbers[0];
    *Bus     = (UINT8)Numbers[1];
  }

  return Status;
}
