/** @file
  Whether plans are for this PC, and what is to be said of those that are not.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_FIT_H_
#define MRM_CONTROLLER_FIT_H_

#include <Library/MrmPlanLib.h>

/**
  Judge whether a plan is for this PC.

  @param[in]     Plan        The plan.
  @param[in,out] Difference  Receives what differs, for MrmFitNot; MRM_PLAN_FAULT_SIZE bytes are enough.

  @return  How well it fits.
**/
MRM_PLAN_FIT
JudgeFit (
  IN     CONST MRM_PLAN  *Plan,
  IN OUT MRM_TEXT        *Difference
  );

/**
  A name that plans for this PC have on a server: MrmPlanFileName() of this PC.

  @param[in]  Index  Which name, less than MRM_PLAN_NAMES.
  @param[out] Name   Receives it; MRM_PLAN_NAME_SIZE bytes.

  @retval TRUE   There is such a name.
  @retval FALSE  The PC tells nothing to make it of.
**/
BOOLEAN
NamePlan (
  IN  UINTN  Index,
  OUT CHAR8  *Name
  );

/**
  Keep what differs between this PC and the one a plan is for, in case there is no plan for this one.

  @param[in] Name        What the plan is called: "plan.bin".
  @param[in] Plan        The plan.
  @param[in] Difference  What differs.
**/
VOID
KeepMisfit (
  IN CONST CHAR8     *Name,
  IN CONST MRM_PLAN  *Plan,
  IN CONST CHAR8     *Difference
  );

/**
  Forget what was kept.

  @param[in] Tell  TRUE: say it first.

  @return  Number of plans for other PCs.
**/
UINTN
EndMisfits (
  IN BOOLEAN  Tell
  );

#endif
