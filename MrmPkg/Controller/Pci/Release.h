/** @file
  Devices of partitions, released by the PC's drivers.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PCI_RELEASE_H_
#define MRM_CONTROLLER_PCI_RELEASE_H_

#include "Partition/Partition.h"


/**
  Disconnect the PC's drivers from everything behind the partition's ports, and let all bridges
  above pass on what its devices ask for.

  @param[in] Partition  The partition.
**/
VOID
ReleasePci (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Let the PC's drivers have everything behind the partition's root ports again.

  @param[in] Partition  The partition; its devices are quiesced.
**/
VOID
ReturnPci (
  IN CONST MRM_PARTITION  *Partition
  );

#endif
