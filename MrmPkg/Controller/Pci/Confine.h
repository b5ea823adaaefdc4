/** @file
  What functions of partitions reach by DMA, where the PC has an IOMMU.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PCI_CONFINE_H_
#define MRM_CONTROLLER_PCI_CONFINE_H_

#include "Partition/Partition.h"

/**
  See that DMA of a partition's functions can be confined as its isolation level promises; after BindPci().

  @param[in,out] Partition  Receives Confinable and Steered, or is refused.
**/
VOID
BindDma (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Make the tables that confine a partition's functions, if they can be; its memory is known.

  @param[in,out] Partition  Receives Confinement, or is refused.
**/
VOID
OpenConfinement (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Forget what confines a partition's functions.  Those that were not let go reach nothing until the IOMMUs are off.

  @param[in,out] Partition  The partition.
**/
VOID
CloseConfinement (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Have functions of a partition reach nothing, if they are confined.  An IOMMU that does not answer is told in the log.

  @param[in] Partition  The partition.
**/
VOID
BlockDevices (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Have functions of a partition reach its memory and nothing else, before it starts, if they are confined.

  @param[in] Partition  The partition; its functions are quiesced.

  @retval EFI_SUCCESS  They do, or are not confined.
  @retval EFI_TIMEOUT  An IOMMU does not answer.
**/
EFI_STATUS
ConfineDevices (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Let functions of a partition go, to the PC's firmware: they reach everything.

  @param[in] Partition  The partition; its functions are quiesced.
**/
VOID
FreeDevices (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Take what IOMMUs have logged: it is counted for the partition that has the function, and said.
**/
VOID
PollConfinement (
  VOID
  );

/**
  Tell what was denied to functions of a partition since its start.

  @param[in]  Partition  The partition.
  @param[out] Faults     Receives it.

  @retval FALSE  They are not confined.
**/
BOOLEAN
ConfinementFaults (
  IN  CONST MRM_PARTITION  *Partition,
  OUT MRM_IOMMU_COUNTS     *Faults
  );

#endif
