/** @file
  Page tables of a partition: its own memory, local APIC and PCI, nothing else.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Layout.h"
#include <IndustryStandard/Pci.h>
#include <Library/BaseLib.h>
#include <Library/CpuPageTableLib.h>
#include <Register/Intel/Cpuid.h>

/**
  Map a range in the partition's page tables.

  @param[in,out] PageTable  Root; created by the first call.
  @param[in]     Layout     Where page tables go.
  @param[in,out] Left       Bytes left there.
  @param[in]     Range      What to map; nothing when empty.
  @param[in]     Physical   Where it leads to.
  @param[in]     Cached     FALSE: uncacheable.

  @return  Status of PageTableMap().
**/
STATIC
EFI_STATUS
MapTo (
  IN OUT UINTN             *PageTable,
  IN     CONST MRM_LAYOUT  *Layout,
  IN OUT UINTN             *Left,
  IN     CONST MRM_RANGE   *Range,
  IN     UINT64            Physical,
  IN     BOOLEAN           Cached
  )
{
  IA32_MAP_ATTRIBUTE               Attribute;
  IA32_MAP_ATTRIBUTE               Mask;
  CPUID_EXTENDED_CPU_SIG_EDX       Features;

  if (Range->Size == 0) {
    return EFI_SUCCESS;
  }

  AsmCpuid (CPUID_EXTENDED_CPU_SIG, NULL, NULL, NULL, &Features.Uint32);
  Attribute.Uint64             = Physical;
  Attribute.Bits.Present       = 1;
  Attribute.Bits.ReadWrite     = 1;
  Attribute.Bits.CacheDisabled = Cached ? 0 : 1;
  Attribute.Bits.WriteThrough  = Cached ? 0 : 1;
  Mask.Uint64                  = MAX_UINT64;
  return PageTableMap (
           PageTable,
           (Features.Bits.Page1GB != 0) ? Paging4Level1GB : Paging4Level,
           (VOID *)(UINTN)Layout->PageTables.Base,
           Left,
           Range->Base,
           Range->Size,
           &Attribute,
           &Mask,
           NULL
           );
}

/**
  Map a range one-to-one in the partition's page tables.

  @param[in,out] PageTable  Root; created by the first call.
  @param[in]     Layout     Where page tables go.
  @param[in,out] Left       Bytes left there.
  @param[in]     Range      What to map; nothing when empty.
  @param[in]     Cached     FALSE: uncacheable.

  @return  Status of PageTableMap().
**/
STATIC
EFI_STATUS
Map (
  IN OUT UINTN             *PageTable,
  IN     CONST MRM_LAYOUT  *Layout,
  IN OUT UINTN             *Left,
  IN     CONST MRM_RANGE   *Range,
  IN     BOOLEAN           Cached
  )
{
  return MapTo (PageTable, Layout, Left, Range, Range->Base, Cached);
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
  The configuration space of a function.

  @param[in] EcamBase  Address of bus 0 of its segment.
  @param[in] Bus       Bus number.
  @param[in] Device    Device number.
  @param[in] Function  Function number.
**/
STATIC
MRM_RANGE
ConfigRange (
  IN UINT64  EcamBase,
  IN UINT8   Bus,
  IN UINTN   Device,
  IN UINTN   Function
  )
{
  MRM_RANGE  Range;

  Range.Base = EcamBase + ((UINT64)Bus * SIZE_1MB) + ((Device * (PCI_MAX_FUNC + 1)) + Function) * SIZE_4KB;
  Range.Size = SIZE_4KB;
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
      if ((Port->Functions[Index].Bus == Bus) && (Port->Functions[Index].Device == Device)) {
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

  @param[in,out] PageTable  Root.
  @param[in]     Layout     Where page tables go.
  @param[in,out] Left       Bytes left there.
  @param[in]     Port       The port.
  @param[in]     Bus        Its buses.

  @return  Status of PageTableMap().
**/
STATIC
EFI_STATUS
HideDisabled (
  IN OUT UINTN               *PageTable,
  IN     CONST MRM_LAYOUT    *Layout,
  IN OUT UINTN               *Left,
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
      Hidden = ConfigRange (Bus->EcamBase, Function->Bus, Function->Device, Function->Function);
      Absent = ConfigRange (Bus->EcamBase, Function->Bus, FreeDevice (Port, Function->Bus), 0);
      Status = MapTo (PageTable, Layout, Left, &Hidden, Absent.Base, FALSE);
    }
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
  EFI_STATUS  Status;
  UINTN       PageTable;
  UINTN       Left;
  UINTN       Index;
  MRM_RANGE   Range;

  PageTable = 0;
  Left      = (UINTN)Layout->PageTables.Size;
  Status    = EFI_SUCCESS;
  for (Index = 0; !EFI_ERROR (Status) && Index < Partition->PieceCount; Index++) {
    Status = Map (&PageTable, Layout, &Left, &Partition->Pieces[Index], TRUE);
  }

  if (!EFI_ERROR (Status)) {
    Range.Base = gMachine.LocalApicAddress;
    Range.Size = SIZE_4KB;
    Status     = Map (&PageTable, Layout, &Left, &Range, FALSE);
  }

  for (Index = 0; !EFI_ERROR (Status) && Index < Partition->PciBusCount; Index++) {
    Range  = EcamRange (&Partition->PciBuses[Index]);
    Status = Map (&PageTable, Layout, &Left, &Range, FALSE);
    if (!EFI_ERROR (Status)) {
      Status = Map (&PageTable, Layout, &Left, &Partition->PciBuses[Index].Memory, FALSE);
    }

    if (!EFI_ERROR (Status)) {
      Status = Map (&PageTable, Layout, &Left, &Partition->PciBuses[Index].Prefetchable, FALSE);
    }

    if (!EFI_ERROR (Status)) {
      Status = HideDisabled (&PageTable, Layout, &Left, &Partition->PciPorts[Index], &Partition->PciBuses[Index]);
    }
  }

  *Cr3 = PageTable;
  return Status;
}
