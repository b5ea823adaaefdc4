/** @file
  Sets of address ranges and allocation from them.  Pure: no globals, no I/O.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_RANGE_LIB_H_
#define MRM_RANGE_LIB_H_

#include <Guid/MrmHandOff.h>

///
/// A sorted set of disjoint, non-adjacent, non-empty ranges.  The array belongs
/// to the caller; a set with Count 0 is empty.
///
typedef struct {
  MRM_RANGE    *Ranges;
  UINTN        Count;
  UINTN        Capacity;         ///< elements Ranges can hold
} MRM_RANGE_SET;

/**
  Add a range to a set, merging with what it touches or overlaps.

  @param[in,out] Set   The set.
  @param[in]     Base  First byte.
  @param[in]     Size  Bytes; zero changes nothing.

  @retval RETURN_SUCCESS            The set now contains the range.
  @retval RETURN_INVALID_PARAMETER  Base + Size exceeds 2^64, or the set would cover all 2^64 bytes, which
                                    MRM_RANGE cannot express; it is unchanged.
  @retval RETURN_BUFFER_TOO_SMALL   The set is full; it is unchanged.
**/
RETURN_STATUS
EFIAPI
MrmRangeAdd (
  IN OUT MRM_RANGE_SET  *Set,
  IN     UINT64         Base,
  IN     UINT64         Size
  );

/**
  Remove a range from a set; parts of it that are not in the set are ignored.

  @param[in,out] Set   The set.
  @param[in]     Base  First byte.
  @param[in]     Size  Bytes; zero changes nothing.

  @retval RETURN_SUCCESS            The set contains no byte of the range.
  @retval RETURN_INVALID_PARAMETER  Base + Size exceeds 2^64; the set is unchanged.
  @retval RETURN_BUFFER_TOO_SMALL   An element would be split in two and the set is full; it is unchanged.
**/
RETURN_STATUS
EFIAPI
MrmRangeRemove (
  IN OUT MRM_RANGE_SET  *Set,
  IN     UINT64         Base,
  IN     UINT64         Size
  );

/**
  Take a range out of a set, and tell what of it was not in the set.

  @param[in,out] Set   The set.
  @param[in]     Base  First byte.
  @param[in]     Size  Bytes, not zero.
  @param[out]    Gaps  A set, which receives those parts; Set->Count + 1 elements are enough.

  @retval RETURN_SUCCESS            The set contains no byte of the range.
  @retval RETURN_INVALID_PARAMETER  Base + Size exceeds 2^64; the set is unchanged.
  @retval RETURN_BUFFER_TOO_SMALL   One of the sets is full; Set is unchanged, Gaps undefined.
**/
RETURN_STATUS
EFIAPI
MrmRangeTake (
  IN OUT MRM_RANGE_SET  *Set,
  IN     UINT64         Base,
  IN     UINT64         Size,
  OUT    MRM_RANGE_SET  *Gaps
  );

/**
  Check whether a set contains a range.

  @param[in] Set   The set.
  @param[in] Base  First byte.
  @param[in] Size  Bytes.

  @retval TRUE   Every byte of the range is in the set, or Size is zero.
  @retval FALSE  At least one byte is not, or Base + Size exceeds 2^64.
**/
BOOLEAN
EFIAPI
MrmRangeContains (
  IN CONST MRM_RANGE_SET  *Set,
  IN UINT64               Base,
  IN UINT64               Size
  );

/**
  Take memory out of a set of free ranges: in one piece when one fits, else in
  the fewest pieces that largest-first selection gives.  Pieces lie as high as
  possible, start at multiples of Alignment and are multiples of Alignment in size.

  @param[in,out] Free        Free memory; what is given is removed.  Unchanged on error.
  @param[in]     Size        Bytes, non-zero, a multiple of Alignment.
  @param[in]     Alignment   Bytes, a power of two, at least 4 KiB.
  @param[in]     Minimum     Lowest acceptable address.
  @param[in]     Limit       First address above the acceptable range.
  @param[in]     MaxPieces   Most pieces allowed, at least 1.
  @param[out]    Pieces      MaxPieces elements; receives the pieces in ascending order.
  @param[out]    PieceCount  Number of pieces given; zero on error.

  @retval RETURN_SUCCESS            Given.
  @retval RETURN_INVALID_PARAMETER  A size, alignment or count is not as described.
  @retval RETURN_OUT_OF_RESOURCES   Not that much acceptable memory in that many pieces.
  @retval RETURN_BUFFER_TOO_SMALL   Free cannot hold the split ranges.
**/
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
  );

/**
  How much of a set can be had within a window.

  @param[in]  Free       The free memory.
  @param[in]  Alignment  Bytes, a power of two, at least 4 KiB.
  @param[in]  Minimum    Lowest acceptable address.
  @param[in]  Limit      First address above the acceptable range.
  @param[out] Largest    Receives the bytes of the largest piece.

  @return  Bytes in all, in pieces that start at multiples of Alignment and are multiples of it.
**/
UINT64
EFIAPI
MrmRangeRoom (
  IN  CONST MRM_RANGE_SET  *Free,
  IN  UINT64               Alignment,
  IN  UINT64               Minimum,
  IN  UINT64               Limit,
  OUT UINT64               *Largest
  );

#endif
