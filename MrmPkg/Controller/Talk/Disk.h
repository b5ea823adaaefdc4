/** @file
  Served disks: the controller does what their drivers ask for, and MrmDiskLib decides.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_DISK_H_
#define MRM_DISK_H_

#include "Partition/Partition.h"
#include <Library/MrmControlLib.h>

/**
  Make what the controller needs for a partition's disks, if it has any; after OpenArea() and BindMedia().

  @param[in,out] Partition  Receives Disks, or is refused.
**/
VOID
OpenDisks (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Forget the disks of a partition; nothing of it runs.

  @param[in,out] Partition  The partition.
**/
VOID
CloseDisks (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Begin to watch for drivers that ask, if any partition has disks: all partitions have been bound.  What the PC's
  firmware lacks for it is said; partitions run all the same.
**/
VOID
WatchDisks (
  VOID
  );

/**
  Watch no longer; partitions may run on.
**/
VOID
IgnoreDisks (
  VOID
  );

/**
  Look at the disks of a partition from now on; after StartArea().

  @param[in,out] Partition  About to start; none of its processors runs.
**/
VOID
StartDisks (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Look no longer at the disks of a partition: its memory is about to become something else.

  @param[in,out] Partition  The partition.
**/
VOID
QuiesceDisks (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Add up what the disks of a partition have done since it was started.

  @param[in]     Partition  The partition.
  @param[in,out] Moved      Reads, Writes and Errors are added to.

  @return  How many disks it is served.
**/
UINTN
AddDiskCounts (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT MRM_CHANNEL_COUNTS   *Moved
  );

/**
  Serve all disks as long as there is something to do, for a few milliseconds at most, and the last request of one disk;
  say what has become of drivers.  At TPL_APPLICATION only.

  @retval TRUE   There may be more to do at once.
  @retval FALSE  There is not; or there are no disks.
**/
BOOLEAN
PollDisks (
  VOID
  );

#endif
