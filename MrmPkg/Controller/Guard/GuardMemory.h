/** @file
  What a guarded partition and its guard reach.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_GUARD_MEMORY_H_
#define MRM_CONTROLLER_GUARD_MEMORY_H_

#include "Partition/Partition.h"

/**
  Say what a guarded partition reaches.

  @param[in]  Partition  The partition; all that it is given is known.
  @param[in]  PageZero   Address of the page that it has instead of the PC's page 0.
  @param[in]  Ones       Address of a page of all ones.
  @param[in]  StandIn    A page with a function 0 that stands in for one that it does not have.
  @param[out] Ranges     Receives MRM_GUARD_MAX_RANGES elements at most.
  @param[out] Count      Receives how many.

  @return  Status of MrmGuardRanges().
**/
EFI_STATUS
CollectGuardRanges (
  IN  CONST MRM_PARTITION  *Partition,
  IN  UINT64               PageZero,
  IN  UINT64               Ones,
  IN  UINT64               StandIn,
  OUT MRM_GUARD_RANGE      *Ranges,
  OUT UINTN                *Count
  );

/**
  Tell the guard what it needs to know for its answers: memory, buses, what is ignored; and open ports and registers.

  @param[in]     Partition  The partition.
  @param[in,out] Guard      Receives it; IoMap and MsrMap are addresses of memory.
**/
VOID
TellGuard (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT MRM_GUARD            *Guard
  );

/**
  Make the page tables of the guard itself: the controller's image, its block, the partition's memory, local APIC,
  configuration space, and pages with messages that it looks at.

  @param[in,out] Partition  Receives GuardTables and GuardRoot.

  @return  Status of MakeWorkerMap().
**/
EFI_STATUS
MapGuard (
  IN OUT MRM_PARTITION  *Partition
  );

#endif
