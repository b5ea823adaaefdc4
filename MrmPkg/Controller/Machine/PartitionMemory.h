/** @file
  Memory of partitions: allocated from what the PC's firmware does not use.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PARTITION_MEMORY_H_
#define MRM_CONTROLLER_PARTITION_MEMORY_H_

#include "Partition/Partition.h"

/**
  Allocate memory for all partitions that are not refused.

  @param[in,out] Partitions  Receive Pieces, or are refused.
  @param[in]     Count       Their number.
**/
VOID
BindMemory (
  IN OUT MRM_PARTITION  *Partitions,
  IN     UINTN          Count
  );

/**
  Allocate memory for a partition's cards on networks and served disks, if it is to have any; after BindMemory().

  @param[in,out] Partition  Receives CardArea and the bus of cards and disks, or is refused.
**/
VOID
BindCardArea (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Release the memory of a partition to the PC's firmware.

  @param[in,out] Partition  Pieces and CardArea become empty; nothing of it runs.
**/
VOID
ReleaseMemory (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Hold the memory of a partition that was given up, for those to come.

  @param[in,out] Partition  Pieces and CardArea become empty; nothing of it runs.
**/
VOID
HoldMemory (
  IN OUT MRM_PARTITION  *Partition
  );

#endif
