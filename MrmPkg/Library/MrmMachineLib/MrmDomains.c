/** @file
  NUMA nodes of the live machine, as the SRAT of its firmware tells them (ACPI 6.3 section 5.2.16).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmMachineLib.h>
#include <IndustryStandard/Acpi63.h>

typedef EFI_ACPI_6_3_SYSTEM_RESOURCE_AFFINITY_TABLE_HEADER                  SRAT;
typedef EFI_ACPI_6_3_PROCESSOR_LOCAL_APIC_SAPIC_AFFINITY_STRUCTURE         XAPIC;
typedef EFI_ACPI_6_3_PROCESSOR_LOCAL_X2APIC_AFFINITY_STRUCTURE             X2APIC;
typedef EFI_ACPI_6_3_MEMORY_AFFINITY_STRUCTURE                             MEMORY;

#define WIDE_DOMAINS  2   ///< first revision in which a domain has more than 8 bits

///
/// What each structure begins with.
///
typedef struct {
  UINT8    Type;
  UINT8    Length;
} HEADER;

/**
  TRUE if a structure is as long as its type wants it.

  @param[in] Header  The structure.
**/
STATIC
BOOLEAN
IsRightLength (
  IN CONST HEADER  *Header
  )
{
  switch (Header->Type) {
    case EFI_ACPI_6_3_PROCESSOR_LOCAL_APIC_SAPIC_AFFINITY:
      return Header->Length == sizeof (XAPIC);
    case EFI_ACPI_6_3_PROCESSOR_LOCAL_X2APIC_AFFINITY:
      return Header->Length == sizeof (X2APIC);
    case EFI_ACPI_6_3_MEMORY_AFFINITY:
      return Header->Length == sizeof (MEMORY);
    default:
      return Header->Length >= sizeof (*Header);
  }
}

BOOLEAN
EFIAPI
MrmSratIsSound (
  IN CONST VOID  *Srat OPTIONAL,
  IN UINTN       Size
  )
{
  CONST SRAT    *Table;
  CONST HEADER  *Header;
  UINTN         Offset;
  UINT8         Sum;

  Table = Srat;
  if (  (Table == NULL)
     || (Size < sizeof (*Table))
     || (Table->Header.Signature != EFI_ACPI_6_3_SYSTEM_RESOURCE_AFFINITY_TABLE_SIGNATURE)
     || (Table->Header.Length < sizeof (*Table))
     || (Table->Header.Length > Size))
  {
    return FALSE;
  }

  Sum = 0;
  for (Offset = 0; Offset < Table->Header.Length; Offset++) {
    Sum = (UINT8)(Sum + ((CONST UINT8 *)Srat)[Offset]);
  }

  for (Offset = sizeof (*Table); Offset < Table->Header.Length; Offset += Header->Length) {
    Header = (CONST VOID *)((CONST UINT8 *)Srat + Offset);
    if (  (Table->Header.Length - Offset < sizeof (*Header))
       || (Table->Header.Length - Offset < Header->Length)
       || !IsRightLength (Header))
    {
      return FALSE;
    }
  }

  return Sum == 0;
}

/**
  Read what a structure says.

  @param[in]  Srat   The table.
  @param[in]  Place  The structure.
  @param[out] Entry  Receives what it says.

  @retval TRUE   It says where a processor or memory is which is in use.
  @retval FALSE  It does not.
**/
STATIC
BOOLEAN
ReadStructure (
  IN  CONST SRAT      *Srat,
  IN  CONST UINT8     *Place,
  OUT MRM_SRAT_ENTRY  *Entry
  )
{
  CONST XAPIC   *Xapic;
  CONST X2APIC  *X2apic;
  CONST MEMORY  *Memory;
  BOOLEAN       Wide;

  Wide             = Srat->Header.Revision >= WIDE_DOMAINS;
  Entry->Structure = Place;
  Entry->Length    = ((CONST HEADER *)Place)->Length;
  Entry->ApicId    = 0;
  Entry->Base      = 0;
  Entry->Size      = 0;
  switch (((CONST HEADER *)Place)->Type) {
    case EFI_ACPI_6_3_PROCESSOR_LOCAL_APIC_SAPIC_AFFINITY:
      Xapic         = (CONST VOID *)Place;
      Entry->ApicId = Xapic->ApicId;
      Entry->Domain = Xapic->ProximityDomain7To0;
      if (Wide) {
        Entry->Domain |= ((UINT32)Xapic->ProximityDomain31To8[0] << 8)
                         | ((UINT32)Xapic->ProximityDomain31To8[1] << 16)
                         | ((UINT32)Xapic->ProximityDomain31To8[2] << 24);
      }

      return (Xapic->Flags & EFI_ACPI_6_3_PROCESSOR_LOCAL_APIC_SAPIC_ENABLED) != 0;

    case EFI_ACPI_6_3_PROCESSOR_LOCAL_X2APIC_AFFINITY:
      X2apic        = (CONST VOID *)Place;
      Entry->ApicId = X2apic->X2ApicId;
      Entry->Domain = X2apic->ProximityDomain;
      return (X2apic->Flags & EFI_ACPI_6_3_PROCESSOR_LOCAL_APIC_SAPIC_ENABLED) != 0;

    case EFI_ACPI_6_3_MEMORY_AFFINITY:
      Memory        = (CONST VOID *)Place;
      Entry->Domain = Wide ? Memory->ProximityDomain : (Memory->ProximityDomain & MAX_UINT8);
      Entry->Base   = ((UINT64)Memory->AddressBaseHigh << 32) | Memory->AddressBaseLow;
      Entry->Size   = ((UINT64)Memory->LengthHigh << 32) | Memory->LengthLow;
      return ((Memory->Flags & EFI_ACPI_6_3_MEMORY_ENABLED) != 0) && (Entry->Size != 0);

    default:
      return FALSE;
  }
}

BOOLEAN
EFIAPI
MrmSratNext (
  IN     CONST VOID      *Srat,
  IN OUT UINTN           *Offset,
  OUT    MRM_SRAT_ENTRY  *Entry
  )
{
  CONST SRAT   *Table;
  CONST UINT8  *Place;

  Table   = Srat;
  *Offset = MAX (*Offset, sizeof (*Table));
  while (*Offset < Table->Header.Length) {
    Place    = (CONST UINT8 *)Srat + *Offset;
    *Offset += ((CONST HEADER *)Place)->Length;
    if (ReadStructure (Table, Place, Entry)) {
      return TRUE;
    }
  }

  return FALSE;
}

VOID
EFIAPI
MrmDomainsOfProcessors (
  IN     CONST VOID           *Srat OPTIONAL,
  IN     UINTN                Size,
  IN OUT MRM_PROCESSOR_FACTS  *Processors,
  IN     UINTN                Count
  )
{
  MRM_SRAT_ENTRY  Entry;
  UINTN           Offset;
  UINTN           Index;

  for (Index = 0; Index < Count; Index++) {
    Processors[Index].Domain = 0;
  }

  if (!MrmSratIsSound (Srat, Size)) {
    return;
  }

  Offset = 0;
  while (MrmSratNext (Srat, &Offset, &Entry)) {
    for (Index = 0; (Entry.Size == 0) && (Index < Count); Index++) {
      if (Processors[Index].ApicId == Entry.ApicId) {
        Processors[Index].Domain = Entry.Domain;
      }
    }
  }
}

BOOLEAN
EFIAPI
MrmDomainOfMemory (
  IN  CONST VOID                *Srat OPTIONAL,
  IN  UINTN                     Size,
  IN  CONST MRM_PLAN_PARTITION  *Partition,
  OUT UINT32                    *Domain
  )
{
  CONST MRM_PLAN_MEMORY  *Request;
  MRM_SRAT_ENTRY         Entry;
  UINTN                  Offset;
  BOOLEAN                Found;

  if ((Partition->MemoryCount == 0) || !MrmSratIsSound (Srat, Size)) {
    return FALSE;
  }

  Request = &Partition->Memory[Partition->MemoryCount - 1];
  Found   = FALSE;
  Offset  = 0;
  while (MrmSratNext (Srat, &Offset, &Entry)) {
    if (  (Entry.Size == 0)
       || (Entry.Base >= Request->Limit)
       || ((Entry.Base < Request->Minimum) && (Entry.Size <= Request->Minimum - Entry.Base)))
    {
      continue;
    }

    if (Found && (Entry.Domain != *Domain)) {
      return FALSE;
    }

    *Domain = Entry.Domain;
    Found   = TRUE;
  }

  return Found;
}
