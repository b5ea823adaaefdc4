/** @file
  The policy of all partitions as text: read, written, compared, and committed on a disk.

  A policy is what of a plan can change while it runs: how partitions live, and who may do
  what.  Its text has a line for the plan, one for the controller, and one for each
  partition, in the order of the plan, with every key in a fixed order:

    mrm-policy 1 STRUCTURE
    controller all_off=stay power_button=shutdown
    NAME restart=on-failure limit=5 backoff=1000 ...

  Times are milliseconds.  Lists are separated by commas; "-" is nobody, "*" everybody:
  neither can be a name.  docs/control.md describes each key; generator/emit/policy_text.py
  writes the same text.  Pure: no globals, no I/O, no clock.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_POLICY_LIB_H_
#define MRM_POLICY_LIB_H_

#include <MrmMailbox.h>
#include <MrmPlan.h>
#include <Library/MrmLogLib.h>

#define MRM_POLICY_TEXT_SIZE   SIZE_16KB                ///< the longest text, bytes
#define MRM_POLICY_IMAGE_SIZE  (MRM_POLICY_TEXT_SIZE + SIZE_4KB)       ///< bytes of what is committed

///
/// The policies of all partitions of a plan.  Not to be copied: lists in Partitions point to After and Permits.
///
typedef struct {
  MRM_ALL_OFF        AllOff;
  BOOLEAN            PowerButton;
  MRM_PLAN_POLICY    Partitions[MRM_MAX_PARTITIONS];
  UINT16             After[MRM_MAX_PARTITIONS][MRM_MAX_PARTITIONS];
  UINT8              Permits[MRM_MAX_PARTITIONS][MRM_MAX_PARTITIONS];
} MRM_POLICY;

/**
  Take the policy that is in the plan's tables.

  @param[in]  Plan    The plan.
  @param[out] Policy  Receives its policy.
**/
VOID
EFIAPI
MrmPolicyBuiltIn (
  IN  CONST MRM_PLAN  *Plan,
  OUT MRM_POLICY      *Policy
  );

/**
  Read a policy. What a text cannot change (Watchdog, VariableQuota) stays as the plan has it.

  @param[in]     Plan    The plan.
  @param[in]     Bytes   The text; not trusted. Zeros and white space at its end do not count.
  @param[in]     Size    Bytes of it.
  @param[out]    Policy  Receives the policy; undefined when it is refused.
  @param[in,out] Fault   Receives what is wrong: line, what was expected, what was found.

  @retval RETURN_SUCCESS               The policy is right as a whole.
  @retval RETURN_INCOMPATIBLE_VERSION  It is for another plan, or another version of the text.
  @retval RETURN_INVALID_PARAMETER     It is wrong.
**/
RETURN_STATUS
EFIAPI
MrmPolicyParse (
  IN     CONST MRM_PLAN  *Plan,
  IN     CONST UINT8     *Bytes,
  IN     UINTN           Size,
  OUT    MRM_POLICY      *Policy,
  IN OUT MRM_TEXT        *Fault
  );

/**
  Write a policy.

  @param[in]     Plan    The plan.
  @param[in]     Policy  Its policy.
  @param[in,out] Text    The text; Cut says that it did not fit.
**/
VOID
EFIAPI
MrmPolicyRender (
  IN     CONST MRM_PLAN    *Plan,
  IN     CONST MRM_POLICY  *Policy,
  IN OUT MRM_TEXT          *Text
  );

/**
  Find the next difference between two policies.

  @param[in]     Plan    The plan.
  @param[in]     Old     A policy of it.
  @param[in]     New     Another.
  @param[in,out] Cursor  Where to look on; 0 at first.
  @param[in,out] Text    Receives it, e.g. "realtime: restart=never, was on-failure".

  @retval TRUE   Found.
  @retval FALSE  There is none left.
**/
BOOLEAN
EFIAPI
MrmPolicyChange (
  IN     CONST MRM_PLAN    *Plan,
  IN     CONST MRM_POLICY  *Old,
  IN     CONST MRM_POLICY  *New,
  IN OUT UINT32            *Cursor,
  IN OUT MRM_TEXT          *Text
  );

/**
  Make the image that is committed: the text, who asked for it, and for which build it is.

  @param[in]  Plan   The plan.
  @param[in]  Who    Name of the partition that asked.
  @param[in]  Bytes  The text as MrmPolicyParse() took it; may be NULL when Size is zero.
  @param[in]  Size   Bytes of it, at most MRM_POLICY_TEXT_SIZE; 0 = the policy of the tables.
  @param[out] Image  MRM_POLICY_IMAGE_SIZE bytes.
**/
VOID
EFIAPI
MrmPolicyPack (
  IN  CONST MRM_PLAN  *Plan,
  IN  CONST CHAR8     *Who,
  IN  CONST UINT8     *Bytes,
  IN  UINTN           Size,
  OUT UINT8           *Image
  );

/**
  Read an image that was committed.

  @param[in]     Plan    The plan.
  @param[in]     Image   MRM_POLICY_IMAGE_SIZE bytes; not trusted.
  @param[out]    Policy  Receives the policy; undefined when it is refused.
  @param[out]    Who     MRM_NAME_LENGTH bytes; receives who asked for it, printable.
  @param[in,out] Fault   Receives what is wrong.

  @retval RETURN_SUCCESS               There is a policy.
  @retval RETURN_NOT_FOUND             There is none, or the one of the tables was asked for.
  @retval RETURN_INCOMPATIBLE_VERSION  It is for another build: its plan or its own policy is another.
  @retval RETURN_INVALID_PARAMETER     It is wrong.
**/
RETURN_STATUS
EFIAPI
MrmPolicyUnpack (
  IN     CONST MRM_PLAN  *Plan,
  IN     CONST UINT8     *Image,
  OUT    MRM_POLICY      *Policy,
  OUT    CHAR8           *Who,
  IN OUT MRM_TEXT        *Fault
  );

#endif
