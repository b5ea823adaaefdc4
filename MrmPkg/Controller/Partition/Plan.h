/** @file
  The plan that this controller carries out, and where it came from.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PLAN_H_
#define MRM_CONTROLLER_PLAN_H_

#include <MrmPlan.h>
#include <Uefi.h>

///
/// The plan in force; set by OpenPlan().
///
extern CONST MRM_PLAN  *gPlan;

/**
  Choose the plan and read it: the one this image carries, or the file of MRM_PLAN_FILE when it
  is newer and, under Secure Boot, signed. Why a plan is not taken is said.

  @retval EFI_SUCCESS           gPlan is a plan that can be relied on.
  @retval EFI_NOT_FOUND         There is no plan, or none that can be taken.
  @retval EFI_OUT_OF_RESOURCES  No memory.
**/
EFI_STATUS
OpenPlan (
  VOID
  );

/**
  Free what OpenPlan() took.
**/
VOID
ForgetPlan (
  VOID
  );

#endif
