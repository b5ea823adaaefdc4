/** @file
  Served disks: the controller does what their drivers ask for, and MrmDiskLib decides.

  The boot processor serves them in its rounds, at TPL_APPLICATION: file systems and drivers of the PC's firmware must
  not be called amid each other.  With each tick it is only looked whether a driver has asked, which ends the pause
  between rounds.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Talk/Disk.h"
#include "Talk/Area.h"
#include "Media/Medium.h"
#include "Machine/Interrupt.h"
#include "Machine/Tick.h"
#include "Partition/Verdict.h"
#include "Core/Clock.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmDiskLib.h>
#include <Library/SynchronizationLib.h>

#define LOOK_PERIOD  (1 * 10000)   ///< 1 ms in units of 100 ns: how often the event looks
#define LINGER       2             ///< milliseconds after the last request that the next one is waited for
#define ROUND        5             ///< milliseconds after which everything else has its turn
#define LIVELY       1000          ///< milliseconds after the last request that the timer ticks fast

///
/// A disk, and what has been said of it.
///
typedef struct {
  MRM_DISK             Disk;
  MRM_FUNCTION_TOLD    Told;
  BOOLEAN              Failed;   ///< told
} SERVED;

struct _MRM_PARTITION_DISKS {
  UINTN     Count;
  UINT8     *Buffer;     ///< MRM_DISK_TRANSFER bytes at a multiple of 4096, for all of them
  SERVED    Disks[MRM_MAX_DISKS];
};

STATIC_ASSERT (MRM_DISK_SERIAL <= MRM_DISK_SERIAL_SIZE, "a plan's serial numbers fit");

STATIC MRM_TICK_WATCH  mWatch;
STATIC UINT32          mFence;
STATIC UINT64          mBusyAt;   ///< milliseconds
STATIC UINT64          mRoundEnd; ///< milliseconds: no command is begun with after that, but the first one
STATIC BOOLEAN         mWatched;  ///< some partition has disks
STATIC UINTN           mTurn;     ///< whose disk was served last
STATIC UINTN           mNumber;   ///< and which of them

/**
  Say what becomes of a disk.

  @param[in] Partition  Whose.
  @param[in] Number     Which.
  @param[in] What       The words.
**/
STATIC
VOID
SayOfDisk (
  IN CONST MRM_PARTITION  *Partition,
  IN UINTN                Number,
  IN CONST CHAR8          *What
  )
{
  CONST CHAR16  *Medium;

  Medium = Partition->Plan->Disks[Number].Medium;
  Say ("%a: disk %s: %a", Partition->Plan->Name, (Medium != NULL) ? Medium : L"in memory", What);
}

/**
  Whether a round has taken as long as it may (MRM_DISK_IS_LATE).

  @retval TRUE   It has.
  @retval FALSE  It has not.
**/
STATIC
BOOLEAN
EFIAPI
IsLate (
  VOID
  )
{
  return (BOOLEAN)(Milliseconds () > mRoundEnd);
}

VOID
OpenDisks (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_PARTITION_DISKS  *Disks;
  MRM_DISK             *Disk;
  UINTN                Index;

  if (Partition->Plan->DiskCount == 0) {
    return;
  }

  Disks = AllocateZeroPool (sizeof (*Disks));
  if (Disks != NULL) {
    Disks->Buffer = AllocateAlignedPages (EFI_SIZE_TO_PAGES (MRM_DISK_TRANSFER), SIZE_4KB);
  }

  if ((Disks == NULL) || (Disks->Buffer == NULL)) {
    Refuse (Partition, MRM_RULE_CONTROLLER, "no memory for its served disks");
    if (Disks != NULL) {
      FreePool (Disks);
    }

    return;
  }

  Disks->Count = Partition->Plan->DiskCount;
  for (Index = 0; Index < Disks->Count; Index++) {
    Disk           = &Disks->Disks[Index].Disk;
    Disk->Medium   = &Partition->Media[Index]->Disk;
    Disk->ReadOnly = (BOOLEAN)(Partition->Plan->Disks[Index].Mode == MrmDiskReadOnly);
    Disk->Buffer   = Disks->Buffer;
    Disk->IsLate   = IsLate;
    ReachArea (&Disk->Function, Partition, Partition->Area);
    CopyGuid (&Disk->Uuid, &Partition->Media[Index]->Uuid);
    AsciiStrCpyS (Disk->Serial, sizeof (Disk->Serial), Partition->Plan->Disks[Index].Serial);
  }

  Partition->Disks = Disks;
}

VOID
CloseDisks (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_PARTITION_DISKS  *Disks;

  Disks = Partition->Disks;
  if (Disks != NULL) {
    // The event must not find what is freed.
    Partition->Disks = NULL;
    FreeAlignedPages (Disks->Buffer, EFI_SIZE_TO_PAGES (MRM_DISK_TRANSFER));
    FreePool (Disks);
  }
}

/**
  Whether a driver has asked (MRM_TICK_IS_ASKED).

  @retval TRUE   One has.
  @retval FALSE  None has.
**/
STATIC
BOOLEAN
AreDisksAsked (
  VOID
  )
{
  CONST MRM_PARTITION_DISKS  *Disks;
  UINTN                      Partition;
  UINTN                      Index;

  for (Partition = 0; Partition < gPartitionCount; Partition++) {
    Disks = gPartitions[Partition].Disks;
    for (Index = 0; (Disks != NULL) && (Index < Disks->Count); Index++) {
      if (MrmDiskIsAsked (&Disks->Disks[Index].Disk)) {
        return TRUE;
      }
    }
  }

  return FALSE;
}

VOID
WatchDisks (
  VOID
  )
{
  EFI_STATUS  Status;
  UINTN       Index;

  for (Index = 0; (Index < gPartitionCount) && (gPartitions[Index].Disks == NULL); Index++) {
  }

  if (Index == gPartitionCount) {
    return;
  }

  mWatched = TRUE;
  mTurn    = 0;
  mNumber  = 0;

  mWatch.IsAsked = AreDisksAsked;
  mWatch.Look    = RequestPoll;
  mWatch.Tpl     = TPL_NOTIFY;
  mWatch.Period  = LOOK_PERIOD;
  Status         = WatchByTimer (&mWatch);
  if (EFI_ERROR (Status)) {
    Say ("served disks: %r: they are slow", Status);
  }
}

VOID
IgnoreDisks (
  VOID
  )
{
  IgnoreTimer (&mWatch);
  mWatched = FALSE;
  HastenTick (MrmTickDisks, 0);
}

VOID
StartDisks (
  IN OUT MRM_PARTITION  *Partition
  )
{
  SERVED  *Served;
  UINTN   Index;

  for (Index = 0; (Partition->Disks != NULL) && (Index < Partition->Disks->Count); Index++) {
    Served         = &Partition->Disks->Disks[Index];
    Served->Failed = FALSE;
    ZeroMem (&Served->Told, sizeof (Served->Told));
    MrmDiskOpen (&Served->Disk, (UINT8 *)(UINTN)Partition->CardArea.Base, Partition->Plan->CardCount + Index);
  }
}

VOID
QuiesceDisks (
  IN OUT MRM_PARTITION  *Partition
  )
{
  UINTN  Index;

  for (Index = 0; (Partition->Disks != NULL) && (Index < Partition->Disks->Count); Index++) {
    MrmDiskClose (&Partition->Disks->Disks[Index].Disk);
  }
}

UINTN
AddDiskCounts (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT MRM_CHANNEL_COUNTS   *Moved
  )
{
  CONST MRM_DISK  *Disk;
  UINTN           Index;

  if (Partition->Disks == NULL) {
    return 0;
  }

  for (Index = 0; Index < Partition->Disks->Count; Index++) {
    Disk           = &Partition->Disks->Disks[Index].Disk;
    Moved->Reads  += Disk->Reads;
    Moved->Writes += Disk->Writes;
    Moved->Errors += Disk->MediumErrors;
  }

  return Partition->Disks->Count;
}

/**
  Serve a disk once, and send the interrupts it is to give.

  @param[in,out] Disk  The disk.

  @retval TRUE   Something was done.
  @retval FALSE  Nothing was.
**/
STATIC
BOOLEAN
ServeDisk (
  IN OUT MRM_DISK  *Disk
  )
{
  MRM_FUNCTION_INTERRUPT  Interrupts[MRM_DISK_VECTORS];
  BOOLEAN                 Busy;

  Busy = MrmDiskServe (Disk);
  // What the driver is to see must be there before it is told.
  InterlockedIncrement (&mFence);
  SendInterrupts (Interrupts, MrmDiskInterrupts (Disk, Interrupts));
  return Busy;
}

/**
  Find the disk whose turn is next.

  @return  The disk; some partition has one.
**/
STATIC
MRM_DISK *
NextDisk (
  VOID
  )
{
  CONST MRM_PARTITION_DISKS  *Disks;

  mNumber++;
  for ( ; ;) {
    Disks = gPartitions[mTurn].Disks;
    if ((Disks != NULL) && (mNumber < Disks->Count)) {
      return &gPartitions[mTurn].Disks->Disks[mNumber].Disk;
    }

    mTurn   = (mTurn + 1) % gPartitionCount;
    mNumber = 0;
  }
}

/**
  Serve all disks once, as far as the time of a round goes; who has been left out is the first in the next one.

  @retval TRUE   Something was done.
  @retval FALSE  Nothing was.
**/
STATIC
BOOLEAN
ServeAll (
  VOID
  )
{
  UINTN    Count;
  UINTN    Index;
  BOOLEAN  Busy;

  Count = 0;
  for (Index = 0; Index < gPartitionCount; Index++) {
    Count += (gPartitions[Index].Disks != NULL) ? gPartitions[Index].Disks->Count : 0;
  }

  Busy = FALSE;
  for (Index = 0; (Index < Count) && !IsLate (); Index++) {
    Busy = ServeDisk (NextDisk ()) || Busy;
  }

  return Busy;
}

/**
  Say what has become of the disks of a partition.

  @param[in,out] Partition  The partition.
**/
STATIC
VOID
TellDisks (
  IN OUT MRM_PARTITION  *Partition
  )
{
  SERVED       *Served;
  CONST CHAR8  *News;
  UINTN        Index;

  for (Index = 0; (Partition->Disks != NULL) && (Index < Partition->Disks->Count); Index++) {
    Served = &Partition->Disks->Disks[Index];
    do {
      News = MrmFunctionNews (&Served->Told, MrmDiskIsUsed (&Served->Disk), Served->Disk.Refused, Milliseconds ());
      if (News != NULL) {
        SayOfDisk (Partition, Index, News);
      }
    } while (News != NULL);

    if ((Served->Disk.MediumErrors != 0) && !Served->Failed) {
      Served->Failed = TRUE;
      SayOfDisk (Partition, Index, "its medium has errors (told once)");
    }
  }
}

BOOLEAN
PollDisks (
  VOID
  )
{
  UINT64  Begin;
  UINT64  Now;
  UINTN   Index;

  if (!mWatched) {
    return FALSE;
  }

  Begin     = Milliseconds ();
  mRoundEnd = Begin + ROUND;
  do {
    if (ServeAll ()) {
      mBusyAt = Milliseconds ();
    }

    Now = Milliseconds ();
    CpuPause ();
  } while ((Now - mBusyAt < LINGER) && (Now - Begin < ROUND));

  FlushOldest (Now);
  for (Index = 0; Index < gPartitionCount; Index++) {
    TellDisks (&gPartitions[Index]);
  }

  HastenTick (MrmTickDisks, (Now - mBusyAt < LIVELY) ? LOOK_PERIOD : 0);
  return (BOOLEAN)(Now - mBusyAt < LINGER);
}
