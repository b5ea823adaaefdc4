/** @file
  Resets of PCI functions, and the waiting around them.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PCI_RESET_H_
#define MRM_CONTROLLER_PCI_RESET_H_

#include "Partition/Partition.h"

/**
  Reset everything behind all ports of a partition at the same time by their
  secondary bus resets.

  @param[in] Partition  The partition.
**/
VOID
ResetBuses (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Reset one function.

  @param[in] Port      Its port.
  @param[in] Function  The function; bus mastering is off.
  @param[in] Reset     MrmPciResetFunction, -Advanced or -Power, as it can.
**/
VOID
ResetFunction (
  IN CONST MRM_PCI_PORT      *Port,
  IN CONST MRM_PCI_FUNCTION  *Function,
  IN MRM_PCI_RESET           Reset
  );

/**
  Wait until a function answers again after a reset.

  @param[in] Port      Its port.
  @param[in] Function  The function.

  @retval TRUE   It answers.
  @retval FALSE  It does not, or something else does.
**/
BOOLEAN
WaitForFunction (
  IN CONST MRM_PCI_PORT      *Port,
  IN CONST MRM_PCI_FUNCTION  *Function
  );

/**
  Wait until no function of a partition expects an answer to a request of its own any
  more, or a second has passed.

  @param[in] Partition  The partition; bus mastering is off.
**/
VOID
WaitForTransactions (
  IN CONST MRM_PARTITION  *Partition
  );

#endif
