/** @file
  The plan that this controller carries out, and where it came from.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PLAN_H_
#define MRM_CONTROLLER_PLAN_H_

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

/**
  Keep a plan on the ESP, to be carried out at the next start of the PC as well.

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
  Put a plan in force instead of the one before, which is freed.

  @param[in,out] Read  The plan; becomes empty.
**/
VOID
AdoptPlan (
  IN OUT MRM_READ_PLAN  *Read
  );

#endif
