/** @file
  Page tables of a partition: its own memory, local APIC and PCI, nothing else.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Layout.h"
#include <Library/BaseLib.h>
#include <Library/CpuPageTableLib.h>
#include <Register/Intel/Cpuid.h>

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
  IA32_MAP_ATTRIBUTE               Attribute;
  IA32_MAP_ATTRIBUTE               Mask;
  CPUID_EXTENDED_CPU_SIG_EDX       Features;

  if (Range->Size == 0) {
    return EFI_SUCCESS;
  }

  AsmCpuid (CPUID_EXTENDED_CPU_SIG, NULL, NULL, NULL, &Features.Uint32);
  Attribute.Uint64             = Range->Base;
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
  }

  *Cr3 = PageTable;
  return Status;
}
