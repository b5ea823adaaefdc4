/** @file
  PCI buses of partitions: everything behind an owned root port.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PciConfig.h"
#include "Report.h"
#include <IndustryStandard/MemoryMappedConfigurationSpaceAccessTable.h>
#include <IndustryStandard/Pci.h>
#include <Library/MemoryAllocationLib.h>

/**
  Check whether a function is the UART that the plan makes the partition's console: it
  works without interrupts.

  @param[in] Partition  The partition.
  @param[in] Port       A root port of it.
  @param[in] Function   A function behind that port.

  @retval TRUE   It is.
  @retval FALSE  It is not.
**/
STATIC
BOOLEAN
IsConsole (
  IN CONST MRM_PARTITION     *Partition,
  IN CONST MRM_PCI_PORT      *Port,
  IN CONST MRM_PCI_FUNCTION  *Function
  )
{
  CONST MRM_PLAN_CONSOLE           *Console;
  EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  *RootBridge;
  UINT16                           Segment;
  UINT8                            Bus;
  UINT8                            Device;
  UINT8                            Number;

  Console = &Partition->Plan->Console;
  if (  (Console->Kind != MrmConsoleUart16550Pci)
     || EFI_ERROR (FindFunction (Console->Function, &RootBridge, &Segment, &Bus, &Device, &Number)))
  {
    return FALSE;
  }

  return (BOOLEAN)(  (Segment == Port->PortSegment)
                  && (Bus == Function->Bus)
                  && (Device == Function->Device)
                  && (Number == Function->Function));
}

/**
  See that every function behind a root port can interrupt in a partition, or need not.

  @param[in,out] Partition  Refused when one cannot; receives the console's function.
  @param[in]     Port       The root port.
  @param[in]     Bus        Its bus range.
**/
STATIC
VOID
JudgeFunctions (
  IN OUT MRM_PARTITION       *Partition,
  IN     CONST MRM_PCI_PORT  *Port,
  IN     CONST MRM_PCI_BUS   *Bus
  )
{
  CONST MRM_PCI_FUNCTION  *Function;
  UINTN                   Index;

  for (Index = 0; Index < Port->FunctionCount; Index++) {
    Function = &Port->Functions[Index];
    if (IsConsole (Partition, Port, Function)) {
      Partition->ConsolePort     = Port;
      Partition->ConsoleFunction = Function;
      Partition->ConsoleSegment  = Bus->Segment;
    } else if (MrmPciInterrupts (&Function->Capabilities) == MrmPciInterruptsLine) {
      Refuse (
        Partition,
        MRM_RULE_PCI_MSI,
        "PCI function %02x:%02x.%x (%04x:%04x) has neither MSI nor MSI-X",
        Function->Bus,
        Function->Device,
        Function->Function,
        Function->Config[0] & 0xFFFF,
        Function->Config[0] >> 16
        );
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
  UINT32      Config[MRM_PCI_CONFIG_DWORDS];

  Status = FindFunction (
             Plan->RootPort,
             &Port->RootBridge,
             &Port->PortSegment,
             &Port->PortBus,
             &Port->PortDevice,
             &Port->PortFunction
             );
  if (EFI_ERROR (Status)) {
    Refuse (Partition, MRM_RULE_PCI_EXISTS, "promised root port %a, found none: %r", Plan->RootPort, Status);
    return;
  }

  CopyConfig (Port, Port->PortBus, Port->PortDevice, Port->PortFunction, Config);
  if (((Config[PCI_CACHELINE_SIZE_OFFSET / 4] >> 16) & HEADER_LAYOUT_CODE) != HEADER_TYPE_PCI_TO_PCI_BRIDGE) {
    Refuse (Partition, MRM_RULE_PCI_ROOT_PORT, "promised root port %a, found a function that is no bridge", Plan->RootPort);
    return;
  }

  Bus->Segment  = Plan->Segment;
  Bus->FirstBus = (UINT8)(Config[PCI_BRIDGE_PRIMARY_BUS_REGISTER_OFFSET / 4] >> 8);
  Bus->LastBus  = (UINT8)(Config[PCI_BRIDGE_PRIMARY_BUS_REGISTER_OFFSET / 4] >> 16);
  Bus->EcamBase = FindEcam (Port->PortSegment, Bus);
  if ((Bus->FirstBus == 0) || (Bus->LastBus < Bus->FirstBus)) {
    Refuse (Partition, MRM_RULE_PCI_POPULATED, "the PC's firmware gave root port %a no bus", Plan->RootPort);
  } else if (Bus->EcamBase == 0) {
    Refuse (Partition, MRM_RULE_PCI_ECAM, "no MCFG entry covers buses %02x to %02x of root port %a", Bus->FirstBus, Bus->LastBus, Plan->RootPort);
  } else {
    MrmPciWindows (Config, Bus);
    ListFunctions (Partition, Bus, Port);
    if (Port->FunctionCount == 0) {
      Refuse (Partition, MRM_RULE_PCI_POPULATED, "promised what is behind root port %a, found nothing", Plan->RootPort);
    } else {
      JudgeFunctions (Partition, Port, Bus);
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
