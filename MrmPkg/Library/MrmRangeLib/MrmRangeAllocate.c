/** @file
  Allocation from a set of free ranges.

  The pieces are chosen first, from the unchanged set, and taken out only when
  everything is known to succeed: so an error leaves the set as it was, without
  a scratch copy.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmRangeInternal.h"

/**
  The aligned part of one free range that lies within an address window.

  @param[in]  Range      A free range, not empty.
  @param[in]  Alignment  Bytes, a power of two.
  @param[in]  Minimum    Lowest acceptable address.
  @param[in]  Limit      First address above the acceptable range.
  @param[out] Usable     Receives the part; its Base and Size are multiples of Alignment, Size may be zero.
**/
STATIC
VOID
RangeClip (
  IN  CONST MRM_RANGE  *Range,
  IN  UINT64           Alignment,
  IN  UINT64           Minimum,
  IN  UINT64           Limit,
  OUT MRM_RANGE        *Usable
  )
{
  UINT64  First;
  UINT64  Last;
  UINT64  Mask;

  Usable->Base = 0;
  Usable->Size = 0;
  if (Limit == 0) {
    return;
  }

  Mask  = Alignment - 1;
  First = MAX (Range->Base, Minimum);
  Last  = MRM_RANGE_LAST (Range->Base, Range->Size);
  Last  = MIN (Last, Limit - 1);

  //
  // Round First up and the end down; neither step may wrap.
  //
  if (First > MAX_UINT64 - Mask) {
    return;
  }

  First = (First + Mask) & ~Mask;
  if ((Last < Mask) || (First > Last - Mask)) {
    return;
  }

  Usable->Base = First;
  Usable->Size = (Last - First + 1) & ~Mask;
}

/**
  Choose the next piece: the highest range that holds all that is missing, or
  else the largest (of equals the highest).

  @param[in]  Free        The free ranges.
  @param[in]  Missing     Bytes still to be found.
  @param[in]  Alignment   Bytes, a power of two.
  @param[in]  Minimum     Lowest acceptable address.
  @param[in]  Limit       First address above the acceptable range.
  @param[in]  Pieces      Pieces chosen so far.
  @param[in]  PieceCount  Number of them.
  @param[out] Piece       Receives the piece, at most Missing bytes; empty when there is none.
**/
STATIC
VOID
RangeChoose (
  IN  CONST MRM_RANGE_SET  *Free,
  IN  UINT64               Missing,
  IN  UINT64               Alignment,
  IN  UINT64               Minimum,
  IN  UINT64               Limit,
  IN  CONST MRM_RANGE      *Pieces,
  IN  UINTN                PieceCount,
  OUT MRM_RANGE            *Piece
  )
{
  UINTN      Index;
  UINTN      Chosen;
  MRM_RANGE  Usable;

  Piece->Base = 0;
  Piece->Size = 0;

  for (Index = Free->Count; Index != 0; Index--) {
    RangeClip (&Free->Ranges[Index - 1], Alignment, Minimum, Limit, &Usable);

    //
    // An earlier piece of this range used its whole usable part.
    //
    for (Chosen = 0; Chosen < PieceCount; Chosen++) {
      if (Pieces[Chosen].Base == Usable.Base) {
        Usable.Size = 0;
      }
    }

    if (Usable.Size >= Missing) {
      Piece->Base = Usable.Base + (Usable.Size - Missing);
      Piece->Size = Missing;
      return;
    }

    if (Usable.Size > Piece->Size) {
      *Piece = Usable;
    }
  }
}

/**
  How many elements a set gains when a piece is taken out of it.

  @param[in] Free   The set.
  @param[in] Piece  A piece that lies within one element.

  @retval 1   The element is split.
  @retval 0   The element is shortened.
  @retval -1  The element disappears.
**/
STATIC
INTN
RangeGain (
  IN CONST MRM_RANGE_SET  *Free,
  IN CONST MRM_RANGE      *Piece
  )
{
  UINTN   Index;
  UINT64  Last;
  INTN    Gain;

  Last = MRM_RANGE_LAST (Piece->Base, Piece->Size);
  for (Index = 0; Index + 1 < Free->Count; Index++) {
    if (Piece->Base < Free->Ranges[Index + 1].Base) {
      break;
    }
  }

  Gain = -1;
  if (Free->Ranges[Index].Base < Piece->Base) {
    Gain++;
  }

  if (MRM_RANGE_LAST (Free->Ranges[Index].Base, Free->Ranges[Index].Size) > Last) {
    Gain++;
  }

  return Gain;
}

/**
  Sort pieces by address; they are few.

  @param[in,out] Pieces      The pieces.
  @param[in]     PieceCount  Number of them.
**/
STATIC
VOID
RangeSort (
  IN OUT MRM_RANGE  *Pieces,
  IN     UINTN      PieceCount
  )
{
  UINTN      Index;
  UINTN      Hole;
  MRM_RANGE  Piece;

  for (Index = 1; Index < PieceCount; Index++) {
    Piece = Pieces[Index];
    for (Hole = Index; (Hole > 0) && (Pieces[Hole - 1].Base > Piece.Base); Hole--) {
      Pieces[Hole] = Pieces[Hole - 1];
    }

    Pieces[Hole] = Piece;
  }
}

RETURN_STATUS
EFIAPI
MrmRangeAllocate (
  IN OUT MRM_RANGE_SET  *Free,
  IN     UINT64         Size,
  IN     UINT64         Alignment,
  IN     UINT64         Minimum,
  IN     UINT64         Limit,
  IN     UINTN          MaxPieces,
  OUT    MRM_RANGE      *Pieces,
  OUT    UINTN          *PieceCount
  )
{
  UINT64         Missing;
  UINTN          Count;
  UINTN          Index;
  UINTN          Split;
  UINTN          Vanish;
  INTN           Pass;
  RETURN_STATUS  Status;

  *PieceCount = 0;
  if (  (Alignment < SIZE_4KB)
     || ((Alignment & (Alignment - 1)) != 0)
     || (Size == 0)
     || ((Size & (Alignment - 1)) != 0)
     || (MaxPieces == 0))
  {
    return RETURN_INVALID_PARAMETER;
  }

  Missing = Size;
  Count   = 0;
  while (Missing != 0) {
    if (Count == MaxPieces) {
      return RETURN_OUT_OF_RESOURCES;
    }

    RangeChoose (Free, Missing, Alignment, Minimum, Limit, Pieces, Count, &Pieces[Count]);
    if (Pieces[Count].Size == 0) {
      return RETURN_OUT_OF_RESOURCES;
    }

    Missing -= Pieces[Count].Size;
    Count++;
  }

  Split  = 0;
  Vanish = 0;
  for (Index = 0; Index < Count; Index++) {
    switch (RangeGain (Free, &Pieces[Index])) {
      case 1:
        Split++;
        break;
      case -1:
        Vanish++;
        break;
      default:
        break;
    }
  }

  if (Free->Count - Vanish + Split > Free->Capacity) {
    return RETURN_BUFFER_TOO_SMALL;
  }

  //
  // Elements that disappear go first, so that the set never holds more than
  // before or after.
  //
  for (Pass = -1; Pass <= 1; Pass++) {
    for (Index = 0; Index < Count; Index++) {
      if (!MrmRangeContains (Free, Pieces[Index].Base, Pieces[Index].Size)) {
        continue;
      }

      if (RangeGain (Free, &Pieces[Index]) == Pass) {
        Status = MrmRangeRemove (Free, Pieces[Index].Base, Pieces[Index].Size);
        if (RETURN_ERROR (Status)) {
          return Status;
        }
      }
    }
  }

  RangeSort (Pieces, Count);
  *PieceCount = Count;
  return RETURN_SUCCESS;
}

UINT64
EFIAPI
MrmRangeRoom (
  IN  CONST MRM_RANGE_SET  *Free,
  IN  UINT64               Alignment,
  IN  UINT64               Minimum,
  IN  UINT64               Limit,
  OUT UINT64               *Largest
  )
{
  MRM_RANGE  Usable;
  UINT64     Room;
  UINTN      Index;

  Room     = 0;
  *Largest = 0;
  for (Index = 0; Index < Free->Count; Index++) {
    RangeClip (&Free->Ranges[Index], Alignment, Minimum, Limit, &Usable);
    Room    += Usable.Size;
    *Largest = MAX (*Largest, Usable.Size);
  }

  return Room;
}
