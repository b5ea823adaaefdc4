/** @file
  Whose requests a port of a partition forwards.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PCI_SOURCE_H_
#define MRM_CONTROLLER_PCI_SOURCE_H_

#include "Partition/Partition.h"

/**
  Whether something behind a port of a partition can send requests with IDs of other buses: there is a bridge, whose
  buses the partition's system numbers, and the port cannot check IDs.

  @param[in] Partition  The partition; its ports have been found.
**/
BOOLEAN
CanForgeSource (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Have ports of a partition drop requests that have IDs of others, where they can.  Its system cannot change that, as it
  does not reach the ports themselves.

  @param[in] Partition  The partition; its ports have been found.
**/
VOID
CheckSources (
  IN CONST MRM_PARTITION  *Partition
  );

#endif
