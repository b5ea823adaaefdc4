/** @file
  The archive that a scan writes: made in memory, written at the end.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_ARCHIVE_H_
#define MRM_CONTROLLER_ARCHIVE_H_

#include <Uefi.h>

/**
  Begin a file of the archive.

  @param[in] Format  PrintLib ASCII format string of its path, at most MRM_ARCHIVE_NAME_LENGTH characters.
  @param[in] ...     Its arguments.
**/
VOID
EFIAPI
BeginFile (
  IN CONST CHAR8  *Format,
  ...
  );

/**
  Add bytes to the file that was begun.

  @param[in] Data  The bytes.
  @param[in] Size  Their number.
**/
VOID
AddBytes (
  IN CONST VOID  *Data,
  IN UINTN       Size
  );

/**
  Add a line of text to the file that was begun; of a long one the end is cut off.

  @param[in] Format  PrintLib ASCII format string without line end.
  @param[in] ...     Its arguments.
**/
VOID
EFIAPI
AddLine (
  IN CONST CHAR8  *Format,
  ...
  );

/**
  End the file that was begun.
**/
VOID
EndFile (
  VOID
  );

/**
  End the archive.

  @param[out] Archive  Receives it, for FreePool; unchanged without success.
  @param[out] Size     Receives its bytes.

  @retval EFI_SUCCESS            It is whole.
  @retval EFI_OUT_OF_RESOURCES   There was not enough memory for it.
  @retval EFI_INVALID_PARAMETER  A path was too long.
**/
EFI_STATUS
EndArchive (
  OUT VOID   **Archive,
  OUT UINTN  *Size
  );

#endif
