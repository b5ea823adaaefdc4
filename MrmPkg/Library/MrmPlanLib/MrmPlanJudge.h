/** @file
  Judging a plan: its partitions one by one, and together.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_PLAN_JUDGE_H_
#define MRM_PLAN_JUDGE_H_

#include <Library/MrmLogLib.h>
#include <MrmPlan.h>

/**
  Whether a console says where it is.

  @param[in] Console  The console.

  @retval TRUE   It does, or there is none.
  @retval FALSE  It does not.
**/
BOOLEAN
MrmPlanJudgeConsole (
  IN CONST MRM_PLAN_CONSOLE  *Console
  );

/**
  Whether two texts are the same.

  @param[in] One    One text.
  @param[in] Other  Another one.

  @retval TRUE   They are.
  @retval FALSE  They are not.
**/
BOOLEAN
MrmPlanSameText (
  IN CONST CHAR8  *One,
  IN CONST CHAR8  *Other
  );

/**
  Whether a PCI device is among what a partition sees as a bus.

  @param[in] Bus     A port, or functions.
  @param[in] Device  Device path text.

  @retval TRUE   It is one of them, or lies behind one.
  @retval FALSE  It does not.
**/
BOOLEAN
MrmPlanHasDevice (
  IN CONST MRM_PLAN_PCI_BUS  *Bus,
  IN CONST CHAR8             *Device
  );

/**
  Whether two buses have a device in common.

  @param[in] One    One bus.
  @param[in] Other  The other one.

  @retval TRUE   They have, or one has what lies behind a device of the other.
  @retval FALSE  They have not.
**/
BOOLEAN
MrmPlanShareDevice (
  IN CONST MRM_PLAN_PCI_BUS  *One,
  IN CONST MRM_PLAN_PCI_BUS  *Other
  );

/**
  Whether functions of a bus are named twice.

  @param[in] Bus  The bus.

  @retval TRUE   One is.
  @retval FALSE  None is.
**/
BOOLEAN
MrmPlanHasTwice (
  IN CONST MRM_PLAN_PCI_BUS  *Bus
  );

/**
  Whether the name of a partition, a network or a shared memory is one.

  @param[in] Name  The name; it is shorter than MRM_NAME_LENGTH.

  @retval TRUE   A lower-case letter, then a-z, 0-9 and hyphens.
  @retval FALSE  Anything else.
**/
BOOLEAN
MrmPlanIsName (
  IN CONST CHAR8  *Name
  );

/**
  Judge the shared memories of a partition, by themselves and against those of the partitions before it.

  @param[in] Plan    The plan.
  @param[in] Number  Which of its partitions.

  @return  What is wrong with them; NULL for nothing.
**/
CONST CHAR8 *
MrmPlanJudgeShared (
  IN CONST MRM_PLAN  *Plan,
  IN UINT32          Number
  );

/**
  Count the shared memories of a plan; one that several partitions have counts once.

  @param[in] Plan  The plan.
**/
UINT32
MrmPlanCountShared (
  IN CONST MRM_PLAN  *Plan
  );

/**
  Judge what a partition says of itself.

  @param[in] Plan    The plan.
  @param[in] Number  Which of its partitions.

  @return  What is wrong with it; NULL for nothing.
**/
CONST CHAR8 *
MrmPlanJudgePartition (
  IN CONST MRM_PLAN  *Plan,
  IN UINT32          Number
  );

/**
  Whether a partition has devices that are nothing but memory: cards on networks, or served disks.

  @param[in] Partition  The partition.

  @retval TRUE   It has.
  @retval FALSE  It has not.
**/
BOOLEAN
MrmPlanHasChannels (
  IN CONST MRM_PLAN_PARTITION  *Partition
  );

/**
  Judge the served disks of a partition.

  @param[in] Partition  The partition.

  @return  What is wrong with them; NULL for nothing.
**/
CONST CHAR8 *
MrmPlanJudgeDisks (
  IN CONST MRM_PLAN_PARTITION  *Partition
  );

/**
  Whether two partitions can have their served disks at once.

  @param[in] One    One partition.
  @param[in] Other  Another one.

  @retval TRUE   On what both have, one can only append and the other only read, or both only read.
  @retval FALSE  They cannot.
**/
BOOLEAN
MrmPlanDisksAgree (
  IN CONST MRM_PLAN_PARTITION  *One,
  IN CONST MRM_PLAN_PARTITION  *Other
  );

/**
  Judge what the plan says of its PC.

  @param[in]     Plan   The plan.
  @param[in,out] Fault  Receives what is wrong.

  @retval TRUE   Nothing is.
  @retval FALSE  Fault says what.
**/
BOOLEAN
MrmPlanJudgeIdentity (
  IN     CONST MRM_PLAN  *Plan,
  IN OUT MRM_TEXT        *Fault
  );

/**
  Judge the ways out of networks.

  @param[in] Plan  The plan.

  @return  What is wrong; NULL for nothing.
**/
CONST CHAR8 *
MrmPlanJudgeUplinks (
  IN CONST MRM_PLAN  *Plan
  );

#endif
