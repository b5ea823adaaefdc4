/** @file
  Functions that partitions have by themselves.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_PCI_BIND_FUNCTIONS_H_
#define MRM_PCI_BIND_FUNCTIONS_H_

#include "Partition/Partition.h"
#include <Protocol/PciIo.h>

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

/**
  Ask the PC's firmware what a function decodes.

  @param[in]  PciIo  The function.
  @param[out] Bars   Receives MRM_PCI_BARS elements at most.

  @return  How many.
**/
UINTN
ReadBars (
  IN  EFI_PCI_IO_PROTOCOL  *PciIo,
  OUT MRM_PCI_BAR          *Bars
  );

#endif
