/** @file
  The life of the controller.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_RUN_H_
#define MRM_CONTROLLER_RUN_H_

#include <Uefi.h>


/**
  Start all partitions that were not refused and look after them, until the last one is off
  and the plan wants the PC's firmware back.
**/
VOID
RunPartitions (
  VOID
  );

#endif
