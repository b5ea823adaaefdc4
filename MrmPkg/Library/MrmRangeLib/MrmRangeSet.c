/** @file
  Set operations on sorted arrays of disjoint, non-adjacent ranges.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmRangeInternal.h"

/**
  Check that a range does not wrap around the end of the address space.

  @param[in] Base  First byte.
  @param[in] Size  Bytes.

  @retval TRUE   Base + Size is at most 2^64.
  @retval FALSE  It is more.
**/
STATIC
BOOLEAN
RangeIsValid (
  IN UINT64  Base,
  IN UINT64  Size
  )
{
  return (BOOLEAN)((Size == 0) || (Base <= MAX_UINT64 - (Size - 1)));
}

/**
  Replace some consecutive elements of a set by others; the caller has checked
  that the result fits.

  @param[in,out] Set          The set.
  @param[in]     First        First element to replace.
  @param[in]     OldCount     Number of elements to replace.
  @param[in]     Replacement  NewCount elements.
  @param[in]     NewCount     Number of elements to put in their place.
**/
STATIC
VOID
RangeReplace (
  IN OUT MRM_RANGE_SET    *Set,
  IN     UINTN            First,
  IN     UINTN            OldCount,
  IN     CONST MRM_RANGE  *Replacement,
  IN     UINTN            NewCount
  )
{
  UINTN  Tail;

  Tail = Set->Count - (First + OldCount);
  if ((Tail != 0) && (OldCount != NewCount)) {
    CopyMem (&Set->Ranges[First + NewCount], &Set->Ranges[First + OldCount], Tail * sizeof (MRM_RANGE));
  }

  if (NewCount != 0) {
    CopyMem (&Set->Ranges[First], Replacement, NewCount * sizeof (MRM_RANGE));
  }

  Set->Count = First + NewCount + Tail;
}

RETURN_STATUS
EFIAPI
MrmRangeAdd (
  IN OUT MRM_RANGE_SET  *Set,
  IN     UINT64         Base,
  IN     UINT64         Size
  )
{
  UINTN      First;
  UINTN      Next;
  UINT64     Last;
  UINT64     OtherLast;
  MRM_RANGE  Merged;

  if (!RangeIsValid (Base, Size)) {
    return RETURN_INVALID_PARAMETER;
  }

  if (Size == 0) {
    return RETURN_SUCCESS;
  }

  Last = MRM_RANGE_LAST (Base, Size);

  //
  // Elements [First, Next) touch or overlap the new range: those before end
  // more than one byte below it, those after start more than one byte above.
  //
  First = 0;
  while (  (First < Set->Count)
        && (Base != 0)
        && (MRM_RANGE_LAST (Set->Ranges[First].Base, Set->Ranges[First].Size) < Base - 1))
  {
    First++;
  }

  Next = First;
  while (  (Next < Set->Count)
        && ((Last == MAX_UINT64) || (Set->Ranges[Next].Base <= Last + 1)))
  {
    Next++;
  }

  if (Next == First) {
    if (Set->Count >= Set->Capacity) {
      return RETURN_BUFFER_TOO_SMALL;
    }
  } else {
    Base      = MIN (Base, Set->Ranges[First].Base);
    OtherLast = MRM_RANGE_LAST (Set->Ranges[Next - 1].Base, Set->Ranges[Next - 1].Size);
    Last      = MAX (Last, OtherLast);
    if ((Base == 0) && (Last == MAX_UINT64)) {
      return RETURN_INVALID_PARAMETER;
    }
  }

  Merged.Base = Base;
  Merged.Size = Last - Base + 1;
  RangeReplace (Set, First, Next - First, &Merged, 1);
  return RETURN_SUCCESS;
}

RETURN_STATUS
EFIAPI
MrmRangeRemove (
  IN OUT MRM_RANGE_SET  *Set,
  IN     UINT64         Base,
  IN     UINT64         Size
  )
{
  UINTN      First;
  UINTN      Next;
  UINTN      Kept;
  UINT64     Last;
  UINT64     OtherLast;
  MRM_RANGE  Rest[2];

  if (!RangeIsValid (Base, Size)) {
    return RETURN_INVALID_PARAMETER;
  }

  if (Size == 0) {
    return RETURN_SUCCESS;
  }

  Last = MRM_RANGE_LAST (Base, Size);

  //
  // Elements [First, Next) overlap the range to remove.
  //
  First = 0;
  while (  (First < Set->Count)
        && (MRM_RANGE_LAST (Set->Ranges[First].Base, Set->Ranges[First].Size) < Base))
  {
    First++;
  }

  Next = First;
  while ((Next < Set->Count) && (Set->Ranges[Next].Base <= Last)) {
    Next++;
  }

  if (Next == First) {
    return RETURN_SUCCESS;
  }

  Kept = 0;
  if (Set->Ranges[First].Base < Base) {
    Rest[Kept].Base = Set->Ranges[First].Base;
    Rest[Kept].Size = Base - Set->Ranges[First].Base;
    Kept++;
  }

  OtherLast = MRM_RANGE_LAST (Set->Ranges[Next - 1].Base, Set->Ranges[Next - 1].Size);
  if (OtherLast > Last) {
    Rest[Kept].Base = Last + 1;
    Rest[Kept].Size = OtherLast - Last;
    Kept++;
  }

  if (Set->Count - (Next - First) + Kept > Set->Capacity) {
    return RETURN_BUFFER_TOO_SMALL;
  }

  RangeReplace (Set, First, Next - First, Rest, Kept);
  return RETURN_SUCCESS;
}

RETURN_STATUS
EFIAPI
MrmRangeTake (
  IN OUT MRM_RANGE_SET  *Set,
  IN     UINT64         Base,
  IN     UINT64         Size,
  OUT    MRM_RANGE_SET  *Gaps
  )
{
  RETURN_STATUS  Status;
  UINTN          Index;

  Gaps->Count = 0;
  Status      = MrmRangeAdd (Gaps, Base, Size);
  for (Index = 0; !RETURN_ERROR (Status) && (Index < Set->Count); Index++) {
    Status = MrmRangeRemove (Gaps, Set->Ranges[Index].Base, Set->Ranges[Index].Size);
  }

  return RETURN_ERROR (Status) ? Status : MrmRangeRemove (Set, Base, Size);
}

BOOLEAN
EFIAPI
MrmRangeContains (
  IN CONST MRM_RANGE_SET  *Set,
  IN UINT64               Base,
  IN UINT64               Size
  )
{
  UINTN   Index;
  UINT64  Last;

  if (Size == 0) {
    return TRUE;
  }

  if (!RangeIsValid (Base, Size)) {
    return FALSE;
  }

  Last = MRM_RANGE_LAST (Base, Size);
  for (Index = 0; Index < Set->Count; Index++) {
    //
    // Elements are not adjacent, so a contained range lies in one of them.
    //
    if (  (Set->Ranges[Index].Base <= Base)
       && (Last <= MRM_RANGE_LAST (Set->Ranges[Index].Base, Set->Ranges[Index].Size)))
    {
      return TRUE;
    }
  }

  return FALSE;
}
