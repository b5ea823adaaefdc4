/** @file
  Carries out writes to configuration space of functions that the partition has by itself.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Common.h"
#include <Library/BaseLib.h>
#include <Library/IoLib.h>
#include <Library/SynchronizationLib.h>

VOID
WriteFunction (
  IN OUT MRM_GUARD_PROCESSOR     *Processor,
  IN     CONST MRM_GUARD_ANSWER  *Answer
  )
{
  MRM_GUARD                 *Guard;
  CONST MRM_GUARD_FUNCTION  *Function;
  MRM_GUARD_CONFIG_ANSWER   Judged;
  UINT32                    Header[MRM_GUARD_HEADER_DWORDS];
  UINT32                    Offset;
  UINTN                     Index;

  Guard    = Processor->Guard;
  Function = MrmGuardFindFunction (Guard->Functions, Guard->FunctionCount, Answer->Address);
  if (Function == NULL) {
    return;
  }

  // Two processors of the partition could do together what neither may alone.  Nobody else waits for this.  One that has
  // met an exception in the guard does not go on: then the partition ends.
  while (InterlockedCompareExchange32 (&Guard->ConfigBusy, 0, 1) != 0) {
    if (Processor->State != MrmHeldRunning) {
      return;
    }

    CpuPause ();
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
  if (Judged.Write) {
    if (Answer->Width == 1) {
      MmioWrite8 ((UINTN)Answer->Address, (UINT8)Judged.Value);
    } else if (Answer->Width == 2) {
      MmioWrite16 ((UINTN)Answer->Address, (UINT16)Judged.Value);
    } else {
      MmioWrite32 ((UINTN)Answer->Address, Judged.Value);
    }
  }

  MemoryFence ();
  Guard->ConfigBusy = 0;
  if (Judged.Denied) {
    Processor->Counts.Denied++;
  }
}
