/** @file
  Partitions are given what the plan promises, or refused, and give it back.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_LIFE_BIND_H_
#define MRM_CONTROLLER_LIFE_BIND_H_

#include "Partition/Partition.h"

/**
  Bind all partitions that are absent to the live machine; others are left alone.

  @param[in,out] Partitions  The partitions of the plan in force.
  @param[in]     Count       Their number.

  @return  Number of partitions that are not refused.
**/
UINTN
BindPartitions (
  IN OUT MRM_PARTITION  *Partitions,
  IN     UINTN          Count
  );

/**
  Give back to the PC's firmware what a partition was given, but its devices.

  @param[in,out] Partition  The partition; nothing of it runs.
**/
VOID
ReleasePartition (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Take from a partition that is gone all it had. Its devices go back to the PC's firmware; its memory
  and processors are held for partitions to come, and so is a UART that one of them gets.

  @param[in,out] Partition  The partition; nothing of it runs. What is left of it is to be freed.
  @param[in]     Next       The plan with the partitions to come.
**/
VOID
DropPartition (
  IN OUT MRM_PARTITION   *Partition,
  IN     CONST MRM_PLAN  *Next
  );

#endif
