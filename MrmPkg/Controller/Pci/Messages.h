/** @file
  Where functions of a partition have the messages by which they interrupt.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PCI_MESSAGES_H_
#define MRM_CONTROLLER_PCI_MESSAGES_H_

#include "Partition/Partition.h"
#include <Library/MrmGuardLib.h>
#include <Library/MrmRangeLib.h>

/**
  Collect the registers that hold messages of a partition's functions: MSI-X tables and MSI capabilities, where they are
  before its system changes an address.  What the partition does not reach is left out.

  @param[in]  Partition  The partition; its functions are known.
  @param[out] Messages   Receives MRM_GUARD_MAX_MESSAGES elements at most.
  @param[out] Count      Receives how many.

  @retval FALSE  There are more.
**/
BOOLEAN
CollectMessages (
  IN  CONST MRM_PARTITION  *Partition,
  OUT MRM_GUARD_MESSAGES   *Messages,
  OUT UINTN                *Count
  );

/**
  The same, if the guard has to look at them: the IOMMU confines interrupts to more than one processor.

  @param[in]  Partition  The partition; after BindDma().
  @param[out] Messages   Receives MRM_GUARD_MAX_MESSAGES elements at most.

  @return  How many.
**/
UINTN
CollectWatchedMessages (
  IN  CONST MRM_PARTITION  *Partition,
  OUT MRM_GUARD_MESSAGES   *Messages
  );

/**
  Collect the pages of these registers.

  @param[in]     Partition  The partition; after BindDma().
  @param[in]     Tables     TRUE: of MSI-X tables only, which are in no configuration space.
  @param[in,out] Pages      An empty set with MRM_GUARD_MAX_MESSAGES elements; receives them.

  @return  Status of MrmRangeAdd().
**/
EFI_STATUS
CollectWatchedPages (
  IN     CONST MRM_PARTITION  *Partition,
  IN     BOOLEAN              Tables,
  IN OUT MRM_RANGE_SET        *Pages
  );

#endif
