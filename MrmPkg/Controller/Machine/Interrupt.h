/** @file
  Interrupts to the boot processor: the one by which partitions wake the controller, and those the PC's firmware does
  not know.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_INTERRUPT_H_
#define MRM_CONTROLLER_INTERRUPT_H_

#include <Uefi.h>
#include <Library/MrmFunctionLib.h>

/**
  Survive interrupts the PC's firmware does not know, e.g. an IPI of a partition:
  acknowledge them.

  @retval EFI_SUCCESS  Handlers are in place.
  @return Other        The firmware has no CPU architectural protocol.
**/
EFI_STATUS
CatchStrayInterrupts (
  VOID
  );

/**
  Send NMIs of the machine on to the partition that gets them; tell of stray interrupts.
**/
VOID
PollInterrupts (
  VOID
  );

/**
  Send an NMI to a processor.

  @param[in] ApicId  Its APIC ID.
**/
VOID
SendNmi (
  IN UINT32  ApicId
  );

/**
  Send the interrupts that functions in memory are to give.

  @param[in] Interrupts  They, as a library has judged them.
  @param[in] Count       Their number.
**/
VOID
SendInterrupts (
  IN CONST MRM_FUNCTION_INTERRUPT  *Interrupts,
  IN UINTN                         Count
  );

/**
  Send an event of the machine on as an NMI to the partition that gets them, if its OS runs, and say so: firmware and
  loaders take an NMI for an exception, and fail.

  @param[in] What  What came, for people.
**/
VOID
ForwardNmi (
  IN CONST CHAR8  *What
  );

/**
  How often partitions have asked for a look, modulo 2^32.
**/
UINT32
Wakes (
  VOID
  );

/**
  Ask for a look, as a partition does.
**/
VOID
RequestPoll (
  VOID
  );

/**
  A look at all mailboxes begins: who has asked until now need not be waited for.
**/
VOID
BeginPoll (
  VOID
  );

/**
  Halt until an interrupt comes, unless somebody has asked for a look since BeginPoll(); at TPL_APPLICATION.

  @retval TRUE   Somebody has asked: there was no halt.
  @retval FALSE  An interrupt has come, whichever.
**/
BOOLEAN
HaltUnlessAsked (
  VOID
  );

/**
  Enable interrupts and halt until one comes: one that waits already ends the halt, too.
**/
VOID
EFIAPI
MrmEnableInterruptsAndHalt (
  VOID
  );

/**
  Take the handlers of CatchStrayInterrupts() away again.
**/
VOID
ReleaseStrayInterrupts (
  VOID
  );

#endif
