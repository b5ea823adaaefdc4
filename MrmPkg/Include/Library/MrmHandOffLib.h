/** @file
  Finds the hand-off of the controller in the HOB list of this partition.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_HAND_OFF_LIB_H_
#define MRM_HAND_OFF_LIB_H_

#include <Guid/MrmHandOff.h>
#include <MrmMailbox.h>

/**
  The hand-off of this partition.  Boot time only: at run time HOBs are gone.

  @return  The hand-off, owned by the HOB list; NULL when the controller gave none
           of this version.
**/
CONST MRM_HAND_OFF *
EFIAPI
MrmGetHandOff (
  VOID
  );

/**
  The mailbox of this partition.  Boot time only.

  @return  The mailbox; NULL without a hand-off.
**/
MRM_MAILBOX *
EFIAPI
MrmGetMailbox (
  VOID
  );

/**
  Tell the controller that a phase has been entered.  Boot time only.

  @param[in] Phase  The phase; an earlier one than the present is ignored.
**/
VOID
EFIAPI
MrmEnterPhase (
  IN MRM_PHASE  Phase
  );

/**
  Give the controller a line for its log.  Boot time only; allocates nothing.

  @param[in] Format  PrintLib ASCII format string of one line without its end.
  @param[in] ...     Its arguments.
**/
VOID
EFIAPI
MrmEvent (
  IN CONST CHAR8  *Format,
  ...
  );

/**
  Tell the controller that this partition cannot continue, say so on its console,
  and park the processor.  Never returns.  Boot time only.

  @param[in] Status  Why.
  @param[in] Format  PrintLib ASCII format string of the reason.
  @param[in] ...     Its arguments.
**/
VOID
EFIAPI
MrmFail (
  IN EFI_STATUS   Status,
  IN CONST CHAR8  *Format,
  ...
  );

#endif
