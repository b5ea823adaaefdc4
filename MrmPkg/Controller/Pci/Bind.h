/** @file
  PCI buses of partitions: everything behind an owned port.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PCI_BIND_H_
#define MRM_CONTROLLER_PCI_BIND_H_

#include "Partition/Partition.h"


/**
  Find the ports of a partition and what is behind them.

  @param[in,out] Partition  Receives PciBuses and PciPorts, or is refused.
**/
VOID
BindPci (
  IN OUT MRM_PARTITION  *Partition
  );

#endif
