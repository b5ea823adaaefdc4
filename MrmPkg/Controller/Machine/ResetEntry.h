/** @file
  The BIOS reset entry F000:FFF0, where a kernel goes that cannot restart otherwise.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_RESET_ENTRY_H_
#define MRM_RESET_ENTRY_H_

#include "Partition/Partition.h"

/**
  Put code of the controller at the BIOS reset entry, if this PC has memory there that can be made writable; say so
  if it has not.  gPartitions are bound.
**/
VOID
OpenResetEntry (
  VOID
  );

/**
  Have the reset entry know the processors of partitions that are new. It stays open meanwhile, for those that go on.
**/
VOID
ExtendResetEntry (
  VOID
  );

/**
  TRUE if a processor of a partition has come to the reset entry since its start.

  @param[in] Partition  The partition, one of gPartitions.
**/
BOOLEAN
ReachedResetEntry (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Forget what a partition did at the reset entry.

  @param[in] Partition  The partition, one of gPartitions; its processors wait for a SIPI.
**/
VOID
ClearResetEntry (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Give the reset entry back to the PC's firmware.
**/
VOID
CloseResetEntry (
  VOID
  );

#endif
