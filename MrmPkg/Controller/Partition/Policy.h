/** @file
  The policy in force: how partitions live and what they may do.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_POLICY_H_
#define MRM_CONTROLLER_POLICY_H_

#include "Partition/Partition.h"
#include <Library/MrmPolicyLib.h>

///
/// Never NULL after OpenPolicy(); MRM_PARTITION.Policy points into it.
///
extern CONST MRM_POLICY  *gPolicy;

/**
  Put the policy in force that was reloaded last, or the one of the plan's tables.

  @param[in,out] Partitions  All partitions; receive Policy.

  @retval EFI_SUCCESS           Done.
  @retval EFI_OUT_OF_RESOURCES  No memory.
**/
EFI_STATUS
OpenPolicy (
  IN OUT MRM_PARTITION  *Partitions
  );

/**
  Put another policy in force, all of it or nothing, and commit it on the ESP.

  @param[in]  Who     Name of the partition that asks.
  @param[in]  Bytes   The policy as text, or "built-in"; not trusted, but the controller's own copy.
  @param[in]  Size    Bytes of it, at most MRM_POLICY_TEXT_SIZE.
  @param[out] Result  Receives what became of it, for people.
  @param[in]  Room    Bytes in Result.
**/
VOID
ReloadPolicy (
  IN  CONST CHAR8  *Who,
  IN  CONST UINT8  *Bytes,
  IN  UINTN        Size,
  OUT CHAR8        *Result,
  IN  UINTN        Room
  );

/**
  The policy in force as text; "" when it is too long to be one.
**/
CONST CHAR8 *
PolicyText (
  VOID
  );

/**
  Close the policy's files.
**/
VOID
ClosePolicy (
  VOID
  );

/**
  Put the policy of the plan in force, which is another plan than before.

  @param[in,out] Partitions  Its partitions; receive their policies.
  @param[in]     Who         Name of the partition that asked for the plan.
**/
VOID
EnforceBuiltIn (
  IN OUT MRM_PARTITION  *Partitions,
  IN     CONST CHAR8    *Who
  );

#endif
