/** @file
  Memory of the PC: what its firmware does not use, what is allocated of that, and what is held.

  Memory that partitions of the plan before had is held: it stays allocated, and counts as free for those to come.  The
  PC's firmware, which allocates from the top, would else put its own amid it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_MEMORY_H_
#define MRM_CONTROLLER_MEMORY_H_

#include <Uefi.h>
#include <MrmPlan.h>
#include <Library/MrmRangeLib.h>

/**
  Read which memory is free: the PC's firmware does not use it, or it is held.

  @param[out] Free  Receives the set; Free->Ranges belongs to the caller (FreePool), unless there is an error.

  @retval EFI_SUCCESS           Read.
  @retval EFI_OUT_OF_RESOURCES  No memory for it.
  @return Other                 Status of GetMemoryMap.
**/
EFI_STATUS
ReadFreeMemory (
  OUT MRM_RANGE_SET  *Free
  );

/**
  Say how much memory is free, with what is held: when Mrm.efi begins, when all partitions are bound, and after each
  redivision.  So the log tells what the controller takes, besides partitions.
**/
VOID
SayFreeMemory (
  VOID
  );

/**
  Allocate a range: what of it is held, and the rest from the PC's firmware.  All of it, or nothing.

  @param[in]     Range  The range, not empty; each byte of it is held, or free.
  @param[in,out] Used   Becomes TRUE if some of it has been somebody else's.

  @return  Status of AllocatePages, or of the set of what is held.
**/
EFI_STATUS
AllocateRange (
  IN     CONST MRM_RANGE  *Range,
  IN OUT BOOLEAN          *Used
  );

/**
  Choose memory in one piece, and allocate it.

  @param[in]  Request  What is wanted.
  @param[out] Range    Receives it; what is in it may be anything.
  @param[out] Room     Receives how many bytes are free there in one piece; of use if there is not enough.

  @retval EFI_SUCCESS           It is allocated.
  @retval EFI_OUT_OF_RESOURCES  There is not so much in one piece.
  @return Other                 The PC's memory map cannot be read, or the PC's firmware gives none.
**/
EFI_STATUS
AllocateRequest (
  IN  CONST MRM_PLAN_MEMORY  *Request,
  OUT MRM_RANGE              *Range,
  OUT UINT64                 *Room
  );

/**
  Allocate memory in one piece, for the controller's own use.

  @param[in]  Size       Bytes, a multiple of 4 KiB.
  @param[in]  Alignment  Of its address, bytes.
  @param[out] Range      Receives it; what is in it may be anything.

  @retval EFI_SUCCESS           Allocated, for ReleaseRange().
  @retval EFI_OUT_OF_RESOURCES  There is no such piece beside what stays with the PC's firmware.
  @return Other                 Status of the PC's firmware.
**/
EFI_STATUS
AllocateMemory (
  IN  UINT64     Size,
  IN  UINT64     Alignment,
  OUT MRM_RANGE  *Range
  );

/**
  Release a range to the PC's firmware.

  @param[in,out] Range  What was allocated, not empty.  Becomes empty.
  @param[in]     Used   Whether there is somebody's data in it that others must not read.
**/
VOID
ReleaseRange (
  IN OUT MRM_RANGE  *Range,
  IN     BOOLEAN    Used
  );

/**
  Hold a range for partitions to come.  If no more ranges can be held it goes back to the PC's firmware.

  @param[in,out] Range  What was allocated, not empty; nobody uses it any more.  Becomes empty.
**/
VOID
HoldRange (
  IN OUT MRM_RANGE  *Range
  );

/**
  Release the memory that is held if the PC's firmware has less than half of its share: what is held counts as free when
  partitions are bound, but the firmware cannot use it.
**/
VOID
FeedFirmware (
  VOID
  );

/**
  Release the memory that is held.
**/
VOID
ReleaseHeldMemory (
  VOID
  );

#endif
