/** @file
  The blocks below a file on the ESP, for when the PC's file system has given the file up.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_BELOW_FILE_H_
#define MRM_BELOW_FILE_H_

#include <Uefi.h>

typedef struct _MRM_BELOW_FILE MRM_BELOW_FILE;

/**
  Find the blocks of a file.  What the PC's file system has in its cache is written down first.

  @param[in]  Path   The file's path on the ESP.
  @param[out] Below  Receives them, for CloseBelow().

  @retval EFI_SUCCESS  Found.
  @return Other        They cannot be reached: status of file system or drive, or the file lies in too many pieces.
**/
EFI_STATUS
OpenBelow (
  IN  CONST CHAR16    *Path,
  OUT MRM_BELOW_FILE  **Below
  );

/**
  Free what OpenBelow() has made.

  @param[in] Below  It; may be NULL.
**/
VOID
CloseBelow (
  IN MRM_BELOW_FILE  *Below
  );

/**
  How many bytes of a piece of a file can be treated alike.

  @param[in]  Below   The file.
  @param[in]  Offset  Where the piece begins.
  @param[in]  Size    Its bytes, one at least.
  @param[out] Page    Receives the number of the page that these bytes share with other files: only the PC's file system
                      may write there, which keeps such pages.  MAX_UINT64: they share none.

  @return  Bytes, from Offset on; 0 if the file ends before.
**/
UINTN
PieceBelow (
  IN  CONST MRM_BELOW_FILE  *Below,
  IN  UINT64                Offset,
  IN  UINTN                 Size,
  OUT UINT64                *Page
  );

/**
  Read bytes that PieceBelow() has named.

  @param[in]  Below   The file.
  @param[in]  Offset  The first one.
  @param[in]  Size    How many.
  @param[out] Bytes   Receives them.

  @return  Status of the drive.
**/
EFI_STATUS
ReadBelow (
  IN  CONST MRM_BELOW_FILE  *Below,
  IN  UINT64                Offset,
  IN  UINTN                 Size,
  OUT VOID                  *Bytes
  );

/**
  Write bytes that PieceBelow() has named; they share no page.

  @param[in] Below   The file.
  @param[in] Offset  The first one.
  @param[in] Size    How many.
  @param[in] Bytes   What to write.

  @return  Status of the drive.
**/
EFI_STATUS
WriteBelow (
  IN CONST MRM_BELOW_FILE  *Below,
  IN UINT64                Offset,
  IN UINTN                 Size,
  IN CONST VOID            *Bytes
  );

/**
  See that a power cut does not lose what was written here.

  @param[in] Below  The file.

  @return  Status of the drive.
**/
EFI_STATUS
FlushBelow (
  IN CONST MRM_BELOW_FILE  *Below
  );

#endif
