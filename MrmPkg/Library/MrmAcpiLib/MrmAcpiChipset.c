/** @file
  Tables of the partition that owns the chipset: the PC's own, changed where they speak of what it does not have.
  ACPI 6.3 sections 5.2.9, 5.2.12, 20.2.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmAcpiInternal.h"
#include <MrmMailbox.h>

#define FADT_LEAST            116     ///< bytes of ACPI 1.0's
#define PROCESSOR_ENABLED     BIT0
#define PROCESSOR_ONLINE      BIT1    ///< online capable
#define ANY_PROCESSOR_SHORT   0xFF
#define ANY_PROCESSOR         MAX_UINT32
#define PM1_CONTROL_BITS      16
#define NAME_SIZE             4
#define NAME_OP               0x08
#define METHOD_OP             0x14
#define ROOT_PREFIX           0x5C
#define PACKAGE_BYTES(First)  ((UINTN)((First) >> 6))   ///< that follow the first one of a package's length

///
/// Objects that the owner must not find, and what they are called instead: no table may define such names, as those that
/// begin with an underscore are ACPI's (ACPI 6.3 section 5.3).  By _MAT a kernel finds processors that come later, among
/// them those of others; the rest are sleep states from which only the whole PC could wake.
///
STATIC CONST CHAR8  mHidden[][2][NAME_SIZE + 1] = {
  { "_MAT", "_MRA" },
  { "_S1_", "_MR1" },
  { "_S2_", "_MR2" },
  { "_S3_", "_MR3" },
  { "_S4_", "_MR4" }
};

///
/// A structure of a MADT; only what belongs to its kind is set.
///
typedef struct {
  CONST UINT8    *Bytes;
  UINTN          Size;
  BOOLEAN        Processor;
  UINT32         ApicId;
  UINT32         Uid;
  UINT32         Flags;
} MADT_ENTRY;

/**
  Check whether a table of the PC can be read.

  @param[in] Source     The table.
  @param[in] Signature  What it must be; 0 for anything.
  @param[in] Least      Bytes that it must have.
**/
STATIC
BOOLEAN
IsSound (
  IN CONST MRM_ACPI_SOURCE  *Source,
  IN UINT32                 Signature,
  IN UINTN                  Least
  )
{
  EFI_ACPI_DESCRIPTION_HEADER  Header;

  if ((Source->Table == NULL) || (Source->Size < sizeof (Header))) {
    return FALSE;
  }

  CopyMem (&Header, Source->Table, sizeof (Header));
  return (BOOLEAN)(  (Header.Length >= MAX (Least, sizeof (Header)))
                  && (Header.Length <= Source->Size)
                  && ((Signature == 0) || (Header.Signature == Signature))
                  && (MrmAcpiChecksum (Source->Table, Header.Length) == 0));
}

/**
  Bytes of a sound table.

  @param[in] Source  The table.
**/
STATIC
UINTN
LengthOf (
  IN CONST MRM_ACPI_SOURCE  *Source
  )
{
  EFI_ACPI_DESCRIPTION_HEADER  Header;

  CopyMem (&Header, Source->Table, sizeof (Header));
  return Header.Length;
}

/**
  Read the next structure of a sound MADT.

  @param[in]     Madt    The table.
  @param[in,out] Offset  Where it is; receives where the next one is.
  @param[out]    Entry   Receives it.

  @retval FALSE  There is none, or it is longer than the table, or too short for its kind.
**/
STATIC
BOOLEAN
NextEntry (
  IN     CONST MRM_ACPI_SOURCE  *Madt,
  IN OUT UINTN                  *Offset,
  OUT    MADT_ENTRY             *Entry
  )
{
  EFI_ACPI_6_3_PROCESSOR_LOCAL_APIC_STRUCTURE    Xapic;
  EFI_ACPI_6_3_PROCESSOR_LOCAL_X2APIC_STRUCTURE  X2apic;
  UINTN                                          Left;

  Left = LengthOf (Madt) - *Offset;
  ZeroMem (Entry, sizeof (*Entry));
  Entry->Bytes = (CONST UINT8 *)Madt->Table + *Offset;
  if ((Left < 2) || (Entry->Bytes[1] < 2) || (Entry->Bytes[1] > Left)) {
    return FALSE;
  }

  Entry->Size = Entry->Bytes[1];
  *Offset    += Entry->Size;
  if (Entry->Bytes[0] == EFI_ACPI_6_3_PROCESSOR_LOCAL_APIC) {
    if (Entry->Size != sizeof (Xapic)) {
      return FALSE;
    }

    CopyMem (&Xapic, Entry->Bytes, sizeof (Xapic));
    Entry->Processor = TRUE;
    Entry->ApicId    = Xapic.ApicId;
    Entry->Uid       = Xapic.AcpiProcessorUid;
    Entry->Flags     = Xapic.Flags;
  } else if (Entry->Bytes[0] == EFI_ACPI_6_3_PROCESSOR_LOCAL_X2APIC) {
    if (Entry->Size != sizeof (X2apic)) {
      return FALSE;
    }

    CopyMem (&X2apic, Entry->Bytes, sizeof (X2apic));
    Entry->Processor = TRUE;
    Entry->ApicId    = X2apic.X2ApicId;
    Entry->Uid       = X2apic.AcpiProcessorUid;
    Entry->Flags     = X2apic.Flags;
  }

  return TRUE;
}

/**
  Find the structure of a processor that is enabled.

  @param[in]  Madt    A sound MADT.
  @param[in]  ApicId  Its APIC ID.
  @param[out] Entry   Receives it.

  @retval FALSE  There is none.
**/
STATIC
BOOLEAN
FindProcessor (
  IN  CONST MRM_ACPI_SOURCE  *Madt,
  IN  UINT32                 ApicId,
  OUT MADT_ENTRY             *Entry
  )
{
  UINTN  Offset;

  Offset = sizeof (EFI_ACPI_6_3_MULTIPLE_APIC_DESCRIPTION_TABLE_HEADER);
  while (NextEntry (Madt, &Offset, Entry)) {
    if (Entry->Processor && (Entry->ApicId == ApicId) && ((Entry->Flags & PROCESSOR_ENABLED) != 0)) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Check whether all of a MADT can be read.

  @param[in] Madt  A sound MADT.
**/
STATIC
BOOLEAN
IsReadable (
  IN CONST MRM_ACPI_SOURCE  *Madt
  )
{
  MADT_ENTRY  Entry;
  UINTN       Offset;

  Offset = sizeof (EFI_ACPI_6_3_MULTIPLE_APIC_DESCRIPTION_TABLE_HEADER);
  while (Offset < LengthOf (Madt)) {
    if (!NextEntry (Madt, &Offset, &Entry)) {
      return FALSE;
    }
  }

  return TRUE;
}

/**
  Check whether the owner has a processor of this UID.

  @param[in] Facts  The facts.
  @param[in] Uid    The UID.
**/
STATIC
BOOLEAN
OwnsUid (
  IN CONST MRM_ACPI_FACTS  *Facts,
  IN UINT32                Uid
  )
{
  MADT_ENTRY  Entry;
  UINT32      Index;

  for (Index = 0; Index < Facts->ProcessorCount; Index++) {
    if (FindProcessor (&Facts->Chipset->Madt, Facts->ApicIds[Index], &Entry) && (Entry.Uid == Uid)) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Check whether a structure of the PC's MADT is about what the owner has: interrupt controllers of the chipset, and how
  interrupts reach its own processors.  Processors themselves are written by hand.

  @param[in] Facts  The facts.
  @param[in] Entry  The structure.
**/
STATIC
BOOLEAN
IsOwners (
  IN CONST MRM_ACPI_FACTS  *Facts,
  IN CONST MADT_ENTRY      *Entry
  )
{
  EFI_ACPI_6_3_LOCAL_APIC_NMI_STRUCTURE    Nmi;
  EFI_ACPI_6_3_LOCAL_X2APIC_NMI_STRUCTURE  X2Nmi;

  switch (Entry->Bytes[0]) {
    case EFI_ACPI_6_3_IO_APIC:
    case EFI_ACPI_6_3_INTERRUPT_SOURCE_OVERRIDE:
    case EFI_ACPI_6_3_NON_MASKABLE_INTERRUPT_SOURCE:
    case EFI_ACPI_6_3_LOCAL_APIC_ADDRESS_OVERRIDE:
      return TRUE;
    case EFI_ACPI_6_3_LOCAL_APIC_NMI:
      if (Entry->Size != sizeof (Nmi)) {
        return FALSE;
      }

      CopyMem (&Nmi, Entry->Bytes, sizeof (Nmi));
      return (BOOLEAN)((Nmi.AcpiProcessorUid == ANY_PROCESSOR_SHORT) || OwnsUid (Facts, Nmi.AcpiProcessorUid));
    case EFI_ACPI_6_3_LOCAL_X2APIC_NMI:
      if (Entry->Size != sizeof (X2Nmi)) {
        return FALSE;
      }

      CopyMem (&X2Nmi, Entry->Bytes, sizeof (X2Nmi));
      return (BOOLEAN)((X2Nmi.AcpiProcessorUid == ANY_PROCESSOR) || OwnsUid (Facts, X2Nmi.AcpiProcessorUid));
    default:
      return FALSE;
  }
}

/**
  Write the structure of a processor with other flags.

  @param[in]  Facts   The facts.
  @param[in]  ApicId  Its APIC ID; the PC's MADT has it.
  @param[in]  Flags   The flags.
  @param[out] Place   Receives the structure, or NULL.

  @return  Bytes of the structure.
**/
STATIC
UINTN
PutProcessor (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  IN  UINT32                ApicId,
  IN  UINT32                Flags,
  OUT UINT8                 *Place OPTIONAL
  )
{
  MADT_ENTRY  Entry;
  UINTN       Where;

  if (!FindProcessor (&Facts->Chipset->Madt, ApicId, &Entry)) {
    return 0;
  }

  if (Place != NULL) {
    Where = (Entry.Bytes[0] == EFI_ACPI_6_3_PROCESSOR_LOCAL_APIC)
            ? OFFSET_OF (EFI_ACPI_6_3_PROCESSOR_LOCAL_APIC_STRUCTURE, Flags)
            : OFFSET_OF (EFI_ACPI_6_3_PROCESSOR_LOCAL_X2APIC_STRUCTURE, Flags);
    CopyMem (Place, Entry.Bytes, Entry.Size);
    CopyMem (Place + Where, &Flags, sizeof (Flags));
  }

  return Entry.Size;
}

UINTN
MrmAcpiChipsetMadt (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  )
{
  EFI_ACPI_6_3_MULTIPLE_APIC_DESCRIPTION_TABLE_HEADER  *Madt;
  MADT_ENTRY                                           Entry;
  UINT8                                                *Bytes;
  UINTN                                                Length;
  UINTN                                                Offset;
  UINT32                                               Index;

  if (!IsSound (&Facts->Chipset->Madt, 0, sizeof (*Madt))) {
    return 0;
  }

  // The boot processor first, as in MrmAcpiMadt().
  Bytes   = Table;
  Length  = sizeof (*Madt);
  Length += PutProcessor (Facts, Facts->BspApicId, PROCESSOR_ONLINE, (Bytes == NULL) ? NULL : Bytes + Length);
  for (Index = 0; Index < Facts->ProcessorCount; Index++) {
    Length += PutProcessor (
                Facts,
                Facts->ApicIds[Index],
                PROCESSOR_ENABLED,
                (Bytes == NULL) ? NULL : Bytes + Length
                );
  }

  Offset = sizeof (*Madt);
  while (NextEntry (&Facts->Chipset->Madt, &Offset, &Entry)) {
    if (IsOwners (Facts, &Entry)) {
      if (Bytes != NULL) {
        CopyMem (Bytes + Length, Entry.Bytes, Entry.Size);
      }

      Length += Entry.Size;
    }
  }

  if (Bytes != NULL) {
    Madt = Table;
    CopyMem (Madt, Facts->Chipset->Madt.Table, sizeof (*Madt));
    Madt->Header.Revision = EFI_ACPI_6_3_MULTIPLE_APIC_DESCRIPTION_TABLE_REVISION;
    Madt->Header.Length   = (UINT32)Length;
    Madt->Header.Checksum = 0;
    Madt->Header.Checksum = MrmAcpiChecksum (Madt, Length);
  }

  return Length;
}

UINTN
MrmAcpiChipsetFadt (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  IN  UINT64                DsdtAddress,
  IN  UINT64                FacsAddress,
  OUT VOID                  *Table OPTIONAL
  )
{
  EFI_ACPI_6_3_FIXED_ACPI_DESCRIPTION_TABLE  *Fadt;

  if (Table == NULL) {
    return sizeof (*Fadt);
  }

  Fadt = Table;
  ZeroMem (Fadt, sizeof (*Fadt));
  CopyMem (Fadt, Facts->Chipset->Fadt.Table, MIN (LengthOf (&Facts->Chipset->Fadt), sizeof (*Fadt)));
  Fadt->Header.Revision = EFI_ACPI_6_3_FIXED_ACPI_DESCRIPTION_TABLE_REVISION;
  Fadt->Header.Length   = sizeof (*Fadt);
  Fadt->MinorVersion    = EFI_ACPI_6_3_FIXED_ACPI_DESCRIPTION_TABLE_MINOR_REVISION;
  Fadt->Dsdt            = (DsdtAddress <= MAX_UINT32) ? (UINT32)DsdtAddress : 0;
  Fadt->XDsdt           = DsdtAddress;
  Fadt->FirmwareCtrl    = (FacsAddress <= MAX_UINT32) ? (UINT32)FacsAddress : 0;
  Fadt->XFirmwareCtrl   = (FacsAddress <= MAX_UINT32) ? 0 : FacsAddress;

  // Nobody asks the PC's system management for anything: it is in ACPI mode already, and stays so.
  Fadt->SmiCmd      = 0;
  Fadt->AcpiEnable  = 0;
  Fadt->AcpiDisable = 0;
  Fadt->S4BiosReq   = 0;
  Fadt->PstateCnt   = 0;
  Fadt->CstCnt      = 0;

  // What would end the PC is memory of the mailbox, in the page that ACPI's interpreter maps with cache.
  Fadt->Flags |= EFI_ACPI_6_3_RESET_REG_SUP | EFI_ACPI_6_3_FORCE_APIC_PHYSICAL_DESTINATION_MODE;
  Fadt->Flags &= ~(UINT32)(  EFI_ACPI_6_3_S4_RTC_STS_VALID
                           | EFI_ACPI_6_3_FORCE_APIC_CLUSTER_MODEL
                           | EFI_ACPI_6_3_LOW_POWER_S0_IDLE_CAPABLE);
  ZeroMem (&Fadt->ResetReg, sizeof (Fadt->ResetReg));
  Fadt->ResetReg.AddressSpaceId   = EFI_ACPI_6_3_SYSTEM_MEMORY;
  Fadt->ResetReg.RegisterBitWidth = 8;
  Fadt->ResetReg.AccessSize       = EFI_ACPI_6_3_BYTE;
  Fadt->ResetReg.Address          = Facts->Sleep + OFFSET_OF (MRM_SLEEP, Reset);
  Fadt->ResetValue                = MRM_SLEEP_RESET;
  Fadt->Pm1aCntBlk                = 0;
  Fadt->Pm1bCntBlk                = 0;
  Fadt->Pm1CntLen                 = PM1_CONTROL_BITS / 8;
  ZeroMem (&Fadt->XPm1aCntBlk, sizeof (Fadt->XPm1aCntBlk));
  ZeroMem (&Fadt->XPm1bCntBlk, sizeof (Fadt->XPm1bCntBlk));
  Fadt->XPm1aCntBlk.AddressSpaceId   = EFI_ACPI_6_3_SYSTEM_MEMORY;
  Fadt->XPm1aCntBlk.RegisterBitWidth = PM1_CONTROL_BITS;
  Fadt->XPm1aCntBlk.AccessSize       = EFI_ACPI_6_3_WORD;
  Fadt->XPm1aCntBlk.Address          = Facts->Sleep + OFFSET_OF (MRM_SLEEP, Pm1Low);
  ZeroMem (&Fadt->SleepControlReg, sizeof (Fadt->SleepControlReg));
  ZeroMem (&Fadt->SleepStatusReg, sizeof (Fadt->SleepStatusReg));
  Fadt->Header.Checksum = 0;
  Fadt->Header.Checksum = MrmAcpiChecksum (Fadt, sizeof (*Fadt));
  return sizeof (*Fadt);
}

/**
  Check whether a name in AML is one that is defined there: behind NameOp, or behind MethodOp and the method's length.

  @param[in] Aml     Bytes of a table, its header included.
  @param[in] Offset  Where the name is, behind the header.
**/
STATIC
BOOLEAN
IsDefined (
  IN CONST UINT8  *Aml,
  IN UINTN        Offset
  )
{
  UINTN  Bytes;

  if (Aml[Offset - 1] == ROOT_PREFIX) {
    Offset--;
  }

  if (Aml[Offset - 1] == NAME_OP) {
    return TRUE;
  }

  // The header is longer than all that is looked at before a name.
  for (Bytes = 0; Bytes <= 3; Bytes++) {
    if ((Aml[Offset - Bytes - 2] == METHOD_OP) && (PACKAGE_BYTES (Aml[Offset - Bytes - 1]) == Bytes)) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Give objects that the owner must not find another name.

  @param[in,out] Aml   Bytes of a table.
  @param[in]     Size  How many.
**/
STATIC
VOID
Hide (
  IN OUT UINT8  *Aml,
  IN     UINTN  Size
  )
{
  UINTN  Offset;
  UINTN  Index;

  for (Offset = sizeof (EFI_ACPI_DESCRIPTION_HEADER) + 1; Offset + NAME_SIZE <= Size; Offset++) {
    for (Index = 0; Index < ARRAY_SIZE (mHidden); Index++) {
      if ((CompareMem (Aml + Offset, mHidden[Index][0], NAME_SIZE) == 0) && IsDefined (Aml, Offset)) {
        CopyMem (Aml + Offset, mHidden[Index][1], NAME_SIZE);
      }
    }
  }
}

UINTN
MrmAcpiChipsetCopy (
  IN  CONST MRM_ACPI_SOURCE  *Source,
  OUT VOID                   *Table OPTIONAL
  )
{
  EFI_ACPI_DESCRIPTION_HEADER  *Header;

  if (!IsSound (Source, 0, sizeof (*Header))) {
    return 0;
  }

  if (Table != NULL) {
    Header = Table;
    CopyMem (Header, Source->Table, LengthOf (Source));
    if (  (Header->Signature == EFI_ACPI_6_3_DIFFERENTIATED_SYSTEM_DESCRIPTION_TABLE_SIGNATURE)
       || (Header->Signature == EFI_ACPI_6_3_SECONDARY_SYSTEM_DESCRIPTION_TABLE_SIGNATURE))
    {
      Hide (Table, LengthOf (Source));
    }

    Header->Checksum = 0;
    Header->Checksum = MrmAcpiChecksum (Table, LengthOf (Source));
  }

  return LengthOf (Source);
}

UINTN
MrmAcpiChipsetOwn (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  )
{
  EFI_ACPI_DESCRIPTION_HEADER  *Header;
  UINTN                        Size;

  Size = MrmAcpiDsdt (Facts, Table);
  if (Table == NULL) {
    return Size + MrmAcpiWithheld (Facts->Chipset, NULL);
  }

  Size             += MrmAcpiWithheld (Facts->Chipset, (UINT8 *)Table + Size);
  Header            = Table;
  Header->Signature = EFI_ACPI_6_3_SECONDARY_SYSTEM_DESCRIPTION_TABLE_SIGNATURE;
  Header->Length    = (UINT32)Size;
  Header->Checksum  = 0;
  Header->Checksum  = MrmAcpiChecksum (Table, Size);
  return Size;
}

BOOLEAN
EFIAPI
MrmAcpiChipsetFits (
  IN CONST MRM_ACPI_CHIPSET  *Chipset,
  IN UINT32                  BspApicId,
  IN CONST UINT32            *ApicIds,
  IN UINT32                  ProcessorCount
  )
{
  MADT_ENTRY  Entry;
  UINT32      Flags;
  UINT32      Index;

  if (  !IsSound (&Chipset->Fadt, EFI_ACPI_6_3_FIXED_ACPI_DESCRIPTION_TABLE_SIGNATURE, FADT_LEAST)
     || !IsSound (
           &Chipset->Madt,
           EFI_ACPI_6_3_MULTIPLE_APIC_DESCRIPTION_TABLE_SIGNATURE,
           sizeof (EFI_ACPI_6_3_MULTIPLE_APIC_DESCRIPTION_TABLE_HEADER)
           )
     || !IsSound (&Chipset->Dsdt, EFI_ACPI_6_3_DIFFERENTIATED_SYSTEM_DESCRIPTION_TABLE_SIGNATURE, 0)
     || !IsReadable (&Chipset->Madt)
     || (Chipset->CopiedCount > MRM_ACPI_MAX_COPIED)
     || !MrmAcpiWithheldIsValid (Chipset))
  {
    return FALSE;
  }

  CopyMem (
    &Flags,
    (CONST UINT8 *)Chipset->Fadt.Table + OFFSET_OF (EFI_ACPI_6_3_FIXED_ACPI_DESCRIPTION_TABLE, Flags),
    sizeof (Flags)
    );
  if (((Flags & EFI_ACPI_6_3_HW_REDUCED_ACPI) != 0) || !FindProcessor (&Chipset->Madt, BspApicId, &Entry)) {
    return FALSE;
  }

  for (Index = 0; Index < ProcessorCount; Index++) {
    if (!FindProcessor (&Chipset->Madt, ApicIds[Index], &Entry)) {
      return FALSE;
    }
  }

  return TRUE;
}

BOOLEAN
MrmAcpiChipsetIsValid (
  IN CONST MRM_ACPI_FACTS  *Facts
  )
{
  return (BOOLEAN)(  (Facts->PciBusCount == 0)
                  && MrmAcpiChipsetFits (Facts->Chipset, Facts->BspApicId, Facts->ApicIds, Facts->ProcessorCount));
}
