/** @file
  What the parts of MrmAcpiLib share.

  Each table has one function that both measures and writes it: called with Table
  NULL it only returns the size, so that the space asked for and the space used
  cannot differ.  Why each field has its value: docs/acpi.md.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_ACPI_INTERNAL_H_
#define MRM_ACPI_INTERNAL_H_

#include <Base.h>
#include <IndustryStandard/Acpi63.h>
#include <IndustryStandard/MemoryMappedConfigurationSpaceAccessTable.h>

#include <Library/BaseMemoryLib.h>
#include <Library/MrmAcpiLib.h>

///
/// Bytes of configuration space of one bus in ECAM.
///
#define MRM_ACPI_ECAM_BUS_SIZE  SIZE_1MB

///
/// Ports or byte-wide registers of a 16550.
///
#define MRM_ACPI_UART_REGISTERS  8

///
/// Processors with APIC IDs from here on need x2APIC structures.
///
#define MRM_ACPI_FIRST_X2APIC_ID  255

///
/// What the specifications reserve as "every processor".
///
#define MRM_ACPI_BROADCAST_ID  0xFFFFFFFF

#define MRM_ACPI_OEM_ID  { 'M', 'R', 'M', ' ', ' ', ' ' }

/**
  Check that the facts agree with each other.

  @param[in] Facts  The facts.

  @retval RETURN_SUCCESS            They do.
  @retval RETURN_INVALID_PARAMETER  They do not: see MrmAcpiBuild().
  @retval RETURN_UNSUPPORTED        An APIC ID is not one of a processor.
**/
RETURN_STATUS
MrmAcpiCheckFacts (
  IN CONST MRM_ACPI_FACTS  *Facts
  );

/**
  Check whether an APIC ID belongs to the partition.

  @param[in] Facts   The facts.
  @param[in] ApicId  The APIC ID.

  @retval TRUE   It does.
  @retval FALSE  It does not.
**/
BOOLEAN
MrmAcpiOwnsProcessor (
  IN CONST MRM_ACPI_FACTS  *Facts,
  IN UINT32                ApicId
  );

/**
  Value a table byte must have so that all bytes add up to zero.

  @param[in] Table  The bytes.
  @param[in] Size   Number of bytes.

  @return Minus their sum, modulo 256.
**/
UINT8
MrmAcpiChecksum (
  IN CONST VOID  *Table,
  IN UINTN       Size
  );

/**
  Write the header of a table, except for the checksum.

  @param[out] Header     The header.
  @param[in]  Signature  Signature of the table.
  @param[in]  Revision   Revision of the table.
  @param[in]  Length     Bytes of the whole table.
**/
VOID
MrmAcpiHeader (
  OUT EFI_ACPI_DESCRIPTION_HEADER  *Header,
  IN  UINT32                       Signature,
  IN  UINT8                        Revision,
  IN  UINTN                        Length
  );

/**
  Fixed ACPI description table.

  @param[in]  Facts        The facts.
  @param[in]  DsdtAddress  Physical address of the DSDT.
  @param[in]  FacsAddress  Physical address of the FACS.
  @param[out] Table        Receives the table, or NULL.

  @return Bytes of the table.
**/
UINTN
MrmAcpiFadt (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  IN  UINT64                DsdtAddress,
  IN  UINT64                FacsAddress,
  OUT VOID                  *Table OPTIONAL
  );

/**
  Firmware ACPI control structure; it has no checksum.

  @param[out] Table  Receives the table, or NULL.

  @return Bytes of the table.
**/
UINTN
MrmAcpiFacs (
  OUT VOID  *Table OPTIONAL
  );

/**
  Multiple APIC description table.

  @param[in]  Facts  The facts.
  @param[out] Table  Receives the table, or NULL.

  @return Bytes of the table.
**/
UINTN
MrmAcpiMadt (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  );

/**
  Memory-mapped configuration space table.

  @param[in]  Facts  The facts.
  @param[out] Table  Receives the table, or NULL.

  @return Bytes of the table; zero when the partition has no PCI bus.
**/
UINTN
MrmAcpiMcfg (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  );

/**
  Check that every patch of the DSDT can be applied.

  @param[in] Facts  The facts.

  @retval TRUE   Each lies in the table behind its header, names a PCI bus that is there and has a value that fits.
  @retval FALSE  One does not, or the table is not a DSDT of DsdtSize bytes.
**/
BOOLEAN
MrmAcpiDsdtIsValid (
  IN CONST MRM_ACPI_FACTS  *Facts
  );

/**
  The partition's DSDT, patched.

  @param[in]  Facts  Checked facts.
  @param[out] Table  Receives the table, or NULL.

  @return Bytes of the table.
**/
UINTN
MrmAcpiDsdt (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  );

/**
  The machine's SRAT, cut down to the partition's processors and memory.

  @param[in]  Facts  The facts.
  @param[out] Table  Receives the table, or NULL.

  @return Bytes of the table; zero when the machine has none, it is malformed or
          says nothing of the partition's processors or of its memory.
**/
UINTN
MrmAcpiSrat (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  );

/**
  The machine's SLIT.

  @param[in]  Facts  The facts.
  @param[out] Table  Receives the table, or NULL.

  @return Bytes of the table; zero when the machine has none or it is malformed.
**/
UINTN
MrmAcpiSlit (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  );

/**
  Check the console: a 16550 where one can be, and, on a PCI card, in a segment of the
  partition that has room in an SPCR.

  @param[in] Facts  The facts.

  @retval TRUE   It is as it should be, or there is none.
  @retval FALSE  It is not.
**/
BOOLEAN
MrmAcpiConsoleIsValid (
  IN CONST MRM_ACPI_FACTS  *Facts
  );

/**
  Serial port console redirection table.

  @param[in]  Facts  The facts.
  @param[out] Table  Receives the table, or NULL.

  @return Bytes of the table; zero when the partition has no console.
**/
UINTN
MrmAcpiSpcr (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  );

/**
  Check where the watchdog lies.

  @param[in] Facts  The facts.

  @retval TRUE   Its words are aligned and in the address space, or there is none.
  @retval FALSE  They are not.
**/
BOOLEAN
MrmAcpiWatchdogIsValid (
  IN CONST MRM_ACPI_FACTS  *Facts
  );

/**
  Watchdog action table.

  @param[in]  Facts  The facts.
  @param[out] Table  Receives the table, or NULL.

  @return Bytes of the table; zero when no watchdog is offered.
**/
UINTN
MrmAcpiWdat (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  );

/**
  Check the shared memories: not too many, each aligned to MRM_SHARED_ALIGNMENT and in the address space.

  @param[in] Facts  The facts.

  @retval TRUE   They are as they should be, or there are none.
  @retval FALSE  They are not.
**/
BOOLEAN
MrmAcpiSharedIsValid (
  IN CONST MRM_ACPI_FACTS  *Facts
  );

/**
  NVDIMM firmware interface table.

  @param[in]  Facts  The facts.
  @param[out] Table  Receives the table, or NULL.

  @return Bytes of the table; zero when the partition has no shared memory.
**/
UINTN
MrmAcpiNfit (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  );

/**
  FADT of the partition that owns the chipset: the PC's, at revision 6.3, with what ends the PC in memory.

  @param[in]  Facts        The facts, with a chipset that is valid.
  @param[in]  DsdtAddress  Physical address of the DSDT.
  @param[in]  FacsAddress  Physical address of the FACS.
  @param[out] Table        Receives the table, or NULL.

  @return Bytes of the table.
**/
UINTN
MrmAcpiChipsetFadt (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  IN  UINT64                DsdtAddress,
  IN  UINT64                FacsAddress,
  OUT VOID                  *Table OPTIONAL
  );

/**
  MADT of the partition that owns the chipset: the PC's interrupt controllers, the boot processor as online capable, and
  the partition's processors by the PC's UIDs.

  @param[in]  Facts  The facts, with a chipset.
  @param[out] Table  Receives the table, or NULL; only with a chipset that is valid.

  @return Bytes of the table; 0 if the PC's cannot be read.
**/
UINTN
MrmAcpiChipsetMadt (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  );

/**
  A table of the PC as it is; definition blocks without _MAT and without sleep states above S0 and below S5.

  @param[in]  Source  The PC's table.
  @param[out] Table   Receives the table, or NULL.

  @return Bytes of the table; 0 if the PC's cannot be read.
**/
UINTN
MrmAcpiChipsetCopy (
  IN  CONST MRM_ACPI_SOURCE  *Source,
  OUT VOID                   *Table OPTIONAL
  );

/**
  What the plan's definition block adds to the PC's, and what is withheld: an SSDT.

  @param[in]  Facts  The facts.
  @param[out] Table  Receives the table, or NULL.

  @return Bytes of the table.
**/
UINTN
MrmAcpiChipsetOwn (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  );

/**
  A device that has what functions of others decode: an OS puts nothing there.

  @param[in]  Chipset  What is withheld, valid.
  @param[out] Aml      Receives the definition of the device, or NULL.

  @return Bytes; 0 if nothing is withheld.
**/
UINTN
MrmAcpiWithheld (
  IN  CONST MRM_ACPI_CHIPSET  *Chipset,
  OUT UINT8                   *Aml OPTIONAL
  );

/**
  Check what functions of others decode: not too much, and ranges.

  @param[in] Chipset  What is withheld.
**/
BOOLEAN
MrmAcpiWithheldIsValid (
  IN CONST MRM_ACPI_CHIPSET  *Chipset
  );

/**
  Check whether tables can be made from those of the PC.

  @param[in] Facts  The facts, with a chipset.
**/
BOOLEAN
MrmAcpiChipsetIsValid (
  IN CONST MRM_ACPI_FACTS  *Facts
  );

#endif
