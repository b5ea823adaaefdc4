/** @file
  What lies beneath a guarded partition: the guard's memory, its start, and how a partition ended by it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_GUARD_H_
#define MRM_CONTROLLER_GUARD_H_

#include "Partition/Partition.h"

/**
  Make the guard of a partition, if it is to have one: all that it reaches is known.

  @param[in,out] Partition  Receives Guard, or is refused.
**/
VOID
OpenGuard (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Forget the guard of a partition; nothing of it runs.

  @param[in,out] Partition  The partition.
**/
VOID
CloseGuard (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Have all processors of a guarded partition enter its guard, where they wait; before BuildPartition().

  @param[in,out] Partition  Its processors wait for a SIPI; its low slice is overwritten.

  @retval EFI_SUCCESS  They have.
  @retval EFI_TIMEOUT  One does not answer.
**/
EFI_STATUS
EnterGuard (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Have all processors of a partition leave guest mode, if it has a guard, before they get INIT.  If one of them does not,
  the log says so.  Its functions, if they are confined, reach nothing after that.

  @param[in] Partition  The partition, live.
**/
VOID
LeaveGuest (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Whether the guard of a partition has ended it since it was started; says in the log what it did.

  @param[in]  Partition  The partition, live.
  @param[out] Reset      Receives TRUE if it only asked for a reset of the PC.
  @param[out] Words      Receives why, for people.
  @param[in]  Size       Bytes of Words.

  @retval TRUE  It has.
**/
BOOLEAN
GuardEnded (
  IN  CONST MRM_PARTITION  *Partition,
  OUT BOOLEAN              *Reset,
  OUT CHAR8                *Words,
  IN  UINTN                Size
  );

#endif
