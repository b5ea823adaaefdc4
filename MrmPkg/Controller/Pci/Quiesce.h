/** @file
  Devices of partitions between two owners: quiesced before every start.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PCI_QUIESCE_H_
#define MRM_CONTROLLER_PCI_QUIESCE_H_

#include "Partition/Partition.h"


/**
  Quiesce the partition's devices: bus master off, reset, configuration restored; the
  UART of a PCI card that is its console decodes again.

  @param[in] Partition  The partition; its processors are stopped.

  @retval EFI_SUCCESS       The partition can start.
  @retval EFI_DEVICE_ERROR  A function did not come back from its reset; it was said on the console.
**/
EFI_STATUS
QuiescePci (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Check whether a function by itself is still as a partition that ran has left it: it could not be reset.  Nobody else
  gets it until the PC is reset.

  @param[in] Address  Where it is.
**/
BOOLEAN
IsSpoiled (
  IN CONST MRM_PCI_ADDRESS  *Address
  );

/**
  Quiesce functions that are not behind its ports, as QuiescePci() does.

  @param[in] Partition  The partition, whose processors do not run.
  @param[in] Ports      They, with their functions.
  @param[in] Count      How many ports.

  @retval EFI_SUCCESS       Nothing of them masters the bus or decodes.
  @retval EFI_DEVICE_ERROR  A function did not come back; the log says which.
**/
EFI_STATUS
QuiescePorts (
  IN CONST MRM_PARTITION  *Partition,
  IN CONST MRM_PCI_PORT   *Ports,
  IN UINTN                Count
  );

#endif
