/** @file
  What tables of the PC's firmware say.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmMachineLib.h>
#include <Library/BaseMemoryLib.h>
#include <IndustryStandard/Acpi65.h>
#include <IndustryStandard/MemoryMappedConfigurationSpaceAccessTable.h>

typedef EFI_ACPI_6_5_FIXED_ACPI_DESCRIPTION_TABLE FADT;
typedef EFI_ACPI_MEMORY_MAPPED_ENHANCED_CONFIGURATION_SPACE_BASE_ADDRESS_ALLOCATION_STRUCTURE ECAM_ENTRY;

/**
  TRUE if a table reaches up to an offset.

  @param[in] Table  The table, or NULL.
  @param[in] End    The offset.
**/
STATIC
BOOLEAN
Reaches (
  IN CONST VOID  *Table,
  IN UINTN       End
  )
{
  return (Table != NULL) && (((CONST EFI_ACPI_DESCRIPTION_HEADER *)Table)->Length >= End);
}

VOID
EFIAPI
MrmFindPmTimer (
  IN  CONST VOID    *Fadt,
  OUT MRM_PM_TIMER  *Timer
  )
{
  CONST FADT  *Table;
  UINT64      Port;

  ZeroMem (Timer, sizeof (*Timer));
  Table = Fadt;
  if (!Reaches (Table, OFFSET_OF (FADT, ResetReg))) {
    return;
  }

  Port = Table->PmTmrBlk;
  if (  Reaches (Table, OFFSET_OF (FADT, XGpe0Blk))
     && (Table->XPmTmrBlk.AddressSpaceId == EFI_ACPI_6_5_SYSTEM_IO)
     && (Table->XPmTmrBlk.Address != 0))
  {
    Port = Table->XPmTmrBlk.Address;
  }

  if ((Table->PmTmrLen == 4) && (Port <= MAX_UINT16)) {
    Timer->Port    = (UINT16)Port;
    Timer->Is32Bit = (Table->Flags & EFI_ACPI_6_5_TMR_VAL_EXT) != 0;
  }
}

VOID
EFIAPI
MrmFindPowerButton (
  IN  CONST VOID        *Fadt,
  OUT MRM_POWER_BUTTON  *Button
  )
{
  CONST FADT  *Table;

  ZeroMem (Button, sizeof (*Button));
  Table = Fadt;
  if (  !Reaches (Table, OFFSET_OF (FADT, ResetReg))
     || ((Table->Flags & (EFI_ACPI_6_5_PWR_BUTTON | EFI_ACPI_6_5_HW_REDUCED_ACPI)) != 0)
     || (Table->Pm1aEvtBlk == 0)
     || (Table->Pm1aEvtBlk > MAX_UINT16)
     || (Table->Pm1EvtLen < 4))
  {
    return;
  }

  Button->StatusPort = (UINT16)Table->Pm1aEvtBlk;
  Button->EnablePort = (UINT16)(Button->StatusPort + Table->Pm1EvtLen / 2);
}

UINT64
EFIAPI
MrmFindEcam (
  IN CONST VOID  *Mcfg,
  IN UINT16      Segment,
  IN UINT8       FirstBus,
  IN UINT8       LastBus
  )
{
  CONST ECAM_ENTRY  *Entry;
  UINTN             Offset;

  for (Offset = sizeof (EFI_ACPI_MEMORY_MAPPED_CONFIGURATION_BASE_ADDRESS_TABLE_HEADER);
       Reaches (Mcfg, Offset + sizeof (*Entry));
       Offset += sizeof (*Entry))
  {
    Entry = (CONST VOID *)((CONST UINT8 *)Mcfg + Offset);
    if (  (Entry->PciSegmentGroupNumber == Segment)
       && (Entry->StartBusNumber <= FirstBus)
       && (Entry->EndBusNumber >= LastBus))
    {
      return Entry->BaseAddress;
    }
  }

  return 0;
}

BOOLEAN
EFIAPI
MrmEcamRange (
  IN  CONST VOID  *Mcfg,
  IN  UINTN       Number,
  OUT MRM_RANGE   *Range
  )
{
  CONST ECAM_ENTRY  *Entry;
  UINTN             Offset;

  Offset = sizeof (EFI_ACPI_MEMORY_MAPPED_CONFIGURATION_BASE_ADDRESS_TABLE_HEADER) + Number * sizeof (*Entry);
  if (!Reaches (Mcfg, Offset + sizeof (*Entry))) {
    return FALSE;
  }

  Entry = (CONST VOID *)((CONST UINT8 *)Mcfg + Offset);
  if (Entry->EndBusNumber < Entry->StartBusNumber) {
    return FALSE;
  }

  Range->Base = Entry->BaseAddress + (UINT64)Entry->StartBusNumber * SIZE_1MB;
  Range->Size = ((UINT64)Entry->EndBusNumber - Entry->StartBusNumber + 1) * SIZE_1MB;
  return TRUE;
}

BOOLEAN
EFIAPI
MrmUsesIoBase (
  IN CONST VOID  *Resources,
  IN UINT16      IoBase
  )
{
  CONST UINT8                       *Next;
  CONST ACPI_SMALL_RESOURCE_HEADER  *Small;
  CONST ACPI_LARGE_RESOURCE_HEADER  *Large;

  Next = Resources;
  while (*Next != ACPI_END_TAG_DESCRIPTOR) {
    switch (*Next) {
      case ACPI_IO_PORT_DESCRIPTOR:
        if (((CONST EFI_ACPI_IO_PORT_DESCRIPTOR *)Next)->BaseAddressMin == IoBase) {
          return TRUE;
        }

        break;
      case ACPI_FIXED_LOCATION_IO_PORT_DESCRIPTOR:
        if (((CONST EFI_ACPI_FIXED_LOCATION_IO_PORT_DESCRIPTOR *)Next)->BaseAddress == IoBase) {
          return TRUE;
        }

        break;
      default:
        break;
    }

    Small = (CONST ACPI_SMALL_RESOURCE_HEADER *)Next;
    if (Small->Bits.Type == 0) {
      Next += sizeof (*Small) + Small->Bits.Length;
    } else {
      Large = (CONST ACPI_LARGE_RESOURCE_HEADER *)Next;
      Next += sizeof (*Large) + Large->Length;
    }
  }

  return FALSE;
}
