/** @file
  Blocks of a medium, as MrmDiskLib asks for them, and the mark of an append-only one.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_BLOCKS_H_
#define MRM_BLOCKS_H_

#include "Media/Storage.h"

/**
  Prepare a medium for MrmDiskLib.

  @param[in,out] Medium  Kind, Mode and Storage are known.
  @param[out]    Words   Receives why it will not do.

  @retval EFI_SUCCESS  Done.
  @return Other        Words says why not.
**/
EFI_STATUS
BeginMedium (
  IN OUT MRM_MEDIUM  *Medium,
  OUT    CHAR8       *Words
  );

#endif
