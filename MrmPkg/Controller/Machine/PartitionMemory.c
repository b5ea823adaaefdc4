/** @file
  Memory of partitions: allocated from what the PC's firmware does not use.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/PartitionMemory.h"
#include "Machine/Memory.h"
#include "Partition/Verdict.h"
#include "Core/Log.h"
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmFunctionLib.h>
#include <Library/MrmMachineLib.h>

/**
  The rule a memory request falls under.

  @param[in] Purpose  What the request is for.
**/
STATIC
CONST CHAR8 *
MemoryRule (
  IN MRM_MEMORY_PURPOSE  Purpose
  )
{
  switch (Purpose) {
    case MrmMemoryLow:
      return MRM_RULE_MEMORY_LOW;
    case MrmMemoryBelow1G:
      return MRM_RULE_MEMORY_BELOW_1G;
    default:
      return MRM_RULE_MEMORY;
  }
}

/**
  Refuse a partition that memory cannot be found for.

  @param[in,out] Partition  The partition; what it has already is released.
  @param[in]     Request    What was asked for.
  @param[in]     Pieces     In how many pieces at most.
  @param[in]     Room       Bytes found there.
  @param[in]     Largest    Of these, bytes in one piece.
**/
STATIC
VOID
RefuseMemory (
  IN OUT MRM_PARTITION          *Partition,
  IN     CONST MRM_PLAN_MEMORY  *Request,
  IN     UINTN                  Pieces,
  IN     UINT64                 Room,
  IN     UINT64                 Largest
  )
{
  Refuse (
    Partition,
    MemoryRule (Request->Purpose),
    "promised %ld KiB in %d pieces at most, from 0x%lx to 0x%lx, found %ld KiB free there, %ld KiB in one piece%a",
    Request->Size / SIZE_1KB,
    Pieces,
    Request->Minimum,
    Request->Limit - 1,
    Room / SIZE_1KB,
    Largest / SIZE_1KB,
    ((Request->Purpose == MrmMemoryLow) || (Request->Minimum >= SIZE_4GB)) ? "" : " (64 MiB stay with the PC's firmware)"
    );
  ReleaseMemory (Partition);
}

/**
  Allocate memory for one request of a partition.

  @param[in,out] Partition  Receives pieces, or is refused.
  @param[in]     Request    The request.
**/
STATIC
VOID
BindRequest (
  IN OUT MRM_PARTITION          *Partition,
  IN     CONST MRM_PLAN_MEMORY  *Request
  )
{
  MRM_RANGE_SET  Free;
  MRM_RANGE      Pieces[MRM_MAX_PIECES];
  UINTN          MaxPieces;
  UINTN          PieceCount;
  UINTN          Piece;
  UINT64         Room;
  UINT64         Largest;
  EFI_STATUS     Status;

  Status = ReadFreeMemory (&Free);
  if (EFI_ERROR (Status)) {
    Refuse (Partition, MRM_RULE_CONTROLLER, "the PC's memory map cannot be read: %r", Status);
    ReleaseMemory (Partition);
    return;
  }

  MaxPieces = (Request->Purpose == MrmMemoryLow) ? 1 : MRM_MAX_PIECES - Partition->PieceCount;
  Room      = MrmRangeRoom (&Free, Request->Alignment, Request->Minimum, Request->Limit, &Largest);
  Status    = MrmMemoryChoose (&Free, Request, MaxPieces, Pieces, &PieceCount);
  FreePool (Free.Ranges);
  for (Piece = 0; !EFI_ERROR (Status) && Piece < PieceCount; Piece++) {
    Status = AllocateRange (&Pieces[Piece], &Partition->MemoryUsed);
    if (!EFI_ERROR (Status)) {
      Partition->Pieces[Partition->PieceCount++] = Pieces[Piece];
      Keep (
        Partition,
        MemoryRule (Request->Purpose),
        "%ld KiB at 0x%lx",
        Pieces[Piece].Size / SIZE_1KB,
        Pieces[Piece].Base
        );
    }
  }

  if (EFI_ERROR (Status)) {
    RefuseMemory (Partition, Request, MaxPieces, Room, Largest);
  }
}

/**
  Choose what to allocate memory for next.

  @param[in]  Partitions  The partitions.
  @param[in]  Count       Their number.
  @param[out] Index       Receives the index of the request in the plan of its partition.

  @return  The partition; NULL when nothing is left.
**/
STATIC
MRM_PARTITION *
NextRequest (
  IN  MRM_PARTITION  *Partitions,
  IN  UINTN          Count,
  OUT UINTN          *Index
  )
{
  MRM_MEMORY_REQUESTS  Requests[MRM_MAX_PARTITIONS];
  UINTN                Partition;

  for (Partition = 0; Partition < Count; Partition++) {
    Requests[Partition].Plan   = (Partitions[Partition].Life.State == MrmStateAbsent) ? Partitions[Partition].Plan : NULL;
    Requests[Partition].Judged = Partitions[Partition].MemoryBound;
  }

  return MrmMemoryNext (Requests, Count, &Partition, Index) ? &Partitions[Partition] : NULL;
}

/**
  Tell how much low memory there is: most of it is what a plan is built on, and what firmware keeps of it differs.

  @param[in] Request  A request for some.
**/
STATIC
VOID
ReportLowMemory (
  IN CONST MRM_PLAN_MEMORY  *Request
  )
{
  MRM_RANGE_SET  Free;
  UINT64         Room;
  UINT64         Largest;

  if (!EFI_ERROR (ReadFreeMemory (&Free))) {
    Room = MrmRangeRoom (&Free, SIZE_4KB, Request->Minimum, Request->Limit, &Largest);
    FreePool (Free.Ranges);
    Say (
      "machine: low memory: %ld KiB free from 0x%lx to 0x%lx, %ld KiB in one piece",
      Room / SIZE_1KB,
      Request->Minimum,
      Request->Limit - 1,
      Largest / SIZE_1KB
      );
  }
}

VOID
BindMemory (
  IN OUT MRM_PARTITION  *Partitions,
  IN     UINTN          Count
  )
{
  MRM_PARTITION  *Partition;
  UINTN          Index;

  ReportLowMemory (&Partitions[0].Plan->Memory[0]);
  while ((Partition = NextRequest (Partitions, Count, &Index)) != NULL) {
    Partition->MemoryBound |= 1U << Index;
    BindRequest (Partition, &Partition->Plan->Memory[Index]);
  }
}

VOID
BindCardArea (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_RANGE_SET  Free;
  MRM_RANGE      Area;
  MRM_PCI_BUS    *Bus;
  UINTN          Count;
  EFI_STATUS     Status;

  if ((Partition->Plan->CardCount == 0) && (Partition->Plan->DiskCount == 0)) {
    return;
  }

  Status = ReadFreeMemory (&Free);
  if (!EFI_ERROR (Status)) {
    // Aligned to a large page, and below 4 GiB like the memory window of a real bridge.
    Status = MrmRangeAllocate (
               &Free,
               MRM_FUNCTION_AREA_SIZE,
               MRM_FUNCTION_AREA_SIZE,
               SIZE_1MB,
               SIZE_4GB,
               1,
               &Area,
               &Count
               );
    FreePool (Free.Ranges);
  }

  if (!EFI_ERROR (Status)) {
    // All of it is written before a start, whoever had it; but until then it may go back to the PC's firmware.
    Status = AllocateRange (&Area, &Partition->MemoryUsed);
  }

  if (EFI_ERROR (Status)) {
    Refuse (Partition, MRM_RULE_MEMORY, "promised cards or served disks, found no 2 MiB free below 4 GiB: %r", Status);
    return;
  }

  Partition->CardArea = Area;
  Bus                 = &Partition->PciBuses[Partition->PciBusCount];
  ZeroMem (Bus, sizeof (*Bus));
  Bus->Segment     = Partition->Plan->ChannelSegment;
  Bus->EcamBase    = Area.Base;
  Bus->Memory.Base = Area.Base + MRM_FUNCTION_ECAM_SIZE;
  Bus->Memory.Size = MRM_FUNCTION_AREA_SIZE - MRM_FUNCTION_ECAM_SIZE;
  Keep (Partition, MRM_RULE_MEMORY, "cards and served disks at 0x%lx", Area.Base);
}

VOID
ReleaseMemory (
  IN OUT MRM_PARTITION  *Partition
  )
{
  while (Partition->PieceCount > 0) {
    ReleaseRange (&Partition->Pieces[--Partition->PieceCount], Partition->MemoryUsed);
  }

  if (Partition->CardArea.Size != 0) {
    ReleaseRange (&Partition->CardArea, Partition->MemoryUsed);
  }
}

VOID
HoldMemory (
  IN OUT MRM_PARTITION  *Partition
  )
{
  while (Partition->PieceCount > 0) {
    HoldRange (&Partition->Pieces[--Partition->PieceCount]);
  }

  if (Partition->CardArea.Size != 0) {
    HoldRange (&Partition->CardArea);
  }
}
