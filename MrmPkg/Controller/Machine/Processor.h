/** @file
  Processors that the PC's firmware does not have any more: claimed, parked, reclaimed, released.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PROCESSOR_H_
#define MRM_CONTROLLER_PROCESSOR_H_

#include "Partition/Partition.h"

/**
  Claim the bound processors from the PC's MP services for good, and leave them waiting for a SIPI.

  @param[in,out] Partition  Receives LocalApicTimerFrequency, or is refused.
**/
VOID
ClaimProcessors (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Release a partition's claimed processors to the PC's MP services.

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
  Claim the channel processor from the PC's MP services.

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
  Release the channel processor to the PC's MP services; nothing runs on it.
**/
VOID
ReleaseWorkerProcessor (
  VOID
  );

/**
  Release the processors that nobody has any more to the PC's MP services.
**/
VOID
ReleaseHeldProcessors (
  VOID
  );

#endif
