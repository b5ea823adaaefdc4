/** @file
  The policy in force, changed while partitions run and committed on the ESP.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Partition/Policy.h"
#include "Partition/Partition.h"
#include "Partition/Plan.h"
#include "Core/Esp.h"
#include "Core/Facts.h"
#include "Core/Journal.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>

#define POLICY_PATH    L"\\EFI\\MRM\\policy"
#define BUILT_IN       "built-in"
#define CHANGE_SIZE    160             ///< characters of a change that are logged
#define MOST_CHANGES   16              ///< changes that are logged one by one

CONST MRM_POLICY  *gPolicy;

STATIC MRM_POLICY      *mSpare;        ///< the next policy is made here
STATIC MRM_PARTITION   *mPartitions;
STATIC MRM_ESP_JOURNAL  mJournal;
STATIC BOOLEAN         mOpen;          ///< mJournal is there: somebody may reload
STATIC UINT8           *mImage;        ///< MRM_POLICY_IMAGE_SIZE bytes
STATIC CHAR8           *mText;         ///< MRM_POLICY_TEXT_SIZE bytes and a zero: the policy in force, or ""

/**
  Put the spare policy in force.
**/
STATIC
VOID
Enforce (
  VOID
  )
{
  MRM_POLICY  *Old;
  MRM_TEXT    Text;
  UINTN       Index;

  Old     = (MRM_POLICY *)gPolicy;
  gPolicy = mSpare;
  mSpare  = Old;
  for (Index = 0; Index < gPlan->PartitionCount; Index++) {
    mPartitions[Index].Policy = &gPolicy->Partitions[Index];
    if (!gPolicy->Partitions[Index].Scrub && !mPartitions[Index].MemoryUsed) {
      // If a later policy scrubs again, it begins anew.
      mPartitions[Index].Scrubbed = 0;
    }
  }

  MrmTextBegin (&Text, mText, MRM_POLICY_TEXT_SIZE + 1);
  MrmPolicyRender (gPlan, gPolicy, &Text);
  if (Text.Cut) {
    mText[0] = '\0';
  }
}

/**
  TRUE if somebody may reload by the policy in the spare.
**/
STATIC
BOOLEAN
SomebodyMayReload (
  VOID
  )
{
  UINTN  Index;

  for (Index = 0; Index < gPlan->PartitionCount; Index++) {
    if ((mSpare->Partitions[Index].PcPermits & MRM_PERMIT_RELOAD) != 0) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Read the policy that was reloaded last into the spare.

  @retval TRUE   There is one.
  @retval FALSE  There is none that counts; the spare is undefined.
**/
STATIC
BOOLEAN
ReadCommitted (
  VOID
  )
{
  EFI_STATUS  FileStatus;
  EFI_STATUS  Status;
  CHAR8       Who[MRM_NAME_LENGTH];
  CHAR8       Reason[CHANGE_SIZE];
  MRM_TEXT    Fault;

  MakeFolder (L"\\EFI\\MRM");
  Status = OpenJournal (&mJournal, MRM_POLICY_IMAGE_SIZE, POLICY_PATH, &FileStatus);
  if (Status == EFI_OUT_OF_RESOURCES) {
    return FALSE;
  }

  mOpen = TRUE;
  if (EFI_ERROR (FileStatus)) {
    Say (
      "policy: a reloaded one cannot be committed to the ESP: %r; it holds until the PC is switched off",
      FileStatus
      );
  }

  MrmTextBegin (&Fault, Reason, sizeof (Reason));
  Status = MrmPolicyUnpack (gPlan, mJournal.Committed.Image, mSpare, Who, &Fault);
  if (!EFI_ERROR (Status)) {
    Say ("policy: as reloaded by %a", Who);
    return TRUE;
  }

  if (Status != EFI_NOT_FOUND) {
    Say ("policy: as built; the one that %a reloaded is left alone: %a", Who, Reason);
  }

  return FALSE;
}

/**
  Discard the policy that was committed to the ESP, if it would be in force when the PC starts again.  One that was
  reloaded under a plan with the same policy would, in place of the one of the plan, which is in force now.

  @param[in] Who  Who asked for the plan.
**/
STATIC
VOID
DiscardCommitted (
  IN CONST CHAR8  *Who
  )
{
  EFI_STATUS  Status;
  CHAR8       Before[MRM_NAME_LENGTH];
  CHAR8       Reason[CHANGE_SIZE];
  MRM_TEXT    Fault;

  MrmTextBegin (&Fault, Reason, sizeof (Reason));
  if (!mOpen || EFI_ERROR (MrmPolicyUnpack (gPlan, mJournal.Committed.Image, mSpare, Before, &Fault))) {
    return;
  }

  MrmPolicyPack (gPlan, Who, (CONST UINT8 *)BUILT_IN, 0, mImage);
  Status = CommitJournal (&mJournal, mImage);
  if (EFI_ERROR (Status)) {
    Say ("policy: the one that %a reloaded is in force again when the PC starts again: %r", Before, Status);
  }
}

VOID
EnforceBuiltIn (
  IN OUT MRM_PARTITION  *Partitions,
  IN     CONST CHAR8    *Who
  )
{
  mPartitions = Partitions;
  MrmPolicyBuiltIn (gPlan, mSpare);
  if (!mOpen && SomebodyMayReload ()) {
    // Nobody could reload a policy under the plan before.
    ReadCommitted ();
  }

  DiscardCommitted (Who);
  MrmPolicyBuiltIn (gPlan, mSpare);
  Enforce ();
}

EFI_STATUS
OpenPolicy (
  IN OUT MRM_PARTITION  *Partitions
  )
{
  mPartitions = Partitions;
  gPolicy     = AllocateZeroPool (sizeof (MRM_POLICY));
  mSpare      = AllocateZeroPool (sizeof (MRM_POLICY));
  mImage      = AllocatePool (MRM_POLICY_IMAGE_SIZE);
  mText       = AllocateZeroPool (MRM_POLICY_TEXT_SIZE + 1);
  if ((gPolicy == NULL) || (mSpare == NULL) || (mImage == NULL) || (mText == NULL)) {
    return EFI_OUT_OF_RESOURCES;
  }

  MrmPolicyBuiltIn (gPlan, mSpare);
  // If the built-in policy permits a reload to nobody, a reloaded policy on the ESP can only be of another build.
  if (!gMachine.VerifyOnly && SomebodyMayReload () && !ReadCommitted ()) {
    MrmPolicyBuiltIn (gPlan, mSpare);
  }

  Enforce ();
  return EFI_SUCCESS;
}

/**
  Log what the spare policy, about to be in force, changes.

  @param[in] Who  Who asked for it.
**/
STATIC
VOID
ReportChanges (
  IN CONST CHAR8  *Who
  )
{
  CHAR8     Change[CHANGE_SIZE];
  MRM_TEXT  Text;
  UINT32    Cursor;
  UINT32    Count;

  Cursor = 0;
  for (Count = 0; ; Count++) {
    MrmTextBegin (&Text, Change, sizeof (Change));
    if (!MrmPolicyChange (gPlan, gPolicy, mSpare, &Cursor, &Text)) {
      break;
    }

    if (Count < MOST_CHANGES) {
      Say ("policy: %a", Change);
    }
  }

  Say ("policy: reloaded by %a, %d changes", Who, Count);
}

VOID
ReloadPolicy (
  IN  CONST CHAR8  *Who,
  IN  CONST UINT8  *Bytes,
  IN  UINTN        Size,
  OUT CHAR8        *Result,
  IN  UINTN        Room
  )
{
  EFI_STATUS  Status;
  MRM_TEXT    Fault;

  MrmTextBegin (&Fault, Result, Room);
  MrmTextAdd (&Fault, "refused: ");
  if (!mOpen) {
    MrmTextAdd (&Fault, "the controller is out of memory");
    return;
  }

  while ((Size > 0) && (Bytes[Size - 1] <= ' ')) {
    Size--;
  }

  if ((Size == sizeof (BUILT_IN) - 1) && (CompareMem (Bytes, BUILT_IN, Size) == 0)) {
    Size = 0;
    MrmPolicyBuiltIn (gPlan, mSpare);
  } else if (EFI_ERROR (MrmPolicyParse (gPlan, Bytes, Size, mSpare, &Fault))) {
    return;
  }

  // The policy in force is committed already.  If the new one cannot be committed, nothing changes.
  MrmPolicyPack (gPlan, Who, Bytes, Size, mImage);
  Status = CommitJournal (&mJournal, mImage);
  if (EFI_ERROR (Status)) {
    AsciiSPrint (Result, Room, "refused: it cannot be written to the ESP: %r", Status);
    return;
  }

  ReportChanges (Who);
  Enforce ();
  AsciiSPrint (
    Result,
    Room,
    "done%a",
    (mJournal.Files[0] == NULL) ? "; until the PC is switched off, for the ESP cannot be written" : ""
    );
}

CONST CHAR8 *
PolicyText (
  VOID
  )
{
  return mText;
}

VOID
ClosePolicy (
  VOID
  )
{
  CloseJournal (&mJournal);
}
