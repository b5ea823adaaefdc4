/** @file
  Media of served disks: one for each memory, file or GPT partition, whoever has it as a disk.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_MEDIUM_H_
#define MRM_MEDIUM_H_

#include "Media/Storage.h"

/**
  Get the media of a partition's disks; with gMachine.VerifyOnly they are only judged.

  @param[in,out] Partition  Receives Media, or is refused.
**/
VOID
BindMedia (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Make the files of a plan's disks as long as they are to be, a part in each call, before the plan is put in force.

  @param[in] Plan  The plan.

  @retval TRUE   There is more to do: call again.
  @retval FALSE  All that can be done is done.
**/
BOOLEAN
GrowMedia (
  IN CONST MRM_PLAN  *Plan
  );

/**
  Let go of the media of a partition's disks: what was written is made durable first.

  @param[in,out] Partition  Its Media become NULL.
**/
VOID
ReleaseMedia (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Make durable what was written to the media of a partition's disks.

  @param[in] Partition  The partition.
**/
VOID
FlushMedia (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Make durable what has waited for it for some seconds, whoever wrote it: one medium in a call, at most.

  @param[in] Now  Milliseconds.
**/
VOID
FlushOldest (
  IN UINT64  Now
  );

#endif
