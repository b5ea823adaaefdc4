/** @file
  UEFI variable stores of the partitions: each has a journal on the ESP.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Talk/Variables.h"
#include "Machine/Interrupt.h"
#include "Partition/Partition.h"
#include "Partition/Verdict.h"
#include "Core/Clock.h"
#include "Core/Esp.h"
#include "Core/Journal.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmTalkLib.h>
#include <Library/PrintLib.h>

#define STORE_PATH_SIZE  96                      ///< CHAR16

VOID
OpenStore (
  IN OUT MRM_PARTITION  *Partition
  )
{
  EFI_STATUS           Status;
  EFI_STATUS           FolderStatus;
  EFI_STATUS           FileStatus;
  MRM_PARTITION_STORE  *Store;
  CHAR16               Path[STORE_PATH_SIZE];
  UINT32               Size;

  Size   = Partition->Plan->Policy.VariableQuota;
  Store  = AllocateZeroPool (sizeof (*Store));
  Status = EFI_OUT_OF_RESOURCES;
  if (Store != NULL) {
    Store->Fetched = AllocatePool (Size);
    UnicodeSPrint (Path, sizeof (Path), L"\\EFI\\MRM\\%a", Partition->Plan->Name);
    FolderStatus = MakeFolder (L"\\EFI\\MRM");
    if (!EFI_ERROR (FolderStatus)) {
      FolderStatus = MakeFolder (Path);
    }

    // If the folder cannot be made, opening the files in it fails as well, and the folder's status is the reason.
    StrCatS (Path, ARRAY_SIZE (Path), L"\\variables");
    Status = OpenJournal (&Store->Journal, Size, Path, &FileStatus);
    if (EFI_ERROR (FolderStatus)) {
      FileStatus = FolderStatus;
    }
  }

  if ((Status == EFI_OUT_OF_RESOURCES) || (Store->Fetched == NULL)) {
    Refuse (Partition, MRM_RULE_CONTROLLER, "no memory for its variables");
    return;
  }

  if (EFI_ERROR (FileStatus)) {
    Say (
      "%a: its variables cannot be committed to the ESP: %r; they live until the PC is switched off",
      Partition->Plan->Name,
      FileStatus
      );
  }

  if (Status == EFI_BAD_BUFFER_SIZE) {
    Say ("%a: its variables begin anew: their quota was another one", Partition->Plan->Name);
  }

  Partition->Store = Store;
}

BOOLEAN
IsStoreLasting (
  IN CONST MRM_PARTITION  *Partition
  )
{
  return (BOOLEAN)((Partition->Store != NULL) && (Partition->Store->Journal.Files[0] != NULL));
}

VOID
CloseStore (
  IN OUT MRM_PARTITION  *Partition
  )
{
  if (Partition->Store != NULL) {
    CloseJournal (&Partition->Store->Journal);
    FreeJournal (&Partition->Store->Journal);
    FreePool (Partition->Store->Fetched);
    FreePool (Partition->Store);
    Partition->Store = NULL;
  }
}

VOID
LoadStore (
  IN OUT MRM_PARTITION  *Partition
  )
{
  Partition->Store->Answered         = 0;
  Partition->Store->Commits          = 0;
  Partition->Store->Woken            = 0;
  Partition->Store->TotalWait        = 0;
  Partition->Store->LongestWait      = 0;
  Partition->Store->Journal.FileTime = 0;
  CopyMem (
    (VOID *)(UINTN)Partition->VariableStore.Base,
    Partition->Store->Journal.Committed.Image,
    Partition->Store->Journal.Committed.ImageSize
    );
}

/**
  Commit what was fetched.

  @param[in]     Partition  The partition.
  @param[in,out] Store      Its store.

  @retval EFI_SUCCESS       It will be there after a power cut, or until the PC is switched
                            off where the ESP has no room.
  @retval EFI_DEVICE_ERROR  It was not written; it was said.
**/
STATIC
EFI_STATUS
Commit (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT MRM_PARTITION_STORE  *Store
  )
{
  EFI_STATUS  Status;

  Status = CommitJournal (&Store->Journal, Store->Fetched);
  if (EFI_ERROR (Status) && !Store->Failing) {
    // A partition can ask as often as it likes, and a line takes milliseconds.
    Say ("%a: its variables cannot be written: %r (told once until they can)", Partition->Plan->Name, Status);
  }

  Store->Failing = (BOOLEAN)EFI_ERROR (Status);
  return Store->Failing ? EFI_DEVICE_ERROR : EFI_SUCCESS;
}

/**
  Note how long an answer has taken.

  @param[in,out] Store  Its store.
  @param[in]     Asked  Reading of the TSC when it was asked; not trusted.
**/
STATIC
VOID
NoteWait (
  IN OUT MRM_PARTITION_STORE  *Store,
  IN     UINT64               Asked
  )
{
  UINT64  Wait;

  Wait = MicrosecondsBetween (Asked, AsmReadTsc ());
  Store->Commits++;
  Store->TotalWait  += Wait;
  Store->LongestWait = MAX (Store->LongestWait, Wait);
  if (Wakes () != Store->WakesBefore) {
    Store->Woken++;
  }

  Store->WakesBefore = Wakes ();
}

VOID
ReportWaits (
  IN CONST MRM_PARTITION  *Partition
  )
{
  CONST MRM_PARTITION_STORE  *Store;

  Store = Partition->Store;
  if (Store->Commits != 0) {
    Say (
      "%a: %d changes of its variables were committed, %d of them at once; it waited %ld us on average, at most %ld us; "
      "of that the ESP took %ld us on average",
      Partition->Plan->Name,
      Store->Commits,
      Store->Woken,
      DivU64x32 (Store->TotalWait, Store->Commits),
      Store->LongestWait,
      DivU64x32 (Store->Journal.FileTime, Store->Commits)
      );
  }
}

BOOLEAN
PollVariables (
  IN OUT MRM_PARTITION      *Partition,
  IN     CONST MRM_MAILBOX  *Snapshot
  )
{
  EFI_STATUS           Status;
  MRM_PARTITION_STORE  *Store;

  Store = Partition->Store;
  if (Snapshot->Store.Sequence == Store->Answered) {
    return FALSE;
  }

  CopyMem (Store->Fetched, (VOID *)(UINTN)Partition->VariableStore.Base, Store->Journal.Committed.ImageSize);
  Status = Commit (Partition, Store);
  // This comes before the answer, for the partition may make its next call at once.
  NoteWait (Store, Snapshot->Store.AskedTsc);
  Store->Answered = Snapshot->Store.Sequence;
  MrmCallAnswer (&Partition->Mailbox->Store, Store->Answered, Status);
  return TRUE;
}
