/** @file
  Asks the controller by mailbox.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "VariableDxe.h"
#include <Library/BaseLib.h>
#include <Library/SynchronizationLib.h>

#define LIMIT_SECONDS   15   ///< what a busy disk may take; Linux complains of a processor that is away for 20 (soft lockup)
#define SILENT_SECONDS  1    ///< the same for a controller that has not answered the call before

STATIC BOOLEAN  mSilent;     ///< the call before was not answered

EFI_STATUS
CallController (
  IN OUT MRM_CALL  *Call,
  IN     UINT64    TscFrequency
  )
{
  UINT32  Sequence;
  UINT64  Start;
  UINT64  Limit;

  Call->AskedTsc = AsmReadTsc ();

  // In this order: the data of the call is in memory, the controller can see the call, it is woken.
  Sequence = InterlockedIncrement (&Call->Sequence);
  WakeController ();
  Limit = MultU64x32 (TscFrequency, mSilent ? SILENT_SECONDS : LIMIT_SECONDS);
  Start = AsmReadTsc ();
  while (Call->Answered != Sequence) {
    if (AsmReadTsc () - Start > Limit) {
      mSilent = TRUE;
      return EFI_DEVICE_ERROR;
    }

    CpuPause ();
  }

  MemoryFence ();
  mSilent = FALSE;
  return (EFI_STATUS)Call->Status;
}
