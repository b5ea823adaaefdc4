/** @file
  Processors of a partition stop, and have stopped before anybody uses its memory.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_STOP_H_
#define MRM_CONTROLLER_STOP_H_

#include "Partition/Partition.h"

/**
  Stop all processors of a partition: they wait for a SIPI then.  They also forget that they deal with a machine check.

  @param[in] Partition  The partition, live, or Lost before.  The first page of its low slice is written to.

  @retval TRUE   All have answered that they have stopped.
  @retval FALSE  One has not, which was said: it may run on in the partition's memory.
**/
BOOLEAN
StopProcessors (
  IN CONST MRM_PARTITION  *Partition
  );

#endif
