/** @file
  Headers of a tar archive (POSIX.1-2017, pax, "ustar Interchange Format"): pure, for firmware and host.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_ARCHIVE_LIB_H_
#define MRM_ARCHIVE_LIB_H_

#include <Base.h>

///
/// Bytes of a header; what a file holds is filled up with zeros to a multiple of it, and two blocks of zeros
/// end the archive.
///
#define MRM_ARCHIVE_BLOCK         512
#define MRM_ARCHIVE_NAME_LENGTH   100          ///< characters of the longest name
#define MRM_ARCHIVE_LARGEST_FILE  0x1FFFFFFFFULL  ///< bytes: eleven octal digits

/**
  Make the header of a regular file that everybody may read.

  @param[in]  Name    Its path without a slash in front, ASCII, at most MRM_ARCHIVE_NAME_LENGTH characters.
  @param[in]  Size    Its bytes, at most MRM_ARCHIVE_LARGEST_FILE.
  @param[out] Header  Receives MRM_ARCHIVE_BLOCK bytes.

  @retval RETURN_SUCCESS            Made.
  @retval RETURN_INVALID_PARAMETER  The name is empty or too long, or the file too large.
**/
RETURN_STATUS
EFIAPI
MrmArchiveHeader (
  IN  CONST CHAR8  *Name,
  IN  UINT64       Size,
  OUT UINT8        *Header
  );

/**
  Bytes that fill up the last block of a file.

  @param[in] Size  Bytes of the file.

  @return  0 to MRM_ARCHIVE_BLOCK - 1.
**/
UINTN
EFIAPI
MrmArchivePadding (
  IN UINT64  Size
  );

#endif
