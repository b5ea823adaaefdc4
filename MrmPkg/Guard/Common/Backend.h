/** @file
  What the guard needs of a processor's virtualization, SVM or another.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_GUARD_BACKEND_H_
#define MRM_GUARD_BACKEND_H_

#include <Library/MrmGuardHostLib.h>

/**
  Switch virtualization on for this processor.

  @param[in,out] Processor  Its part.
**/
VOID
BackendOpen (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  );

/**
  Give the partition's side of a processor the state that it has after a SIPI.

  @param[in,out] Processor  Its part; Vector says where it starts.
**/
VOID
BackendReset (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  );

/**
  Run the partition until an exit.

  @param[in,out] Processor  Its part; receives Registers.
  @param[out]    Exit       Receives the exit, for MrmGuardDecide().

  @retval FALSE  Its State is not MrmHeldRunning any more: there is no exit.
**/
BOOLEAN
BackendRun (
  IN OUT MRM_GUARD_PROCESSOR  *Processor,
  OUT    MRM_GUARD_EXIT       *Exit
  );

/**
  Deal with an exit that only this kind of virtualization has, or that is about its own registers.

  @param[in,out] Processor  Its part.
  @param[in]     Exit       The exit.

  @retval TRUE   The partition goes on.
  @retval FALSE  It is no such exit.
**/
BOOLEAN
BackendAnswer (
  IN OUT MRM_GUARD_PROCESSOR   *Processor,
  IN     CONST MRM_GUARD_EXIT  *Exit
  );

/**
  Have the partition go on with Registers.

  @param[in,out] Processor  Its part.
  @param[in]     Advanced   TRUE: the instruction was carried out.
**/
VOID
BackendResume (
  IN OUT MRM_GUARD_PROCESSOR  *Processor,
  IN     BOOLEAN              Advanced
  );

/**
  Give the partition an exception or an NMI when it goes on.

  @param[in,out] Processor     Its part.
  @param[in]     Vector        Below 32; 2 is an NMI.
  @param[in]     HasErrorCode  Whether there is an error code.
  @param[in]     ErrorCode     The error code.
**/
VOID
BackendInject (
  IN OUT MRM_GUARD_PROCESSOR  *Processor,
  IN     UINT8                Vector,
  IN     BOOLEAN              HasErrorCode,
  IN     UINT32               ErrorCode
  );

/**
  Bits of EFER that this processor lets a system set besides those that all let it.
**/
UINT64
BackendEferMore (
  VOID
  );

/**
  Read a register that this processor may not have.

  @param[in] Msr  Its number.

  @return  What it holds; 0 if the processor raises an exception instead.
**/
UINT64
EFIAPI
BackendReadMsr (
  IN UINT32  Msr
  );

/**
  Take the NMI that waits on this processor.
**/
VOID
EFIAPI
BackendTakeNmi (
  VOID
  );

/**
  Stand still until an NMI comes; one that waits ends this at once.
**/
VOID
EFIAPI
BackendHalt (
  VOID
  );

#endif
