/** @file
  Page tables of a partition: its own memory, local APIC and PCI, nothing else that is real.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Build/PageTables.h"
#include "Chipset/Chipset.h"
#include "Partition/Partition.h"
#include "Core/Facts.h"
#include <IndustryStandard/Pci.h>
#include <Library/BaseLib.h>
#include <Library/CpuPageTableLib.h>
#include <Register/Intel/Cpuid.h>

///
/// Page tables being built.
///
typedef struct {
  UINTN          Root;       ///< 0 until the first page is mapped
  PAGING_MODE    Mode;
  MRM_RANGE      Room;       ///< where they go
  UINTN          Left;       ///< bytes left there
} TABLES;

#define READ_ONLY   BIT0
#define NO_EXECUTE  BIT1
#define UNCACHED    BIT2

/**
  Change what the entries of a range say.

  @param[in,out] Tables     The page tables.
  @param[in]     Range      Linear addresses, at least one page.
  @param[in]     Attribute  What the entries say then.
  @param[in]     Mask       Which parts of them change.

  @return  Status of PageTableMap().
**/
STATIC
EFI_STATUS
Change (
  IN OUT TABLES              *Tables,
  IN     CONST MRM_RANGE     *Range,
  IN     IA32_MAP_ATTRIBUTE  *Attribute,
  IN     IA32_MAP_ATTRIBUTE  *Mask
  )
{
  return PageTableMap (
           &Tables->Root,
           Tables->Mode,
           (VOID *)(UINTN)Tables->Room.Base,
           &Tables->Left,
           Range->Base,
           Range->Size,
           Attribute,
           Mask,
           NULL
           );
}

/**
  Map a range.

  @param[in,out] Tables    The page tables.
  @param[in]     Range     Linear addresses; nothing happens when empty.
  @param[in]     Physical  What the first of them leads to.
  @param[in]     Flags     READ_ONLY, NO_EXECUTE, UNCACHED.

  @return  Status of PageTableMap().
**/
STATIC
EFI_STATUS
MapTo (
  IN OUT TABLES           *Tables,
  IN     CONST MRM_RANGE  *Range,
  IN     UINT64           Physical,
  IN     UINT32           Flags
  )
{
  IA32_MAP_ATTRIBUTE  Attribute;
  IA32_MAP_ATTRIBUTE  Mask;

  if (Range->Size == 0) {
    return EFI_SUCCESS;
  }

  Attribute.Uint64             = Physical;
  Attribute.Bits.Present       = 1;
  Attribute.Bits.ReadWrite     = ((Flags & READ_ONLY) == 0) ? 1 : 0;
  Attribute.Bits.Nx            = (gMachine.NoExecute && ((Flags & NO_EXECUTE) != 0)) ? 1 : 0;
  Attribute.Bits.CacheDisabled = ((Flags & UNCACHED) == 0) ? 0 : 1;
  Attribute.Bits.WriteThrough  = Attribute.Bits.CacheDisabled;
  Mask.Uint64                  = MAX_UINT64;
  return Change (Tables, Range, &Attribute, &Mask);
}

/**
  Map a range one-to-one.

  @param[in,out] Tables  The page tables.
  @param[in]     Range   What to map; nothing happens when empty.
  @param[in]     Flags   READ_ONLY, NO_EXECUTE, UNCACHED.

  @return  Status of PageTableMap().
**/
STATIC
EFI_STATUS
Map (
  IN OUT TABLES           *Tables,
  IN     CONST MRM_RANGE  *Range,
  IN     UINT32           Flags
  )
{
  return MapTo (Tables, Range, Range->Base, Flags);
}

/**
  Take the mapping of a range away.  Its addresses stay in the entries, so that the partition firmware knows pages there
  that must not be touched.

  @param[in,out] Tables  The page tables.
  @param[in]     Range   Mapped one-to-one.

  @return  Status of PageTableMap().
**/
STATIC
EFI_STATUS
Unmap (
  IN OUT TABLES           *Tables,
  IN     CONST MRM_RANGE  *Range
  )
{
  IA32_MAP_ATTRIBUTE  Attribute;
  IA32_MAP_ATTRIBUTE  Mask;

  Attribute.Uint64  = 0;
  Mask.Uint64       = 0;
  Mask.Bits.Present = 1;
  return Change (Tables, Range, &Attribute, &Mask);
}

/**
  Map what the partition has of the first MiB, and one page in place of all else there: loaders look for the BIOS data
  area, for tables in the BIOS, some write to address 0.  Code is nowhere.

  @param[in,out] Tables     The page tables.
  @param[in]     Partition  The partition.
  @param[in]     Layout     Its layout.

  @return  Status of PageTableMap().
**/
STATIC
EFI_STATUS
MapLowMemory (
  IN OUT TABLES               *Tables,
  IN     CONST MRM_PARTITION  *Partition,
  IN     CONST MRM_LAYOUT     *Layout
  )
{
  EFI_STATUS       Status;
  MRM_RANGE        Page;
  CONST MRM_RANGE  *Slice;

  Slice     = &Partition->Pieces[0];
  Status    = Map (Tables, Slice, 0);
  Page.Size = SIZE_4KB;
  for (Page.Base = 0; !EFI_ERROR (Status) && Page.Base < SIZE_1MB; Page.Base += SIZE_4KB) {
    if ((Page.Base < Slice->Base) || (Page.Base - Slice->Base >= Slice->Size)) {
      Status = MapTo (Tables, &Page, Layout->LowPage.Base, NO_EXECUTE);
    }
  }

  return Status;
}

/**
  Map the memory of the partition above the first MiB, as its firmware may use it: no code where the OS never has any, or
  where code would be a mistake; page tables cannot be written, and nothing lies below the stack.

  @param[in,out] Tables     The page tables.
  @param[in]     Partition  The partition.
  @param[in]     Layout     Its layout.

  @return  Status of PageTableMap().
**/
STATIC
EFI_STATUS
MapMemory (
  IN OUT TABLES               *Tables,
  IN     CONST MRM_PARTITION  *Partition,
  IN     CONST MRM_LAYOUT     *Layout
  )
{
  EFI_STATUS       Status;
  UINTN            Index;
  CONST MRM_RANGE  *Data[] = {
    &Layout->Stack,         &Layout->Descriptors, &Layout->LowPage,   &Layout->Start, &Layout->Acpi,
    &Layout->Smbios,        &Layout->Mailbox,     &Layout->VariableStore,
    &Layout->ControlArea,   &Layout->ConsoleRing, &Layout->EventRing,
  };

  Status = EFI_SUCCESS;
  for (Index = 1; !EFI_ERROR (Status) && Index < Partition->PieceCount; Index++) {
    Status = Map (Tables, &Partition->Pieces[Index], 0);
  }

  for (Index = 0; !EFI_ERROR (Status) && Index < ARRAY_SIZE (Data); Index++) {
    Status = Map (Tables, Data[Index], NO_EXECUTE);
  }

  if (!EFI_ERROR (Status)) {
    Status = Map (Tables, &Layout->PageTables, READ_ONLY | NO_EXECUTE);
  }

  return EFI_ERROR (Status) ? Status : Unmap (Tables, &Layout->StackGuard);
}

MRM_RANGE
EcamRange (
  IN CONST MRM_PCI_BUS  *Bus
  )
{
  MRM_RANGE  Range;

  Range.Base = Bus->EcamBase + (UINT64)Bus->FirstBus * SIZE_1MB;
  Range.Size = (UINT64)(Bus->LastBus - Bus->FirstBus + 1) * SIZE_1MB;
  return Range;
}

/**
  Find a device number on a bus where no function answers: a port has fewer functions behind
  it than a bus has device numbers.

  @param[in] Port  The port.
  @param[in] Bus   The bus.

  @return  The highest such number.
**/
STATIC
UINTN
FreeDevice (
  IN CONST MRM_PCI_PORT  *Port,
  IN UINT8               Bus
  )
{
  UINTN  Device;
  UINTN  Index;

  for (Device = PCI_MAX_DEVICE; Device > 0; Device--) {
    for (Index = 0; Index < Port->FunctionCount; Index++) {
      if ((Port->Functions[Index].Address.Bus == Bus) && (Port->Functions[Index].Address.Device == Device)) {
        break;
      }
    }

    if (Index == Port->FunctionCount) {
      break;
    }
  }

  return Device;
}

/**
  Hide the disabled functions behind a port from partition firmware and loaders: where their
  configuration space would be, they find one that does not answer.

  @param[in,out] Tables  The page tables.
  @param[in]     Port    The port.
  @param[in]     Bus     Its buses.

  @return  Status of PageTableMap().
**/
STATIC
EFI_STATUS
HideDisabled (
  IN OUT TABLES              *Tables,
  IN     CONST MRM_PCI_PORT  *Port,
  IN     CONST MRM_PCI_BUS   *Bus
  )
{
  CONST MRM_PCI_FUNCTION  *Function;
  EFI_STATUS              Status;
  MRM_RANGE               Hidden;
  MRM_RANGE               Absent;
  UINTN                   Index;

  Status = EFI_SUCCESS;
  for (Index = 0; !EFI_ERROR (Status) && Index < Port->FunctionCount; Index++) {
    Function = &Port->Functions[Index];
    if (Function->Disabled) {
      Hidden = ConfigRange (Bus->EcamBase, Function->Address.Bus, Function->Address.Device, Function->Address.Function);
      Absent = ConfigRange (Bus->EcamBase, Function->Address.Bus, FreeDevice (Port, Function->Address.Bus), 0);
      Status = MapTo (Tables, &Hidden, Absent.Base, UNCACHED | NO_EXECUTE);
    }
  }

  return Status;
}

/**
  Map what is behind a PCI host bridge.

  @param[in,out] Tables  The page tables.
  @param[in]     Bus     Its buses.

  @return  Status of PageTableMap().
**/
STATIC
EFI_STATUS
MapBus (
  IN OUT TABLES             *Tables,
  IN     CONST MRM_PCI_BUS  *Bus
  )
{
  EFI_STATUS  Status;
  MRM_RANGE   Range;

  Range  = EcamRange (Bus);
  Status = Map (Tables, &Range, UNCACHED | NO_EXECUTE);
  if (!EFI_ERROR (Status)) {
    Status = Map (Tables, &Bus->Memory, UNCACHED | NO_EXECUTE);
  }

  return EFI_ERROR (Status) ? Status : Map (Tables, &Bus->Prefetchable, UNCACHED | NO_EXECUTE);
}

/**
  Map registers of the partition's devices.

  @param[in,out] Tables     The page tables.
  @param[in]     Partition  The partition.

  @return  Status of PageTableMap().
**/
STATIC
EFI_STATUS
MapDevices (
  IN OUT TABLES               *Tables,
  IN     CONST MRM_PARTITION  *Partition
  )
{
  EFI_STATUS         Status;
  UINTN              Index;
  MRM_RANGE          Range;
  CONST MRM_PCI_BUS  *Bus;

  Range.Base = gMachine.LocalApicAddress;
  Range.Size = SIZE_4KB;
  Status     = Map (Tables, &Range, UNCACHED | NO_EXECUTE);
  for (Index = 0; !EFI_ERROR (Status) && Index < HostBridgeCount (Partition); Index++) {
    Bus    = &Partition->PciBuses[Index];
    Status = MapBus (Tables, Bus);
    if (!EFI_ERROR (Status) && (Index < Partition->PciBusCount)) {
      Status = HideDisabled (Tables, &Partition->PciPorts[Index], Bus);
    }
  }

  if (!EFI_ERROR (Status) && (Partition->Chipset != NULL)) {
    // What others have there is the guard's to keep from it.
    Status = MapBus (Tables, &Partition->Chipset->Bus);
  }

  return Status;
}

EFI_STATUS
BuildPageTables (
  IN  CONST MRM_PARTITION  *Partition,
  IN  CONST MRM_LAYOUT     *Layout,
  OUT UINT64               *Cr3
  )
{
  EFI_STATUS                  Status;
  TABLES                      Tables;
  CPUID_EXTENDED_CPU_SIG_EDX  Features;

  AsmCpuid (CPUID_EXTENDED_CPU_SIG, NULL, NULL, NULL, &Features.Uint32);
  Tables.Root = 0;
  Tables.Mode = (Features.Bits.Page1GB != 0) ? Paging4Level1GB : Paging4Level;
  Tables.Room = Layout->PageTables;
  Tables.Left = (UINTN)Layout->PageTables.Size;
  Status      = MapMemory (&Tables, Partition, Layout);
  if (!EFI_ERROR (Status)) {
    Status = MapLowMemory (&Tables, Partition, Layout);
  }

  if (!EFI_ERROR (Status)) {
    Status = MapDevices (&Tables, Partition);
  }

  *Cr3 = Tables.Root;
  return Status;
}
