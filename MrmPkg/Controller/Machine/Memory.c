/** @file
  Memory of partitions: taken from what the PC's firmware does not use.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Memory.h"
#include "Partition/Partition.h"
#include "Partition/Verdict.h"
#include "Core/Log.h"
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmFunctionLib.h>
#include <Library/MrmMachineLib.h>
#include <Library/UefiBootServicesTableLib.h>

///
/// New descriptors that allocating the buffer for the memory map may create.
///
#define SPARE_DESCRIPTORS  8

#define MOST_HELD  (4 * MRM_MAX_PIECES)   ///< ranges that are held for partitions to come

STATIC MRM_RANGE      mHeldRanges[MOST_HELD];
STATIC MRM_RANGE_SET  mHeld = { mHeldRanges, 0, MOST_HELD };   ///< memory of partitions that are gone
STATIC BOOLEAN        mReturned;                               ///< the PC's firmware has got back some that was used

/**
  Read the memory map of the PC's firmware.

  @param[out] Map             Receives the map, for FreePool.
  @param[out] MapSize         Receives its bytes.
  @param[out] DescriptorSize  Receives the bytes of one descriptor.

  @retval EFI_SUCCESS           Read.
  @retval EFI_OUT_OF_RESOURCES  No memory for it.
  @return Other                 Status of GetMemoryMap.
**/
STATIC
EFI_STATUS
ReadMemoryMap (
  OUT EFI_MEMORY_DESCRIPTOR  **Map,
  OUT UINTN                  *MapSize,
  OUT UINTN                  *DescriptorSize
  )
{
  EFI_STATUS  Status;
  UINTN       MapKey;
  UINT32      DescriptorVersion;

  *MapSize = 0;
  Status   = gBS->GetMemoryMap (MapSize, NULL, &MapKey, DescriptorSize, &DescriptorVersion);
  if (Status != EFI_BUFFER_TOO_SMALL) {
    return EFI_ERROR (Status) ? Status : EFI_DEVICE_ERROR;
  }

  *MapSize += SPARE_DESCRIPTORS * *DescriptorSize;
  *Map      = AllocatePool (*MapSize);
  if (*Map == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  Status = gBS->GetMemoryMap (MapSize, *Map, &MapKey, DescriptorSize, &DescriptorVersion);
  if (EFI_ERROR (Status)) {
    FreePool (*Map);
  }

  return Status;
}

/**
  Read the memory that the PC's firmware does not use.

  @param[out] Free  Receives the set; Free->Ranges belongs to the caller (FreePool), unless there is an error.

  @retval EFI_SUCCESS           Read.
  @retval EFI_OUT_OF_RESOURCES  No memory for it.
  @return Other                 Status of GetMemoryMap.
**/
STATIC
EFI_STATUS
ReadFreeMemory (
  OUT MRM_RANGE_SET  *Free
  )
{
  EFI_STATUS             Status;
  EFI_MEMORY_DESCRIPTOR  *Map;
  EFI_MEMORY_DESCRIPTOR  *Descriptor;
  UINTN                  MapSize;
  UINTN                  DescriptorSize;
  UINTN                  Index;

  Status = ReadMemoryMap (&Map, &MapSize, &DescriptorSize);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Free->Count    = 0;
  Free->Capacity = MapSize / DescriptorSize + MRM_MAX_PIECES + MOST_HELD;
  Free->Ranges   = AllocatePool (Free->Capacity * sizeof (MRM_RANGE));
  if (Free->Ranges == NULL) {
    FreePool (Map);
    return EFI_OUT_OF_RESOURCES;
  }

  for (Descriptor = Map;
       !EFI_ERROR (Status) && (UINT8 *)Descriptor < (UINT8 *)Map + MapSize;
       Descriptor = (EFI_MEMORY_DESCRIPTOR *)((UINT8 *)Descriptor + DescriptorSize))
  {
    if ((Descriptor->Type == EfiConventionalMemory) && ((Descriptor->Attribute & EFI_MEMORY_WB) != 0)) {
      Status = MrmRangeAdd (Free, Descriptor->PhysicalStart, EFI_PAGES_TO_SIZE ((UINTN)Descriptor->NumberOfPages));
    }
  }

  for (Index = 0; !EFI_ERROR (Status) && (Index < mHeld.Count); Index++) {
    Status = MrmRangeAdd (Free, mHeld.Ranges[Index].Base, mHeld.Ranges[Index].Size);
  }

  FreePool (Map);
  if (!EFI_ERROR (Status)) {
    // Some loaders read the interrupt vector table and the BIOS data area in page 0.
    Status = MrmRangeRemove (Free, 0, SIZE_4KB);
  }

  if (EFI_ERROR (Status)) {
    FreePool (Free->Ranges);
  }

  return Status;
}

/**
  Take ranges that the PC's firmware does not use: all of them, or none.

  @param[in] Ranges  The ranges.

  @return  Status of AllocatePages; success for nothing.
**/
STATIC
EFI_STATUS
AllocateAll (
  IN CONST MRM_RANGE_SET  *Ranges
  )
{
  EFI_STATUS            Status;
  EFI_PHYSICAL_ADDRESS  Address;
  UINTN                 Index;

  Status = EFI_SUCCESS;
  for (Index = 0; !EFI_ERROR (Status) && (Index < Ranges->Count); Index++) {
    Address = Ranges->Ranges[Index].Base;
    Status  = gBS->AllocatePages (
                     AllocateAddress,
                     EfiReservedMemoryType,
                     EFI_SIZE_TO_PAGES ((UINTN)Ranges->Ranges[Index].Size),
                     &Address
                     );
  }

  if (EFI_ERROR (Status)) {
    // The one that failed was not taken.
    for (Index--; Index > 0; Index--) {
      gBS->FreePages (Ranges->Ranges[Index - 1].Base, EFI_SIZE_TO_PAGES ((UINTN)Ranges->Ranges[Index - 1].Size));
    }
  }

  return Status;
}

/**
  Give one range that is held back to the PC's firmware: no more can be held, and one is about to be split.

  @param[in] Range  Stays held.

  @retval TRUE   Given back.
  @retval FALSE  There is no other one.
**/
STATIC
BOOLEAN
HoldOneLess (
  IN CONST MRM_RANGE  *Range
  )
{
  CONST MRM_RANGE  *Held;
  UINTN            Index;

  for (Index = mHeld.Count; Index > 0; Index--) {
    Held = &mHeld.Ranges[Index - 1];
    if ((Held->Base >= Range->Base + Range->Size) || (Held->Base + Held->Size <= Range->Base)) {
      gBS->FreePages (Held->Base, EFI_SIZE_TO_PAGES ((UINTN)Held->Size));
      mReturned = TRUE;
      // A whole element: this cannot fail.
      MrmRangeRemove (&mHeld, Held->Base, Held->Size);
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Take a range: what of it is held, and the rest from the PC's firmware. All of it, or nothing.

  @param[in]     Range  The range, not empty; each byte of it is held, or free.
  @param[in,out] Used   Becomes TRUE if some of it has been somebody else's.

  @return  Status of AllocatePages, or of the set of what is held.
**/
STATIC
EFI_STATUS
AllocateRange (
  IN     CONST MRM_RANGE  *Range,
  IN OUT BOOLEAN          *Used
  )
{
  EFI_STATUS     Status;
  MRM_RANGE      Before[MOST_HELD];
  MRM_RANGE      FreeRanges[MOST_HELD + 1];
  MRM_RANGE_SET  Free;
  UINTN          Count;

  Free.Ranges   = FreeRanges;
  Free.Capacity = ARRAY_SIZE (FreeRanges);
  do {
    Count = mHeld.Count;
    CopyMem (Before, mHeld.Ranges, Count * sizeof (Before[0]));
    Status = MrmRangeTake (&mHeld, Range->Base, Range->Size, &Free);
  } while ((Status == RETURN_BUFFER_TOO_SMALL) && HoldOneLess (Range));

  if (EFI_ERROR (Status)) {
    return Status;
  }

  Status = AllocateAll (&Free);
  if (EFI_ERROR (Status)) {
    CopyMem (mHeld.Ranges, Before, Count * sizeof (Before[0]));
    mHeld.Count = Count;
    return Status;
  }

  // What is free may have been somebody else's, too.
  if (mReturned || (Free.Count != 1) || (Free.Ranges[0].Size != Range->Size)) {
    *Used = TRUE;
  }

  return EFI_SUCCESS;
}

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

  @param[in,out] Partition  The partition; what it has already is given back.
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
  Take memory for one request of a partition.

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
  Choose what to take memory for next.

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
GiveMemory (
  IN OUT MRM_RANGE  *Range
  )
{
  gBS->FreePages (Range->Base, EFI_SIZE_TO_PAGES ((UINTN)Range->Size));
  Range->Size = 0;
}

VOID
ReleaseMemory (
  IN OUT MRM_PARTITION  *Partition
  )
{
  mReturned = mReturned || (Partition->MemoryUsed && ((Partition->PieceCount > 0) || (Partition->CardArea.Size != 0)));
  while (Partition->PieceCount > 0) {
    Partition->PieceCount--;
    gBS->FreePages (
           Partition->Pieces[Partition->PieceCount].Base,
           EFI_SIZE_TO_PAGES ((UINTN)Partition->Pieces[Partition->PieceCount].Size)
           );
  }

  if (Partition->CardArea.Size != 0) {
    gBS->FreePages (Partition->CardArea.Base, EFI_SIZE_TO_PAGES (MRM_FUNCTION_AREA_SIZE));
    Partition->CardArea.Size = 0;
  }
}

EFI_STATUS
TakeRange (
  IN  CONST MRM_PLAN_MEMORY  *Request,
  OUT MRM_RANGE              *Range,
  OUT UINT64                 *Room
  )
{
  MRM_RANGE_SET  Free;
  EFI_STATUS     Status;
  UINTN          Count;
  BOOLEAN        Used;

  *Room  = 0;
  Used   = FALSE;
  Status = ReadFreeMemory (&Free);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  MrmRangeRoom (&Free, Request->Alignment, Request->Minimum, Request->Limit, Room);
  Status = MrmMemoryChoose (&Free, Request, 1, Range, &Count);
  FreePool (Free.Ranges);
  return EFI_ERROR (Status) ? Status : AllocateRange (Range, &Used);
}

EFI_STATUS
TakeMemory (
  IN  UINT64     Size,
  IN  UINT64     Alignment,
  OUT MRM_RANGE  *Range
  )
{
  MRM_PLAN_MEMORY  Request;
  UINT64           Room;

  ZeroMem (&Request, sizeof (Request));
  Request.Purpose   = MrmMemoryMain;
  Request.Size      = Size;
  Request.Alignment = Alignment;
  Request.Minimum   = SIZE_1MB;
  Request.Limit     = MAX_INT64;
  return TakeRange (&Request, Range, &Room);
}

VOID
HoldRange (
  IN CONST MRM_RANGE  *Range
  )
{
  if (EFI_ERROR (MrmRangeAdd (&mHeld, Range->Base, Range->Size))) {
    // More ranges than can be held: it goes back to the PC's firmware, and it has been used.
    gBS->FreePages (Range->Base, EFI_SIZE_TO_PAGES ((UINTN)Range->Size));
    mReturned = TRUE;
  }
}

UINT64
FreeMemory (
  VOID
  )
{
  MRM_RANGE_SET  Free;
  UINT64         Largest;
  UINT64         Room;

  if (EFI_ERROR (ReadFreeMemory (&Free))) {
    return 0;
  }

  Room = MrmRangeRoom (&Free, SIZE_4KB, 0, MAX_UINT64, &Largest);
  FreePool (Free.Ranges);
  return Room;
}

VOID
HoldMemory (
  IN OUT MRM_PARTITION  *Partition
  )
{
  UINTN  Piece;
  UINTN  Left;

  Left = 0;
  for (Piece = 0; Piece < Partition->PieceCount; Piece++) {
    if (EFI_ERROR (MrmRangeAdd (&mHeld, Partition->Pieces[Piece].Base, Partition->Pieces[Piece].Size))) {
      // More ranges than can be held: these go back to the PC's firmware.
      Partition->Pieces[Left++] = Partition->Pieces[Piece];
    }
  }

  if (!EFI_ERROR (MrmRangeAdd (&mHeld, Partition->CardArea.Base, Partition->CardArea.Size))) {
    Partition->CardArea.Size = 0;
  }

  Partition->PieceCount = Left;
  Partition->MemoryUsed = TRUE;
  ReleaseMemory (Partition);
}

VOID
FeedFirmware (
  VOID
  )
{
  MRM_RANGE_SET  Free;
  EFI_STATUS     Status;
  UINT64         Room;
  UINT64         Largest;
  UINTN          Index;

  if (EFI_ERROR (ReadFreeMemory (&Free))) {
    return;
  }

  Status = EFI_SUCCESS;
  for (Index = 0; !EFI_ERROR (Status) && (Index < mHeld.Count); Index++) {
    Status = MrmRangeRemove (&Free, mHeld.Ranges[Index].Base, mHeld.Ranges[Index].Size);
  }

  Room = MrmRangeRoom (&Free, SIZE_4KB, 0, SIZE_4GB, &Largest);
  FreePool (Free.Ranges);
  if (!EFI_ERROR (Status) && (Room < MRM_FIRMWARE_SHARE / 2)) {
    ReleaseHeldMemory ();
  }
}

VOID
ReleaseHeldMemory (
  VOID
  )
{
  mReturned = mReturned || (mHeld.Count > 0);
  while (mHeld.Count > 0) {
    mHeld.Count--;
    gBS->FreePages (mHeld.Ranges[mHeld.Count].Base, EFI_SIZE_TO_PAGES ((UINTN)mHeld.Ranges[mHeld.Count].Size));
  }
}
