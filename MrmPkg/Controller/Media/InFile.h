/** @file
  Served disks in files on the ESP.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_IN_FILE_H_
#define MRM_IN_FILE_H_

#include "Media/Storage.h"
#include <MrmPlan.h>

/**
  Open the file of a disk.  One that is to be written is made, or made longer, as far as it takes.  With
  gMachine.VerifyOnly it is only judged, and Storage cannot be read or written.

  @param[in]  Path     Path on the ESP.
  @param[in]  Size     Bytes it is to have; 0 for what it has, of one that is only read.
  @param[in]  Mode     What may be done with it.
  @param[out] Storage  Receives it.
  @param[out] Words    MRM_STORAGE_WORDS bytes: receives why it cannot be had.

  @retval EFI_SUCCESS  Done.
  @return Other        Words says why not; nothing new is left on the ESP.
**/
EFI_STATUS
OpenFileStorage (
  IN  CONST CHAR16   *Path,
  IN  UINT64         Size,
  IN  MRM_DISK_MODE  Mode,
  OUT MRM_STORAGE    *Storage,
  OUT CHAR8          *Words
  );

/**
  Make the file of a disk longer before it is opened, a part in each call: this can take minutes, and others want to be
  served meanwhile.  What cannot be had is left as it is: OpenFileStorage() says why.

  One that was begun is gone on with, whatever Path says.

  @param[in] Path  Path on the ESP.
  @param[in] Size  Bytes it is to have.
  @param[in] Mode  What may be done with it; not MrmDiskReadOnly.

  @retval TRUE   It is not yet as long as that: call again.
  @retval FALSE  It is, or cannot be.
**/
BOOLEAN
GrowFile (
  IN CONST CHAR16   *Path,
  IN UINT64         Size,
  IN MRM_DISK_MODE  Mode
  );

#endif
