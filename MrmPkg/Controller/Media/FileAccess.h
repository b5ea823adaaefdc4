/** @file
  Reading and writing files of served disks, also when the PC's file system has given one up.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_FILE_ACCESS_H_
#define MRM_FILE_ACCESS_H_

#include <Uefi.h>
#include <Protocol/SimpleFileSystem.h>

typedef struct _MRM_OPEN_FILE MRM_OPEN_FILE;

/**
  Take over a file that is open.

  @param[in]  Path  Its path on the ESP.
  @param[in]  Mode  How it was opened, EFI_FILE_MODE_…, without EFI_FILE_MODE_CREATE.
  @param[in]  File  The file; it is closed here if there is an error.
  @param[out] Open  Receives it, for CloseFile().

  @retval EFI_SUCCESS           Done.
  @retval EFI_OUT_OF_RESOURCES  The controller is out of memory.
**/
EFI_STATUS
TakeFile (
  IN  CONST CHAR16       *Path,
  IN  UINT64             Mode,
  IN  EFI_FILE_PROTOCOL  *File,
  OUT MRM_OPEN_FILE      **Open
  );

/**
  Close a file, and free what TakeFile() has made.

  @param[in] Open  The file; may be NULL.
**/
VOID
CloseFile (
  IN MRM_OPEN_FILE  *Open
  );

/**
  Have the PC's file system forget what it has in its cache, if a file was written behind its back.  Nobody has a file
  of that volume open any more.
**/
VOID
RenewFileSystem (
  VOID
  );

/**
  Read bytes.

  @param[in,out] Open    The file.
  @param[in]     Offset  The first one.
  @param[in]     Size    How many.
  @param[out]    Bytes   Receives them; after an error, some of them.

  @retval EFI_SUCCESS      Read.
  @retval EFI_END_OF_FILE  The file is shorter.
  @return Other            Status of file system or drive: some of these bytes cannot be read.
**/
EFI_STATUS
ReadFile (
  IN OUT MRM_OPEN_FILE  *Open,
  IN     UINT64         Offset,
  IN     UINTN          Size,
  OUT    VOID           *Bytes
  );

/**
  Write bytes.

  @param[in,out] Open    The file.
  @param[in]     Offset  The first one.
  @param[in]     Size    How many.
  @param[in]     Bytes   What to write.

  @retval EFI_SUCCESS          Written.
  @retval EFI_VOLUME_FULL      There is no room.
  @retval EFI_WRITE_PROTECTED  They share a page with other files, and the page had an error.
  @return Other                Status of file system or drive.
**/
EFI_STATUS
WriteFile (
  IN OUT MRM_OPEN_FILE  *Open,
  IN     UINT64         Offset,
  IN     UINTN          Size,
  IN     CONST VOID     *Bytes
  );

/**
  See that a power cut does not lose what was written.

  @param[in] Open  The file.

  @return  Status of file system or drive.
**/
EFI_STATUS
FlushFile (
  IN CONST MRM_OPEN_FILE  *Open
  );

#endif
