/** @file
  The PC's own consoles: each prints the log or shows the status screen.

  A serial console prints the log until a key is pressed there; a display shows the screen.  What it shows and what
  keys do is decided in MrmScreenLib.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_SCREEN_H_
#define MRM_CONTROLLER_SCREEN_H_

#include <Uefi.h>

/**
  Print a line, "MRM: " first, on all consoles that print the log.

  @param[in] Line   The line without its end; it is the log's last.
**/
VOID
PrintLine (
  IN CONST CHAR8  *Line
  );

/**
  Find the consoles that the PC's firmware has left, and show the screen on displays.  Until
  then, and if there are none, lines are printed by the firmware's own means.
**/
VOID
OpenScreens (
  VOID
  );

/**
  Read keys, and bring the screens up to date, as much as goes within a few milliseconds; does nothing when
  called again too soon.
**/
VOID
PollScreens (
  VOID
  );

/**
  Leave all consoles to the PC's firmware again.
**/
VOID
CloseScreens (
  VOID
  );

/**
  Show other partitions from now on: there is another plan.
**/
VOID
RenewScreens (
  VOID
  );

#endif
