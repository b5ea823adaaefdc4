/** @file
  Keeps a plan that was reloaded, for the next starts of the PC.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PLAN_KEEP_H_
#define MRM_CONTROLLER_PLAN_KEEP_H_

#include "Partition/PlanRead.h"

/**
  Read the plan that was reloaded last, if the carriers have the same as then.

  @param[in]  Base  CRC-32 of the plan that they have; KeepPlan() remembers it.
  @param[out] Read  Receives the plan; empty when there is none or it is not taken, which is said.
**/
VOID
ReadKeptPlan (
  IN  UINT32         Base,
  OUT MRM_READ_PLAN  *Read
  );

/**
  Keep a plan on the ESP, to be carried out at the next start of the PC as well.  After ReadKeptPlan().

  @param[in]  Bytes   What ReadGivenPlan() took.
  @param[in]  Size    Their number; more than MRM_KEPT_PLAN_SIZE are refused.
  @param[out] Lasting Receives FALSE if the ESP cannot be written: it holds until the PC is switched off.

  @retval EFI_SUCCESS           Kept. A power cut leaves this one or the one before.
  @retval EFI_OUT_OF_RESOURCES  No memory.
  @retval EFI_BAD_BUFFER_SIZE   It is too large.
  @return Other                 Status of the file system; the one before stays.
**/
EFI_STATUS
KeepPlan (
  IN  CONST UINT8  *Bytes,
  IN  UINTN        Size,
  OUT BOOLEAN      *Lasting
  );

/**
  Close the files that a kept plan is in.
**/
VOID
CloseKeptPlan (
  VOID
  );

#endif
