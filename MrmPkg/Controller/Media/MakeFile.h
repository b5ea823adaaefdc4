/** @file
  Files of served disks are made as long as they are to be, through the PC's own file system.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_MAKE_FILE_H_
#define MRM_MAKE_FILE_H_

#include "Media/Storage.h"

#define MRM_FILE_BLOCK  512   ///< bytes of a block of a disk in a file

///
/// A file that is being made, or made longer.
///
typedef struct {
  EFI_FILE_PROTOCOL    *File;    ///< open; NULL after an error
  UINT64               Had;      ///< bytes that it had
  UINT64               At;       ///< bytes that it has
  UINT64               Size;     ///< bytes that it is to have
  BOOLEAN              Exists;   ///< it was there before
} MRM_MADE_FILE;

/**
  Judge the file that is there, or the room for it.

  @param[in]  Path    Its path.
  @param[in]  Size    Bytes it is to have; 0 for what it has.
  @param[in]  Mode    What may be done with it.
  @param[out] Had     Receives how many bytes it has.
  @param[out] Exists  Receives whether it is there.
  @param[out] Words   Receives why it will not do.

  @retval EFI_SUCCESS  It will do, as soon as it has Size bytes.
  @return Other        Words says why not.
**/
EFI_STATUS
JudgeFile (
  IN  CONST CHAR16   *Path,
  IN  UINT64         Size,
  IN  MRM_DISK_MODE  Mode,
  OUT UINT64         *Had,
  OUT BOOLEAN        *Exists,
  OUT CHAR8          *Words
  );

/**
  Open a file that was judged, for writing; folders above it are made.

  @param[in]  Path    Its path.
  @param[in]  Had     Bytes it has.
  @param[in]  Exists  Whether it is there.
  @param[in]  Size    Bytes it is to have.
  @param[out] Made    Receives it, for LengthenFile(); File belongs to the caller.

  @return  Status of the file system.
**/
EFI_STATUS
MakeFile (
  IN  CONST CHAR16   *Path,
  IN  UINT64         Had,
  IN  BOOLEAN        Exists,
  IN  UINT64         Size,
  OUT MRM_MADE_FILE  *Made
  );

/**
  Make a file longer, with zeros.

  @param[in,out] Made  The file.
  @param[in]     Time  Milliseconds after which no more is begun; a MiB is written at least.

  @retval EFI_SUCCESS    It is as long as it is to be.
  @retval EFI_NOT_READY  It is not yet: call again.
  @return Other          Status of the file system: it is closed, as long as it was, or not there if it was not.
**/
EFI_STATUS
LengthenFile (
  IN OUT MRM_MADE_FILE  *Made,
  IN     UINT64         Time
  );

#endif
