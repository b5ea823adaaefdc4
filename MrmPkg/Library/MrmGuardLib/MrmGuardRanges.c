/** @file
  What a partition reaches: own memory, and pages that stand for what it may look at but does not have.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include <Library/BaseMemoryLib.h>
#include "MrmGuardInternal.h"

#define DATA  (MRM_GUARD_READ | MRM_GUARD_WRITE)
#define ALL   (DATA | MRM_GUARD_EXECUTE)

///
/// Ranges in ascending order, as they are collected.
///
typedef struct {
  MRM_GUARD_RANGE    *Ranges;
  UINTN              Capacity;
  UINTN              Count;
} MRM_GUARD_LIST;

BOOLEAN
MrmGuardIsRange (
  IN CONST MRM_GUARD_RANGE  *Range
  )
{
  UINT64  Bits;
  UINT64  Extent;

  Bits   = Range->Base | Range->Length | Range->Host;
  Extent = Range->Repeat ? MRM_GUARD_PAGE : Range->Length;
  return ((Bits & (MRM_GUARD_PAGE - 1)) == 0) && (Range->Length != 0) &&
         (Range->Length <= MRM_GUARD_LIMIT) && (Range->Base <= MRM_GUARD_LIMIT - Range->Length) &&
         (Range->Host < MRM_GUARD_HOST_LIMIT) && (Range->Host <= MRM_GUARD_HOST_LIMIT - Extent) &&
         ((Range->Access & MRM_GUARD_READ) != 0) && ((Range->Access & ~(UINT32)ALL) == 0) &&
         ((Range->MemoryType == MRM_GUARD_UNCACHED) || (Range->MemoryType == MRM_GUARD_WRITE_THROUGH) ||
          (Range->MemoryType == MRM_GUARD_WRITE_BACK));
}

/**
  Add a range where nothing is yet.

  @param[in,out] List   The list.
  @param[in]     Range  The range.

  @retval RETURN_SUCCESS            Added.
  @retval RETURN_INVALID_PARAMETER  It is none, or overlaps another one.
  @retval RETURN_BUFFER_TOO_SMALL   The list is full.
**/
STATIC
RETURN_STATUS
Add (
  IN OUT MRM_GUARD_LIST         *List,
  IN     CONST MRM_GUARD_RANGE  *Range
  )
{
  UINTN  Index;

  if (!MrmGuardIsRange (Range)) {
    return RETURN_INVALID_PARAMETER;
  }

  for (Index = List->Count; (Index > 0) && (List->Ranges[Index - 1].Base > Range->Base); Index--) {
  }

  if ((Index > 0) && (List->Ranges[Index - 1].Base + List->Ranges[Index - 1].Length > Range->Base)) {
    return RETURN_INVALID_PARAMETER;
  }

  if ((Index < List->Count) && (Range->Base + Range->Length > List->Ranges[Index].Base)) {
    return RETURN_INVALID_PARAMETER;
  }

  if (List->Count == List->Capacity) {
    return RETURN_BUFFER_TOO_SMALL;
  }

  CopyMem (&List->Ranges[Index + 1], &List->Ranges[Index], (List->Count - Index) * sizeof (MRM_GUARD_RANGE));
  CopyMem (&List->Ranges[Index], Range, sizeof (MRM_GUARD_RANGE));
  List->Count++;
  return RETURN_SUCCESS;
}

/**
  Add ranges that are where they seem to be.

  @param[in,out] List        The list.
  @param[in]     Ranges      The ranges; empty ones are passed over.
  @param[in]     Count       How many.
  @param[in]     Access      What the partition may do.
  @param[in]     MemoryType  Their type.

  @return  As Add().
**/
STATIC
RETURN_STATUS
AddOwn (
  IN OUT MRM_GUARD_LIST   *List,
  IN     CONST MRM_RANGE  *Ranges,
  IN     UINTN            Count,
  IN     UINT32           Access,
  IN     UINT32           MemoryType
  )
{
  UINTN            Index;
  MRM_GUARD_RANGE  Range;
  RETURN_STATUS    Status;

  ZeroMem (&Range, sizeof (Range));
  Range.Access     = Access;
  Range.MemoryType = MemoryType;
  for (Index = 0; Index < Count; Index++) {
    if (Ranges[Index].Size == 0) {
      continue;
    }

    Range.Base   = Ranges[Index].Base;
    Range.Host   = Ranges[Index].Base;
    Range.Length = Ranges[Index].Size;
    Status       = Add (List, &Range);
    if (RETURN_ERROR (Status)) {
      return Status;
    }
  }

  return RETURN_SUCCESS;
}

/**
  Let what nobody has yet of a stretch read as all ones.

  @param[in,out] List     The list.
  @param[in]     Stretch  First byte and bytes.
  @param[in]     Ones     Where the page of all ones is.

  @return  As Add().
**/
STATIC
RETURN_STATUS
Fill (
  IN OUT MRM_GUARD_LIST   *List,
  IN     CONST MRM_RANGE  *Stretch,
  IN     UINT64           Ones
  )
{
  UINT64           Next;
  UINT64           End;
  UINTN            Index;
  MRM_GUARD_RANGE  Range;
  RETURN_STATUS    Status;

  if ((Stretch->Size > MRM_GUARD_LIMIT) || (Stretch->Base > MRM_GUARD_LIMIT - Stretch->Size)) {
    return RETURN_INVALID_PARAMETER;
  }

  ZeroMem (&Range, sizeof (Range));
  Range.Host       = Ones;
  Range.Access     = MRM_GUARD_READ;
  Range.MemoryType = MRM_GUARD_WRITE_BACK;
  Range.Repeat     = TRUE;
  Next             = Stretch->Base;
  End              = Stretch->Base + Stretch->Size;
  for (Index = 0; Next < End; Index++) {
    Range.Base = Next;
    if ((Index < List->Count) && (List->Ranges[Index].Base < End)) {
      Range.Length = (List->Ranges[Index].Base > Next) ? List->Ranges[Index].Base - Next : 0;
      Next         = MAX (Next, List->Ranges[Index].Base + List->Ranges[Index].Length);
    } else {
      Range.Length = End - Next;
      Next         = End;
    }

    if (Range.Length != 0) {
      Status = Add (List, &Range);
      if (RETURN_ERROR (Status)) {
        return Status;
      }

      // The range that was behind the hole has moved up by one.
      Index++;
    }
  }

  return RETURN_SUCCESS;
}

/**
  Add pages that all show one page, which can be read.

  @param[in,out] List   The list.
  @param[in]     Pages  Where the partition sees it.
  @param[in]     Count  How many.
  @param[in]     Host   Where it is.

  @return  As Add().
**/
STATIC
RETURN_STATUS
AddStandIns (
  IN OUT MRM_GUARD_LIST   *List,
  IN     CONST MRM_RANGE  *Pages,
  IN     UINTN            Count,
  IN     UINT64           Host
  )
{
  UINTN            Index;
  MRM_GUARD_RANGE  Range;
  RETURN_STATUS    Status;

  ZeroMem (&Range, sizeof (Range));
  Range.Host       = Host;
  Range.Access     = MRM_GUARD_READ;
  Range.MemoryType = MRM_GUARD_WRITE_BACK;
  Range.Repeat     = TRUE;
  Status           = RETURN_SUCCESS;
  for (Index = 0; !RETURN_ERROR (Status) && (Index < Count); Index++) {
    Range.Base   = Pages[Index].Base;
    Range.Length = Pages[Index].Size;
    Status       = Add (List, &Range);
  }

  return Status;
}

/**
  Add what the partition has, each where it is.

  @param[in,out] List  The list.
  @param[in]     View  What the controller knows.

  @return  As Add().
**/
STATIC
RETURN_STATUS
AddAllOwn (
  IN OUT MRM_GUARD_LIST        *List,
  IN     CONST MRM_GUARD_VIEW  *View
  )
{
  MRM_RANGE        Apic;
  MRM_GUARD_RANGE  Zero;
  RETURN_STATUS    Status;

  ZeroMem (&Zero, sizeof (Zero));
  Zero.Length     = MRM_GUARD_PAGE;
  Zero.Host       = View->PageZero;
  Zero.Access     = ALL;
  Zero.MemoryType = MRM_GUARD_WRITE_BACK;
  Apic.Base       = View->LocalApic;
  Apic.Size       = MRM_GUARD_PAGE;
  Status          = Add (List, &Zero);
  if (!RETURN_ERROR (Status)) {
    Status = AddOwn (List, View->Memory, View->MemoryCount, ALL, MRM_GUARD_WRITE_BACK);
  }

  if (!RETURN_ERROR (Status)) {
    Status = AddOwn (List, &Apic, 1, View->LocalApicAccess, MRM_GUARD_UNCACHED);
  }

  // A frame buffer is to be write-combining where its system wants that: the PC's MTRRs and the system decide.
  if (!RETURN_ERROR (Status)) {
    Status = AddOwn (List, View->Windows, View->WindowCount, DATA, MRM_GUARD_WRITE_BACK);
  }

  if (!RETURN_ERROR (Status)) {
    Status = AddOwn (List, View->Ecam, View->EcamCount, DATA, MRM_GUARD_UNCACHED);
  }

  if (!RETURN_ERROR (Status)) {
    Status = AddOwn (List, View->Functions, View->FunctionCount, MRM_GUARD_READ, MRM_GUARD_UNCACHED);
  }

  if (!RETURN_ERROR (Status)) {
    Status = AddStandIns (List, View->StandIns, View->StandInCount, View->StandIn);
  }

  return Status;
}

/**
  Divide the range that an address is in, so that one begins there.

  @param[in,out] List     The list.
  @param[in]     Address  The address.

  @retval RETURN_SUCCESS           Done, or none has to be divided.
  @retval RETURN_BUFFER_TOO_SMALL  The list is full.
**/
STATIC
RETURN_STATUS
Divide (
  IN OUT MRM_GUARD_LIST  *List,
  IN     UINT64          Address
  )
{
  MRM_GUARD_RANGE  *Range;
  UINTN            Index;
  UINT64           Before;

  for (Index = 0; Index < List->Count; Index++) {
    Range = &List->Ranges[Index];
    if ((Range->Base < Address) && (Address - Range->Base < Range->Length)) {
      break;
    }
  }

  if (Index == List->Count) {
    return RETURN_SUCCESS;
  }

  if (List->Count == List->Capacity) {
    return RETURN_BUFFER_TOO_SMALL;
  }

  CopyMem (&Range[1], &Range[0], (List->Count - Index) * sizeof (*Range));
  List->Count++;
  Before           = Address - Range[0].Base;
  Range[0].Length  = Before;
  Range[1].Base   += Before;
  Range[1].Length -= Before;
  Range[1].Host   += Range[1].Repeat ? 0 : Before;
  return RETURN_SUCCESS;
}

/**
  Have pages of the partition's own be read only.

  @param[in,out] List   The list.
  @param[in]     Pages  They.

  @retval RETURN_SUCCESS            Done.
  @retval RETURN_INVALID_PARAMETER  They are not its own registers or configuration space, or no whole pages.
  @retval RETURN_BUFFER_TOO_SMALL   The list is full.
**/
STATIC
RETURN_STATUS
Watch (
  IN OUT MRM_GUARD_LIST   *List,
  IN     CONST MRM_RANGE  *Pages
  )
{
  MRM_GUARD_RANGE  *Range;
  RETURN_STATUS    Status;
  UINTN            Index;
  UINT64           Done;

  if (  (((Pages->Base | Pages->Size) & (MRM_GUARD_PAGE - 1)) != 0)
     || (Pages->Size > MRM_GUARD_LIMIT)
     || (Pages->Base > MRM_GUARD_LIMIT - Pages->Size))
  {
    return RETURN_INVALID_PARAMETER;
  }

  Status = Divide (List, Pages->Base);
  if (!RETURN_ERROR (Status)) {
    Status = Divide (List, Pages->Base + Pages->Size);
  }

  Done = 0;
  for (Index = 0; !RETURN_ERROR (Status) && (Index < List->Count); Index++) {
    Range = &List->Ranges[Index];
    if ((Range->Base < Pages->Base) || (Range->Base - Pages->Base >= Pages->Size)) {
      continue;
    }

    if ((Range->Host != Range->Base) || Range->Repeat || ((Range->Access & MRM_GUARD_EXECUTE) != 0)) {
      return RETURN_INVALID_PARAMETER;
    }

    Range->Access &= ~(UINT32)MRM_GUARD_WRITE;
    Done          += Range->Length;
  }

  return (RETURN_ERROR (Status) || (Done == Pages->Size)) ? Status : RETURN_INVALID_PARAMETER;
}

RETURN_STATUS
EFIAPI
MrmGuardRanges (
  IN  CONST MRM_GUARD_VIEW  *View,
  OUT MRM_GUARD_RANGE       *Ranges,
  IN  UINTN                 Capacity,
  OUT UINTN                 *Count
  )
{
  STATIC CONST MRM_RANGE  FirstMib    = { 0, SIZE_1MB };
  STATIC CONST MRM_RANGE  ResetStatus = { MRM_GUARD_RESET_STATUS, MRM_GUARD_PAGE };
  MRM_GUARD_LIST          List;
  UINTN                   Index;
  RETURN_STATUS           Status;

  List.Ranges   = Ranges;
  List.Capacity = Capacity;
  List.Count    = 0;
  Status        = AddAllOwn (&List, View);
  if (!RETURN_ERROR (Status)) {
    Status = Fill (&List, &FirstMib, View->Ones);
  }

  if (!RETURN_ERROR (Status)) {
    Status = Fill (&List, &ResetStatus, View->Ones);
  }

  for (Index = 0; !RETURN_ERROR (Status) && (Index < View->AllEcamCount); Index++) {
    Status = Fill (&List, &View->AllEcam[Index], View->Ones);
  }

  for (Index = 0; !RETURN_ERROR (Status) && (Index < View->WatchedCount); Index++) {
    Status = Watch (&List, &View->Watched[Index]);
  }

  *Count = RETURN_ERROR (Status) ? 0 : List.Count;
  return Status;
}
