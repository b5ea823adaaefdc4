/** @file
  Drives write down what they keep in their caches.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_FLUSH_H_
#define MRM_CONTROLLER_FLUSH_H_

#include <Uefi.h>

/**
  Have a drive write down its cache, where the PC's driver does not have it do so in FlushBlocks(): an ATA disk.
  Call it after that.  A drive that does not is told of once.

  @param[in] Device  A volume, a partition or a disk.

  @retval EFI_SUCCESS  It has; or it is no ATA disk; or it is one that has never done so since the controller started:
                       nothing can be promised of it.
  @retval EFI_TIMEOUT  It did so before, and does not answer any more.  It is asked again after a minute.
  @return Other        It did so before, and has failed now: status of its driver.
**/
EFI_STATUS
FlushDrive (
  IN EFI_HANDLE  Device
  );

#endif
