/** @file
  The PC's power button.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_BUTTON_H_
#define MRM_BUTTON_H_

#include <Uefi.h>

/**
  Find the power button and have it noticed.
**/
VOID
WatchPowerButton (
  VOID
  );

/**
  TRUE if the power button has been pressed since the last call.
**/
BOOLEAN
PowerButtonPressed (
  VOID
  );

#endif
