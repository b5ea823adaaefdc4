/** @file
  Drives write down what they keep in their caches.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_FLUSH_H_
#define MRM_CONTROLLER_FLUSH_H_

#include <Uefi.h>

/**
  Have a drive write down its cache, where the PC's driver does not have it do so in FlushBlocks(): an ATA disk.
  Call it after that. A drive that refuses is told of once; nothing else can be done.

  @param[in] Device  A volume, a partition or a disk.
**/
VOID
FlushDrive (
  IN EFI_HANDLE  Device
  );

#endif
