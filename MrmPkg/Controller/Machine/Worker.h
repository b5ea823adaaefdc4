/** @file
  The channel processor: a processor that the controller has besides the boot processor, for one piece of work that it
  does over and over.

  It runs code of this image, on a stack, page tables and an interrupt table of its own, and calls no firmware.  What
  its work looks at belongs to it; the boot processor touches that only while it holds the channel processor.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_WORKER_H_
#define MRM_CONTROLLER_WORKER_H_

#include <Uefi.h>
#include <Library/MrmRangeLib.h>

/**
  One round of the work: short, without waiting, without calls of the PC's firmware.

  @retval TRUE   The next round is to follow at once.
  @retval FALSE  It may be a few milliseconds away.
**/
typedef
BOOLEAN
(EFIAPI *MRM_WORK)(
  VOID
  );

///
/// Memory that the work looks at.
///
typedef struct {
  MRM_RANGE    Range;
  BOOLEAN      Uncached;
  BOOLEAN      Executable;
} MRM_WORK_MEMORY;

/**
  Choose the channel processor if the plan wants one, and say which; or that there is none, and why.  If there is none
  the boot processor does the work.
**/
VOID
BindWorker (
  VOID
  );

/**
  Whether there is a channel processor, at work or not yet.

  @retval TRUE   There is.
  @retval FALSE  There is none, or none any more.
**/
BOOLEAN
WantsWorker (
  VOID
  );

/**
  Have the channel processor work; or, while it is held, have it go on with other memory.  What it is told is in force
  when ReleaseWorker() is called.  If that cannot be, which is said, there is no channel processor any more.

  @param[in] Work    What it does.
  @param[in] Memory  What the work looks at, besides this image and the local APIC: whole pages.
  @param[in] Count   Elements of Memory.

  @retval TRUE   It is held, and ready.
  @retval FALSE  There is no channel processor.
**/
BOOLEAN
EmployWorker (
  IN MRM_WORK               Work,
  IN CONST MRM_WORK_MEMORY  *Memory,
  IN UINTN                  Count
  );

/**
  Have the channel processor stand still, and wait until it does: it is between two rounds then, and touches nothing.
  One that does not answer is reset, which is said: it touches nothing any more, but may have stopped amid a round.

  @retval TRUE   It is held, until ReleaseWorker().
  @retval FALSE  There is none, or none any more.
**/
BOOLEAN
HoldWorker (
  VOID
  );

/**
  Have the channel processor go on, and wait until it has taken over what EmployWorker() told it; nothing happens when
  there is none.
**/
VOID
ReleaseWorker (
  VOID
  );

/**
  Whether the channel processor does its work.  One that has stopped by itself is noticed here, and said.

  @retval TRUE   It does, or is held.
  @retval FALSE  There is none, or none any more.
**/
BOOLEAN
WorkerWorks (
  VOID
  );

/**
  End the work and give the channel processor back to the PC's firmware.
**/
VOID
ReleaseWorkerForGood (
  VOID
  );

#endif
