/** @file
  Devices of partitions, claimed from the PC's drivers.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Pci/Claim.h"
#include "Pci/Config.h"
#include "Pci/Find.h"
#include "Pci/Quiesce.h"
#include "Partition/Partition.h"
#include "Core/Drivers.h"
#include <IndustryStandard/Pci.h>
#include <Library/BaseLib.h>
#include <Protocol/PciIo.h>

/**
  Let a bridge pass on what functions behind it ask for: DMA and message interrupts.  Some
  firmware does so only for devices that it drives itself.

  @param[in] Bridge  The bridge.
**/
STATIC
VOID
OpenBridge (
  IN CONST MRM_PCI_PORT  *Bridge
  )
{
  MRM_PCI_WRITE  Write;

  Write.Offset = PCI_COMMAND_OFFSET;
  Write.Width  = sizeof (UINT16);
  Write.Value  = ReadConfig (Bridge->RootBridge, &Bridge->Address, PCI_COMMAND_OFFSET) |
                 EFI_PCI_COMMAND_BUS_MASTER;
  WriteConfig (Bridge->RootBridge, &Bridge->Address, &Write);
}

/**
  Open all bridges between the memory and what is behind a port.

  @param[in] Port  The port.
  @param[in] Plan  The same in the plan.
**/
STATIC
VOID
OpenWay (
  IN CONST MRM_PCI_PORT      *Port,
  IN CONST MRM_PLAN_PCI_BUS  *Plan
  )
{
  CONST CHAR8   *Text;
  CHAR8         Path[PCI_PATH_SIZE];
  MRM_PCI_PORT  Bridge;

  Text = Plan->RootPort;
  if (Port->ByFunction) {
    Text = Plan->Functions[0].Path;
  } else {
    OpenBridge (Port);
  }

  AsciiStrnCpyS (Path, sizeof (Path), Text, sizeof (Path) - 1);
  while (FindBridgeAbove (Path, &Bridge)) {
    OpenBridge (&Bridge);
  }
}

/**
  Ask where a device is.

  @param[in]  PciIo    The device.
  @param[out] Address  Receives it.

  @retval FALSE  It does not say.
**/
STATIC
BOOLEAN
GetAddress (
  IN  EFI_PCI_IO_PROTOCOL  *PciIo,
  OUT MRM_PCI_ADDRESS      *Address
  )
{
  UINTN  Segment;
  UINTN  Bus;
  UINTN  Device;
  UINTN  Function;

  if (EFI_ERROR (PciIo->GetLocation (PciIo, &Segment, &Bus, &Device, &Function))) {
    return FALSE;
  }

  Address->Segment  = (UINT16)Segment;
  Address->Bus      = (UINT8)Bus;
  Address->Device   = (UINT8)Device;
  Address->Function = (UINT8)Function;
  return TRUE;
}

/**
  TRUE if a device is behind one of the partition's ports.

  @param[in] Interface  Its EFI_PCI_IO_PROTOCOL.
  @param[in] Context    The partition.
**/
STATIC
BOOLEAN
IsBehindItsPorts (
  IN VOID        *Interface,
  IN CONST VOID  *Context
  )
{
  MRM_PCI_ADDRESS  Address;

  return (BOOLEAN)(GetAddress (Interface, &Address) && IsBehindPorts (Context, &Address));
}

/**
  TRUE if a device is behind one of the partition's ports, and goes back to the PC's drivers: one that could not be reset
  does not.

  @param[in] Interface  Its EFI_PCI_IO_PROTOCOL.
  @param[in] Context    The partition.
**/
STATIC
BOOLEAN
GoesBack (
  IN VOID        *Interface,
  IN CONST VOID  *Context
  )
{
  MRM_PCI_ADDRESS  Address;

  return (BOOLEAN)(GetAddress (Interface, &Address) && IsBehindPorts (Context, &Address) && !IsSpoiled (&Address));
}

VOID
ClaimPci (
  IN CONST MRM_PARTITION  *Partition
  )
{
  UINTN  Port;

  MoveDrivers (&gEfiPciIoProtocolGuid, IsBehindItsPorts, Partition, FALSE);
  for (Port = 0; Port < Partition->PciBusCount; Port++) {
    OpenWay (&Partition->PciPorts[Port], &Partition->Plan->PciBuses[Port]);
  }
}

VOID
ReleasePci (
  IN CONST MRM_PARTITION  *Partition
  )
{
  MoveDrivers (&gEfiPciIoProtocolGuid, GoesBack, Partition, TRUE);
}
