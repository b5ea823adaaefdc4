/** @file
  Functions that partitions have by themselves: only the guard tells them from others on their bus.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Pci/BindFunctions.h"
#include "Pci/Config.h"
#include "Pci/Find.h"
#include "Pci/Quiesce.h"
#include "Partition/Verdict.h"
#include "Core/Facts.h"
#include <IndustryStandard/Acpi.h>
#include <IndustryStandard/Pci.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmMachineLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/PciIo.h>

UINTN
ReadBars (
  IN  EFI_PCI_IO_PROTOCOL  *PciIo,
  OUT MRM_PCI_BAR          *Bars
  )
{
  EFI_ACPI_ADDRESS_SPACE_DESCRIPTOR  *Resource;
  UINTN                              Count;
  UINT8                              Index;

  Count = 0;
  for (Index = 0; Index < MRM_PCI_BARS; Index++) {
    if (EFI_ERROR (PciIo->GetBarAttributes (PciIo, Index, NULL, (VOID **)&Resource))) {
      continue;
    }

    if ((Resource->Desc == ACPI_ADDRESS_SPACE_DESCRIPTOR) && (Resource->AddrLen != 0)) {
      Bars[Count].Base = Resource->AddrRangeMin;
      Bars[Count].Size = Resource->AddrLen;
      Bars[Count].Io   = (BOOLEAN)(Resource->ResType == ACPI_ADDRESS_SPACE_TYPE_IO);
      Count++;
    }

    FreePool (Resource);
  }

  return Count;
}

/**
  Whether two functions have registers in one page of memory, or I/O ports in common.

  @param[in] Bars   What one decodes.
  @param[in] Count  How many elements.
  @param[in] Other  The other one.
**/
STATIC
BOOLEAN
SharesPage (
  IN CONST MRM_PCI_BAR    *Bars,
  IN UINTN                Count,
  IN EFI_PCI_IO_PROTOCOL  *Other
  )
{
  MRM_PCI_BAR  Others[MRM_PCI_BARS];
  MRM_RANGE    Mine;
  MRM_RANGE    Theirs;
  UINTN        OtherCount;
  UINTN        Index;
  UINTN        Against;

  OtherCount = ReadBars (Other, Others);
  for (Index = 0; Index < Count; Index++) {
    MrmPciPages (&Bars[Index], &Mine);
    for (Against = 0; Against < OtherCount; Against++) {
      MrmPciPages (&Others[Against], &Theirs);
      if (  (Bars[Index].Io == Others[Against].Io)
         && (Theirs.Base != 0)
         && (Mine.Base < Theirs.Base + Theirs.Size)
         && (Theirs.Base < Mine.Base + Mine.Size))
      {
        return TRUE;
      }
    }
  }

  return FALSE;
}

/**
  Fill in what a function decodes, and see that nobody else has registers in the same pages.

  @param[in,out] Function  Receives Bars and BarCount.

  @return  What is wrong; NULL for nothing.
**/
STATIC
CONST CHAR8 *
JudgeBars (
  IN OUT MRM_PCI_FUNCTION  *Function
  )
{
  CONST CHAR8          *What;
  EFI_HANDLE           *Handles;
  EFI_PCI_IO_PROTOCOL  *PciIo;
  MRM_PCI_ADDRESS      Address;
  MRM_PCI_BAR          Bars[MRM_PCI_BARS];
  UINTN                Count;
  UINTN                Number;
  UINTN                Index;
  UINTN                Pass;

  if (EFI_ERROR (gBS->LocateHandleBuffer (ByProtocol, &gEfiPciIoProtocolGuid, NULL, &Count, &Handles))) {
    return "the PC's firmware does not know it";
  }

  What = "the PC's firmware does not know it";
  for (Pass = 0; Pass < 2; Pass++) {
    for (Index = 0; Index < Count; Index++) {
      if (  EFI_ERROR (Locate (Handles[Index], &Address))
         || EFI_ERROR (gBS->HandleProtocol (Handles[Index], &gEfiPciIoProtocolGuid, (VOID **)&PciIo))
         || (IsSameFunction (&Address, &Function->Address) != (Pass == 0)))
      {
        continue;
      }

      if (Pass == 0) {
        What = NULL;
        for (Number = ReadBars (PciIo, Bars); Number > 0; Number--) {
          if (Bars[Number - 1].Base != 0) {
            CopyMem (&Function->Bars[Function->BarCount++], &Bars[Number - 1], sizeof (*Bars));
          } else if (!Bars[Number - 1].Io) {
            What = "registers without an address";
          }
        }
      } else if (SharesPage (Function->Bars, Function->BarCount, PciIo)) {
        What = "registers in one page of memory with another function";
      }
    }
  }

  FreePool (Handles);
  if ((What == NULL) && !MrmPciIsAllOf (Function->Config, Function->Bars, Function->BarCount)) {
    What = "other registers than the PC's firmware knows";
  }

  return What;
}

/**
  Say why a function cannot be told from others.

  @param[in,out] Function  The function; receives Bars and BarCount.
  @param[in]     Bridged   A bridge is above it.

  @return  What it has or lacks; NULL if it can.
**/
STATIC
CONST CHAR8 *
JudgeAlone (
  IN OUT MRM_PCI_FUNCTION  *Function,
  IN     BOOLEAN           Bridged
  )
{
  CONST MRM_PCI_CAPABILITIES  *Capabilities;

  Capabilities = &Function->Capabilities;
  if (  Capabilities->Bridge
     || (Capabilities->Bars == 0)
     || ((Function->Config[PCI_REVISION_ID_OFFSET / 4] >> 24) == PCI_CLASS_BRIDGE))
  {
    return "it is a bridge, or a part of the chipset";
  }

  if (MrmPciInterrupts (Capabilities) == MrmPciInterruptsLine) {
    return "neither MSI nor MSI-X";
  }

  if (Capabilities->FixedAddresses != 0) {
    return "addresses beside its base address registers";
  }

  if (Bridged && !Capabilities->FunctionReset && !Capabilities->AdvancedReset && !Capabilities->PowerReset) {
    return "no reset of its own";
  }

  return JudgeBars (Function);
}

/**
  Whether all bridges above a function forward what it decodes.

  @param[in] Text      Device path of the function.
  @param[in] Function  The function.
**/
STATIC
BOOLEAN
IsForwarded (
  IN CONST CHAR8             *Text,
  IN CONST MRM_PCI_FUNCTION  *Function
  )
{
  CHAR8         Path[PCI_PATH_SIZE];
  UINT32        Config[MRM_PCI_CONFIG_DWORDS];
  MRM_PCI_PORT  Bridge;
  MRM_PCI_BUS   Memory;
  MRM_PCI_BUS   Prefetchable;
  UINTN         Index;

  AsciiStrnCpyS (Path, sizeof (Path), Text, sizeof (Path) - 1);
  while (FindBridgeAbove (Path, &Bridge)) {
    CopyConfig (Bridge.RootBridge, &Bridge.Address, Config);
    for (Index = 0; Index < Function->BarCount; Index++) {
      ZeroMem (&Memory, sizeof (Memory));
      ZeroMem (&Prefetchable, sizeof (Prefetchable));
      if (!Function->Bars[Index].Io) {
        MrmPciPages (&Function->Bars[Index], &Memory.Memory);
        MrmPciPages (&Function->Bars[Index], &Prefetchable.Prefetchable);
      }

      if (!MrmPciForwards (Config, &Memory) && !MrmPciForwards (Config, &Prefetchable)) {
        return FALSE;
      }
    }
  }

  return TRUE;
}

/**
  Find a function, and see that it is on the bus of the others.

  @param[in,out] Partition  Refused when it is not there.
  @param[in]     Text       Its device path.
  @param[in,out] Port       Receives root bridge and address of the first one.
  @param[in,out] Bus        Receives bus and configuration space of the first one.
  @param[out]    Address    Receives where it is.

  @retval TRUE   Found.
  @retval FALSE  The partition was refused.
**/
STATIC
BOOLEAN
FindOne (
  IN OUT MRM_PARTITION    *Partition,
  IN     CONST CHAR8      *Text,
  IN OUT MRM_PCI_PORT     *Port,
  IN OUT MRM_PCI_BUS      *Bus,
  OUT    MRM_PCI_ADDRESS  *Address
  )
{
  EFI_STATUS                       Status;
  EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  *RootBridge;

  Status = FindFunction (Text, &RootBridge, Address);
  if (EFI_ERROR (Status)) {
    Refuse (Partition, MRM_RULE_PCI_EXISTS, "promised function %a, found none: %r", Text, Status);
    return FALSE;
  }

  if (Port->RootBridge == NULL) {
    Port->RootBridge = RootBridge;
    Port->Address    = *Address;
    Bus->FirstBus    = Address->Bus;
    Bus->LastBus     = Address->Bus;
    Bus->EcamBase    = MrmFindEcam (gMachine.Mcfg, Address->Segment, Address->Bus, Address->Bus);
  }

  if (Bus->EcamBase == 0) {
    Refuse (Partition, MRM_RULE_PCI_ECAM, "no MCFG entry covers bus %02x of function %a", Address->Bus, Text);
    return FALSE;
  }

  if ((Address->Segment != Port->Address.Segment) || (Address->Bus != Port->Address.Bus)) {
    Refuse (Partition, MRM_RULE_PCI_FUNCTION, "promised function %a on the bus of others, found it elsewhere", Text);
    return FALSE;
  }

  return TRUE;
}

/**
  Bind one function.

  @param[in,out] Partition  Refused when it cannot be told from others.
  @param[in]     Text       Its device path.
  @param[in,out] Port       Receives the function.
  @param[in,out] Bus        Receives the bus; its windows reach what the function decodes.
**/
STATIC
VOID
BindOne (
  IN OUT MRM_PARTITION  *Partition,
  IN     CONST CHAR8    *Text,
  IN OUT MRM_PCI_PORT   *Port,
  IN OUT MRM_PCI_BUS    *Bus
  )
{
  CONST MRM_PARTITION  *Owner;
  MRM_PCI_ADDRESS      Address;
  MRM_PCI_ADDRESS      Disk;
  MRM_PCI_FUNCTION     *Function;
  MRM_PCI_PORT         Bridge;
  MRM_PCI_SHARE        Share;
  CHAR8                Path[PCI_PATH_SIZE];
  CONST CHAR8          *What;
  UINTN                Index;

  if (!FindOne (Partition, Text, Port, Bus, &Address)) {
    return;
  }

  if (!EFI_ERROR (FindFunctionOf (gMachine.EspDevice, &Disk)) && IsSameFunction (&Disk, &Address)) {
    Refuse (Partition, MRM_RULE_PCI_BOOT_DEVICE, "promised function %a, found the disk that MRM writes to on it", Text);
    return;
  }

  Share.Segment  = Address.Segment;
  Share.FirstBus = Address.Bus;
  Share.LastBus  = Address.Bus;
  Share.Alone    = TRUE;
  Share.Device   = Address.Device;
  Share.Function = Address.Function;
  Owner          = FindOwner (&Share, NULL);
  if (Owner != NULL) {
    Refuse (Partition, MRM_RULE_PCI_OWNED, "promised function %a, which '%a' has", Text, Owner->Plan->Name);
    return;
  }

  if (IsSpoiled (&Address)) {
    Refuse (
      Partition,
      MRM_RULE_PCI_FUNCTION,
      "function %a cannot be had by itself: it has had an owner since the PC's reset, and could not be reset",
      Text
      );
    return;
  }

  AddFunction (Partition, Port, &Address);
  if (Port->FunctionCount == 0) {
    return;
  }

  Function = &Port->Functions[Port->FunctionCount - 1];
  AsciiStrnCpyS (Path, sizeof (Path), Text, sizeof (Path) - 1);
  What = JudgeAlone (Function, FindBridgeAbove (Path, &Bridge));
  if (What != NULL) {
    Refuse (Partition, MRM_RULE_PCI_FUNCTION, "function %a cannot be had by itself: %a", Text, What);
    return;
  }

  if (!IsForwarded (Text, Function)) {
    Refuse (Partition, MRM_RULE_PCI_WINDOWS, "function %a has memory that a bridge above it does not forward", Text);
    return;
  }

  // Its own value of the expansion ROM is none: the guard lets nobody give it an address.
  Function->Config[PCI_EXPANSION_ROM_BASE / 4] = 0;
  for (Index = 0; Index < Function->BarCount; Index++) {
    MrmPciAddWindow (&Function->Bars[Index], Bus);
  }

  Keep (
    Partition,
    MRM_RULE_PCI_FUNCTION,
    "function %a: %02x:%02x.%x by itself",
    Text,
    Address.Bus,
    Address.Device,
    Address.Function
    );
}

VOID
BindFunctions (
  IN OUT MRM_PARTITION           *Partition,
  IN     CONST MRM_PLAN_PCI_BUS  *Plan,
  OUT    MRM_PCI_PORT            *Port,
  OUT    MRM_PCI_BUS             *Bus
  )
{
  UINT32  Index;

  ZeroMem (Bus, sizeof (*Bus));
  Port->ByFunction = TRUE;
  Bus->Segment     = Plan->Segment;
  for (Index = 0; (Index < Plan->FunctionCount) && (Partition->Life.State != MrmStateRefused); Index++) {
    BindOne (Partition, Plan->Functions[Index].Path, Port, Bus);
  }
}
