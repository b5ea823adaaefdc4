/** @file
  What the two halves of MrmRangeLib share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_RANGE_INTERNAL_H_
#define MRM_RANGE_INTERNAL_H_

#include <Base.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmRangeLib.h>

/**
  Last byte of a non-empty range.  A range may end at 2^64, so the end itself
  need not be representable: all comparisons use the last byte.

  @param[in] Base  First byte.
  @param[in] Size  Bytes, not zero; Base + Size is at most 2^64.

  @return Address of the last byte.
**/
#define MRM_RANGE_LAST(Base, Size)  ((Base) + ((Size) - 1))

#endif
