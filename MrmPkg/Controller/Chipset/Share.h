/** @file
  What of the PC goes to the owner of its chipset: PCI functions, memory, I/O ports.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_CHIPSET_SHARE_H_
#define MRM_CONTROLLER_CHIPSET_SHARE_H_

#include "Chipset/Chipset.h"

/**
  Collect what nobody else has of the buses below the root bridge of bus 0.

  @param[in,out] Partition  The owner; receives Functions, Ecam, Windows, StandIns and Closed of its Chipset, or is refused.
**/
VOID
CollectShare (
  IN OUT MRM_PARTITION  *Partition
  );

#endif
