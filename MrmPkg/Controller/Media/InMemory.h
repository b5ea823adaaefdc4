/** @file
  Served disks in the PC's memory.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_IN_MEMORY_H_
#define MRM_IN_MEMORY_H_

#include "Media/Storage.h"

/**
  Take memory for a disk, all zeros.

  @param[in]  Size     Bytes, a multiple of 4 KiB.
  @param[out] Storage  Receives it.

  @return  Status of the PC's memory.
**/
EFI_STATUS
OpenMemoryStorage (
  IN  UINT64       Size,
  OUT MRM_STORAGE  *Storage
  );

#endif
