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
  Keep whose turn it is, while the partitions get other numbers.

  @param[in] Numbers  For each number a partition has had: its new one, or MRM_PLAN_NOBODY.
  @param[in] Count    How many there are.
**/
VOID
RenumberTurns (
  IN CONST UINT32  *Numbers,
  IN UINTN         Count
  );

#endif
