/** @file
  Memory that partitions share by their plan.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_SHARED_H_
#define MRM_CONTROLLER_SHARED_H_

#include "Partition/Partition.h"

/**
  Give all partitions that are not refused their shared memories: those that are there already, and new ones. What the
  plan no longer has goes back before. After BindMemory().

  @param[in,out] Partitions  Receive Shared, or are refused.
  @param[in]     Count       Their number.
**/
VOID
BindShared (
  IN OUT MRM_PARTITION  *Partitions,
  IN     UINTN          Count
  );

/**
  Give back shared memories that no partition is to have, or that only refused ones are to have.

  @param[in] Partitions  The partitions; what they are refused for is known.
  @param[in] Count       Their number.
**/
VOID
DropShared (
  IN CONST MRM_PARTITION  *Partitions,
  IN UINTN                Count
  );

/**
  Zero a part of those shared memories of a partition that nobody has had yet.

  @param[in] Partition  About to start.

  @retval TRUE   All that is new of its shared memories is zero.
  @retval FALSE  There is more to do.
**/
BOOLEAN
ZeroShared (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Give all shared memories back; no partition runs.
**/
VOID
ReleaseShared (
  VOID
  );

#endif
