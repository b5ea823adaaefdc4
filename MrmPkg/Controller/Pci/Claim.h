/** @file
  Devices of partitions, claimed from the PC's drivers.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PCI_CLAIM_H_
#define MRM_CONTROLLER_PCI_CLAIM_H_

#include "Partition/Partition.h"


/**
  Disconnect the PC's drivers from everything behind the partition's ports, and let all bridges
  above pass on what its devices ask for.

  @param[in] Partition  The partition.
**/
VOID
ClaimPci (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Let the PC's drivers have everything behind the partition's root ports again.

  @param[in] Partition  The partition; its devices are quiesced.
**/
VOID
ReleasePci (
  IN CONST MRM_PARTITION  *Partition
  );

#endif
