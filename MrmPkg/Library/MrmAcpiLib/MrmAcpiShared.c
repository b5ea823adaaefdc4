/** @file
  NFIT: the partition's shared memories as persistent memory.  ACPI 6.3 section 5.2.25.

  No NVDIMM stands behind them, so there are no structures but those of their address ranges: an OS then takes each
  range as it is.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmAcpiInternal.h"
#include <Uefi/UefiSpec.h>

BOOLEAN
MrmAcpiSharedIsValid (
  IN CONST MRM_ACPI_FACTS  *Facts
  )
{
  UINT32           Index;
  CONST MRM_RANGE  *Range;

  if (Facts->SharedCount > MRM_MAX_SHARED) {
    return FALSE;
  }

  for (Index = 0; Index < Facts->SharedCount; Index++) {
    Range = &Facts->Shared[Index];
    if (  (Range->Size == 0)
       || (((Range->Base | Range->Size) % MRM_SHARED_ALIGNMENT) != 0)
       || (Range->Base > MAX_UINT64 - (Range->Size - 1)))
    {
      return FALSE;
    }
  }

  return TRUE;
}

UINTN
MrmAcpiNfit (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  )
{
  STATIC CONST EFI_GUID  Persistent = EFI_ACPI_6_3_NFIT_GUID_BYTE_ADDRESSABLE_PERSISTENT_MEMORY_REGION;

  EFI_ACPI_6_3_NVDIMM_FIRMWARE_INTERFACE_TABLE               *Nfit;
  EFI_ACPI_6_3_NFIT_SYSTEM_PHYSICAL_ADDRESS_RANGE_STRUCTURE  *Range;
  UINTN                                                      Length;
  UINT32                                                     Index;

  if (Facts->SharedCount == 0) {
    return 0;
  }

  Length = sizeof (*Nfit) + Facts->SharedCount * sizeof (*Range);
  if (Table == NULL) {
    return Length;
  }

  Nfit = Table;
  ZeroMem (Nfit, Length);
  MrmAcpiHeader (
    &Nfit->Header,
    EFI_ACPI_6_3_NVDIMM_FIRMWARE_INTERFACE_TABLE_STRUCTURE_SIGNATURE,
    EFI_ACPI_6_3_NVDIMM_FIRMWARE_INTERFACE_TABLE_REVISION,
    Length
    );
  Range = (VOID *)(Nfit + 1);
  for (Index = 0; Index < Facts->SharedCount; Index++) {
    Range[Index].Type   = EFI_ACPI_6_3_NFIT_SYSTEM_PHYSICAL_ADDRESS_RANGE_STRUCTURE_TYPE;
    Range[Index].Length = sizeof (*Range);
    // Zero stands for "no index": an OS passes over such a range.
    Range[Index].SPARangeStructureIndex = (UINT16)(Index + 1);
    CopyMem (&Range[Index].AddressRangeTypeGUID, &Persistent, sizeof (Persistent));
    Range[Index].SystemPhysicalAddressRangeBase      = Facts->Shared[Index].Base;
    Range[Index].SystemPhysicalAddressRangeLength    = Facts->Shared[Index].Size;
    Range[Index].AddressRangeMemoryMappingAttribute  = EFI_MEMORY_WB | EFI_MEMORY_NV;
  }

  Nfit->Header.Checksum = MrmAcpiChecksum (Nfit, Length);
  return Length;
}
