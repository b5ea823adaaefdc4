/** @file
  All conversations with a partition: they begin with its start, and end with it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_TALK_H_
#define MRM_CONTROLLER_TALK_H_

#include "Partition/Partition.h"

/**
  Begin to talk with a partition: control area, variable store, cards and served disks are as its system is to find them.

  @param[in,out] Partition  About to start, and built; none of its processors runs.
**/
VOID
StartTalk (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Talk no longer with a partition: its memory is about to become something else.

  @param[in,out] Partition  The partition, live.
**/
VOID
EndTalk (
  IN OUT MRM_PARTITION  *Partition
  );

#endif
