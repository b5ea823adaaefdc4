/** @file
  Devices of partitions between two owners: released by the PC's drivers, quiesced
  before every start.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PciConfig.h"
#include <IndustryStandard/Pci.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/PciIo.h>

#define BRIDGE_CONTROL_RESET      BIT6     ///< PCI-to-PCI Bridge Architecture 1.2 section 3.2.5.18
#define RESET_HOLD_MICROSECONDS   2000     ///< PCIe 5.0 section 6.6.1: at least 1 ms
#define RESET_READY_MICROSECONDS  100000   ///< PCIe 5.0 section 6.6.1: configuration after 100 ms
#define READY_TIMEOUT             10       ///< times RESET_READY_MICROSECONDS
#define NO_INTERRUPT_LINE         0xFF     ///< PCI Local Bus 3.0 section 6.2.4: no connection

VOID
ReleasePci (
  IN CONST MRM_PARTITION  *Partition
  )
{
  EFI_STATUS           Status;
  EFI_HANDLE           *Handles;
  EFI_PCI_IO_PROTOCOL  *PciIo;
  UINTN                Count;
  UINTN                Index;
  UINTN                Port;
  UINTN                Segment;
  UINTN                Bus;
  UINTN                Device;
  UINTN                Function;

  Status = gBS->LocateHandleBuffer (ByProtocol, &gEfiPciIoProtocolGuid, NULL, &Count, &Handles);
  if (EFI_ERROR (Status)) {
    return;
  }

  for (Index = 0; Index < Count; Index++) {
    // A handle can go away with the bridge above it.
    Status = gBS->HandleProtocol (Handles[Index], &gEfiPciIoProtocolGuid, (VOID **)&PciIo);
    if (EFI_ERROR (Status) || EFI_ERROR (PciIo->GetLocation (PciIo, &Segment, &Bus, &Device, &Function))) {
      continue;
    }

    for (Port = 0; Port < Partition->PciBusCount; Port++) {
      if (  (Segment == Partition->PciPorts[Port].PortSegment)
         && (Bus >= Partition->PciBuses[Port].FirstBus)
         && (Bus <= Partition->PciBuses[Port].LastBus))
      {
        gBS->DisconnectController (Handles[Index], NULL, NULL);
      }
    }
  }

  FreePool (Handles);
}

/**
  Reset everything behind a root port by its secondary bus reset.

  @param[in] Port  The root port.
**/
STATIC
VOID
ResetSecondaryBus (
  IN CONST MRM_PCI_PORT  *Port
  )
{
  UINT32  Control;
  UINT8   Register;

  Register = OFFSET_OF (PCI_TYPE01, Bridge.InterruptLine);
  Control  = ReadConfig (Port, Port->PortBus, Port->PortDevice, Port->PortFunction, Register);
  WriteConfig (Port, Port->PortBus, Port->PortDevice, Port->PortFunction, Register, Control | (BRIDGE_CONTROL_RESET << 16));
  gBS->Stall (RESET_HOLD_MICROSECONDS);
  WriteConfig (Port, Port->PortBus, Port->PortDevice, Port->PortFunction, Register, Control & ~(BRIDGE_CONTROL_RESET << 16));
  gBS->Stall (RESET_READY_MICROSECONDS);
}

/**
  Give a function its configuration back: BARs, bridge windows, bus numbers, ROM.
  Decoding and bus mastering stay off; who drives the device turns them on.

  @param[in] Port      Its root port.
  @param[in] Function  The function.
**/
STATIC
VOID
RestoreFunction (
  IN CONST MRM_PCI_PORT      *Port,
  IN CONST MRM_PCI_FUNCTION  *Function
  )
{
  UINTN   Index;
  UINT32  Value;

  for (Index = 0; Index < READY_TIMEOUT; Index++) {
    if (ReadConfig (Port, Function->Bus, Function->Device, Function->Function, 0) == Function->Config[0]) {
      break;
    }

    gBS->Stall (RESET_READY_MICROSECONDS);
  }

  WriteCommand (Port, Function, 0);
  for (Index = PCI_CACHELINE_SIZE_OFFSET / 4; Index < MRM_CONFIG_DWORDS; Index++) {
    Value = Function->Config[Index];
    if (Index == PCI_INT_LINE_OFFSET / 4) {
      Value = (Value & ~0xFFU) | NO_INTERRUPT_LINE;
    }

    WriteConfig (Port, Function->Bus, Function->Device, Function->Function, (UINT8)(Index * 4), Value);
  }

  if (Function->PcieCapability != 0) {
    WriteConfig (
      Port,
      Function->Bus,
      Function->Device,
      Function->Function,
      Function->PcieCapability + PCIE_DEVICE_CONTROL,
      Function->DeviceControl
      );
    WriteConfig (
      Port,
      Function->Bus,
      Function->Device,
      Function->Function,
      Function->PcieCapability + PCIE_LINK_CONTROL,
      Function->LinkControl
      );
  }

  if (Function->Bridge) {
    // Bridges inside a partition forward as the PC's firmware set them up.
    WriteCommand (Port, Function, (UINT16)Function->Config[PCI_COMMAND_OFFSET / 4]);
  }
}

VOID
QuiescePci (
  IN CONST MRM_PARTITION  *Partition
  )
{
  CONST MRM_PCI_PORT  *Port;
  UINTN               Index;
  UINTN               Function;

  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    Port = &Partition->PciPorts[Index];
    for (Function = 0; Function < Port->FunctionCount; Function++) {
      WriteCommand (Port, &Port->Functions[Function], 0);
    }

    ResetSecondaryBus (Port);
    for (Function = 0; Function < Port->FunctionCount; Function++) {
      RestoreFunction (Port, &Port->Functions[Function]);
    }
  }
}
