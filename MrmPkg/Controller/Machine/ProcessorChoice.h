/** @file
  Which processors partitions and the channels get.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PROCESSOR_CHOICE_H_
#define MRM_CONTROLLER_PROCESSOR_CHOICE_H_

#include "Partition/Partition.h"

/**
  Choose processors of the machine for a partition, as planned or, where the plan says "by count", any others.

  @param[in,out] Partition  Receives ApicIds, or is refused.
**/
VOID
BindProcessors (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Choose the channel processor if the plan wants one, and say which; or that there is none.

  @param[out] Processor  Receives which one.

  @retval TRUE   It is the controller's.
  @retval FALSE  The plan wants none, or none is free.
**/
BOOLEAN
ChooseWorker (
  OUT UINTN  *Processor
  );

/**
  Have partitions own their processors by other numbers. Those of a partition that is gone are held: they wait
  for a SIPI, for partitions to come.

  @param[in] Numbers  The new number of each partition, or MRM_PLAN_NOBODY for one that is gone.
  @param[in] Count    Number of partitions.
**/
VOID
RenumberOwners (
  IN CONST UINT32  *Numbers,
  IN UINTN         Count
  );

#endif
