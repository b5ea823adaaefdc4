/** @file
  Processors of partitions: taken from the PC's firmware, stopped, parked.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PROCESSOR_H_
#define MRM_CONTROLLER_PROCESSOR_H_

#include "Partition/Partition.h"


/**
  Take processors of the machine for a partition, as planned or, where the plan says
  "by count", any others.

  @param[in,out] Partition  Receives ApicIds, or is refused.
**/
VOID
BindProcessors (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Take the bound processors away from the PC's MP services for good and leave them
  waiting for a SIPI.

  @param[in,out] Partition  Receives LocalApicTimerFrequency, or is refused.
**/
VOID
ClaimProcessors (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Give a partition's claimed processors back to the PC's MP services.

  @param[in] Partition  The partition; nothing of it runs.
**/
VOID
ReleaseProcessors (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  INIT all processors of a partition: whatever they do, they wait for a SIPI after.

  @param[in] Partition  The partition.
**/
VOID
ReclaimProcessors (
  IN CONST MRM_PARTITION  *Partition
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
  Take the channel processor from the PC's MP services.

  @param[in] Processor  Which one.
  @param[in] Work       What it does, on the stack and the page tables of the PC's firmware; does not return.

  @retval EFI_SUCCESS  It has begun.
  @retval EFI_TIMEOUT  It did not come.
  @return Other        Status of the boot or MP services.
**/
EFI_STATUS
ClaimWorker (
  IN UINTN  Processor,
  IN VOID   (EFIAPI *Work)(VOID)
  );

/**
  Give the channel processor back to the PC's MP services; nothing runs on it.
**/
VOID
ReturnWorker (
  VOID
  );

/**
  Give the processors that nobody has any more back to the PC's MP services.
**/
VOID
ReleaseHeldProcessors (
  VOID
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
