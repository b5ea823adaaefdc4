/** @file
  Memory of partitions: taken from what the PC's firmware does not use.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_MEMORY_H_
#define MRM_CONTROLLER_MEMORY_H_

#include "Partition/Partition.h"


/**
  Take memory of the machine for all partitions that are not refused.

  @param[in,out] Partitions  Receive Pieces, or are refused.
  @param[in]     Count       Their number.
**/
VOID
BindMemory (
  IN OUT MRM_PARTITION  *Partitions,
  IN     UINTN          Count
  );

/**
  Give the memory of a partition back to the PC's firmware.

  @param[in,out] Partition  Pieces become empty.
**/
VOID
ReleaseMemory (
  IN OUT MRM_PARTITION  *Partition
  );

#endif
