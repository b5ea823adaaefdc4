/** @file
  Keeps a plan that was reloaded, for the next starts of the PC.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Partition/PlanKeep.h"
#include "Core/Esp.h"
#include "Core/Journal.h"
#include "Core/Log.h"
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmPlanLib.h>

#define KEPT_PATH           MRM_FOLDER L"\\plan"
#define KEPT_FILE           MRM_FOLDER L"\\plan.a"   ///< one of those that KEPT_PATH names
#define KEPT_SIGNATURE      SIGNATURE_32 ('M', 'R', 'M', 'R')
#define MRM_KEPT_PLAN_SIZE  (SIZE_64KB + SIZE_4KB)   ///< bytes of what is committed

///
/// What is kept of a plan that was reloaded; its bytes follow.
///
typedef struct {
  UINT32    Signature;   ///< KEPT_SIGNATURE
  UINT32    Size;        ///< bytes that follow
  UINT32    Base;        ///< CRC-32 of the plan that the carriers had when it was reloaded
} KEPT_PLAN;

STATIC MRM_ESP_JOURNAL  mJournal;
STATIC UINT32           mBase;      ///< CRC-32 of the plan that the carriers have

/**
  Open what is kept of plans that were reloaded.

  @param[out] Lasting  Receives whether the ESP can be written.

  @retval TRUE   Open.
  @retval FALSE  There is no memory for it.
**/
STATIC
BOOLEAN
OpenKept (
  OUT BOOLEAN  *Lasting
  )
{
  EFI_STATUS  FileStatus;

  if (mJournal.Committed.Image == NULL) {
    if (OpenJournal (&mJournal, MRM_KEPT_PLAN_SIZE, KEPT_PATH, &FileStatus) == EFI_OUT_OF_RESOURCES) {
      return FALSE;
    }
  }

  *Lasting = (BOOLEAN)(mJournal.Files[0] != NULL);
  return TRUE;
}

VOID
ReadKeptPlan (
  IN  UINT32         Base,
  OUT MRM_READ_PLAN  *Read
  )
{
  EFI_STATUS  Status;
  KEPT_PLAN   Kept;
  MRM_RANGE   File;
  BOOLEAN     Lasting;
  CHAR8       Reason[MRM_PLAN_FAULT_SIZE];
  MRM_TEXT    Fault;

  mBase = Base;
  ZeroMem (Read, sizeof (*Read));
  Status = ReadEspFile (KEPT_FILE, &File);
  if ((Status == EFI_NOT_FOUND) || (Status == EFI_NO_MEDIA)) {
    // Nobody has reloaded a plan yet: nothing is left behind for that.
    return;
  }

  // If it is damaged, the other file of the journal may have the plan.
  if (!EFI_ERROR (Status)) {
    FreeEspFile (&File);
  }

  if (!OpenKept (&Lasting)) {
    return;
  }

  CopyMem (&Kept, mJournal.Committed.Image, sizeof (Kept));
  if ((Kept.Signature != KEPT_SIGNATURE) || (Kept.Size > MRM_KEPT_PLAN_SIZE - sizeof (Kept))) {
    return;
  }

  MrmTextBegin (&Fault, Reason, sizeof (Reason));
  if (Kept.Base != Base) {
    Say ("the plan that was reloaded last is left alone: it took the place of another one than there is now");
  } else if (!ReadGivenPlan (mJournal.Committed.Image + sizeof (Kept), Kept.Size, Read, &Fault)) {
    Say ("the plan that was reloaded last is not taken: %a", Reason);
  }
}

EFI_STATUS
KeepPlan (
  IN  CONST UINT8  *Bytes,
  IN  UINTN        Size,
  OUT BOOLEAN      *Lasting
  )
{
  EFI_STATUS  Status;
  KEPT_PLAN   *Kept;

  if (Size > MRM_KEPT_PLAN_SIZE - sizeof (*Kept)) {
    return EFI_BAD_BUFFER_SIZE;
  }

  MakeFolder (MRM_FOLDER);
  Kept = AllocateZeroPool (MRM_KEPT_PLAN_SIZE);
  if ((Kept == NULL) || !OpenKept (Lasting)) {
    Status = EFI_OUT_OF_RESOURCES;
  } else {
    Kept->Signature = KEPT_SIGNATURE;
    Kept->Size      = (UINT32)Size;
    Kept->Base      = mBase;
    CopyMem (Kept + 1, Bytes, Size);
    Status = CommitJournal (&mJournal, (UINT8 *)Kept);
  }

  if (Kept != NULL) {
    FreePool (Kept);
  }

  return Status;
}

VOID
CloseKeptPlan (
  VOID
  )
{
  if (mJournal.Committed.Image != NULL) {
    CloseJournal (&mJournal);
    FreeJournal (&mJournal);
  }
}
