/** @file
  PCI buses of partitions: everything behind an owned root port.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PciConfig.h"
#include "Report.h"
#include <IndustryStandard/MemoryMappedConfigurationSpaceAccessTable.h>
#include <IndustryStandard/Pci.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/PciIo.h>

#define PATH_SIZE                 128
#define CAPABILITY_ID_MSIX        0x11     ///< PCI Local Bus 3.0 section 6.8.2

/**
  Take a function into the list of a port and save its configuration.

  @param[in,out] Partition  Refused when the function cannot be given away.
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
  UINTN             Index;

  if (Port->FunctionCount == MRM_MAX_FUNCTIONS) {
    Refuse (Partition, MRM_RULE_CONTROLLER, "more than %d PCI functions behind one root port", MRM_MAX_FUNCTIONS);
    return;
  }

  Function                 = &Port->Functions[Port->FunctionCount++];
  Function->Bus            = Bus;
  Function->Device         = Device;
  Function->Function       = Number;
  Function->PcieCapability = FindCapability (Port, Bus, Device, Number, EFI_PCI_CAPABILITY_ID_PCIEXP);
  for (Index = 0; Index < MRM_CONFIG_DWORDS; Index++) {
    Function->Config[Index] = ReadConfig (Port, Bus, Device, Number, (UINT8)(Index * 4));
  }

  if (Function->PcieCapability != 0) {
    Function->DeviceControl = (UINT16)ReadConfig (Port, Bus, Device, Number, Function->PcieCapability + PCIE_DEVICE_CONTROL);
    Function->LinkControl   = (UINT16)ReadConfig (Port, Bus, Device, Number, Function->PcieCapability + PCIE_LINK_CONTROL);
  }

  Function->Bridge = ((Function->Config[3] >> 16) & HEADER_LAYOUT_CODE) == HEADER_TYPE_PCI_TO_PCI_BRIDGE;
  if (  !Function->Bridge
     && (FindCapability (Port, Bus, Device, Number, EFI_PCI_CAPABILITY_ID_MSI) == 0)
     && (FindCapability (Port, Bus, Device, Number, CAPABILITY_ID_MSIX) == 0))
  {
    Refuse (
      Partition,
      MRM_RULE_PCI_MSI,
      "PCI function %02x:%02x.%x (%04x:%04x) has neither MSI nor MSI-X",
      Bus,
      Device,
      Number,
      Function->Config[0] & 0xFFFF,
      Function->Config[0] >> 16
      );
  }
}

/**
  List the functions on the buses behind a root port, lower buses first: bridges
  come before what is behind them.

  @param[in,out] Partition  Refused when there is no function, or one cannot be given away.
  @param[in]     Bus        The bus range.
  @param[in,out] Port       Receives the functions.
**/
STATIC
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

/**
  Find the ECAM address of bus 0 of a segment (PCI Firmware 3.3 section 4.1.2).

  @param[in] Segment  Segment of the machine.
  @param[in] Bus      First and last bus that must be covered.

  @return  The address; 0 when the MCFG table does not cover the buses.
**/
STATIC
UINT64
FindEcam (
  IN UINT16             Segment,
  IN CONST MRM_PCI_BUS  *Bus
  )
{
  CONST EFI_ACPI_DESCRIPTION_HEADER                                                                 *Mcfg;
  CONST EFI_ACPI_MEMORY_MAPPED_ENHANCED_CONFIGURATION_SPACE_BASE_ADDRESS_ALLOCATION_STRUCTURE       *Entry;
  UINTN                                                                                             Offset;

  Mcfg = gMachine.Mcfg;
  if (Mcfg == NULL) {
    return 0;
  }

  for (Offset = sizeof (EFI_ACPI_MEMORY_MAPPED_CONFIGURATION_BASE_ADDRESS_TABLE_HEADER);
       Offset + sizeof (*Entry) <= Mcfg->Length;
       Offset += sizeof (*Entry))
  {
    Entry = (CONST VOID *)((CONST UINT8 *)Mcfg + Offset);
    if (  (Entry->PciSegmentGroupNumber == Segment)
       && (Entry->StartBusNumber <= Bus->FirstBus)
       && (Entry->EndBusNumber >= Bus->LastBus))
    {
      return Entry->BaseAddress;
    }
  }

  return 0;
}

/**
  Read the windows a root port forwards (PCI-to-PCI Bridge Architecture 1.2
  sections 3.2.5.8 to 3.2.5.10).

  @param[in]     Port  The root port.
  @param[in,out] Bus   Receives Memory and Prefetchable.
**/
STATIC
VOID
ReadWindows (
  IN     CONST MRM_PCI_PORT  *Port,
  IN OUT MRM_PCI_BUS         *Bus
  )
{
  UINT32  Value;
  UINT64  Base;
  UINT64  Limit;

  Value = ReadConfig (Port, Port->PortBus, Port->PortDevice, Port->PortFunction, OFFSET_OF (PCI_TYPE01, Bridge.MemoryBase));
  Base  = (UINT64)(Value & 0xFFF0) << 16;
  Limit = (UINT64)(Value & 0xFFF00000) | 0xFFFFF;
  if (Base < Limit) {
    Bus->Memory.Base = Base;
    Bus->Memory.Size = Limit - Base + 1;
  }

  Value = ReadConfig (Port, Port->PortBus, Port->PortDevice, Port->PortFunction, OFFSET_OF (PCI_TYPE01, Bridge.PrefetchableMemoryBase));
  Base  = (UINT64)(Value & 0xFFF0) << 16;
  Limit = (UINT64)(Value & 0xFFF00000) | 0xFFFFF;
  if ((Value & 0xF) == 1) {
    Base  |= LShiftU64 (ReadConfig (Port, Port->PortBus, Port->PortDevice, Port->PortFunction, OFFSET_OF (PCI_TYPE01, Bridge.PrefetchableBaseUpper32)), 32);
    Limit |= LShiftU64 (ReadConfig (Port, Port->PortBus, Port->PortDevice, Port->PortFunction, OFFSET_OF (PCI_TYPE01, Bridge.PrefetchableLimitUpper32)), 32);
  }

  if (Base < Limit) {
    Bus->Prefetchable.Base = Base;
    Bus->Prefetchable.Size = Limit - Base + 1;
  }
}

/**
  Find a root port by its UEFI device path.

  @param[in]  Text  Device path text.
  @param[out] Port  Receives root bridge and location.

  @retval EFI_SUCCESS    Found.
  @retval EFI_NOT_FOUND  The machine has no such function.
  @return Other          Status of the PC's PCI protocols.
**/
STATIC
EFI_STATUS
FindPort (
  IN  CONST CHAR8   *Text,
  OUT MRM_PCI_PORT  *Port
  )
{
  EFI_STATUS                Status;
  CHAR16                    Wide[PATH_SIZE];
  EFI_DEVICE_PATH_PROTOCOL  *Path;
  EFI_DEVICE_PATH_PROTOCOL  *Rest;
  EFI_HANDLE                Handle;
  EFI_PCI_IO_PROTOCOL       *PciIo;
  UINTN                     Segment;
  UINTN                     Bus;
  UINTN                     Device;
  UINTN                     Function;

  UnicodeSPrintAsciiFormat (Wide, sizeof (Wide), "%a", Text);
  Path = ConvertTextToDevicePath (Wide);
  if (Path == NULL) {
    return EFI_NOT_FOUND;
  }

  Rest   = Path;
  Status = gBS->LocateDevicePath (&gEfiPciRootBridgeIoProtocolGuid, &Rest, &Handle);
  if (!EFI_ERROR (Status)) {
    Status = gBS->HandleProtocol (Handle, &gEfiPciRootBridgeIoProtocolGuid, (VOID **)&Port->RootBridge);
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
    Status = PciIo->GetLocation (PciIo, &Segment, &Bus, &Device, &Function);
  }

  FreePool (Path);
  if (!EFI_ERROR (Status)) {
    Port->PortSegment  = (UINT16)Segment;
    Port->PortBus      = (UINT8)Bus;
    Port->PortDevice   = (UINT8)Device;
    Port->PortFunction = (UINT8)Function;
  }

  return Status;
}

/**
  Bind one root port.

  @param[in,out] Partition  Refused when the port or what is behind it cannot be given away.
  @param[in]     Plan       The root port of the plan.
  @param[out]    Port       Receives the port.
  @param[out]    Bus        Receives the bus range.
**/
STATIC
VOID
BindPort (
  IN OUT MRM_PARTITION           *Partition,
  IN     CONST MRM_PLAN_PCI_BUS  *Plan,
  OUT    MRM_PCI_PORT            *Port,
  OUT    MRM_PCI_BUS             *Bus
  )
{
  EFI_STATUS  Status;
  UINT32      Value;

  Status = FindPort (Plan->RootPort, Port);
  if (EFI_ERROR (Status)) {
    Refuse (Partition, MRM_RULE_PCI_EXISTS, "promised root port %a, found none: %r", Plan->RootPort, Status);
    return;
  }

  Value = ReadConfig (Port, Port->PortBus, Port->PortDevice, Port->PortFunction, PCI_CACHELINE_SIZE_OFFSET);
  if (((Value >> 16) & HEADER_LAYOUT_CODE) != HEADER_TYPE_PCI_TO_PCI_BRIDGE) {
    Refuse (Partition, MRM_RULE_PCI_ROOT_PORT, "promised root port %a, found a function that is no bridge", Plan->RootPort);
    return;
  }

  Value         = ReadConfig (Port, Port->PortBus, Port->PortDevice, Port->PortFunction, PCI_BRIDGE_PRIMARY_BUS_REGISTER_OFFSET);
  Bus->Segment  = Plan->Segment;
  Bus->FirstBus = (UINT8)(Value >> 8);
  Bus->LastBus  = (UINT8)(Value >> 16);
  Bus->EcamBase = FindEcam (Port->PortSegment, Bus);
  if ((Bus->FirstBus == 0) || (Bus->LastBus < Bus->FirstBus)) {
    Refuse (Partition, MRM_RULE_PCI_POPULATED, "the PC's firmware gave root port %a no bus", Plan->RootPort);
  } else if (Bus->EcamBase == 0) {
    Refuse (Partition, MRM_RULE_PCI_ECAM, "no MCFG entry covers buses %02x to %02x of root port %a", Bus->FirstBus, Bus->LastBus, Plan->RootPort);
  } else {
    ReadWindows (Port, Bus);
    ListFunctions (Partition, Bus, Port);
    if (Port->FunctionCount == 0) {
      Refuse (Partition, MRM_RULE_PCI_POPULATED, "promised what is behind root port %a, found nothing", Plan->RootPort);
    } else {
      Keep (
        Partition,
        MRM_RULE_PCI_EXISTS,
        "root port %a: buses %02x to %02x, %d functions",
        Plan->RootPort,
        Bus->FirstBus,
        Bus->LastBus,
        Port->FunctionCount
        );
    }
  }
}

VOID
BindPci (
  IN OUT MRM_PARTITION  *Partition
  )
{
  UINTN  Index;

  Partition->PciBusCount = Partition->Plan->PciBusCount;
  if (Partition->PciBusCount == 0) {
    return;
  }

  Partition->PciPorts = AllocateZeroPool (Partition->PciBusCount * sizeof (MRM_PCI_PORT));
  if (Partition->PciPorts == NULL) {
    Refuse (Partition, MRM_RULE_CONTROLLER, "the controller is out of memory");
    return;
  }

  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    BindPort (Partition, &Partition->Plan->PciBuses[Index], &Partition->PciPorts[Index], &Partition->PciBuses[Index]);
  }
}
