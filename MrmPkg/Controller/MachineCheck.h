/** @file
  Machine checks that reach the boot processor, and what those of a partition leave behind.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_MACHINE_CHECK_H_
#define MRM_MACHINE_CHECK_H_

#include "Mrm.h"

//
// MachineCheck.c
//

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
AttendMachineChecks (
  VOID
  );

/**
  Give machine checks back to the PC's firmware.
**/
VOID
ReleaseMachineChecks (
  VOID
  );

//
// MachineCheckClear.c
//

/**
  Have all processors of a partition but the first forget that they deal with a machine check.

  @param[in] Partition  The partition; its processors wait for a SIPI, and do after. Its low slice is written to.
**/
VOID
ClearMachineChecks (
  IN CONST MRM_PARTITION  *Partition
  );

#endif
