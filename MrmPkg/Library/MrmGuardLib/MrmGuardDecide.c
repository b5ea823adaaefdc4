/** @file
  What the guard answers to an exit.  Whatever it does not know ends the partition, never the PC.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include <Library/BaseMemoryLib.h>
#include "MrmGuardInternal.h"

#define VECTOR_NMI        2
#define VECTOR_ALIGNMENT  17     ///< has an error code, which is always 0

VOID
EFIAPI
MrmGuardDecide (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     CONST MRM_GUARD_EXIT   *Exit,
  IN     CONST UINT8            *Code,
  IN     UINTN                  CodeSize,
  IN OUT MRM_GUARD_DEVICES      *Devices,
  IN OUT MRM_GUARD_STATE        *State,
  OUT    MRM_GUARD_ANSWER       *Answer
  )
{
  ZeroMem (Answer, sizeof (*Answer));
  switch (Exit->Kind) {
    case MrmExitKick:
      Answer->Action = MrmGuardInject;
      Answer->Vector = VECTOR_NMI;
      break;
    case MrmExitException:
      Answer->Action       = MrmGuardInject;
      Answer->Vector       = Exit->Vector;
      Answer->HasErrorCode = (BOOLEAN)(Exit->Vector == VECTOR_ALIGNMENT);
      break;
    case MrmExitIo:
      MrmGuardDecideIo (Facts, Exit, Devices, State, Answer);
      break;
    case MrmExitMsr:
      MrmGuardDecideMsr (Facts, Exit, State, Answer);
      break;
    case MrmExitNestedFault:
      MrmGuardDecideMemory (Facts, Exit, Code, CodeSize, State, Answer);
      break;
    case MrmExitShutdown:
      MrmGuardEndFor (Answer, MrmReasonTripleFault);
      break;
    case MrmExitVirtualization:
      MrmGuardEndFor (Answer, MrmReasonVirtualization);
      break;
    case MrmExitEntryFailed:
      MrmGuardEndFor (Answer, MrmReasonEntryFailed);
      break;
    default:
      MrmGuardEndFor (Answer, MrmReasonExit);
      break;
  }
}
