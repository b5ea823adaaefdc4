/** @file
  The plan that this controller carries out, and where it came from.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PLAN_H_
#define MRM_CONTROLLER_PLAN_H_

#include "Partition/PlanRead.h"

///
/// The plan in force; set by OpenPlan(), SettlePlan() and AdoptPlan().
///
extern CONST MRM_PLAN  *gPlan;

/**
  Choose the plan and read it: of the one this image carries, \EFI\MRM\plan.bin and \EFI\MRM\plans\*.bin
  the one that fits this PC best, then the newest; files, under Secure Boot, only if they are signed. A server is
  asked for those whose names this PC knows. Why a plan is not taken is said. gPlan is NULL when there is none.
**/
VOID
OpenPlan (
  VOID
  );

/**
  Take the plan that was reloaded last while the one of OpenPlan() was in force, if there is one on the ESP. What is
  taken is said; what differs in plans for other PCs only when there is none for this one.

  @retval EFI_SUCCESS    gPlan is a plan that can be relied on.
  @retval EFI_NOT_FOUND  There is no plan, or none that can be taken.
**/
EFI_STATUS
SettlePlan (
  VOID
  );

/**
  Free what OpenPlan() and SettlePlan() took.
**/
VOID
ReleasePlan (
  VOID
  );

/**
  Put a plan in force instead of the one before, which is freed.

  @param[in,out] Read  The plan; becomes empty.
**/
VOID
AdoptPlan (
  IN OUT MRM_READ_PLAN  *Read
  );

#endif
