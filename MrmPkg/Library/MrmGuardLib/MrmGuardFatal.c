/** @file
  What is left of a partition that the guard ended.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include <Library/BaseMemoryLib.h>
#include "MrmGuardInternal.h"

VOID
MrmGuardEndFor (
  OUT MRM_GUARD_ANSWER  *Answer,
  IN  MRM_GUARD_REASON  Reason
  )
{
  Answer->Action = MrmGuardEnd;
  Answer->Reason = Reason;
}

VOID
EFIAPI
MrmGuardRecord (
  IN  UINT32                 ApicId,
  IN  MRM_GUARD_REASON       Reason,
  IN  CONST MRM_GUARD_EXIT   *Exit,
  IN  CONST MRM_GUARD_STATE  *State,
  IN  CONST UINT8            *Code  OPTIONAL,
  IN  UINTN                  CodeSize,
  OUT MRM_GUARD_FATAL        *Fatal
  )
{
  ZeroMem (Fatal, sizeof (*Fatal));
  Fatal->ApicId = ApicId;
  Fatal->Reason = Reason;
  Fatal->Code   = Exit->Code;
  Fatal->Rip    = State->Rip;
  Fatal->Rflags = State->Rflags;
  Fatal->Cr3    = State->Cr3;
  CopyMem (Fatal->General, State->General, sizeof (Fatal->General));
  if (Exit->Kind == MrmExitNestedFault) {
    Fatal->Address = Exit->Address;
  } else if (Exit->Kind == MrmExitIo) {
    Fatal->Address = Exit->Port;
  } else if (Exit->Kind == MrmExitMsr) {
    Fatal->Address = Exit->Msr;
  }

  if (Code != NULL) {
    Fatal->InstructionSize = (UINT8)MIN (CodeSize, MRM_GUARD_INSTRUCTION);
    CopyMem (Fatal->Instruction, Code, Fatal->InstructionSize);
  }
}

CONST CHAR8 *
EFIAPI
MrmGuardReasonText (
  IN MRM_GUARD_REASON  Reason
  )
{
  switch (Reason) {
    case MrmReasonMemory:
      return "it reached for memory that is not its own";
    case MrmReasonTripleFault:
      return "triple fault";
    case MrmReasonResetPort:
      return "it asked for a reset of the PC by a port";
    case MrmReasonVirtualization:
      return "it used an instruction of virtualization";
    case MrmReasonInstruction:
      return "it used an instruction that the guard does not know, at memory that is not its own";
    case MrmReasonStringIo:
      return "it used a string instruction at a port that is not its own";
    case MrmReasonEntryFailed:
      return "the processor did not enter guest mode";
    case MrmReasonExit:
      return "the processor left guest mode for a reason that the guard does not know";
    default:
      return "no reason";
  }
}
