/** @file
  Carries out writes to registers of functions: those to configuration space of one that the partition has by itself.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Common.h"
#include <Library/BaseLib.h>
#include <Library/IoLib.h>
#include <Library/SynchronizationLib.h>

VOID
WriteOnce (
  IN UINT64  Address,
  IN UINT32  Width,
  IN UINT64  Value
  )
{
  switch (Width) {
    case 1:
      MmioWrite8 ((UINTN)Address, (UINT8)Value);
      break;
    case 2:
      MmioWrite16 ((UINTN)Address, (UINT16)Value);
      break;
    case 4:
      MmioWrite32 ((UINTN)Address, (UINT32)Value);
      break;
    default:
      MmioWrite64 ((UINTN)Address, Value);
      break;
  }
}

BOOLEAN
LockRegisters (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  // Two processors of the partition could do together what neither may alone.  Nobody else waits for this.  One that has
  // met an exception in the guard does not go on: then the partition ends.
  while (InterlockedCompareExchange32 (&Processor->Guard->RegistersBusy, 0, 1) != 0) {
    if (Processor->State != MrmHeldRunning) {
      return FALSE;
    }

    CpuPause ();
  }

  return TRUE;
}

VOID
UnlockRegisters (
  IN OUT MRM_GUARD  *Guard
  )
{
  MemoryFence ();
  Guard->RegistersBusy = 0;
}

VOID
WriteFunction (
  IN OUT MRM_GUARD_PROCESSOR     *Processor,
  IN     CONST MRM_GUARD_FACTS   *Facts,
  IN     CONST MRM_GUARD_ANSWER  *Answer
  )
{
  MRM_GUARD                 *Guard;
  CONST MRM_GUARD_FUNCTION  *Function;
  MRM_GUARD_CONFIG_ANSWER   Judged;
  UINT32                    Header[MRM_GUARD_HEADER_DWORDS];
  UINT32                    Offset;
  UINTN                     Index;
  BOOLEAN                   Denied;

  Guard    = Processor->Guard;
  Function = MrmGuardFindFunction (Guard->Functions, Guard->FunctionCount, Answer->Address);
  if ((Function == NULL) || !LockRegisters (Processor)) {
    return;
  }

  for (Index = 0; Index < MRM_GUARD_HEADER_DWORDS; Index++) {
    Header[Index] = MmioRead32 ((UINTN)Function->Page + Index * sizeof (UINT32));
  }

  Offset = (UINT32)(Answer->Address - Function->Page);
  MrmGuardJudgeConfig (
    Function,
    Offset,
    Answer->Width,
    (UINT32)Answer->Value,
    Header,
    MmioRead32 ((UINTN)Function->Page + (Offset & ~(UINT32)3)),
    &Judged
    );
  Denied = Judged.Denied;
  if (Judged.Write && !WriteLocked (Facts, Answer->Address, Answer->Width, Judged.Value)) {
    Denied = TRUE;
  }

  UnlockRegisters (Guard);
  if (Denied) {
    Processor->Counts.Denied++;
  }
}
