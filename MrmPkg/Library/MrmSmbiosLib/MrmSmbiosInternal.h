/** @file
  What the parts of MrmSmbiosLib share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_SMBIOS_INTERNAL_H_
#define MRM_SMBIOS_INTERNAL_H_

#include <Base.h>
#include <IndustryStandard/SmBios.h>

#include <Library/BaseMemoryLib.h>
#include <Library/MrmSmbiosLib.h>

///
/// Longest string written, without its terminating zero.
///
#define MRM_SMBIOS_STRING_LENGTH  64

///
/// Most strings of one structure.
///
#define MRM_SMBIOS_MAX_STRINGS  6

///
/// "No such structure" where a handle is expected.
///
#define MRM_SMBIOS_NO_HANDLE  0xFFFE

///
/// The structure table being written; Buffer is NULL when it is only measured.
///
typedef struct {
  UINT8            *Buffer;
  UINTN            Used;         ///< bytes so far
  SMBIOS_HANDLE    NextHandle;
} MRM_SMBIOS_WRITER;

///
/// The strings of one structure, in the order of their numbers.
///
typedef struct {
  UINTN          Count;
  CONST CHAR8    *Strings[MRM_SMBIOS_MAX_STRINGS];
} MRM_SMBIOS_STRINGS;

/**
  Add a string to those of a structure.

  @param[in,out] Strings  The strings so far.
  @param[in]     String   The string, or NULL.

  @return The number by which the structure refers to it; zero when it is empty.
**/
SMBIOS_TABLE_STRING
MrmSmbiosString (
  IN OUT MRM_SMBIOS_STRINGS  *Strings,
  IN     CONST CHAR8         *String OPTIONAL
  );

/**
  Append one structure.

  @param[in,out] Writer     The table.
  @param[in]     Type       Type of the structure.
  @param[in,out] Structure  Its formatted area; the header is filled in.
  @param[in]     Size       Bytes of the formatted area, header included.
  @param[in]     Strings    Its strings, or NULL.

  @return Handle of the structure.
**/
SMBIOS_HANDLE
MrmSmbiosAppend (
  IN OUT MRM_SMBIOS_WRITER         *Writer,
  IN     SMBIOS_TYPE               Type,
  IN OUT VOID                      *Structure,
  IN     UINTN                     Size,
  IN     CONST MRM_SMBIOS_STRINGS  *Strings OPTIONAL
  );

/**
  Append firmware, system, board and enclosure: types 0 to 3.

  @param[in,out] Writer  The table.
  @param[in]     Facts   The facts.
**/
VOID
MrmSmbiosSystem (
  IN OUT MRM_SMBIOS_WRITER       *Writer,
  IN     CONST MRM_SMBIOS_FACTS  *Facts
  );

/**
  Append the processors: type 4.  Which of them share a package is not told, so they
  appear as the cores of one.

  @param[in,out] Writer  The table.
  @param[in]     Facts   The facts.
**/
VOID
MrmSmbiosProcessors (
  IN OUT MRM_SMBIOS_WRITER       *Writer,
  IN     CONST MRM_SMBIOS_FACTS  *Facts
  );

/**
  Append the memory: types 16, 17 and 19.

  @param[in,out] Writer  The table.
  @param[in]     Facts   The facts.
**/
VOID
MrmSmbiosMemory (
  IN OUT MRM_SMBIOS_WRITER       *Writer,
  IN     CONST MRM_SMBIOS_FACTS  *Facts
  );

/**
  Append boot status and end of table: types 32 and 127.

  @param[in,out] Writer  The table.
**/
VOID
MrmSmbiosEnd (
  IN OUT MRM_SMBIOS_WRITER  *Writer
  );

#endif
