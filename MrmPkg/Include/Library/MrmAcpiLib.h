/** @file
  Builds the ACPI tables of one partition from facts.  Pure: no globals, no I/O.

  Hardware-reduced ACPI (ACPI 6.5 section 4.1): RSDP, XSDT, FADT, FACS, MADT, MCFG,
  DSDT, SPCR, WDAT, NFIT, and SRAT/SLIT cut down from the PC's own.  The partition that owns the PC's
  chipset has the PC's own tables instead, changed where they speak of what it does not have.  Why each
  field has its value: docs/acpi.md.

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

///
/// A console on a PCI card, as an OS of the partition sees it; segment 0 = on no PCI card.
///
typedef struct {
  MRM_PCI_ADDRESS    Address;
  UINT16             VendorId;
  UINT16             DeviceId;
} MRM_ACPI_CONSOLE_FUNCTION;

///
/// A table of the PC; its bytes are not trusted.
///
typedef struct {
  CONST VOID    *Table;
  UINTN         Size;                ///< bytes readable there
} MRM_ACPI_SOURCE;

#define MRM_ACPI_MAX_WITHHELD  64    ///< stretches of memory, and of ports, that functions of others decode
#define MRM_ACPI_MAX_COPIED  64      ///< tables of the PC that the owner of the chipset gets as they are

///
/// Tables of the PC from which those of the partition that owns its chipset are made.
///
typedef struct {
  MRM_ACPI_SOURCE    Fadt;
  MRM_ACPI_SOURCE    Madt;
  MRM_ACPI_SOURCE    Dsdt;
  UINTN              CopiedCount;
  MRM_ACPI_SOURCE    Copied[MRM_ACPI_MAX_COPIED];   ///< SSDTs and tables about devices; those that are not sound are left out
  UINTN              WithheldCount;
  MRM_RANGE          Withheld[MRM_ACPI_MAX_WITHHELD];        ///< memory that functions of others decode
  UINTN              WithheldPortCount;
  MRM_RANGE          WithheldPorts[MRM_ACPI_MAX_WITHHELD];   ///< I/O ports that they decode
} MRM_ACPI_CHIPSET;

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
  MRM_CONSOLE                 Console;          ///< for SPCR
  MRM_ACPI_CONSOLE_FUNCTION   ConsoleFunction;
  UINT64                      Watchdog;         ///< physical address of an MRM_WATCHDOG, 0 = none is offered
  UINT64                      Panic;            ///< physical address of MRM_MAILBOX.Panic
  UINT64                      Thermal;          ///< physical address of MRM_MAILBOX.Thermal
  UINT64                      Sleep;            ///< physical address of MRM_MAILBOX.Sleep
  CONST MRM_PLAN_PARTITION    *Plan;            ///< DSDT and its patches
  UINTN                       MemoryCount;
  CONST MRM_RANGE             *Memory;          ///< RAM of the partition (to cut SRAT down)
  UINT32                      SharedCount;
  CONST MRM_RANGE             *Shared;          ///< shared memories, in the order in which an OS sees them
  CONST VOID                  *Srat;            ///< the machine's SRAT, or NULL; untrusted bytes
  UINTN                       SratSize;         ///< bytes readable at Srat
  CONST VOID                  *Slit;            ///< the machine's SLIT, or NULL; untrusted bytes
  UINTN                       SlitSize;         ///< bytes readable at Slit
  CONST MRM_ACPI_CHIPSET      *Chipset;         ///< the partition owns the PC's chipset; NULL: it does not
} MRM_ACPI_FACTS;

/**
  Say whether the tables of the partition that owns the chipset can be made from those of the PC: FADT, MADT and DSDT can
  be read, the PC is not hardware-reduced, and its MADT has the processors.

  @param[in] Chipset         The PC's tables.
  @param[in] BspApicId       APIC ID of the boot processor.
  @param[in] ApicIds         APIC IDs of the partition's processors.
  @param[in] ProcessorCount  How many.
**/
BOOLEAN
EFIAPI
MrmAcpiChipsetFits (
  IN CONST MRM_ACPI_CHIPSET  *Chipset,
  IN UINT32                  BspApicId,
  IN CONST UINT32            *ApicIds,
  IN UINT32                  ProcessorCount
  );

/**
  Bytes that MrmAcpiBuild() needs for these facts: at most MRM_ACPI_FIXED_SIZE and the
  sizes of DSDT, SRAT and SLIT, the SRAT's growing by 40 bytes for each piece of memory; with Chipset
  also those of the PC's tables, and at most 70 bytes and 62 for each element of Withheld.

  @param[in] Facts  The facts; Plan must not be NULL.

  @return Bytes.
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
  @retval RETURN_INVALID_PARAMETER  Facts are contradictory: no processor or more than MRM_MAX_PROCESSORS, an APIC ID
                                    twice or the controller's own; more than MRM_MAX_PCI_BUSES, one in segment zero,
                                    two in one segment, bus numbers or windows that make no range; a patch outside the
                                    DSDT or in its header, naming a PCI bus that is not there, or with a value wider
                                    than its place; no DSDT of DsdtSize bytes; a local APIC, memory range, console or
                                    watchdog where none can be; more than MRM_MAX_SHARED shared memories, or one that
                                    is not aligned; a console function in a segment the partition does not
                                    have; a chipset whose FADT, MADT or DSDT cannot be read, whose MADT lacks the boot
                                    processor or one of the partition's, that is hardware-reduced, beside PCI buses,
                                    or with more withheld than can be, or what makes no range; Address unaligned or too high.
  @retval RETURN_BUFFER_TOO_SMALL   Size < MrmAcpiSize (Facts).
  @retval RETURN_UNSUPPORTED        An APIC ID is 0xFFFFFFFF, which ACPI uses for "all processors".

  A closed window (Size zero) is patched as first, last and length zero, which an OS ignores.
  A malformed SRAT or SLIT of the machine is left out, never an error; so is a SLIT without
  SRAT, and an SRAT that names none of the partition's processors or memory.
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
