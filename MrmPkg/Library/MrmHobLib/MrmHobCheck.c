/** @file
  What must hold before a HOB list is built: the facts must not contradict each
  other, and the DXE core must be able to start with them.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmHobInternal.h"

/**
  Check that a range consists of whole 4 KiB pages and does not wrap.

  @param[in] Range  The range.
  @param[in] End    First address above what the processor can address.

  @retval TRUE   It is a non-empty run of pages below End.
  @retval FALSE  It is not.
**/
STATIC
BOOLEAN
HobIsPages (
  IN CONST MRM_RANGE  *Range,
  IN UINT64           End
  )
{
  return (BOOLEAN)(  (Range->Size != 0)
                  && (((Range->Base | Range->Size) & EFI_PAGE_MASK) == 0)
                  && (Range->Base < End)
                  && (Range->Size <= End - Range->Base));
}

/**
  Check whether two non-empty ranges share a byte.

  @param[in] One    A range that does not wrap.
  @param[in] Other  Another.

  @retval TRUE   They overlap.
  @retval FALSE  They do not.
**/
STATIC
BOOLEAN
HobOverlaps (
  IN CONST MRM_RANGE  *One,
  IN CONST MRM_RANGE  *Other
  )
{
  return (BOOLEAN)((One->Base < Other->Base + Other->Size) && (Other->Base < One->Base + One->Size));
}

/**
  Check whether one range lies within another.

  @param[in] Inner  A range that does not wrap.
  @param[in] Outer  Another.

  @retval TRUE   Every byte of Inner is in Outer.
  @retval FALSE  Not every byte is.
**/
STATIC
BOOLEAN
HobIsInside (
  IN CONST MRM_RANGE  *Inner,
  IN CONST MRM_RANGE  *Outer
  )
{
  return (BOOLEAN)((Outer->Base <= Inner->Base) && (Inner->Base + Inner->Size <= Outer->Base + Outer->Size));
}

/**
  One of the regions in use at hand-off: free region, stack, firmware volume, DXE
  core, then the allocations.

  @param[in] Facts  The facts.
  @param[in] Index  Below MRM_HOB_NAMED_REGIONS + Facts->AllocationCount.

  @return The region.
**/
STATIC
CONST MRM_RANGE *
HobUsedRegion (
  IN CONST MRM_HOB_FACTS  *Facts,
  IN UINTN                Index
  )
{
  switch (Index) {
    case 0:
      return &Facts->Free;
    case 1:
      return &Facts->Stack;
    case 2:
      return &Facts->FirmwareVolume;
    case 3:
      return &Facts->DxeCore;
    default:
      return &Facts->Allocations[Index - MRM_HOB_NAMED_REGIONS].Range;
  }
}

/**
  Check the resources: known types, whole pages, disjoint, addressable.

  @param[in] Facts  The facts.
  @param[in] End    First address above what the processor can address.

  @retval TRUE   They are.
  @retval FALSE  One is not.
**/
STATIC
BOOLEAN
HobResourcesAgree (
  IN CONST MRM_HOB_FACTS  *Facts,
  IN UINT64               End
  )
{
  UINTN                   Index;
  UINTN                   Other;
  CONST MRM_HOB_RESOURCE  *Resource;

  for (Index = 0; Index < Facts->ResourceCount; Index++) {
    Resource = &Facts->Resources[Index];
    if (  (Resource->ResourceType != EFI_RESOURCE_SYSTEM_MEMORY)
       && (Resource->ResourceType != MRM_HOB_PERSISTENT_MEMORY)
       && (Resource->ResourceType != EFI_RESOURCE_MEMORY_MAPPED_IO)
       && (Resource->ResourceType != EFI_RESOURCE_MEMORY_RESERVED))
    {
      return FALSE;
    }

    if (Resource->Range.Size == 0) {
      continue;
    }

    if (!HobIsPages (&Resource->Range, End)) {
      return FALSE;
    }

    for (Other = 0; Other < Index; Other++) {
      if (  (Facts->Resources[Other].Range.Size != 0)
         && HobOverlaps (&Facts->Resources[Other].Range, &Resource->Range))
      {
        return FALSE;
      }
    }
  }

  return TRUE;
}

BOOLEAN
MrmHobRamRun (
  IN  CONST MRM_HOB_FACTS  *Facts,
  IN  UINTN                Index,
  OUT MRM_RANGE            *Run
  )
{
  UINTN                   Other;
  BOOLEAN                 Grown;
  CONST MRM_HOB_RESOURCE  *Resource;

  *Run = Facts->Resources[Index].Range;
  if ((Facts->Resources[Index].ResourceType != EFI_RESOURCE_SYSTEM_MEMORY) || (Run->Size == 0)) {
    return FALSE;
  }

  do {
    Grown = FALSE;
    for (Other = 0; Other < Facts->ResourceCount; Other++) {
      Resource = &Facts->Resources[Other];
      if ((Resource->ResourceType != EFI_RESOURCE_SYSTEM_MEMORY) || (Resource->Range.Size == 0)) {
        continue;
      }

      if (Resource->Range.Base + Resource->Range.Size == Run->Base) {
        return FALSE;
      }

      if (Run->Base + Run->Size == Resource->Range.Base) {
        Run->Size += Resource->Range.Size;
        Grown      = TRUE;
      }
    }
  } while (Grown);

  return TRUE;
}

/**
  Check that a region lies in one resource, or in adjacent RAM.

  @param[in] Facts   The facts; resources checked.
  @param[in] Region  The region.
  @param[in] RamOnly TRUE when the resource must be RAM.

  @retval TRUE   It does.
  @retval FALSE  It does not.
**/
STATIC
BOOLEAN
HobHasResource (
  IN CONST MRM_HOB_FACTS  *Facts,
  IN CONST MRM_RANGE      *Region,
  IN BOOLEAN              RamOnly
  )
{
  UINTN      Index;
  MRM_RANGE  Run;

  for (Index = 0; Index < Facts->ResourceCount; Index++) {
    if (MrmHobRamRun (Facts, Index, &Run) && HobIsInside (Region, &Run)) {
      return TRUE;
    }

    if (  !RamOnly
       && (Facts->Resources[Index].ResourceType != EFI_RESOURCE_SYSTEM_MEMORY)
       && (Facts->Resources[Index].ResourceType != MRM_HOB_PERSISTENT_MEMORY)
       && HobIsInside (Region, &Facts->Resources[Index].Range))
    {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Check the regions in use: whole pages, disjoint, each in one resource, the
  named ones in RAM.

  @param[in] Facts  The facts; resources checked.
  @param[in] End    First address above what the processor can address.

  @retval TRUE   They are.
  @retval FALSE  One is not.
**/
STATIC
BOOLEAN
HobRegionsAgree (
  IN CONST MRM_HOB_FACTS  *Facts,
  IN UINT64               End
  )
{
  UINTN            Index;
  UINTN            Other;
  CONST MRM_RANGE  *Region;

  for (Index = 0; Index < MRM_HOB_NAMED_REGIONS + Facts->AllocationCount; Index++) {
    Region = HobUsedRegion (Facts, Index);
    if (  !HobIsPages (Region, End)
       || !HobHasResource (Facts, Region, (BOOLEAN)(Index < MRM_HOB_NAMED_REGIONS)))
    {
      return FALSE;
    }

    for (Other = 0; Other < Index; Other++) {
      if (HobOverlaps (HobUsedRegion (Facts, Other), Region)) {
        return FALSE;
      }
    }
  }

  for (Index = 0; Index < Facts->AllocationCount; Index++) {
    //
    // Conventional memory is what no HOB claims; types from EfiMaxMemoryType
    // upwards have no bin in the DXE core.
    //
    if (  ((UINT32)Facts->Allocations[Index].MemoryType >= EfiMaxMemoryType)
       || (Facts->Allocations[Index].MemoryType == EfiConventionalMemory))
    {
      return FALSE;
    }
  }

  return TRUE;
}

RETURN_STATUS
MrmHobCheckFacts (
  IN CONST MRM_HOB_FACTS  *Facts
  )
{
  UINT64  End;

  //
  // 52 bits is all that x64 page tables hold, and keeps every sum below from
  // overflowing.
  //
  if ((Facts->PhysicalAddressBits < 32) || (Facts->PhysicalAddressBits > 52)) {
    return RETURN_INVALID_PARAMETER;
  }

  End = (UINT64)1 << Facts->PhysicalAddressBits;
  if (!HobResourcesAgree (Facts, End) || !HobRegionsAgree (Facts, End)) {
    return RETURN_INVALID_PARAMETER;
  }

  if (  (Facts->DxeCoreEntry < Facts->DxeCore.Base)
     || (Facts->DxeCoreEntry - Facts->DxeCore.Base >= Facts->DxeCore.Size))
  {
    return RETURN_INVALID_PARAMETER;
  }

  if (  (Facts->HandOff == NULL)
     || (Facts->HandOff->Version != MRM_HAND_OFF_VERSION)
     || (Facts->HandOff->Size != sizeof (MRM_HAND_OFF)))
  {
    return RETURN_INVALID_PARAMETER;
  }

  return RETURN_SUCCESS;
}

/**
  Size of the largest gap between the regions in use.

  @param[in] Facts  Facts that agree with each other.
  @param[in] Base   Where to look: first byte.
  @param[in] End    First byte above.

  @return Bytes of the largest gap that lies in [Base, End), zero when there is none.
**/
STATIC
UINT64
HobLargestGap (
  IN CONST MRM_HOB_FACTS  *Facts,
  IN UINT64               Base,
  IN UINT64               End
  )
{
  UINTN            Index;
  UINT64           Next;
  UINT64           After;
  UINT64           Largest;
  CONST MRM_RANGE  *Region;

  Largest = 0;
  while (Base < End) {
    //
    // The gap at Base ends at the lowest region that begins at or above it.
    //
    Next  = End;
    After = End;
    for (Index = 0; Index < MRM_HOB_NAMED_REGIONS + Facts->AllocationCount; Index++) {
      Region = HobUsedRegion (Facts, Index);
      if ((Region->Base >= Base) && (Region->Base < Next)) {
        Next  = Region->Base;
        After = Region->Base + Region->Size;
      }
    }

    Largest = MAX (Largest, Next - Base);
    Base    = After;
  }

  return Largest;
}

BOOLEAN
MrmHobHeapFits (
  IN CONST MRM_HOB_FACTS  *Facts,
  IN UINTN                ListSize,
  IN UINT64               BinPages
  )
{
  UINTN      Index;
  UINT64     Needed;
  UINT64     ListPages;
  MRM_RANGE  Run;

  Needed    = MRM_HOB_FIRST_HEAP + BinPages * EFI_PAGE_SIZE;
  ListPages = ((UINT64)ListSize + EFI_PAGE_MASK) & ~(UINT64)EFI_PAGE_MASK;
  if (Facts->Free.Size - ListPages >= Needed) {
    return TRUE;
  }

  //
  // The free region is itself a region in use here, so the gaps of its resource
  // are exactly those above EfiMemoryTop and those below the HOB list.
  //
  for (Index = 0; Index < Facts->ResourceCount; Index++) {
    if (  MrmHobRamRun (Facts, Index, &Run)
       && (HobLargestGap (Facts, Run.Base, Run.Base + Run.Size) >= Needed))
    {
      return TRUE;
    }
  }

  return FALSE;
}
