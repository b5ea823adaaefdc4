/** @file
  Turns of kernels at what they share while they boot.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_TURN_H_
#define MRM_TURN_H_

#include <Uefi.h>

/**
  Let the next kernel boot if it is somebody's turn.
**/
VOID
PollTurns (
  VOID
  );

/**
  Forget whose turn it is: the partitions have other numbers from now on.
**/
VOID
ClearTurns (
  VOID
  );

#endif
