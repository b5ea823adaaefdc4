/** @file
  Machine checks that a partition's OS has not dealt with.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_MACHINE_CHECK_CLEAR_H_
#define MRM_CONTROLLER_MACHINE_CHECK_CLEAR_H_

#include "Partition/Partition.h"

/**
  Have all processors of a partition but the first forget that they deal with a machine check.

  @param[in] Partition  The partition; its processors wait for a SIPI, and do after. Its low slice is written to.
**/
VOID
ClearMachineChecks (
  IN CONST MRM_PARTITION  *Partition
  );

#endif
