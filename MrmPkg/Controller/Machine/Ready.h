/** @file
  Memory and processors of a partition between two of its lives.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_READY_H_
#define MRM_CONTROLLER_READY_H_

#include "Partition/Partition.h"

/**
  Make memory and processors of a partition ready for a start.  What is to be zeroed is zeroed in steps, so that the
  other partitions are looked at in between.

  @param[in,out] Partition  About to start; none of its processors runs, and its devices are quiesced.

  @retval TRUE   They are ready.
  @retval FALSE  There is more to do: call it again in the next round.
**/
BOOLEAN
ReadyMachine (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Take its processors from a partition: they wait for a SIPI then.

  @param[in] Partition  The partition, one of gPartitions.

  @retval TRUE   They have stopped.
  @retval FALSE  One does not answer, which was said.
**/
BOOLEAN
ReclaimMachine (
  IN CONST MRM_PARTITION  *Partition
  );

#endif
