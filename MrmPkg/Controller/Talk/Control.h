/** @file
  What an OS sees of MRM by UEFI variables, and what its firmware tells.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_CONTROL_H_
#define MRM_CONTROLLER_CONTROL_H_

#include "Partition/Partition.h"
#include <Library/MrmControlLib.h>
#include <Library/MrmTalkLib.h>

#define MRM_STATUS_SIZE  512   ///< bytes
#define MRM_ORDER_SIZE   256   ///< bytes of the longest order

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
  Free what OpenControl() has made.

  @param[in,out] Partition  Control becomes NULL; may be NULL.
**/
VOID
CloseControl (
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
  Take the lines that a partition firmware has for the log.

  @param[in,out] Partition  The partition, live.
**/
VOID
PollEvents (
  IN OUT MRM_PARTITION  *Partition
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

#endif
