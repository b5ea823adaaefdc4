/** @file
  What an OS sees of MRM and asks of it by UEFI variables, and what its firmware tells.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_CONTROL_H_
#define MRM_CONTROLLER_CONTROL_H_

#include "Mrm.h"
#include <Library/MrmControlLib.h>

#define MRM_STATUS_SIZE  512

struct _MRM_PARTITION_CONTROL {
  MRM_CONTROL_AREA    *Published;                ///< what the partition's control area holds
  UINT32              Answered;                  ///< last request answered since the start
  UINT32              Requests;                  ///< requests answered since the controller started
  MRM_RATE            RequestRate;
  CHAR8               Name[MRM_NAME_LENGTH + 1]; ///< with a line feed
  CHAR8               Status[MRM_STATUS_SIZE];   ///< of the last request, JSON
  MRM_RING_READER     Events;
  MRM_RATE            EventRate;
  UINT32              EventsDropped;
};

/**
  Prepare what a partition's control area needs.

  @param[in,out] Partition  Receives Control, or is refused.
**/
VOID
OpenControl (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Fill the control area of a partition before it starts.

  @param[in,out] Partition  ControlArea is set, and zero.
**/
VOID
LoadControl (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Answer a request of a partition's OS, and take what its firmware tells.

  @param[in,out] Partition  The partition.
  @param[in]     Snapshot   Copy of its mailbox; not trusted.

  @retval TRUE   A request was answered.
  @retval FALSE  There was none.
**/
BOOLEAN
AttendControl (
  IN OUT MRM_PARTITION      *Partition,
  IN     CONST MRM_MAILBOX  *Snapshot
  );

/**
  Bring the control areas of all live partitions up to date.
**/
VOID
RefreshControls (
  VOID
  );

/**
  Collect what is told of all partitions.

  @param[out] Facts  Receives it; gPartitionCount elements.
**/
VOID
CollectStates (
  OUT MRM_STATE_FACTS  *Facts
  );

/**
  What became of an order, for people.

  @param[in] Status  Of CarryOut().
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
CarryOut (
  IN CONST MRM_ORDER  *Order,
  IN CONST CHAR8      *Who
  );

#endif
