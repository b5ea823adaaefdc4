/** @file
  Machine checks that reach the boot processor, and what those of a partition leave behind.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_MACHINE_CHECK_H_
#define MRM_MACHINE_CHECK_H_

#include <Uefi.h>

/**
  Begin to catch machine checks, if the processor has them and the PC's firmware lets it be.
**/
VOID
CatchMachineChecks (
  VOID
  );

/**
  Tell of machine checks since the last call; an uncorrected one goes on as an NMI to the partition
  that gets them.
**/
VOID
PollMachineChecks (
  VOID
  );

/**
  Give machine checks back to the PC's firmware.
**/
VOID
ReleaseMachineChecks (
  VOID
  );

#endif
