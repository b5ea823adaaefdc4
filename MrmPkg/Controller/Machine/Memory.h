/** @file
  Memory of partitions: taken from what the PC's firmware does not use.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_MEMORY_H_
#define MRM_CONTROLLER_MEMORY_H_

#include "Partition/Partition.h"

/**
  Take memory of the machine for all partitions that are not refused.

  @param[in,out] Partitions  Receive Pieces, or are refused.
  @param[in]     Count       Their number.
**/
VOID
BindMemory (
  IN OUT MRM_PARTITION  *Partitions,
  IN     UINTN          Count
  );

/**
  Take memory of the machine for a partition's cards on networks and served disks, if it is to have any; after
  BindMemory().

  @param[in,out] Partition  Receives CardArea and the bus of cards and disks, or is refused.
**/
VOID
BindCardArea (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Take memory of the machine in one piece, for the controller's own use.

  @param[in]  Size       Bytes, a multiple of 4 KiB.
  @param[in]  Alignment  Of its address, bytes.
  @param[out] Range      Receives it; what is in it may be anything.

  @retval EFI_SUCCESS           Taken, for GiveMemory().
  @retval EFI_OUT_OF_RESOURCES  There is no such piece beside what stays with the PC's firmware.
  @return Other                 Status of the PC's firmware.
**/
EFI_STATUS
TakeMemory (
  IN  UINT64     Size,
  IN  UINT64     Alignment,
  OUT MRM_RANGE  *Range
  );

/**
  Give back what TakeMemory() gave.

  @param[in,out] Range  Becomes empty.
**/
VOID
GiveMemory (
  IN OUT MRM_RANGE  *Range
  );

/**
  Give the memory of a partition back to the PC's firmware.

  @param[in,out] Partition  Pieces become empty.
**/
VOID
ReleaseMemory (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Take memory of the machine in one piece.

  @param[in]  Request  What is wanted.
  @param[out] Range    Receives it.
  @param[out] Room     Receives how many bytes are free there in one piece; of use if there is not enough.

  @retval EFI_SUCCESS           It is taken.
  @retval EFI_OUT_OF_RESOURCES  There is not so much in one piece.
  @return Other                 The PC's memory map cannot be read, or the PC's firmware gives none.
**/
EFI_STATUS
TakeRange (
  IN  CONST MRM_PLAN_MEMORY  *Request,
  OUT MRM_RANGE              *Range,
  OUT UINT64                 *Room
  );

/**
  Hold memory that nobody uses any more, as HoldMemory() does.

  @param[in] Range  What TakeRange() has taken.
**/
VOID
HoldRange (
  IN CONST MRM_RANGE  *Range
  );

/**
  How much memory is free for partitions and the PC's firmware.

  @return  Bytes, with what is held; 0 when the PC's firmware does not tell.
**/
UINT64
FreeMemory (
  VOID
  );

/**
  Hold the memory of a partition that is gone for those to come: the PC's firmware, which takes
  memory from the top, would else put its own amid it.

  @param[in,out] Partition  Its pieces become held; nothing of it runs.
**/
VOID
HoldMemory (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Give the memory that is held back to the PC's firmware if it has less than half of its share: what is held counts as
  free when partitions are bound, but the firmware cannot use it.
**/
VOID
FeedFirmware (
  VOID
  );

/**
  Give the memory that is held back to the PC's firmware.
**/
VOID
ReleaseHeldMemory (
  VOID
  );

#endif
