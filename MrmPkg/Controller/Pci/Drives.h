/** @file
  Drives of the PC that its firmware has not looked at yet.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_DRIVES_H_
#define MRM_CONTROLLER_DRIVES_H_

#include <Uefi.h>

/**
  Have the PC's drivers come to all disk controllers, if a partition is to be served a GPT partition: firmware that boots
  fast, or that was left for its shell, may know only the drive that it started from.  To be called while no partition
  has claimed a device: drivers must not come to what is a partition's, nor file systems to a GPT partition that is
  served.
**/
VOID
ConnectDrives (
  VOID
  );

#endif
