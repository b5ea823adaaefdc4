/** @file
  Builds the SMBIOS table of one partition from facts.  Pure: no globals, no I/O.

  SMBIOS 3.3 (DMTF DSP0134): types 0, 1, 2, 3, 4, 16, 17, 19, 32 and 127 behind a
  64-bit entry point.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_SMBIOS_LIB_H_
#define MRM_SMBIOS_LIB_H_

#include <Guid/MrmHandOff.h>

#define MRM_SMBIOS_MANUFACTURER  "MRM"
#define MRM_SMBIOS_PRODUCT       "Multiple Real Machine"

///
/// Strings are ASCII; bytes outside 0x20..0x7E become '?', more than 64 are cut
/// off.  A string that is NULL or empty is left out.
///
typedef struct {
  CONST CHAR8        *PartitionName;     ///< serial number of the system
  CONST CHAR8        *Version;           ///< version of MRM
  CONST CHAR8        *ReleaseDate;       ///< "mm/dd/yyyy", 2023 or later: Linux clips PCI windows on older PCs
  EFI_GUID           MachineUuid;        ///< system UUID of the PC (its SMBIOS type 1), zero when unknown
  UINT32             ProcessorCount;     ///< 1 to MRM_MAX_PROCESSORS
  UINT32             ProcessorSignature; ///< CPUID 1 EAX
  UINT32             ProcessorFeatures;  ///< CPUID 1 EDX
  CONST CHAR8        *ProcessorVendor;   ///< CPUID 0, e.g. "GenuineIntel"
  CONST CHAR8        *ProcessorName;     ///< CPUID 0x80000002 to 0x80000004, leading spaces skipped
  UINT64             TscFrequency;       ///< Hz, 0 = unknown
  UINTN              MemoryCount;        ///< 1 to 4096
  CONST MRM_RANGE    *Memory;            ///< RAM of the partition: disjoint, 4 KiB pages, below 2^52
} MRM_SMBIOS_FACTS;

/**
  Bytes that MrmSmbiosBuild() needs for these facts.

  @param[in] Facts  The facts.

  @return Bytes, the entry point included; zero when MrmSmbiosBuild() refuses the facts.
**/
UINTN
EFIAPI
MrmSmbiosSize (
  IN CONST MRM_SMBIOS_FACTS  *Facts
  );

/**
  Build the entry point, followed by the structure table.

  The system UUID is derived from MachineUuid and PartitionName: the same at each
  start, different for each partition of a PC and, MachineUuid being known, for each PC.

  @param[in]  Facts    The facts; not changed.
  @param[in]  Address  Physical address the OS will see the buffer at; 16-byte aligned.
  @param[out] Buffer   Receives the entry point (SMBIOS_TABLE_3_0_ENTRY_POINT), then the table.
  @param[in]  Size     Bytes in Buffer.

  @retval RETURN_SUCCESS            The entry point is at Address; it is what the configuration table entry
                                    gEfiSmbios3TableGuid points to.
  @retval RETURN_INVALID_PARAMETER  No partition name, processor or memory, more processors than MRM_MAX_PROCESSORS,
                                    too many memory ranges or one that is not as described, ReleaseDate not as
                                    described, Address unaligned or too high.
  @retval RETURN_BUFFER_TOO_SMALL   Size < MrmSmbiosSize (Facts).
**/
RETURN_STATUS
EFIAPI
MrmSmbiosBuild (
  IN  CONST MRM_SMBIOS_FACTS  *Facts,
  IN  UINT64                  Address,
  OUT VOID                    *Buffer,
  IN  UINTN                   Size
  );

#endif
