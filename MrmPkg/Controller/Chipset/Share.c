/** @file
  What of the PC goes to the owner of its chipset.  A function on bus 0 goes to it unless another partition has it, or it
  is a bridge to something that another partition has, or the PC's firmware needs it.  All memory that root bridges
  forward goes to it, without what the functions decode that do not.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Chipset/Share.h"
#include "Machine/Uart.h"
#include "Pci/BindFunctions.h"
#include "Pci/Config.h"
#include "Pci/Find.h"
#include "Partition/Plan.h"
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

#define LEGACY_VGA        0xA0000       ///< memory of a display in the modes of old
#define LEGACY_VGA_SIZE   0x20000
#define LEGACY_DEVICES    0xFEC00000    ///< I/O APICs, HPET and what else a chipset decodes by itself ...
#define LEGACY_END        0xFEE00000    ///< ... up to local APICs
#define UART_PORTS        8
#define CLASS_SERIAL_BUS  0x0C
#define SUBCLASS_SMBUS    0x05
#define VENDOR_INTEL      0x8086
#define VENDOR_AMD        0x1022

STATIC CONST UINT16  mUarts[] = { 0x3F8, 0x2F8, 0x3E8, 0x2E8 };

///
/// What is collected.
///
typedef struct {
  MRM_PARTITION                      *Partition;
  MRM_PARTITION_CHIPSET              *Chipset;
  EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL    *RootBridge;    ///< of bus 0 in segment 0
  MRM_RANGE                          Io;             ///< I/O ports that it forwards: the longest stretch
  MRM_RANGE_SET                      Windows;        ///< in Chipset->Windows
  MRM_RANGE_SET                      Withheld;       ///< memory that functions of others decode, in Chipset->Tables
  MRM_RANGE_SET                      WithheldPorts;  ///< the same of I/O ports
  BOOLEAN                            Full;           ///< something did not fit
} SHARE;

/**
  Add memory to a share.

  @param[in,out] Share  The share.
  @param[in]     Base   First byte.
  @param[in]     Size   Bytes.
**/
STATIC
VOID
Add (
  IN OUT SHARE   *Share,
  IN     UINT64  Base,
  IN     UINT64  Size
  )
{
  Share->Full = (BOOLEAN)(EFI_ERROR (MrmRangeAdd (&Share->Windows, Base, Size)) || Share->Full);
}

/**
  Take memory out of a share, whole pages.

  @param[in,out] Share  The share.
  @param[in]     Range  The memory.
**/
STATIC
VOID
Remove (
  IN OUT SHARE            *Share,
  IN     CONST MRM_RANGE  *Range
  )
{
  UINT64  First;
  UINT64  End;

  First       = Range->Base & ~(UINT64)(SIZE_4KB - 1);
  End         = ALIGN_VALUE (Range->Base + Range->Size, SIZE_4KB);
  Share->Full = (BOOLEAN)(EFI_ERROR (MrmRangeRemove (&Share->Windows, First, End - First)) || Share->Full);
}

/**
  Close I/O ports.

  @param[in,out] Share  The share.
  @param[in]     First  First port.
  @param[in]     Count  How many.
**/
STATIC
VOID
ClosePorts (
  IN OUT SHARE   *Share,
  IN     UINT64  First,
  IN     UINT64  Count
  )
{
  MRM_PARTITION_CHIPSET  *Chipset;

  Chipset = Share->Chipset;
  if ((Count == 0) || (First + Count - 1 > MAX_UINT16)) {
    return;
  }

  if (Chipset->ClosedCount == ARRAY_SIZE (Chipset->Closed)) {
    Share->Full = TRUE;
    return;
  }

  Chipset->Closed[Chipset->ClosedCount].First  = (UINT16)First;
  Chipset->Closed[Chipset->ClosedCount++].Last = (UINT16)(First + Count - 1);
}

/**
  Find the root bridge of bus 0 in segment 0, and give all memory that it forwards.

  @param[in,out] Share  Receives RootBridge, Io and memory.

  @retval FALSE  There is none.
**/
STATIC
BOOLEAN
FindRoot (
  IN OUT SHARE  *Share
  )
{
  EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL    *RootBridge;
  EFI_ACPI_ADDRESS_SPACE_DESCRIPTOR  *Resources;
  EFI_ACPI_ADDRESS_SPACE_DESCRIPTOR  *Resource;
  EFI_HANDLE                         *Handles;
  UINTN                              Count;
  UINTN                              Index;
  BOOLEAN                            First;

  if (EFI_ERROR (gBS->LocateHandleBuffer (ByProtocol, &gEfiPciRootBridgeIoProtocolGuid, NULL, &Count, &Handles))) {
    return FALSE;
  }

  for (Index = 0; (Index < Count) && (Share->RootBridge == NULL); Index++) {
    if (  EFI_ERROR (gBS->HandleProtocol (Handles[Index], &gEfiPciRootBridgeIoProtocolGuid, (VOID **)&RootBridge))
       || (RootBridge->SegmentNumber != 0)
       || EFI_ERROR (RootBridge->Configuration (RootBridge, (VOID **)&Resources)))
    {
      continue;
    }

    First = FALSE;
    for (Resource = Resources; Resource->Desc == ACPI_ADDRESS_SPACE_DESCRIPTOR; Resource++) {
      First = (BOOLEAN)(First || ((Resource->ResType == ACPI_ADDRESS_SPACE_TYPE_BUS) && (Resource->AddrRangeMin == 0)));
    }

    for (Resource = Resources; First && (Resource->Desc == ACPI_ADDRESS_SPACE_DESCRIPTOR); Resource++) {
      Share->RootBridge = RootBridge;
      if ((Resource->ResType == ACPI_ADDRESS_SPACE_TYPE_MEM) && (Resource->AddrLen != 0)) {
        Add (Share, Resource->AddrRangeMin & ~(UINT64)(SIZE_4KB - 1), ALIGN_VALUE (Resource->AddrLen, SIZE_4KB));
      } else if ((Resource->ResType == ACPI_ADDRESS_SPACE_TYPE_IO) && (Resource->AddrLen > Share->Io.Size)) {
        Share->Io.Base = Resource->AddrRangeMin;
        Share->Io.Size = Resource->AddrLen;
      }
    }
  }

  FreePool (Handles);
  return (BOOLEAN)(Share->RootBridge != NULL);
}

/**
  Find the watchdog that resets the PC, in chipsets of Intel and AMD.

  @param[in,out] Share  Receives Tco or Watchdog of the registers.
**/
STATIC
VOID
FindWatchdog (
  IN OUT SHARE  *Share
  )
{
  STATIC CONST MRM_PCI_ADDRESS  Bridge = { .Device = 0x1F };
  STATIC CONST MRM_PCI_ADDRESS  Bus    = { .Device = 0x14 };
  MRM_CHIPSET_REGISTERS         *Registers;
  UINT32                        Class;

  Registers = &Share->Chipset->Registers;
  if (  ((UINT16)ReadConfig (Share->RootBridge, &Bridge, PCI_VENDOR_ID_OFFSET) == VENDOR_INTEL)
     && (Registers->Pm1Event[0] != 0))
  {
    Registers->Tco = Registers->Pm1Event[0] + MRM_CHIPSET_TCO;
  }

  // The SMBus of AMD's chipsets tells which one it is.
  Class = ReadConfig (Share->RootBridge, &Bus, PCI_REVISION_ID_OFFSET) >> 16;
  if (  ((UINT16)ReadConfig (Share->RootBridge, &Bus, PCI_VENDOR_ID_OFFSET) == VENDOR_AMD)
     && (Class == ((CLASS_SERIAL_BUS << 8) | SUBCLASS_SMBUS)))
  {
    Registers->Watchdog = MRM_CHIPSET_WATCHDOG;
  }
}

/**
  Find the PCI I/O protocol of a function.

  @param[in] Address  Where it is.

  @return  The protocol, or NULL.
**/
STATIC
EFI_PCI_IO_PROTOCOL *
FindPciIo (
  IN CONST MRM_PCI_ADDRESS  *Address
  )
{
  EFI_PCI_IO_PROTOCOL  *PciIo;
  EFI_PCI_IO_PROTOCOL  *Found;
  EFI_HANDLE           *Handles;
  MRM_PCI_ADDRESS      Here;
  UINTN                Count;
  UINTN                Index;

  if (EFI_ERROR (gBS->LocateHandleBuffer (ByProtocol, &gEfiPciIoProtocolGuid, NULL, &Count, &Handles))) {
    return NULL;
  }

  Found = NULL;
  for (Index = 0; (Index < Count) && (Found == NULL); Index++) {
    if (  !EFI_ERROR (Locate (Handles[Index], &Here))
       && IsSameFunction (&Here, Address)
       && !EFI_ERROR (gBS->HandleProtocol (Handles[Index], &gEfiPciIoProtocolGuid, (VOID **)&PciIo)))
    {
      Found = PciIo;
    }
  }

  FreePool (Handles);
  return Found;
}

/**
  Whether a function, or something behind it, stays with the PC: the disk that is written to, cards of networks.

  @param[in] Meant  The function; a bridge by the buses behind it.
**/
STATIC
BOOLEAN
StaysWithPc (
  IN CONST MRM_PCI_SHARE  *Meant
  )
{
  EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  *RootBridge;
  MRM_PCI_ADDRESS                  Address;
  MRM_PCI_SHARE                    Kept;
  UINT32                           Index;

  for (Index = 0; Index <= gPlan->UplinkCount; Index++) {
    if ((Index == gPlan->UplinkCount)
        ? EFI_ERROR (FindFunctionOf (gMachine.EspDevice, &Address))
        : EFI_ERROR (FindFunction (gPlan->Uplinks[Index].Card, &RootBridge, &Address)))
    {
      continue;
    }

    Kept.Segment  = Address.Segment;
    Kept.FirstBus = Address.Bus;
    Kept.LastBus  = Address.Bus;
    Kept.Alone    = TRUE;
    Kept.Device   = Address.Device;
    Kept.Function = Address.Function;
    if (MrmPciSharesMeet (&Kept, Meant)) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Whether the owner gets a function on bus 0, and with it all that is behind it.

  @param[in]  Address  Where it is.
  @param[in]  Config   Its configuration.
  @param[out] Bus      Receives buses and windows of a bridge; LastBus 0 for another function.
**/
STATIC
BOOLEAN
IsItsOwn (
  IN  CONST MRM_PCI_ADDRESS  *Address,
  IN  CONST UINT32           *Config,
  OUT MRM_PCI_BUS            *Bus
  )
{
  MRM_PCI_CAPABILITIES  Capabilities;
  MRM_PCI_SHARE         Meant;

  ZeroMem (Bus, sizeof (*Bus));
  ZeroMem (&Meant, sizeof (Meant));
  MrmPciCapabilities (Config, &Capabilities);
  Meant.Segment  = Address->Segment;
  Meant.Alone    = TRUE;
  Meant.Device   = Address->Device;
  Meant.Function = Address->Function;
  if (Capabilities.Bridge) {
    Bus->FirstBus = (UINT8)(Config[PCI_BRIDGE_PRIMARY_BUS_REGISTER_OFFSET / 4] >> 8);
    Bus->LastBus  = (UINT8)(Config[PCI_BRIDGE_PRIMARY_BUS_REGISTER_OFFSET / 4] >> 16);
    MrmPciWindows (Config, Bus);
    if ((Bus->FirstBus == 0) || (Bus->LastBus < Bus->FirstBus)) {
      Bus->LastBus = 0;
      return TRUE;
    }

    Meant.FirstBus = Bus->FirstBus;
    Meant.LastBus  = Bus->LastBus;
    Meant.Alone    = FALSE;
    Meant.Device   = 0;
    Meant.Function = 0;
  }

  return (BOOLEAN)((FindOwner (&Meant, NULL) == NULL) && !StaysWithPc (&Meant));
}

/**
  Whether a function is a part of the chipset that drives nothing by itself: nobody resets it.

  @param[in] Config  Its configuration.
**/
STATIC
BOOLEAN
IsPartOfChipset (
  IN CONST UINT32  *Config
  )
{
  UINT32  Class;

  Class = Config[PCI_REVISION_ID_OFFSET / 4] >> 16;
  return (BOOLEAN)(  (((Class >> 8) == PCI_CLASS_BRIDGE) && ((Class & 0xFF) != PCI_CLASS_BRIDGE_P2P))
                  || (Class == ((CLASS_SERIAL_BUS << 8) | SUBCLASS_SMBUS)));
}

/**
  Give the owner a function, with all behind it.

  @param[in,out] Share    The share.
  @param[in]     Address  Where it is.
  @param[in]     Config   Its configuration.
  @param[in]     Bus      Buses behind it.
**/
STATIC
VOID
Give (
  IN OUT SHARE                  *Share,
  IN     CONST MRM_PCI_ADDRESS  *Address,
  IN     CONST UINT32           *Config,
  IN     CONST MRM_PCI_BUS      *Bus
  )
{
  EFI_PCI_IO_PROTOCOL  *PciIo;
  MRM_PCI_BAR          Bars[MRM_PCI_BARS];
  MRM_RANGE            Range;
  UINTN                Count;

  Add (
    Share,
    Share->Chipset->Ecam.Base + ((UINTN)Address->Device << 15) + ((UINTN)Address->Function << 12),
    SIZE_4KB
    );
  PciIo = FindPciIo (Address);
  for (Count = (PciIo == NULL) ? 0 : ReadBars (PciIo, Bars); Count > 0; Count--) {
    if (!Bars[Count - 1].Io && (Bars[Count - 1].Base != 0)) {
      MrmPciPages (&Bars[Count - 1], &Range);
      Add (Share, Range.Base, Range.Size);
    }
  }

  if (!IsPartOfChipset (Config)) {
    AddFunction (Share->Partition, &Share->Chipset->Functions, Address);
  }

  if (Bus->LastBus != 0) {
    Add (
      Share,
      Share->Chipset->Ecam.Base + Bus->FirstBus * SIZE_1MB,
      ((UINT64)Bus->LastBus - Bus->FirstBus + 1) * SIZE_1MB
      );
    Add (Share, Bus->Memory.Base, Bus->Memory.Size);
    Add (Share, Bus->Prefetchable.Base, Bus->Prefetchable.Size);
    ListFunctions (Share->Partition, Bus, &Share->Chipset->Functions);
  }
}

/**
  Keep memory of others from the owner, whole pages; its system is told that it is not free.

  @param[in,out] Share  The share.
  @param[in]     Range  The memory.
**/
STATIC
VOID
WithholdMemory (
  IN OUT SHARE            *Share,
  IN     CONST MRM_RANGE  *Range
  )
{
  Remove (Share, Range);
  Share->Full = (BOOLEAN)(EFI_ERROR (MrmRangeAdd (&Share->Withheld, Range->Base, Range->Size)) || Share->Full);
}

/**
  The same for I/O ports.

  @param[in,out] Share  The share.
  @param[in]     First  First port.
  @param[in]     Count  How many.
**/
STATIC
VOID
WithholdPorts (
  IN OUT SHARE   *Share,
  IN     UINT64  First,
  IN     UINT64  Count
  )
{
  ClosePorts (Share, First, Count);
  if ((First != 0) && (First + Count - 1 <= MAX_UINT16)) {
    Share->Full = (BOOLEAN)(EFI_ERROR (MrmRangeAdd (&Share->WithheldPorts, First, Count)) || Share->Full);
  }
}

/**
  Keep from the owner what a function decodes, and what it forwards.

  @param[in,out] Share    The share.
  @param[in]     Address  Where it is.
  @param[in]     Bus      Windows of a bridge.
**/
STATIC
VOID
Withhold (
  IN OUT SHARE                  *Share,
  IN     CONST MRM_PCI_ADDRESS  *Address,
  IN     CONST MRM_PCI_BUS      *Bus
  )
{
  EFI_PCI_IO_PROTOCOL  *PciIo;
  MRM_PCI_BAR          Bars[MRM_PCI_BARS];
  MRM_RANGE            Range;
  UINTN                Count;

  PciIo = FindPciIo (Address);
  for (Count = (PciIo == NULL) ? 0 : ReadBars (PciIo, Bars); Count > 0; Count--) {
    if (Bars[Count - 1].Io) {
      WithholdPorts (Share, Bars[Count - 1].Base, Bars[Count - 1].Size);
    } else if (Bars[Count - 1].Base != 0) {
      MrmPciPages (&Bars[Count - 1], &Range);
      WithholdMemory (Share, &Range);
    }
  }

  if (Bus->LastBus != 0) {
    WithholdMemory (Share, &Bus->Memory);
    WithholdMemory (Share, &Bus->Prefetchable);
    WithholdPorts (Share, Bus->Io.Base, Bus->Io.Size);
  }
}

/**
  Go through the functions on bus 0.

  @param[in,out] Share  The share.
  @param[in]     Own    TRUE: give what it gets; FALSE: withhold what it does not get.
**/
STATIC
VOID
GoThrough (
  IN OUT SHARE    *Share,
  IN     BOOLEAN  Own
  )
{
  MRM_PARTITION_CHIPSET  *Chipset;
  MRM_PCI_ADDRESS        Address;
  MRM_PCI_BUS            Bus;
  UINT32                 Config[MRM_PCI_CONFIG_DWORDS];
  BOOLEAN                First;

  Chipset = Share->Chipset;
  ZeroMem (&Address, sizeof (Address));
  for (Address.Device = 0; Address.Device <= PCI_MAX_DEVICE; Address.Device++) {
    First = FALSE;
    for (Address.Function = 0; Address.Function <= PCI_MAX_FUNC; Address.Function++) {
      CopyConfig (Share->RootBridge, &Address, Config);
      if ((UINT16)Config[0] == MAX_UINT16) {
        continue;
      }

      if (IsItsOwn (&Address, Config, &Bus) != Own) {
        continue;
      }

      if (!Own) {
        Withhold (Share, &Address, &Bus);
        continue;
      }

      Give (Share, &Address, Config, &Bus);
      if ((Address.Function != 0) && !First && (Chipset->StandInCount < ARRAY_SIZE (Chipset->StandIns))) {
        // It has no function 0 of this device.  Systems look for others only where there is one.
        Chipset->StandIns[Chipset->StandInCount].Base   = Chipset->Ecam.Base + ((UINTN)Address.Device << 15);
        Chipset->StandIns[Chipset->StandInCount++].Size = SIZE_4KB;
      }

      First = TRUE;
    }
  }
}

/**
  Give the owner the memory that the PC's firmware has for ACPI's interpreter.

  @param[in,out] Share  The share.
**/
STATIC
VOID
AddNvs (
  IN OUT SHARE  *Share
  )
{
  MRM_RANGE_SET          Nvs;
  EFI_MEMORY_DESCRIPTOR  *Map;
  EFI_MEMORY_DESCRIPTOR  *Entry;
  UINTN                  Size;
  UINTN                  Key;
  UINTN                  Step;
  UINT32                 Version;
  EFI_STATUS             Status;

  Size   = 0;
  Map    = NULL;
  Status = gBS->GetMemoryMap (&Size, Map, &Key, &Step, &Version);
  if (Status == EFI_BUFFER_TOO_SMALL) {
    Size += SIZE_4KB;
    Map   = AllocatePool (Size);
    if (Map != NULL) {
      Status = gBS->GetMemoryMap (&Size, Map, &Key, &Step, &Version);
    }
  }

  if (EFI_ERROR (Status) || (Map == NULL)) {
    Share->Full = TRUE;
    return;
  }

  ZeroMem (&Nvs, sizeof (Nvs));
  Nvs.Ranges   = Share->Chipset->Nvs;
  Nvs.Capacity = ARRAY_SIZE (Share->Chipset->Nvs);
  for (Entry = Map; (UINT8 *)Entry < (UINT8 *)Map + Size; Entry = (EFI_MEMORY_DESCRIPTOR *)((UINT8 *)Entry + Step)) {
    if (Entry->Type == EfiACPIMemoryNVS) {
      Add (Share, Entry->PhysicalStart, EFI_PAGES_TO_SIZE (Entry->NumberOfPages));
      Status      = MrmRangeAdd (&Nvs, Entry->PhysicalStart, EFI_PAGES_TO_SIZE (Entry->NumberOfPages));
      Share->Full = (BOOLEAN)(EFI_ERROR (Status) || Share->Full);
    }
  }

  Share->Chipset->NvsCount = Nvs.Count;
  FreePool (Map);
}

/**
  Close the UARTs that are others', and registers of the chipset that would end the PC.

  @param[in,out] Share  The share.
**/
STATIC
VOID
CloseForeign (
  IN OUT SHARE  *Share
  )
{
  CONST MRM_CHIPSET_REGISTERS  *Registers;
  UINTN                        Index;

  Registers = &Share->Chipset->Registers;
  for (Index = 0; Index < ARRAY_SIZE (mUarts); Index++) {
    if (  (Share->Partition->Console.Kind != MrmConsoleUart16550Io)
       || (Share->Partition->Console.Base != mUarts[Index]))
    {
      ClosePorts (Share, mUarts[Index], UART_PORTS);
    }
  }

  for (Index = 0; Index < gPlan->PartitionCount; Index++) {
    if (  (gPlan->Partitions[Index].Console.Kind == MrmConsoleUart16550Io)
       && (&gPlan->Partitions[Index] != Share->Partition->Plan))
    {
      ClosePorts (Share, gPlan->Partitions[Index].Console.IoBase, UART_PORTS);
    }
  }

  if (gPlan->Console.Kind == MrmConsoleUart16550Io) {
    ClosePorts (Share, gPlan->Console.IoBase, UART_PORTS);
  }

  for (Index = 0; Index < ARRAY_SIZE (Registers->Pm1Control); Index++) {
    if (Registers->Pm1Control[Index] != 0) {
      ClosePorts (Share, Registers->Pm1Control[Index], sizeof (UINT16));
    }
  }

  // System management interrupts, where they are not at B2h; many PCs are reset by them.
  ClosePorts (Share, Registers->SmiCommand, (Registers->SmiCommand == 0) ? 0 : sizeof (UINT16));
  ClosePorts (Share, Registers->Reset, (Registers->Reset == 0) ? 0 : sizeof (UINT8));
  if (Registers->Tco != 0) {
    ClosePorts (Share, Registers->Tco, MRM_CHIPSET_TCO_PORTS);
    ClosePorts (Share, Registers->Pm1Event[0] + MRM_CHIPSET_SMI, MRM_CHIPSET_SMI_PORTS);
  }
}

VOID
CollectShare (
  IN OUT MRM_PARTITION  *Partition
  )
{
  SHARE      Share;
  MRM_RANGE  Range;
  UINTN      Index;

  ZeroMem (&Share, sizeof (Share));
  Share.Partition        = Partition;
  Share.Chipset          = Partition->Chipset;
  Share.Windows.Ranges   = Partition->Chipset->Windows;
  Share.Windows.Capacity = ARRAY_SIZE (Partition->Chipset->Windows);

  Share.Withheld.Ranges        = Partition->Chipset->Tables.Withheld;
  Share.Withheld.Capacity      = ARRAY_SIZE (Partition->Chipset->Tables.Withheld);
  Share.WithheldPorts.Ranges   = Partition->Chipset->Tables.WithheldPorts;
  Share.WithheldPorts.Capacity = ARRAY_SIZE (Partition->Chipset->Tables.WithheldPorts);
  for (Index = 0; MrmEcamRange (gMachine.Mcfg, Index, &Range); Index++) {
    if (MrmFindEcam (gMachine.Mcfg, 0, 0, 0) == Range.Base) {
      Share.Chipset->Ecam    = Range;
      Share.Chipset->LastBus = (UINT8)(MIN (Range.Size / SIZE_1MB, 256) - 1);
    }
  }

  if ((Share.Chipset->Ecam.Size < SIZE_1MB) || !FindRoot (&Share)) {
    Refuse (Partition, MRM_RULE_CHIPSET, "promised the chipset, found no configuration space of bus 0 in segment 0");
    return;
  }

  FindWatchdog (&Share);
  Share.Chipset->Functions.RootBridge = Share.RootBridge;
  Share.Chipset->Functions.ByFunction = TRUE;
  for (Index = 0; MrmEcamRange (gMachine.Mcfg, Index, &Range); Index++) {
    Remove (&Share, &Range);
  }

  // Its firmware may know all of it: the guard keeps from it what others have there.
  Share.Chipset->Bus.LastBus  = Share.Chipset->LastBus;
  Share.Chipset->Bus.EcamBase = Share.Chipset->Ecam.Base;
  Share.Chipset->Bus.Io       = Share.Io;
  MrmPciRootWindows (Share.Windows.Ranges, Share.Windows.Count, LEGACY_DEVICES, &Share.Chipset->Bus);
  AddNvs (&Share);
  Add (&Share, LEGACY_VGA, LEGACY_VGA_SIZE);
  Add (&Share, LEGACY_DEVICES, LEGACY_END - LEGACY_DEVICES);
  GoThrough (&Share, TRUE);
  // Last: a page in which somebody else has registers, too, is not the owner's.
  GoThrough (&Share, FALSE);
  CloseForeign (&Share);
  Share.Chipset->WindowCount              = Share.Windows.Count;
  Share.Chipset->Tables.WithheldCount     = Share.Withheld.Count;
  Share.Chipset->Tables.WithheldPortCount = Share.WithheldPorts.Count;
  if (Share.Full) {
    Refuse (Partition, MRM_RULE_CONTROLLER, "what nobody else has is in too many pieces");
  }
}
