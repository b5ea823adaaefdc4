/** @file
  First C code on a partition's first processor.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_SEC_H_
#define MRM_SEC_H_

#include <PiPei.h>
#include <MrmMailbox.h>

/**
  Make a machine check of this processor a failure of the partition until the DXE core has exception handlers, and an
  exception from now on.  Forgets one that an OS before has not dealt with.

  @param[in] Mailbox  The partition's mailbox.
**/
VOID
CatchMachineChecks (
  IN MRM_MAILBOX  *Mailbox
  );

#endif
