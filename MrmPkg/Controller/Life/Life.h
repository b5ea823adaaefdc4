/** @file
  Life of one partition: carries out what MrmLifecycleLib decides.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_ATTEND_H_
#define MRM_ATTEND_H_

#include "Partition/Partition.h"

/**
  Take a partition's devices from the PC's firmware and quiesce them.

  @param[in,out] Partition  The partition, bound.
**/
VOID
ClaimDevices (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Let the PC's firmware have a partition's devices again.

  @param[in] Partition  The partition; nothing of it runs.
  @param[in] Next       The plan that is to be in force, or NULL. A UART that it gives to a partition does not go back.
**/
VOID
ReleaseDevices (
  IN CONST MRM_PARTITION  *Partition,
  IN CONST MRM_PLAN       *Next  OPTIONAL
  );

/**
  Look at a live partition once, and do what that leads to.

  @param[in,out] Partition  The partition.
  @param[in]     Snapshot   Copy of its mailbox; not trusted.
**/
VOID
PollLife (
  IN OUT MRM_PARTITION      *Partition,
  IN     CONST MRM_MAILBOX  *Snapshot
  );

/**
  Start a partition if it is due.

  @param[in,out] Partition  The partition.
  @param[in]     Others     TRUE when all partitions it comes after run.
**/
VOID
StartDue (
  IN OUT MRM_PARTITION  *Partition,
  IN     BOOLEAN        Others
  );

/**
  Carry out an order of somebody who may give it.

  @param[in,out] Partition  The partition.
  @param[in]     Verb       What is ordered.
  @param[in]     AtOnce     Stop, restart: TRUE if its OS is not to be asked to shut down before.
  @param[in]     Who        Who orders it, for people.

  @return  Status of MrmLifecycleOrder().
**/
EFI_STATUS
OrderPartition (
  IN OUT MRM_PARTITION  *Partition,
  IN     MRM_VERB       Verb,
  IN     BOOLEAN        AtOnce,
  IN     CONST CHAR8    *Who
  );

/**
  Reclaim all partitions before the PC is
  reset or switched off.
**/
VOID
ReclaimAll (
  VOID
  );

#endif
