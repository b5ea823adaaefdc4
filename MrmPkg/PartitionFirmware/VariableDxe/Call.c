/** @file
  Asks the controller by mailbox.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "VariableDxe.h"
#include <Library/BaseLib.h>
#include <Library/SynchronizationLib.h>

EFI_STATUS
CallController (
  IN OUT MRM_CALL  *Call,
  IN     UINT64    TscFrequency,
  IN     UINT32    Seconds
  )
{
  UINT32  Sequence;
  UINT64  Start;
  UINT64  Limit;

  Call->AskedTsc = AsmReadTsc ();

  // In this order: the data of the call is in memory, the controller can see the call, it is woken.
  Sequence = InterlockedIncrement (&Call->Sequence);
  WakeController ();
  Limit = MultU64x32 (TscFrequency, Seconds);
  Start = AsmReadTsc ();
  while (Call->Answered != Sequence) {
    if (AsmReadTsc () - Start > Limit) {
      return EFI_DEVICE_ERROR;
    }

    CpuPause ();
  }

  MemoryFence ();
  return (EFI_STATUS)Call->Status;
}
