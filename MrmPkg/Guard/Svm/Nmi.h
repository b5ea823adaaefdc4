/** @file
  NMIs of the partition: none between one and the return from it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_GUARD_SVM_NMI_H_
#define MRM_GUARD_SVM_NMI_H_

#include <Library/MrmGuardHostLib.h>

/**
  Give the partition an NMI when it goes on, or when it has returned from the one before.

  @param[in,out] Processor  Its part.
**/
VOID
SvmGiveNmi (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  );

/**
  The partition is about to execute IRET: it returns from an NMI.

  @param[in,out] Processor  Its part.
**/
VOID
SvmReturnFromNmi (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  );

/**
  Look at each exit whether the partition has returned from an NMI.

  @param[in,out] Processor  Its part.

  @retval TRUE  The exit came of this only: it is none of the partition's.
**/
BOOLEAN
SvmNoteNmi (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  );

/**
  Give the partition an NMI that has waited, if it can be given now.

  @param[in,out] Processor  Its part.
**/
VOID
SvmGiveWaitingNmi (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  );

/**
  No NMI was given, and none waits, as after INIT.

  @param[in,out] Processor  Its part.
**/
VOID
SvmResetNmi (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  );

#endif
