/** @file
  UARTs that change hands.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_UART_H_
#define MRM_CONTROLLER_UART_H_

#include "Partition/Partition.h"


/**
  See that the UART promised to a partition is there; on a PCI card it is among the
  functions BindPci() found.

  @param[in,out] Partition  Receives Console, or is refused when it is not.
**/
VOID
BindConsole (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Disconnect the PC's drivers from the partition's UART; those of a PCI card go with
  ClaimPci().

  @param[in] Partition  The partition.
**/
VOID
ClaimConsole (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Let the PC's drivers have the partition's UART again.

  @param[in] Partition  The partition; nothing of it runs.
**/
VOID
ReleaseConsole (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Whether a plan gives a UART of the PC to a partition.

  @param[in] Plan    The plan.
  @param[in] IoBase  First of the UART's I/O ports; 0 for none.

  @retval TRUE   It does.
  @retval FALSE  No partition has it, or there is none.
**/
BOOLEAN
GivesUart (
  IN CONST MRM_PLAN  *Plan,
  IN UINT16          IoBase
  );

/**
  Whether something answers where a UART would be.

  @param[in] IoBase  First of its eight I/O ports.

  @retval TRUE   It does.
  @retval FALSE  Nobody decodes its line status register.
**/
BOOLEAN
IsUart (
  IN UINT16  IoBase
  );

#endif
