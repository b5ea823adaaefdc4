/** @file
  PCI buses of partitions: everything behind an owned port.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Pci/Bind.h"
#include "Pci/BindFunctions.h"
#include "Pci/Config.h"
#include "Pci/Find.h"
#include "Partition/Partition.h"
#include "Partition/Verdict.h"
#include "Core/Facts.h"
#include <IndustryStandard/Pci.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>

/**
  Check whether a function is the UART that the plan makes the partition's console: it
  works without interrupts.

  @param[in] Partition  The partition.
  @param[in] Function   A function behind one of its ports.

  @retval TRUE   It is.
  @retval FALSE  It is not.
**/
STATIC
BOOLEAN
IsConsole (
  IN CONST MRM_PARTITION     *Partition,
  IN CONST MRM_PCI_FUNCTION  *Function
  )
{
  CONST MRM_PLAN_CONSOLE           *Console;
  EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  *RootBridge;
  MRM_PCI_ADDRESS                  Address;

  Console = &Partition->Plan->Console;
  if (  (Console->Kind != MrmConsoleUart16550Pci)
     || EFI_ERROR (FindFunction (Console->Function, &RootBridge, &Address)))
  {
    return FALSE;
  }

  return IsSameFunction (&Address, &Function->Address);
}

/**
  Sort the functions behind a port: those that cannot interrupt in a partition stay disabled.

  @param[in,out] Partition  Receives the console's function; refused when no function is left.
  @param[in,out] Port       The port; its functions receive Disabled.
  @param[in]     Bus        Its bus range.
**/
STATIC
VOID
JudgeFunctions (
  IN OUT MRM_PARTITION      *Partition,
  IN OUT MRM_PCI_PORT       *Port,
  IN     CONST MRM_PCI_BUS  *Bus
  )
{
  MRM_PCI_FUNCTION  *Function;
  UINTN             Index;
  UINTN             Able;

  Able = 0;
  for (Index = 0; Index < Port->FunctionCount; Index++) {
    Function = &Port->Functions[Index];
    if (IsConsole (Partition, Function)) {
      Partition->ConsolePort     = Port;
      Partition->ConsoleFunction = Function;
      Partition->ConsoleSegment  = Bus->Segment;
    } else {
      Function->Disabled = (BOOLEAN)(MrmPciInterrupts (&Function->Capabilities) == MrmPciInterruptsLine);
    }

    Able += (Function->Capabilities.Bridge || Function->Disabled) ? 0 : 1;
  }

  for (Index = 0; Index < Port->FunctionCount; Index++) {
    Function = &Port->Functions[Index];
    if (!Function->Disabled) {
      continue;
    }

    if (Able != 0) {
      Keep (
        Partition,
        MRM_RULE_PCI_DISABLED,
        "PCI function %02x:%02x.%x (%04x:%04x) stays disabled: neither MSI nor MSI-X",
        Function->Address.Bus,
        Function->Address.Device,
        Function->Address.Function,
        Function->Config[0] & 0xFFFF,
        Function->Config[0] >> 16
        );
    } else {
      Refuse (
        Partition,
        MRM_RULE_PCI_MSI,
        "PCI function %02x:%02x.%x (%04x:%04x) has neither MSI nor MSI-X, and nothing else is behind its port",
        Function->Address.Bus,
        Function->Address.Device,
        Function->Address.Function,
        Function->Config[0] & 0xFFFF,
        Function->Config[0] >> 16
        );
    }
  }
}

/**
  Count the functions behind a port that are no bridges.

  @param[in] Port  The port.

  @return  Their number.
**/
STATIC
UINTN
CountEnds (
  IN CONST MRM_PCI_PORT  *Port
  )
{
  UINTN  Count;
  UINTN  Index;

  Count = 0;
  for (Index = 0; Index < Port->FunctionCount; Index++) {
    Count += Port->Functions[Index].Capabilities.Bridge ? 0 : 1;
  }

  return Count;
}

/**
  See that all bridges above a port forward what it does.

  @param[in,out] Partition  Refused when one does not forward all memory.
  @param[in]     Text       Device path of the port.
  @param[in,out] Bus        Its windows; I/O that one does not forward is closed.
**/
STATIC
VOID
JudgeWay (
  IN OUT MRM_PARTITION  *Partition,
  IN     CONST CHAR8    *Text,
  IN OUT MRM_PCI_BUS    *Bus
  )
{
  CHAR8         Path[PCI_PATH_SIZE];
  UINT32        Config[MRM_PCI_CONFIG_DWORDS];
  MRM_PCI_PORT  Bridge;

  AsciiStrnCpyS (Path, sizeof (Path), Text, sizeof (Path) - 1);
  while (FindBridgeAbove (Path, &Bridge)) {
    CopyConfig (Bridge.RootBridge, &Bridge.Address, Config);
    if (!MrmPciForwards (Config, Bus)) {
      Refuse (Partition, MRM_RULE_PCI_WINDOWS, "port %a forwards memory that %a above it does not", Text, Path);
    }
  }
}

/**
  See that the volume that is written to is not behind a port.

  @param[in,out] Partition  Refused when they are.
  @param[in]     Text       Device path of the port.
  @param[in]     Port       The port.
  @param[in]     Bus        Its bus range.
**/
STATIC
VOID
JudgeBootDevice (
  IN OUT MRM_PARTITION       *Partition,
  IN     CONST CHAR8         *Text,
  IN     CONST MRM_PCI_PORT  *Port,
  IN     CONST MRM_PCI_BUS   *Bus
  )
{
  MRM_PCI_ADDRESS  Disk;

  if (  !EFI_ERROR (FindFunctionOf (gMachine.EspDevice, &Disk))
     && (Disk.Segment == Port->Address.Segment)
     && (Disk.Bus >= Bus->FirstBus)
     && (Disk.Bus <= Bus->LastBus))
  {
    Refuse (
      Partition,
      MRM_RULE_PCI_BOOT_DEVICE,
      "promised what is behind port %a, found the disk there that MRM writes to, on bus %02x",
      Text,
      Disk.Bus
      );
  }
}

/**
  Find a port and its buses.

  @param[in,out] Partition  Refused when the port cannot be given away.
  @param[in]     Plan       The port of the plan.
  @param[out]    Port       Receives the port.
  @param[out]    Bus        Receives the bus range and its windows.

  @retval TRUE   Found.
  @retval FALSE  The partition was refused.
**/
STATIC
BOOLEAN
FindPort (
  IN OUT MRM_PARTITION           *Partition,
  IN     CONST MRM_PLAN_PCI_BUS  *Plan,
  OUT    MRM_PCI_PORT            *Port,
  OUT    MRM_PCI_BUS             *Bus
  )
{
  CONST MRM_PARTITION   *Owner;
  EFI_STATUS            Status;
  UINT32                Config[MRM_PCI_CONFIG_DWORDS];
  MRM_PCI_CAPABILITIES  Capabilities;
  MRM_PCI_SHARE         Share;

  Status = FindFunction (Plan->RootPort, &Port->RootBridge, &Port->Address);
  if (EFI_ERROR (Status)) {
    Refuse (Partition, MRM_RULE_PCI_EXISTS, "promised port %a, found none: %r", Plan->RootPort, Status);
    return FALSE;
  }

  CopyConfig (Port->RootBridge, &Port->Address, Config);
  MrmPciCapabilities (Config, &Capabilities);
  if (!Capabilities.Port) {
    Refuse (
      Partition,
      MRM_RULE_PCI_PORT,
      "promised port %a, found a function that is neither a root port nor a switch's downstream port",
      Plan->RootPort
      );
    return FALSE;
  }

  Bus->Segment  = Plan->Segment;
  Bus->FirstBus = (UINT8)(Config[PCI_BRIDGE_PRIMARY_BUS_REGISTER_OFFSET / 4] >> 8);
  Bus->LastBus  = (UINT8)(Config[PCI_BRIDGE_PRIMARY_BUS_REGISTER_OFFSET / 4] >> 16);
  Bus->EcamBase = MrmFindEcam (gMachine.Mcfg, Port->Address.Segment, Bus->FirstBus, Bus->LastBus);
  MrmPciWindows (Config, Bus);
  if ((Bus->FirstBus == 0) || (Bus->LastBus < Bus->FirstBus)) {
    Refuse (Partition, MRM_RULE_PCI_POPULATED, "promised what is behind port %a, found that the PC's firmware gave it no bus", Plan->RootPort);
    return FALSE;
  }

  if (Bus->EcamBase == 0) {
    Refuse (Partition, MRM_RULE_PCI_ECAM, "no MCFG entry covers buses %02x to %02x of port %a", Bus->FirstBus, Bus->LastBus, Plan->RootPort);
    return FALSE;
  }

  ZeroMem (&Share, sizeof (Share));
  Share.Segment  = Port->Address.Segment;
  Share.FirstBus = Bus->FirstBus;
  Share.LastBus  = Bus->LastBus;
  Owner          = FindOwner (&Share, Port);
  if (Owner != NULL) {
    Refuse (
      Partition,
      MRM_RULE_PCI_OWNED,
      "promised what is behind port %a, which '%a' has",
      Plan->RootPort,
      Owner->Plan->Name
      );
    return FALSE;
  }

  return TRUE;
}

/**
  Bind one port.

  @param[in,out] Partition  Refused when the port or what is behind it cannot be given away.
  @param[in]     Plan       The port of the plan.
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
  if (Plan->FunctionCount != 0) {
    BindFunctions (Partition, Plan, Port, Bus);
    return;
  }

  if (!FindPort (Partition, Plan, Port, Bus)) {
    return;
  }

  JudgeBootDevice (Partition, Plan->RootPort, Port, Bus);
  ListFunctions (Partition, Bus, Port);
  if (CountEnds (Port) == 0) {
    Refuse (
      Partition,
      MRM_RULE_PCI_POPULATED,
      "promised what is behind port %a, found nothing%a",
      Plan->RootPort,
      (Port->FunctionCount == 0) ? "" : " but bridges"
      );
    return;
  }

  JudgeWay (Partition, Plan->RootPort, Bus);
  JudgeFunctions (Partition, Port, Bus);
  Keep (
    Partition,
    MRM_RULE_PCI_EXISTS,
    "port %a: buses %02x to %02x, %d functions",
    Plan->RootPort,
    Bus->FirstBus,
    Bus->LastBus,
    Port->FunctionCount
    );
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
