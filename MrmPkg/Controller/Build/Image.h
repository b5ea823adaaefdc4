/** @file
  Everything a partition starts with, built in its memory from pristine copies: the same for the first start and each
  restart.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_IMAGE_H_
#define MRM_CONTROLLER_IMAGE_H_

#include "Partition/Partition.h"

/**
  Build everything a partition starts with in its memory, from pristine copies.

  @param[in,out] Partition   Receives Mailbox.
  @param[out]    Trampoline  Receives the address of the start-up code, page-aligned, below 1 MiB.

  @retval EFI_SUCCESS           Ready for a SIPI.
  @retval EFI_OUT_OF_RESOURCES  The partition's memory is too small for its firmware and boot files.
  @return Other                 A library refused the facts.
**/
EFI_STATUS
BuildPartition (
  IN OUT MRM_PARTITION  *Partition,
  OUT    UINT32         *Trampoline
  );

#endif
