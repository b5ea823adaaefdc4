/** @file
  What sources of MrmGuardLib share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_GUARD_INTERNAL_H_
#define MRM_GUARD_INTERNAL_H_

#include <Library/MrmGuardLib.h>

#define MRM_GUARD_HOST_LIMIT  BIT52    ///< first address that no entry of a page table can hold

/**
  Check a range by itself.

  @param[in] Range  The range.

  @retval TRUE  It is whole pages that tables can map, READ is among its access, its type is known.
**/
BOOLEAN
MrmGuardIsRange (
  IN CONST MRM_GUARD_RANGE  *Range
  );

#endif
