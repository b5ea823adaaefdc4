/** @file
  The time of day by the TSC, while the PC's clock is somebody else's.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_MACHINE_WALL_CLOCK_H_
#define MRM_CONTROLLER_MACHINE_WALL_CLOCK_H_

#include <PiDxe.h>

/**
  Have the PC's firmware tell the time by the TSC from now on, and leave the clock alone: whoever asks it, such as its FAT
  driver.

  @retval EFI_SUCCESS  It does.
  @return Other        It does not tell the time now: nothing was changed.
**/
EFI_STATUS
KeepTime (
  VOID
  );

/**
  Have it ask the clock again.
**/
VOID
ReleaseTime (
  VOID
  );

#endif
