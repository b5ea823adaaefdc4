/** @file
  Memory of the PC: what its firmware does not use, what is allocated of that, and what is held.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Memory.h"
#include "Partition/Partition.h"
#include "Core/Log.h"
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
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
  Free pages of the PC's firmware.

  @param[in] Range  The pages.
**/
STATIC
VOID
FreeRange (
  IN CONST MRM_RANGE  *Range
  )
{
  gBS->FreePages (Range->Base, EFI_SIZE_TO_PAGES ((UINTN)Range->Size));
}

/**
  Allocate ranges that the PC's firmware does not use: all of them, or none.

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
    // The one that failed was not allocated.
    for (Index--; Index > 0; Index--) {
      FreeRange (&Ranges->Ranges[Index - 1]);
    }
  }

  return Status;
}

/**
  Release one range that is held: no more can be held, and one is about to be split.

  @param[in] Range  Stays held.

  @retval TRUE   Released.
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
      FreeRange (Held);
      mReturned = TRUE;
      // A whole element: this cannot fail.
      MrmRangeRemove (&mHeld, Held->Base, Held->Size);
      return TRUE;
    }
  }

  return FALSE;
}

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

EFI_STATUS
AllocateRequest (
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
AllocateMemory (
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
  return AllocateRequest (&Request, Range, &Room);
}

VOID
ReleaseRange (
  IN OUT MRM_RANGE  *Range,
  IN     BOOLEAN    Used
  )
{
  FreeRange (Range);
  Range->Size = 0;
  mReturned   = mReturned || Used;
}

VOID
HoldRange (
  IN OUT MRM_RANGE  *Range
  )
{
  if (EFI_ERROR (MrmRangeAdd (&mHeld, Range->Base, Range->Size))) {
    // More ranges than can be held.
    FreeRange (Range);
    mReturned = TRUE;
  }

  Range->Size = 0;
}

VOID
SayFreeMemory (
  VOID
  )
{
  MRM_RANGE_SET  Free;
  UINT64         Largest;

  if (!EFI_ERROR (ReadFreeMemory (&Free))) {
    Say (
      "machine: %ld KiB of memory are free",
      MrmRangeRoom (&Free, SIZE_4KB, 0, MAX_UINT64, &Largest) / SIZE_1KB
      );
    FreePool (Free.Ranges);
  }
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
    FreeRange (&mHeld.Ranges[mHeld.Count]);
  }
}
