/** @file
  The PC's power button.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_BUTTON_H_
#define MRM_BUTTON_H_

#include "Mrm.h"

/**
  Find the power button and have it noticed.
**/
VOID
WatchPowerButton (
  VOID
  );

/**
  Do what the plan says when the power button was pressed.
**/
VOID
AttendPowerButton (
  VOID
  );

#endif
