/** @file
  Ends a partition.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Common.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/SynchronizationLib.h>

VOID
EFIAPI
MrmGuardStop (
  IN OUT MRM_GUARD  *Guard
  )
{
  MRM_GUARD_PROCESSOR  *Processor;
  UINTN                Index;

  for (Index = 0; Index < Guard->ProcessorCount; Index++) {
    Processor = MrmGuardProcessor (Guard, Index);
    if (Processor->State != MrmHeldAway) {
      // Whatever it is about to do: it looks at this before it enters guest mode.
      Processor->State = MrmHeldStopped;
      Processor->Kicks = 1;
      SendGuardNmi (Guard->LocalApic, Processor->ApicId);
    }
  }
}

BOOLEAN
EFIAPI
MrmGuardIsParked (
  IN CONST MRM_GUARD_PROCESSOR  *Processor
  )
{
  return (BOOLEAN)((Processor->State == MrmHeldAway) || (Processor->State == MrmHeldParked));
}

VOID
EndPartition (
  IN OUT MRM_GUARD_PROCESSOR   *Processor,
  IN     MRM_GUARD_REASON      Reason,
  IN     CONST MRM_GUARD_EXIT  *Exit,
  IN     CONST UINT8           *Code,
  IN     UINTN                 CodeSize
  )
{
  MRM_GUARD            *Guard;
  MRM_GUARD_PROCESSOR  *Other;
  UINTN                Index;

  Guard = Processor->Guard;
  if (InterlockedCompareExchange32 (&Guard->Ended, 0, 1) != 0) {
    Processor->State = MrmHeldStopped;
    return;
  }

  MrmGuardRecord (Processor->ApicId, Reason, Exit, &Processor->Registers, Code, CodeSize, &Guard->Fatal);
  for (Index = 0; Index < Guard->ProcessorCount; Index++) {
    Other        = MrmGuardProcessor (Guard, Index);
    Other->State = MrmHeldStopped;
  }

  MemoryFence ();
  KickOthers (Processor);
  Guard->Ended = 2;
  MemoryFence ();
  WakeController (Guard);
}

/**
  The guard itself has met an exception: a mistake of ours.  Its partition ends; nobody else does.

  @param[in] Stack  Of the exception: the address of the instruction is among what lies there.
**/
VOID
EFIAPI
MrmGuardOnFault (
  IN CONST UINT64  *Stack
  )
{
  MRM_GUARD_PROCESSOR  *Processor;
  MRM_GUARD_EXIT       Exit;

  Processor = (MRM_GUARD_PROCESSOR *)((UINTN)Stack & ~(UINTN)(MRM_GUARD_PROCESSOR_SIZE - 1));
  ZeroMem (&Exit, sizeof (Exit));
  Exit.Kind    = MrmExitUnknown;
  Exit.Code    = MAX_UINT64;
  Exit.Address = Stack[0];
  ZeroMem (&Processor->Registers, sizeof (Processor->Registers));

  // The address is the first or the second word: there may be an error code.
  Processor->Registers.Rip        = Stack[1];
  Processor->Registers.General[0] = Stack[2];
  Processor->Registers.General[1] = AsmReadCr2 ();
  EndPartition (Processor, MrmReasonExit, &Exit, NULL, 0);

  // It stays outside guest mode, and waits for INIT.
  Processor->State = MrmHeldParked;
}
