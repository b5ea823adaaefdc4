/** @file
  The memory that a partition shares with the controller for its cards on networks and its served disks.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_AREA_H_
#define MRM_AREA_H_

#include "Partition/Partition.h"
#include <Library/MrmFunctionLib.h>

///
/// What the drivers of a partition can name.
///
struct _MRM_PARTITION_AREA {
  MRM_RANGE_SET    Memory;
  MRM_RANGE        Ranges[MRM_MAX_PIECES];
  UINT32           ApicIds[MRM_MAX_PROCESSORS];   ///< Plan->ProcessorCount of them
};

/**
  Collect what the drivers of a partition can name.

  @param[in]  Partition  The partition, bound.
  @param[out] Area       Receives it; it must stay where it is.
**/
VOID
CollectArea (
  IN  CONST MRM_PARTITION  *Partition,
  OUT MRM_PARTITION_AREA   *Area
  );

/**
  Let a function in memory reach what its driver can name.

  @param[in,out] Function   The function.
  @param[in]     Partition  Whose it is.
  @param[in]     Area       Of that partition.
**/
VOID
ReachArea (
  IN OUT MRM_FUNCTION              *Function,
  IN     CONST MRM_PARTITION       *Partition,
  IN     CONST MRM_PARTITION_AREA  *Area
  );

/**
  Share the area of a partition with it, if it has any cards or served disks.

  @param[in,out] Partition  Receives Area, or is refused.
**/
VOID
OpenArea (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Share the area of a partition no more; nothing of it runs, and its cards and disks have been closed.

  @param[in,out] Partition  The partition.
**/
VOID
CloseArea (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Make the area of a partition anew, as its system is to find it, before its cards and disks are looked at.

  @param[in] Partition  About to start; none of its processors runs, and nobody looks at its area.
**/
VOID
StartArea (
  IN CONST MRM_PARTITION  *Partition
  );

#endif
