/** @file
  Where the tables lie, and how they refer to each other.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmAcpiInternal.h"

///
/// Every table begins at a multiple of this: what the FACS needs, and a cache line.
///
#define MRM_ACPI_ALIGNMENT  64

///
/// Tables the XSDT points to: FADT, MADT, MCFG, SRAT, SLIT, SPCR, WDAT, NFIT; and for the owner of the chipset
/// an SSDT and those that are copied.
///
#define MRM_ACPI_MAX_XSDT_ENTRIES  (8 + 1 + MRM_ACPI_MAX_COPIED)

///
/// Offsets of the tables in the buffer; zero for one that is left out (offset zero
/// is the RSDP's).
///
typedef struct {
  UINTN    Xsdt;
  UINTN    Facs;
  UINTN    Dsdt;
  UINTN    XsdtEntryCount;
  UINTN    XsdtEntries[MRM_ACPI_MAX_XSDT_ENTRIES];
  UINTN    Fadt;
  UINTN    Madt;
  UINTN    Mcfg;
  UINTN    Srat;
  UINTN    Slit;
  UINTN    Spcr;
  UINTN    Wdat;
  UINTN    Nfit;
  UINTN    Own;                  ///< SSDT of the owner of the chipset
  UINTN    Copied[MRM_ACPI_MAX_COPIED];
  UINTN    Size;                 ///< bytes of everything
} MRM_ACPI_LAYOUT;

/**
  Reserve space for one table.

  @param[in,out] Layout  The layout; its Size grows.
  @param[in]     Size    Bytes of the table; zero reserves nothing.

  @return Offset of the table, zero when there is none.
**/
STATIC
UINTN
LayoutReserve (
  IN OUT MRM_ACPI_LAYOUT  *Layout,
  IN     UINTN            Size
  )
{
  UINTN  Offset;

  if (Size == 0) {
    return 0;
  }

  Offset       = ALIGN_VALUE (Layout->Size, MRM_ACPI_ALIGNMENT);
  Layout->Size = Offset + Size;
  return Offset;
}

/**
  Reserve space for one table that the XSDT points to.

  @param[in,out] Layout  The layout.
  @param[in]     Size    Bytes of the table; zero reserves nothing.

  @return Offset of the table, zero when there is none.
**/
STATIC
UINTN
LayoutReserveListed (
  IN OUT MRM_ACPI_LAYOUT  *Layout,
  IN     UINTN            Size
  )
{
  UINTN  Offset;

  Offset = LayoutReserve (Layout, Size);
  if (Offset != 0) {
    Layout->XsdtEntries[Layout->XsdtEntryCount] = Offset;
    Layout->XsdtEntryCount++;
  }

  return Offset;
}

/**
  Decide where the PC's tables lie that the owner of the chipset gets as they are.

  @param[in]     Facts   The facts.
  @param[in,out] Layout  The layout.
**/
STATIC
VOID
LayoutChipset (
  IN     CONST MRM_ACPI_FACTS  *Facts,
  IN OUT MRM_ACPI_LAYOUT       *Layout
  )
{
  UINTN  Index;

  Layout->Dsdt = LayoutReserve (Layout, MrmAcpiChipsetCopy (&Facts->Chipset->Dsdt, NULL));
  Layout->Own  = LayoutReserveListed (Layout, MrmAcpiChipsetOwn (Facts, NULL));
  for (Index = 0; Index < MIN (Facts->Chipset->CopiedCount, MRM_ACPI_MAX_COPIED); Index++) {
    Layout->Copied[Index] = LayoutReserveListed (Layout, MrmAcpiChipsetCopy (&Facts->Chipset->Copied[Index], NULL));
  }
}

/**
  Decide where each table lies.

  @param[in]  Facts   The facts.
  @param[out] Layout  The layout.
**/
STATIC
VOID
LayoutDecide (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT MRM_ACPI_LAYOUT       *Layout
  )
{
  ZeroMem (Layout, sizeof (*Layout));
  Layout->Size = sizeof (EFI_ACPI_6_3_ROOT_SYSTEM_DESCRIPTION_POINTER);
  Layout->Xsdt = LayoutReserve (
                   Layout,
                   sizeof (EFI_ACPI_DESCRIPTION_HEADER) + MRM_ACPI_MAX_XSDT_ENTRIES * sizeof (UINT64)
                   );
  Layout->Fadt = LayoutReserveListed (Layout, MrmAcpiFadt (Facts, 0, 0, NULL));
  Layout->Facs = LayoutReserve (Layout, MrmAcpiFacs (NULL));
  if (Facts->Chipset != NULL) {
    Layout->Madt = LayoutReserveListed (Layout, MrmAcpiChipsetMadt (Facts, NULL));
    LayoutChipset (Facts, Layout);
  } else {
    Layout->Madt = LayoutReserveListed (Layout, MrmAcpiMadt (Facts, NULL));
    Layout->Mcfg = LayoutReserveListed (Layout, MrmAcpiMcfg (Facts, NULL));
    Layout->Dsdt = LayoutReserve (Layout, MrmAcpiDsdt (Facts, NULL));
  }

  Layout->Srat = LayoutReserveListed (Layout, MrmAcpiSrat (Facts, NULL));

  //
  // Distances between proximity domains mean nothing without the domains.
  //
  if (Layout->Srat != 0) {
    Layout->Slit = LayoutReserveListed (Layout, MrmAcpiSlit (Facts, NULL));
  }

  Layout->Spcr = LayoutReserveListed (Layout, MrmAcpiSpcr (Facts, NULL));
  Layout->Wdat = LayoutReserveListed (Layout, MrmAcpiWdat (Facts, NULL));
  Layout->Nfit = LayoutReserveListed (Layout, MrmAcpiNfit (Facts, NULL));
}

/**
  Write the root pointer and the table of tables.

  @param[in]  Layout   The layout.
  @param[in]  Address  Physical address of the buffer.
  @param[out] Buffer   The buffer.
**/
STATIC
VOID
WriteRoot (
  IN  CONST MRM_ACPI_LAYOUT  *Layout,
  IN  UINT64                 Address,
  OUT UINT8                  *Buffer
  )
{
  STATIC CONST UINT8  OemId[6] = MRM_ACPI_OEM_ID;

  EFI_ACPI_6_3_ROOT_SYSTEM_DESCRIPTION_POINTER  *Rsdp;
  EFI_ACPI_DESCRIPTION_HEADER                   *Xsdt;
  UINTN                                         Index;
  UINTN                                         Length;
  UINT64                                        Entry;

  Xsdt   = (VOID *)(Buffer + Layout->Xsdt);
  Length = sizeof (*Xsdt) + Layout->XsdtEntryCount * sizeof (UINT64);
  MrmAcpiHeader (
    Xsdt,
    EFI_ACPI_6_3_EXTENDED_SYSTEM_DESCRIPTION_TABLE_SIGNATURE,
    EFI_ACPI_6_3_EXTENDED_SYSTEM_DESCRIPTION_TABLE_REVISION,
    Length
    );
  for (Index = 0; Index < Layout->XsdtEntryCount; Index++) {
    Entry = Address + Layout->XsdtEntries[Index];
    CopyMem ((UINT8 *)(Xsdt + 1) + Index * sizeof (Entry), &Entry, sizeof (Entry));
  }

  Xsdt->Checksum = MrmAcpiChecksum (Xsdt, Length);

  Rsdp            = (VOID *)Buffer;
  Rsdp->Signature = EFI_ACPI_6_3_ROOT_SYSTEM_DESCRIPTION_POINTER_SIGNATURE;
  CopyMem (Rsdp->OemId, OemId, sizeof (OemId));
  Rsdp->Revision    = EFI_ACPI_6_3_ROOT_SYSTEM_DESCRIPTION_POINTER_REVISION;
  Rsdp->Length      = sizeof (*Rsdp);
  Rsdp->XsdtAddress = Address + Layout->Xsdt;

  //
  // The first checksum covers what ACPI 1.0 defined: up to and with RsdtAddress.
  //
  Rsdp->Checksum         = MrmAcpiChecksum (Rsdp, OFFSET_OF (EFI_ACPI_6_3_ROOT_SYSTEM_DESCRIPTION_POINTER, Length));
  Rsdp->ExtendedChecksum = MrmAcpiChecksum (Rsdp, sizeof (*Rsdp));
}

/**
  Write FADT, MADT and definition blocks.

  @param[in]  Facts    The facts.
  @param[in]  Layout   The layout.
  @param[in]  Address  Physical address of the buffer.
  @param[out] Bytes    The buffer.
**/
STATIC
VOID
WriteMachine (
  IN  CONST MRM_ACPI_FACTS   *Facts,
  IN  CONST MRM_ACPI_LAYOUT  *Layout,
  IN  UINT64                 Address,
  OUT UINT8                  *Bytes
  )
{
  UINTN  Index;

  if (Facts->Chipset == NULL) {
    MrmAcpiFadt (Facts, Address + Layout->Dsdt, Address + Layout->Facs, Bytes + Layout->Fadt);
    MrmAcpiMadt (Facts, Bytes + Layout->Madt);
    MrmAcpiDsdt (Facts, Bytes + Layout->Dsdt);
    return;
  }

  MrmAcpiChipsetFadt (Facts, Address + Layout->Dsdt, Address + Layout->Facs, Bytes + Layout->Fadt);
  MrmAcpiChipsetMadt (Facts, Bytes + Layout->Madt);
  MrmAcpiChipsetCopy (&Facts->Chipset->Dsdt, Bytes + Layout->Dsdt);
  MrmAcpiChipsetOwn (Facts, Bytes + Layout->Own);
  for (Index = 0; Index < Facts->Chipset->CopiedCount; Index++) {
    if (Layout->Copied[Index] != 0) {
      MrmAcpiChipsetCopy (&Facts->Chipset->Copied[Index], Bytes + Layout->Copied[Index]);
    }
  }
}

UINTN
EFIAPI
MrmAcpiSize (
  IN CONST MRM_ACPI_FACTS  *Facts
  )
{
  MRM_ACPI_LAYOUT  Layout;

  LayoutDecide (Facts, &Layout);
  return Layout.Size;
}

RETURN_STATUS
EFIAPI
MrmAcpiBuild (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  IN  UINT64                Address,
  OUT VOID                  *Buffer,
  IN  UINTN                 Size
  )
{
  MRM_ACPI_LAYOUT  Layout;
  RETURN_STATUS    Status;
  UINT8            *Bytes;

  Status = MrmAcpiCheckFacts (Facts);
  if (RETURN_ERROR (Status)) {
    return Status;
  }

  if (((Address & (MRM_ACPI_ALIGNMENT - 1)) != 0) || (Address > MAX_UINT64 - Size)) {
    return RETURN_INVALID_PARAMETER;
  }

  LayoutDecide (Facts, &Layout);
  if (Size < Layout.Size) {
    return RETURN_BUFFER_TOO_SMALL;
  }

  Bytes = Buffer;
  ZeroMem (Bytes, Layout.Size);
  MrmAcpiFacs (Bytes + Layout.Facs);
  WriteMachine (Facts, &Layout, Address, Bytes);
  if (Layout.Mcfg != 0) {
    MrmAcpiMcfg (Facts, Bytes + Layout.Mcfg);
  }

  if (Layout.Srat != 0) {
    MrmAcpiSrat (Facts, Bytes + Layout.Srat);
  }

  if (Layout.Slit != 0) {
    MrmAcpiSlit (Facts, Bytes + Layout.Slit);
  }

  if (Layout.Spcr != 0) {
    MrmAcpiSpcr (Facts, Bytes + Layout.Spcr);
  }

  if (Layout.Wdat != 0) {
    MrmAcpiWdat (Facts, Bytes + Layout.Wdat);
  }

  if (Layout.Nfit != 0) {
    MrmAcpiNfit (Facts, Bytes + Layout.Nfit);
  }

  WriteRoot (&Layout, Address, Bytes);
  return RETURN_SUCCESS;
}
