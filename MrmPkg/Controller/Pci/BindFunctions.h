/** @file
  Functions that partitions have by themselves.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_PCI_BIND_FUNCTIONS_H_
#define MRM_PCI_BIND_FUNCTIONS_H_

#include "Partition/Partition.h"

/**
  Bind functions of one bus.

  @param[in,out] Partition  Refused when one of them cannot be told from others.
  @param[in]     Plan       The functions of the plan, one at least.
  @param[out]    Port       Receives them.
  @param[out]    Bus        Receives their bus, and windows that reach what they decode.
**/
VOID
BindFunctions (
  IN OUT MRM_PARTITION           *Partition,
  IN     CONST MRM_PLAN_PCI_BUS  *Plan,
  OUT    MRM_PCI_PORT            *Port,
  OUT    MRM_PCI_BUS             *Bus
  );

#endif
