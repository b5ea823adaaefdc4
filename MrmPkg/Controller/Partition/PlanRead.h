/** @file
  Reads a plan: of a blob, of a PE image that holds one, or of an image that has been loaded.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PLAN_READ_H_
#define MRM_CONTROLLER_PLAN_READ_H_

#include <MrmPlan.h>
#include <Uefi.h>
#include <Library/MrmLogLib.h>

///
/// A plan with all it stands on.
///
typedef struct {
  CONST MRM_PLAN    *Plan;    ///< NULL: there is none
  VOID              *Blob;    ///< from the pool
  VOID              *Room;    ///< from the pool
} MRM_READ_PLAN;

/**
  Whether bytes are meant to be a plan, rather than the text of a policy.

  @param[in] Bytes  The bytes.
  @param[in] Size   Their number.

  @retval TRUE   They are.
  @retval FALSE  They are not.
**/
BOOLEAN
MeansPlan (
  IN CONST UINT8  *Bytes,
  IN UINTN        Size
  );

/**
  Read a plan from a copy of its blob.

  @param[in]     Blob   The blob.
  @param[in]     Size   Its size in bytes.
  @param[out]    Read   Receives the plan; empty when it cannot be relied on.
  @param[in,out] Fault  Receives why.

  @retval TRUE   Read.
  @retval FALSE  Not read.
**/
BOOLEAN
ReadPlanBlob (
  IN     CONST VOID     *Blob,
  IN     UINTN          Size,
  OUT    MRM_READ_PLAN  *Read,
  IN OUT MRM_TEXT       *Fault
  );

/**
  Find the plan in a loaded image and read it.

  @param[in]     Image  The image.
  @param[out]    Read   Receives the plan.
  @param[in,out] Fault  Receives why there is none; stays empty when the image has no such section.

  @retval TRUE   Read.
  @retval FALSE  There is none, or it cannot be relied on.
**/
BOOLEAN
ReadPlanSection (
  IN     EFI_HANDLE     Image,
  OUT    MRM_READ_PLAN  *Read,
  IN OUT MRM_TEXT       *Fault
  );

/**
  Read a plan for any PC; else as ReadGivenPlan().

  @param[in]     Bytes  The bytes.
  @param[in]     Size   Their number.
  @param[out]    Read   Receives the plan; empty when it is not taken.
  @param[in,out] Fault  Receives why it is not taken.

  @retval TRUE   Read.
  @retval FALSE  Not taken.
**/
BOOLEAN
ReadAnyPlan (
  IN     CONST UINT8    *Bytes,
  IN     UINTN          Size,
  OUT    MRM_READ_PLAN  *Read,
  IN OUT MRM_TEXT       *Fault
  );

/**
  Read a plan that somebody gives: a blob, or a PE image that holds one. It must be for this PC, and
  under Secure Boot an image that the PC's firmware takes.

  @param[in]     Bytes  The bytes; they are copied.
  @param[in]     Size   Their number.
  @param[out]    Read   Receives the plan, for FreePlan() or AdoptPlan(); empty when it is not taken.
  @param[in,out] Fault  Receives why it is not taken.

  @retval TRUE   Read.
  @retval FALSE  Not taken.
**/
BOOLEAN
ReadGivenPlan (
  IN     CONST UINT8    *Bytes,
  IN     UINTN          Size,
  OUT    MRM_READ_PLAN  *Read,
  IN OUT MRM_TEXT       *Fault
  );

/**
  Free a plan.

  @param[in,out] Read  Becomes empty; may be empty.
**/
VOID
FreePlan (
  IN OUT MRM_READ_PLAN  *Read
  );

#endif
