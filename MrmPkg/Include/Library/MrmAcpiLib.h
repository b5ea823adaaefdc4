/** @file
  Builds the ACPI tables of one partition from facts.  Pure: no globals, no I/O.

  Hardware-reduced ACPI (ACPI 6.5 section 4.1): RSDP, XSDT, FADT, FACS, MADT, MCFG,
  DSDT, and SRAT/SLIT cut down from the PC's own.  Why each field has its value:
  docs/acpi.md.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_ACPI_LIB_H_
#define MRM_ACPI_LIB_H_

#include <Guid/MrmHandOff.h>

///
/// Space that always suffices for the tables of one partition without its DSDT,
/// SRAT and SLIT.
///
#define MRM_ACPI_FIXED_SIZE  SIZE_16KB

typedef struct {
  UINT32                      BspApicId;        ///< APIC ID of the machine's bootstrap processor (the controller's)
  UINT32                      ProcessorCount;
  CONST UINT32                *ApicIds;         ///< ProcessorCount APIC IDs; the first boots the partition
  UINT64                      LocalApicAddress; ///< physical address of the local APIC page
  UINT32                      PciBusCount;
  CONST MRM_PCI_BUS           *PciBuses;
  UINT16                      PmTimerPort;      ///< I/O port of the machine's PM timer, 0 = none
  BOOLEAN                     PmTimer32Bit;     ///< FADT flag TMR_VAL_EXT of the machine
  BOOLEAN                     Headless;         ///< no display belongs to the partition
  CONST MRM_PLAN_PARTITION    *Plan;            ///< DSDT and its patches
  UINTN                       MemoryCount;
  CONST MRM_RANGE             *Memory;          ///< RAM of the partition (to cut SRAT down)
  CONST VOID                  *Srat;            ///< the machine's SRAT, or NULL; untrusted bytes
  UINTN                       SratSize;         ///< bytes readable at Srat
  CONST VOID                  *Slit;            ///< the machine's SLIT, or NULL; untrusted bytes
  UINTN                       SlitSize;         ///< bytes readable at Slit
} MRM_ACPI_FACTS;

/**
  Bytes that MrmAcpiBuild() needs at most for these facts.
**/
UINTN
EFIAPI
MrmAcpiSize (
  IN CONST MRM_ACPI_FACTS  *Facts
  );

/**
  Build all tables, the RSDP first, into a buffer.

  @param[in]  Facts    The facts; not changed.
  @param[in]  Address  Physical address the OS will see the buffer at; 64-byte aligned, below 2^64 - Size.
  @param[out] Buffer   Receives the tables; belongs to the caller.
  @param[in]  Size     Bytes in Buffer.

  @retval RETURN_SUCCESS            The RSDP is at Address.
  @retval RETURN_INVALID_PARAMETER  Facts are contradictory (no processor, a patch outside the DSDT or naming
                                    a PCI bus that is not there, DSDT shorter than its header, unaligned Address).
  @retval RETURN_BUFFER_TOO_SMALL   Size < MrmAcpiSize (Facts).
  @retval RETURN_UNSUPPORTED        An APIC ID needs x2APIC structures and ACPI cannot express the request.

  A malformed SRAT or SLIT of the machine is left out, never an error.
**/
RETURN_STATUS
EFIAPI
MrmAcpiBuild (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  IN  UINT64                Address,
  OUT VOID                  *Buffer,
  IN  UINTN                 Size
  );

#endif
