/** @file
  UEFI variable stores of the partitions, and their journals.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_STORE_H_
#define MRM_CONTROLLER_STORE_H_

#include "Partition/Partition.h"
#include "Core/Journal.h"

///
/// The store of one partition.
///
struct _MRM_PARTITION_STORE {
  MRM_ESP_JOURNAL    Journal;
  UINT8              *Fetched;     ///< copy of what the partition asks to commit
  BOOLEAN            Failing;      ///< the last commit was not written: told
  UINT32             Answered;     ///< its last question that was answered since its start
  UINT32             Commits;      ///< answers since its start
  UINT32             Woken;        ///< of those, how many did not wait for the controller to look by itself
  UINT32             WakesBefore;  ///< Wakes() at the last answer
  UINT64             TotalWait;    ///< microseconds its questions have waited since its start
  UINT64             LongestWait;
};

/**
  Open the variable store of a partition, and make its files when it is new.

  @param[in,out] Partition  Receives Store, or is refused.
**/
VOID
OpenStore (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Whether the variables of a partition are committed to the ESP.

  @param[in] Partition  The partition.

  @retval TRUE   They are.
  @retval FALSE  They live until the PC is switched off, or it has none.
**/
BOOLEAN
IsStoreLasting (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Close the variable store of a partition.

  @param[in,out] Partition  Store becomes NULL; may be NULL.
**/
VOID
CloseStore (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Put the committed variables into a partition's memory before it starts.

  @param[in,out] Partition  VariableStore is set.
**/
VOID
LoadStore (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Commit the partition's variables when it asks for it, and answer.

  @param[in,out] Partition  The partition.
  @param[in]     Snapshot   Copy of its mailbox; not trusted.

  @retval TRUE   A question was answered.
  @retval FALSE  There was none.
**/
BOOLEAN
PollVariables (
  IN OUT MRM_PARTITION      *Partition,
  IN     CONST MRM_MAILBOX  *Snapshot
  );

/**
  Say how long a partition has waited for its variables since its start, when it ends.

  @param[in] Partition  The partition.
**/
VOID
ReportWaits (
  IN CONST MRM_PARTITION  *Partition
  );

#endif
