/** @file
  MADT and MCFG: the partition's processors and PCI buses.
  ACPI 6.3 section 5.2.12; PCI Firmware 3.2 section 4.1.2.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmAcpiInternal.h"

///
/// Flags of a processor in the MADT (ACPI 6.3 table 5-47).
///
#define MRM_ACPI_PROCESSOR_ENABLED         BIT0
#define MRM_ACPI_PROCESSOR_ONLINE_CAPABLE  BIT1

/**
  One processor.

  @param[in]  ApicId  Its APIC ID.
  @param[in]  Uid     Its _UID in the DSDT.
  @param[in]  Flags   MRM_ACPI_PROCESSOR_*.
  @param[out] Entry   Receives the structure, or NULL.

  @return Bytes of the structure.
**/
STATIC
UINTN
AcpiProcessor (
  IN  UINT32  ApicId,
  IN  UINT32  Uid,
  IN  UINT32  Flags,
  OUT VOID    *Entry OPTIONAL
  )
{
  EFI_ACPI_6_3_PROCESSOR_LOCAL_APIC_STRUCTURE    *Xapic;
  EFI_ACPI_6_3_PROCESSOR_LOCAL_X2APIC_STRUCTURE  *X2apic;

  //
  // The short structure has 8 bits for each number.
  //
  if ((ApicId < MRM_ACPI_FIRST_X2APIC_ID) && (Uid <= MAX_UINT8)) {
    if (Entry != NULL) {
      Xapic                   = Entry;
      Xapic->Type             = EFI_ACPI_6_3_PROCESSOR_LOCAL_APIC;
      Xapic->Length           = sizeof (*Xapic);
      Xapic->AcpiProcessorUid = (UINT8)Uid;
      Xapic->ApicId           = (UINT8)ApicId;
      Xapic->Flags            = Flags;
    }

    return sizeof (*Xapic);
  }

  if (Entry != NULL) {
    X2apic = Entry;
    ZeroMem (X2apic, sizeof (*X2apic));
    X2apic->Type             = EFI_ACPI_6_3_PROCESSOR_LOCAL_X2APIC;
    X2apic->Length           = sizeof (*X2apic);
    X2apic->X2ApicId         = ApicId;
    X2apic->Flags            = Flags;
    X2apic->AcpiProcessorUid = Uid;
  }

  return sizeof (*X2apic);
}

UINTN
MrmAcpiMadt (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  )
{
  EFI_ACPI_6_3_MULTIPLE_APIC_DESCRIPTION_TABLE_HEADER    *Madt;
  EFI_ACPI_6_3_LOCAL_APIC_ADDRESS_OVERRIDE_STRUCTURE     *Override;
  UINT8                                                  *Bytes;
  UINTN                                                  Length;
  UINT32                                                 Index;

  Bytes  = Table;
  Length = sizeof (*Madt);

  //
  // First the machine's real BSP, which the OS may not use but must know about:
  // Linux 6.9 and later takes any other first entry for the BSP it did not boot on,
  // assumes a crash kernel and stays on one processor.
  //
  Length += AcpiProcessor (
              Facts->BspApicId,
              0,
              MRM_ACPI_PROCESSOR_ONLINE_CAPABLE,
              (Bytes == NULL) ? NULL : Bytes + Length
              );

  for (Index = 0; Index < Facts->ProcessorCount; Index++) {
    Length += AcpiProcessor (
                Facts->ApicIds[Index],
                Index + 1,
                MRM_ACPI_PROCESSOR_ENABLED,
                (Bytes == NULL) ? NULL : Bytes + Length
                );
  }

  if (Facts->LocalApicAddress > MAX_UINT32) {
    if (Bytes != NULL) {
      Override                   = (VOID *)(Bytes + Length);
      Override->Type             = EFI_ACPI_6_3_LOCAL_APIC_ADDRESS_OVERRIDE;
      Override->Length           = sizeof (*Override);
      Override->Reserved         = 0;
      Override->LocalApicAddress = Facts->LocalApicAddress;
    }

    Length += sizeof (*Override);
  }

  if (Bytes != NULL) {
    Madt = Table;
    MrmAcpiHeader (
      &Madt->Header,
      EFI_ACPI_6_3_MULTIPLE_APIC_DESCRIPTION_TABLE_SIGNATURE,
      EFI_ACPI_6_3_MULTIPLE_APIC_DESCRIPTION_TABLE_REVISION,
      Length
      );
    Madt->LocalApicAddress = (UINT32)Facts->LocalApicAddress;
    Madt->Flags            = 0;
    Madt->Header.Checksum  = MrmAcpiChecksum (Madt, Length);
  }

  return Length;
}

UINTN
MrmAcpiMcfg (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  )
{
  EFI_ACPI_MEMORY_MAPPED_CONFIGURATION_BASE_ADDRESS_TABLE_HEADER                          *Mcfg;
  EFI_ACPI_MEMORY_MAPPED_ENHANCED_CONFIGURATION_SPACE_BASE_ADDRESS_ALLOCATION_STRUCTURE  *Entry;
  UINTN                                                                                   Length;
  UINT32                                                                                  Index;

  if (Facts->PciBusCount == 0) {
    return 0;
  }

  Length = sizeof (*Mcfg) + (UINTN)Facts->PciBusCount * sizeof (*Entry);
  if (Table == NULL) {
    return Length;
  }

  Mcfg = Table;
  MrmAcpiHeader (
    &Mcfg->Header,
    EFI_ACPI_6_3_PCI_EXPRESS_MEMORY_MAPPED_CONFIGURATION_SPACE_BASE_ADDRESS_DESCRIPTION_TABLE_SIGNATURE,
    EFI_ACPI_MEMORY_MAPPED_CONFIGURATION_SPACE_ACCESS_TABLE_REVISION,
    Length
    );
  Mcfg->Reserved = 0;

  Entry = (VOID *)(Mcfg + 1);
  for (Index = 0; Index < Facts->PciBusCount; Index++) {
    Entry[Index].BaseAddress           = Facts->PciBuses[Index].EcamBase;
    Entry[Index].PciSegmentGroupNumber = Facts->PciBuses[Index].Segment;
    Entry[Index].StartBusNumber        = Facts->PciBuses[Index].FirstBus;
    Entry[Index].EndBusNumber          = Facts->PciBuses[Index].LastBus;
    Entry[Index].Reserved              = 0;
  }

  Mcfg->Header.Checksum = MrmAcpiChecksum (Mcfg, Length);
  return Length;
}
