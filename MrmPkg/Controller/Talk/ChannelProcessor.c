/** @file
  Networks in memory: whether the boot processor serves them, or the channel processor does; and how they are stopped.

  The boot processor looks at cards at TPL_NOTIFY, so raising the TPL stops it.  The channel processor is held: it
  stands between two rounds then.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Talk/ChannelProcessor.h"
#include "Partition/Partition.h"
#include "Core/Log.h"
#include <Library/MemoryAllocationLib.h>
#include <Library/UefiBootServicesTableLib.h>

///
/// What a partition adds to the memory that is looked at: its pieces, the area of its cards, what is known of them.
///
#define RANGES_OF_PARTITION  (MRM_MAX_PIECES + 2)

/**
  Add a range to the memory that the channel processor looks at.

  @param[in,out] Memory    The memory.
  @param[in,out] Count     Its elements.
  @param[in]     Range     The range.
  @param[in]     Uncached  Whether it is shared with a partition as if it were a device's.
**/
STATIC
VOID
Add (
  IN OUT MRM_WORK_MEMORY  *Memory,
  IN OUT UINTN            *Count,
  IN     CONST MRM_RANGE  *Range,
  IN     BOOLEAN          Uncached
  )
{
  Memory[*Count].Range      = *Range;
  Memory[*Count].Uncached   = Uncached;
  Memory[*Count].Executable = FALSE;
  (*Count)++;
}

BOOLEAN
ServeElsewhere (
  IN MRM_WORK         Work,
  IN CONST MRM_RANGE  *Networks
  )
{
  MRM_WORK_MEMORY  *Memory;
  MRM_PARTITION    *Partition;
  UINTN            Count;
  UINTN            Index;
  UINTN            Piece;
  BOOLEAN          Elsewhere;

  if (!WantsWorker ()) {
    return FALSE;
  }

  Memory = AllocatePool ((gPartitionCount * RANGES_OF_PARTITION + 1) * sizeof (*Memory));
  if (Memory == NULL) {
    // Partitions run all the same, as when the boot processor lacks memory for networks.
    Say ("channels: out of memory: the boot processor serves them");
    ReleaseWorkerForGood ();
    return FALSE;
  }

  Count = 0;
  if (Networks->Size != 0) {
    Add (Memory, &Count, Networks, FALSE);
  }

  for (Index = 0; Index < gPartitionCount; Index++) {
    Partition = &gPartitions[Index];
    if (Partition->Cards != NULL) {
      Add (Memory, &Count, &Partition->CardPages, FALSE);
      Add (Memory, &Count, &Partition->CardArea, TRUE);
      for (Piece = 0; Piece < Partition->PieceCount; Piece++) {
        Add (Memory, &Count, &Partition->Pieces[Piece], FALSE);
      }
    }
  }

  Elsewhere = EmployWorker (Work, Memory, Count);
  FreePool (Memory);
  ReleaseWorker ();
  return (BOOLEAN)(Elsewhere && WorkerWorks ());
}

VOID
StopService (
  OUT MRM_STOPPED  *Stopped
  )
{
  Stopped->Worker = HoldWorker ();
  Stopped->Tpl    = TPL_APPLICATION;
  if (!Stopped->Worker) {
    Stopped->Tpl = gBS->RaiseTPL (TPL_NOTIFY);
  }
}

VOID
ResumeService (
  IN CONST MRM_STOPPED  *Stopped
  )
{
  if (Stopped->Worker) {
    ReleaseWorker ();
  } else {
    gBS->RestoreTPL (Stopped->Tpl);
  }
}
