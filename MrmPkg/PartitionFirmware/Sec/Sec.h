/** @file
  First C code on a partition's first processor.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_SEC_H_
#define MRM_SEC_H_

#include <PiPei.h>
#include <MrmMailbox.h>
#include <MrmStart.h>

#define EXCEPTIONS            32
#define EXCEPTION_ENTRY_SIZE  16

///
/// Where the gates lead: an entry of EXCEPTION_ENTRY_SIZE bytes for each vector.
///
extern CONST UINT8  MrmExceptionEntries[];

/**
  Called by the entries: tells the controller, as the failure of this partition.  Does not return.

  @param[in] Vector     The vector.
  @param[in] ErrorCode  Its error code, or 0.
  @param[in] Rip        Where it happened.
  @param[in] Cr2        Address of the last page fault.
**/
VOID
EFIAPI
OnEarlyException (
  IN UINT64  Vector,
  IN UINT64  ErrorCode,
  IN UINT64  Rip,
  IN UINT64  Cr2
  );

/**
  Make each exception of this processor a failure of the partition until its drivers do, on a stack of its own; among
  them machine checks, which are exceptions from now on.  Forgets one that an OS before has not dealt with.

  @param[in] Mailbox  The partition's mailbox.
**/
VOID
CatchExceptions (
  IN MRM_MAILBOX  *Mailbox
  );

#endif
