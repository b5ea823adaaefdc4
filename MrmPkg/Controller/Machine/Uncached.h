/** @file
  Memory that is shared with a partition as if it were a device's.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_UNCACHED_H_
#define MRM_CONTROLLER_UNCACHED_H_

#include <Guid/MrmHandOff.h>
#include <Library/CpuPageTableLib.h>
#include <Uefi.h>

/**
  How the PC's firmware translates addresses.
**/
PAGING_MODE
FirmwarePagingMode (
  VOID
  );

/**
  Have the boot processor access memory uncached, or cached again.  A system maps a device's registers uncached; memory
  that two processors access in different ways need not be the same for both (Intel SDM volume 3, section 12.12.4).

  Only page tables of the PC's firmware change.  Its own service for this would change MTRRs of all processors.

  @param[in] Range     The memory, whole pages.
  @param[in] Uncached  TRUE for uncached.

  @retval EFI_SUCCESS           Done.
  @retval EFI_OUT_OF_RESOURCES  There is no memory for page tables.
  @return Other                 Status of PageTableMap().
**/
EFI_STATUS
SetUncached (
  IN CONST MRM_RANGE  *Range,
  IN BOOLEAN          Uncached
  );

#endif
