/** @file
  What the PC has to hold a partition to its isolation level.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_ISOLATION_H_
#define MRM_CONTROLLER_ISOLATION_H_

#include "Partition/Partition.h"

/**
  See that a partition can be held to its isolation level.

  @param[in,out] Partition  Refused when it cannot.
**/
VOID
BindIsolation (
  IN OUT MRM_PARTITION  *Partition
  );

#endif
