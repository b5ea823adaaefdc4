/** @file
  Media of served disks: one for each memory, file or GPT partition, whoever has it as a disk.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Media/Medium.h"
#include "Media/Blocks.h"
#include "Media/InFile.h"
#include "Media/InMemory.h"
#include "Media/InPartition.h"
#include "Partition/Plan.h"
#include "Partition/Verdict.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>

#define PATIENCE   5000   ///< milliseconds that something written may wait for a flush
#define NAME_SIZE  128    ///< bytes of a name in ASCII, with the terminating zero

STATIC MRM_MEDIUM  *mMedia;   ///< all that are open

/**
  Whether a disk of a plan is on a medium.

  @param[in] Disk  The disk.
  @param[in] Kind  Kind of the medium.
  @param[in] Name  Name of the medium, or NULL.

  @retval TRUE   It is.
  @retval FALSE  It is not.
**/
STATIC
BOOLEAN
IsOn (
  IN CONST MRM_PLAN_DISK  *Disk,
  IN MRM_DISK_KIND        Kind,
  IN CONST CHAR16         *Name OPTIONAL
  )
{
  UINTN  Index;

  if ((Disk->Kind != Kind) || (Kind == MrmDiskMemory)) {
    return FALSE;
  }

  for (Index = 0; Name[Index] != 0; Index++) {
    // FAT knows no case; what else a plan has here is ASCII, too.
    if (  (Disk->Medium[Index] != Name[Index])
       && ((Kind != MrmDiskFile) || (CharToUpper (Disk->Medium[Index]) != CharToUpper (Name[Index]))))
    {
      return FALSE;
    }
  }

  return (BOOLEAN)(Disk->Medium[Index] == 0);
}

/**
  What the whole plan says of a medium: the disk that may do most with it counts, and a size that is given.

  @param[in]  Disk  A disk on it.
  @param[out] Mode  Receives the mode.
  @param[out] Size  Receives the size; 0 for what it has.
**/
STATIC
VOID
ReadPlan (
  IN  CONST MRM_PLAN_DISK  *Disk,
  OUT MRM_DISK_MODE        *Mode,
  OUT UINT64               *Size
  )
{
  CONST MRM_PLAN_DISK  *Other;
  UINT32               Partition;
  UINT32               Index;

  *Mode = Disk->Mode;
  *Size = Disk->Size;
  for (Partition = 0; Partition < gPlan->PartitionCount; Partition++) {
    for (Index = 0; Index < gPlan->Partitions[Partition].DiskCount; Index++) {
      Other = &gPlan->Partitions[Partition].Disks[Index];
      if (IsOn (Other, Disk->Kind, Disk->Medium)) {
        *Mode = (Other->Mode == MrmDiskReadOnly) ? *Mode : Other->Mode;
        *Size = MAX (*Size, Other->Size);
      }
    }
  }
}

/**
  Open what holds the bytes of a disk.

  @param[in]     Disk    The disk, in the plan.
  @param[in]     Size    Bytes; 0 for what it has.
  @param[in,out] Medium  Kind and Mode are known; receives Storage.
  @param[out]    Words   Receives why it cannot be had.

  @retval EFI_SUCCESS  Done.
  @return Other        Words says why not.
**/
STATIC
EFI_STATUS
OpenStorage (
  IN     CONST MRM_PLAN_DISK  *Disk,
  IN     UINT64               Size,
  IN OUT MRM_MEDIUM           *Medium,
  OUT    CHAR8                *Words
  )
{
  EFI_STATUS  Status;

  switch (Disk->Kind) {
    case MrmDiskMemory:
      Status = OpenMemoryStorage (Size, &Medium->Storage);
      if (EFI_ERROR (Status)) {
        AsciiSPrint (Words, MRM_STORAGE_WORDS, "needs %ld KiB in one piece: %r", Size / SIZE_1KB, Status);
      }

      return Status;
    case MrmDiskFile:
      return OpenFileStorage (Disk->Medium, Size, Medium->Mode, &Medium->Storage, Words);
    default:
      return OpenGptStorage (Disk->Medium, Medium->Mode, &Medium->Storage, Words);
  }
}

/**
  Free a medium that nobody has.

  @param[in] Medium  The medium, in no list.
**/
STATIC
VOID
FreeMedium (
  IN MRM_MEDIUM  *Medium
  )
{
  if (Medium->Name != NULL) {
    FreePool (Medium->Name);
  }

  FreePool (Medium);
}

/**
  Make a medium.

  @param[in]  Disk   A disk on it, in the plan.
  @param[in]  Mode   What the one that may do most with it may do.
  @param[in]  Size   Bytes; 0 for what it has.
  @param[out] Words  Receives why it cannot be had.

  @return  The medium; NULL if it cannot be had.
**/
STATIC
MRM_MEDIUM *
MakeMedium (
  IN  CONST MRM_PLAN_DISK  *Disk,
  IN  MRM_DISK_MODE        Mode,
  IN  UINT64               Size,
  OUT CHAR8                *Words
  )
{
  MRM_MEDIUM  *Medium;

  Medium = AllocateZeroPool (sizeof (*Medium));
  if ((Medium != NULL) && (Disk->Medium != NULL)) {
    Medium->Name = AllocateCopyPool (StrSize (Disk->Medium), Disk->Medium);
    if (Medium->Name == NULL) {
      FreePool (Medium);
      Medium = NULL;
    }
  }

  if (Medium == NULL) {
    AsciiStrCpyS (Words, MRM_STORAGE_WORDS, "the controller is out of memory");
    return NULL;
  }

  Medium->Kind = Disk->Kind;
  Medium->Mode = Mode;
  if (EFI_ERROR (OpenStorage (Disk, Size, Medium, Words))) {
    FreeMedium (Medium);
    return NULL;
  }

  if (EFI_ERROR (BeginMedium (Medium, Words))) {
    Medium->Storage.Close (&Medium->Storage);
    FreeMedium (Medium);
    return NULL;
  }

  return Medium;
}

/**
  Find the medium of a disk among those that are open, or open it.

  @param[in]  Disk   The disk, in the plan.
  @param[out] Words  Receives why it cannot be had.

  @return  The medium, with one user more; NULL if it cannot be had.
**/
STATIC
MRM_MEDIUM *
GetMedium (
  IN  CONST MRM_PLAN_DISK  *Disk,
  OUT CHAR8                *Words
  )
{
  MRM_MEDIUM     *Medium;
  MRM_MEDIUM     *Same;
  MRM_DISK_MODE  Mode;
  UINT64         Size;

  ReadPlan (Disk, &Mode, &Size);
  for (Medium = mMedia; (Medium != NULL) && !IsOn (Disk, Medium->Kind, Medium->Name); Medium = Medium->Next) {
  }

  if ((Medium != NULL) && (Medium->Mode != Mode) && (Disk->Mode != MrmDiskReadOnly)) {
    // A partition that goes on under another plan reads it.
    AsciiStrCpyS (Words, MRM_STORAGE_WORDS, "is read by a partition that runs: restart the PC for another mode");
    return NULL;
  }

  if ((Medium != NULL) && (Size != 0) && (Medium->Storage.Size != Size)) {
    AsciiSPrint (
      Words,
      MRM_STORAGE_WORDS,
      "has %ld bytes, and is read by a partition that runs: restart the PC for another size",
      Medium->Storage.Size
      );
    return NULL;
  }

  if (Medium == NULL) {
    Medium = MakeMedium (Disk, Mode, Size, Words);
    if (Medium == NULL) {
      return NULL;
    }

    for (Same = mMedia; Same != NULL; Same = Same->Next) {
      if ((Medium->Kind == MrmDiskGpt) && (Same->Storage.Handle == Medium->Storage.Handle)) {
        AsciiSPrint (Words, MRM_STORAGE_WORDS, "is '%s', which is served already", Same->Name);
        // The PC's file systems do not get it back: the medium that is served already goes on.
        FreeMedium (Medium);
        return NULL;
      }
    }

    Medium->Next = mMedia;
    mMedia       = Medium;
  }

  Medium->Users++;
  return Medium;
}

/**
  Make durable what was written to a medium.

  @param[in,out] Medium  The medium.
**/
STATIC
VOID
FlushMedium (
  IN OUT MRM_MEDIUM  *Medium
  )
{
  EFI_STATUS  Status;

  Medium->DirtyAt = 0;
  Status          = MrmDiskFlush (&Medium->Disk);
  if (EFI_ERROR (Status) && !Medium->Told) {
    Medium->Told = TRUE;
    Say ("disk %s: what was written cannot be made durable: %r (told once)", Medium->Name, Status);
  }
}

/**
  Let go of a medium; without users it is closed.

  @param[in,out] Medium  The medium.
**/
STATIC
VOID
PutMedium (
  IN OUT MRM_MEDIUM  *Medium
  )
{
  MRM_MEDIUM  **Link;

  Medium->Users--;
  if (Medium->Users != 0) {
    return;
  }

  for (Link = &mMedia; *Link != Medium; Link = &(*Link)->Next) {
  }

  *Link = Medium->Next;
  FlushMedium (Medium);
  Medium->Storage.Close (&Medium->Storage);
  FreeMedium (Medium);
}

/**
  Give a medium its UUID: the same for all that have it.

  @param[in]     Partition  One that has it.
  @param[in]     Number     Which of its disks.
  @param[in,out] Medium     Receives it.
**/
STATIC
VOID
NameMedium (
  IN     CONST MRM_PARTITION  *Partition,
  IN     UINTN                Number,
  IN OUT MRM_MEDIUM           *Medium
  )
{
  CHAR8  Name[NAME_SIZE];
  UINTN  Index;

  if (Medium->Kind == MrmDiskMemory) {
    AsciiSPrint (Name, sizeof (Name), "%d", Number);
    MrmDiskUuid (&gMachine.Uuid, Partition->Plan->Name, Name, &Medium->Uuid);
    return;
  }

  for (Index = 0; (Index < sizeof (Name) - 1) && (Medium->Name[Index] != 0); Index++) {
    Name[Index] = (CHAR8)((Medium->Kind == MrmDiskFile) ? CharToUpper (Medium->Name[Index]) : Medium->Name[Index]);
  }

  Name[Index] = '\0';
  MrmDiskUuid (&gMachine.Uuid, "", Name, &Medium->Uuid);
}

/**
  Say that a disk can be had.

  @param[in] Partition  The partition.
  @param[in] Rule       MRM_RULE_*.
  @param[in] Disk       The disk.
  @param[in] Medium     Its medium.
**/
STATIC
VOID
KeepDisk (
  IN CONST MRM_PARTITION  *Partition,
  IN CONST CHAR8          *Rule,
  IN CONST MRM_PLAN_DISK  *Disk,
  IN CONST MRM_MEDIUM     *Medium
  )
{
  STATIC CONST CHAR8  *CONST  Modes[] = { "read-write", "read-only", "append-only" };

  Keep (
    Partition,
    Rule,
    "disk %s, %ld KiB, %a",
    (Disk->Medium != NULL) ? Disk->Medium : L"in memory",
    MultU64x32 (Medium->Disk.Blocks, Medium->Disk.BlockSize) / SIZE_1KB,
    Modes[Disk->Mode]
    );
}

VOID
BindMedia (
  IN OUT MRM_PARTITION  *Partition
  )
{
  STATIC CONST CHAR8   *CONST  Rules[] = { MRM_RULE_MEMORY, MRM_RULE_DISK_FILE, MRM_RULE_DISK_GPT };
  CHAR8                Words[MRM_STORAGE_WORDS];
  CONST MRM_PLAN_DISK  *Disk;
  MRM_MEDIUM           *Medium;
  UINTN                Index;

  for (Index = 0; Index < Partition->Plan->DiskCount; Index++) {
    Disk   = &Partition->Plan->Disks[Index];
    Medium = GetMedium (Disk, Words);
    if (Medium == NULL) {
      Refuse (
        Partition,
        Rules[Disk->Kind],
        "promised disk %s, which %a",
        (Disk->Medium != NULL) ? Disk->Medium : L"in memory",
        Words
        );
      return;
    }

    if (Medium->Users == 1) {
      NameMedium (Partition, Index, Medium);
    }

    Partition->Media[Index] = Medium;
    KeepDisk (Partition, Rules[Disk->Kind], Disk, Medium);
  }
}

BOOLEAN
GrowMedia (
  IN CONST MRM_PLAN  *Plan
  )
{
  CONST MRM_PLAN_DISK  *Disk;
  UINT32               Partition;
  UINT32               Index;

  for (Partition = 0; Partition < Plan->PartitionCount; Partition++) {
    for (Index = 0; Index < Plan->Partitions[Partition].DiskCount; Index++) {
      Disk = &Plan->Partitions[Partition].Disks[Index];
      if (  (Disk->Kind == MrmDiskFile)
         && (Disk->Mode != MrmDiskReadOnly)
         && GrowFile (Disk->Medium, Disk->Size, Disk->Mode))
      {
        return TRUE;
      }
    }
  }

  return FALSE;
}

VOID
ReleaseMedia (
  IN OUT MRM_PARTITION  *Partition
  )
{
  UINTN  Index;

  for (Index = 0; Index < ARRAY_SIZE (Partition->Media); Index++) {
    if (Partition->Media[Index] != NULL) {
      PutMedium (Partition->Media[Index]);
      Partition->Media[Index] = NULL;
    }
  }
}

VOID
FlushMedia (
  IN CONST MRM_PARTITION  *Partition
  )
{
  UINTN  Index;

  for (Index = 0; Index < ARRAY_SIZE (Partition->Media); Index++) {
    if (Partition->Media[Index] != NULL) {
      FlushMedium (Partition->Media[Index]);
    }
  }
}

VOID
FlushOldest (
  IN UINT64  Now
  )
{
  MRM_MEDIUM  *Medium;

  for (Medium = mMedia; Medium != NULL; Medium = Medium->Next) {
    if (!Medium->Disk.Dirty) {
      Medium->DirtyAt = 0;
    } else if (Medium->DirtyAt == 0) {
      Medium->DirtyAt = Now;
    } else if (Now - Medium->DirtyAt >= PATIENCE) {
      FlushMedium (Medium);
      return;
    }
  }
}
