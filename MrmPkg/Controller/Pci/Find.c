/** @file
  Which PCI functions there are.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Pci/Find.h"
#include "Pci/Config.h"
#include "Partition/Partition.h"
#include "Partition/Verdict.h"
#include <IndustryStandard/Pci.h>
#include <Library/BaseLib.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/PciIo.h>

/**
  Make a device path of its text.

  @param[in] Text  The text, of any length.

  @return  The path, for FreePool; NULL when the text is none, or there is no memory.
**/
STATIC
EFI_DEVICE_PATH_PROTOCOL *
MakePath (
  IN CONST CHAR8  *Text
  )
{
  EFI_DEVICE_PATH_PROTOCOL  *Path;
  CHAR16                    *Wide;
  UINTN                     Size;

  Size = AsciiStrSize (Text) * sizeof (CHAR16);
  Wide = AllocatePool (Size);
  if (Wide == NULL) {
    return NULL;
  }

  UnicodeSPrintAsciiFormat (Wide, Size, "%a", Text);
  Path = ConvertTextToDevicePath (Wide);
  FreePool (Wide);
  return Path;
}

EFI_STATUS
Locate (
  IN  EFI_HANDLE       Handle,
  OUT MRM_PCI_ADDRESS  *Address
  )
{
  EFI_STATUS           Status;
  EFI_PCI_IO_PROTOCOL  *PciIo;
  UINTN                Segment;
  UINTN                Bus;
  UINTN                Device;
  UINTN                Function;

  Status = gBS->HandleProtocol (Handle, &gEfiPciIoProtocolGuid, (VOID **)&PciIo);
  if (!EFI_ERROR (Status)) {
    Status = PciIo->GetLocation (PciIo, &Segment, &Bus, &Device, &Function);
  }

  if (!EFI_ERROR (Status)) {
    Address->Segment  = (UINT16)Segment;
    Address->Bus      = (UINT8)Bus;
    Address->Device   = (UINT8)Device;
    Address->Function = (UINT8)Function;
  }

  return Status;
}

VOID
AddFunction (
  IN OUT MRM_PARTITION          *Partition,
  IN OUT MRM_PCI_PORT           *Port,
  IN     CONST MRM_PCI_ADDRESS  *Address
  )
{
  MRM_PCI_FUNCTION  *Function;

  if (Port->FunctionCount == MRM_MAX_FUNCTIONS) {
    Refuse (Partition, MRM_RULE_CONTROLLER, "more than %d PCI functions behind one port", MRM_MAX_FUNCTIONS);
    return;
  }

  Function          = &Port->Functions[Port->FunctionCount++];
  Function->Address = *Address;
  CopyConfig (Port->RootBridge, Address, Function->Config);
  MrmPciCapabilities (Function->Config, &Function->Capabilities);
}

VOID
ListFunctions (
  IN OUT MRM_PARTITION      *Partition,
  IN     CONST MRM_PCI_BUS  *Bus,
  IN OUT MRM_PCI_PORT       *Port
  )
{
  UINTN            Number;
  MRM_PCI_ADDRESS  Address;

  Address.Segment = Port->Address.Segment;
  for (Number = Bus->FirstBus; Number <= Bus->LastBus; Number++) {
    Address.Bus = (UINT8)Number;
    for (Address.Device = 0; Address.Device <= PCI_MAX_DEVICE; Address.Device++) {
      for (Address.Function = 0; Address.Function <= PCI_MAX_FUNC; Address.Function++) {
        if ((UINT16)ReadConfig (Port->RootBridge, &Address, PCI_VENDOR_ID_OFFSET) == MAX_UINT16) {
          if (Address.Function == 0) {
            break;
          }

          continue;
        }

        AddFunction (Partition, Port, &Address);
        if (  (Address.Function == 0)
           && ((ReadConfig (Port->RootBridge, &Address, PCI_CACHELINE_SIZE_OFFSET) & (HEADER_TYPE_MULTI_FUNCTION << 16)) == 0))
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
  OUT MRM_PCI_ADDRESS                  *Address
  )
{
  EFI_STATUS                Status;
  EFI_DEVICE_PATH_PROTOCOL  *Path;
  EFI_DEVICE_PATH_PROTOCOL  *Rest;
  EFI_HANDLE                Handle;

  Path = MakePath (Text);
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

  FreePool (Path);
  return EFI_ERROR (Status) ? Status : Locate (Handle, Address);
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
  return (BOOLEAN)!EFI_ERROR (FindFunction (Text, &Bridge->RootBridge, &Bridge->Address));
}

EFI_STATUS
FindFunctionOf (
  IN  EFI_HANDLE       Handle,
  OUT MRM_PCI_ADDRESS  *Address
  )
{
  EFI_STATUS                Status;
  EFI_DEVICE_PATH_PROTOCOL  *Path;
  EFI_HANDLE                Owner;

  Path = DevicePathFromHandle (Handle);
  if (Path == NULL) {
    return EFI_NOT_FOUND;
  }

  Status = gBS->LocateDevicePath (&gEfiPciIoProtocolGuid, &Path, &Owner);
  return EFI_ERROR (Status) ? Status : Locate (Owner, Address);
}

BOOLEAN
IsSameFunction (
  IN CONST MRM_PCI_ADDRESS  *One,
  IN CONST MRM_PCI_ADDRESS  *Other
  )
{
  return (BOOLEAN)(  (One->Segment == Other->Segment)
                  && (One->Bus == Other->Bus)
                  && (One->Device == Other->Device)
                  && (One->Function == Other->Function));
}

/**
  Whether a function is among those that a partition has by themselves.

  @param[in] Port     They.
  @param[in] Address  Where the function is.
**/
STATIC
BOOLEAN
IsAmong (
  IN CONST MRM_PCI_PORT     *Port,
  IN CONST MRM_PCI_ADDRESS  *Address
  )
{
  UINTN  Index;

  for (Index = 0; Index < Port->FunctionCount; Index++) {
    if (IsSameFunction (&Port->Functions[Index].Address, Address)) {
      return TRUE;
    }
  }

  return FALSE;
}

BOOLEAN
IsBehindPorts (
  IN CONST MRM_PARTITION    *Partition,
  IN CONST MRM_PCI_ADDRESS  *Address
  )
{
  CONST MRM_PCI_PORT  *Port;
  UINTN               Index;

  if ((Partition->Rest != NULL) && IsAmong (Partition->Rest, Address)) {
    return TRUE;
  }

  for (Index = 0; (Partition->PciPorts != NULL) && (Index < Partition->PciBusCount); Index++) {
    Port = &Partition->PciPorts[Index];
    if (Port->ByFunction) {
      if (IsAmong (Port, Address)) {
        return TRUE;
      }
    } else if (  (Address->Segment == Port->Address.Segment)
              && (Address->Bus >= Partition->PciBuses[Index].FirstBus)
              && (Address->Bus <= Partition->PciBuses[Index].LastBus))
    {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Check whether a port has, or leads to, some of a share; or one of functions by themselves is among it.

  @param[in] Port   The port, or the functions.
  @param[in] Bus    Its bus range.
  @param[in] Share  The share.
**/
STATIC
BOOLEAN
Meets (
  IN CONST MRM_PCI_PORT   *Port,
  IN CONST MRM_PCI_BUS    *Bus,
  IN CONST MRM_PCI_SHARE  *Share
  )
{
  MRM_PCI_SHARE  Own;
  UINTN          Index;

  Own.Segment  = Port->Address.Segment;
  Own.FirstBus = Bus->FirstBus;
  Own.LastBus  = Bus->LastBus;
  Own.Alone    = Port->ByFunction;
  Own.Device   = 0;
  Own.Function = 0;
  if (!Own.Alone) {
    return MrmPciSharesMeet (&Own, Share);
  }

  for (Index = 0; Index < Port->FunctionCount; Index++) {
    Own.Device   = Port->Functions[Index].Address.Device;
    Own.Function = Port->Functions[Index].Address.Function;
    if (MrmPciSharesMeet (&Own, Share)) {
      return TRUE;
    }
  }

  return FALSE;
}

CONST MRM_PARTITION *
FindOwner (
  IN CONST MRM_PCI_SHARE  *Share,
  IN CONST MRM_PCI_PORT   *Except  OPTIONAL
  )
{
  CONST MRM_PARTITION  *Partition;
  CONST MRM_PCI_PORT   *Port;
  UINTN                Index;
  UINTN                Number;

  for (Index = 0; Index < gPartitionCount; Index++) {
    Partition = &gPartitions[Index];
    if ((Partition->PciPorts == NULL) || (Partition->Life.State == MrmStateRefused)) {
      continue;
    }

    for (Number = 0; Number < Partition->PciBusCount; Number++) {
      Port = &Partition->PciPorts[Number];
      if ((Port->RootBridge != NULL) && (Port != Except) && Meets (Port, &Partition->PciBuses[Number], Share)) {
        return Partition;
      }
    }
  }

  return NULL;
}
