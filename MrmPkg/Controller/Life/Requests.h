/** @file
  What is asked of MRM: who asks, may he, and what becomes of it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_REQUESTS_H_
#define MRM_CONTROLLER_REQUESTS_H_

#include "Partition/Partition.h"
#include <Library/MrmControlLib.h>

/**
  Answer a request of a partition's OS.

  @param[in,out] Partition  The partition.
  @param[in]     Snapshot   Copy of its mailbox; not trusted.

  @retval TRUE   A request was answered.
  @retval FALSE  There was none.
**/
BOOLEAN
PollRequest (
  IN OUT MRM_PARTITION      *Partition,
  IN     CONST MRM_MAILBOX  *Snapshot
  );

/**
  What became of an order, for people.

  @param[in] Status  Of ExecuteOrder().
**/
CONST CHAR8 *
ResultText (
  IN EFI_STATUS  Status
  );

/**
  Carry out an order of somebody who may give it.

  @param[in] Order  The order.
  @param[in] Who    Who gives it, for people.

  @return  Status of OrderPartition(), or EFI_NOT_READY if nothing is started any more because the PC is about to end;
           success for the PC's, which may not return.
**/
EFI_STATUS
ExecuteOrder (
  IN CONST MRM_ORDER  *Order,
  IN CONST CHAR8      *Who
  );

#endif
