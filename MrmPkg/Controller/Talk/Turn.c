/** @file
  Turns of kernels at what they share while they boot: MrmLifecycleLib decides.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Talk/Turn.h"
#include "Partition/Partition.h"
#include "Core/Clock.h"
#include "Core/Log.h"
#include <Library/BaseMemoryLib.h>
#include <Library/MrmPlanLib.h>

#define WORTH_TELLING  100   ///< milliseconds of waiting

STATIC MRM_TURNS  mTurns;
STATIC UINT64     mAskedAt[MRM_MAX_PARTITIONS];   ///< milliseconds; 0 = it does not wait

VOID
PollTurns (
  VOID
  )
{
  MRM_TURN_FACTS  Facts[MRM_MAX_PARTITIONS];
  MRM_MAILBOX     *Mailbox;
  UINT64          Now;
  UINTN           Index;

  Now = Milliseconds ();
  ZeroMem (Facts, sizeof (Facts));
  for (Index = 0; Index < gPartitionCount; Index++) {
    if (!MrmLifecycleIsLive (&gPartitions[Index].Life)) {
      mAskedAt[Index] = 0;
      continue;
    }

    Mailbox             = gPartitions[Index].Mailbox;
    Facts[Index].Live   = TRUE;
    Facts[Index].Starts = gPartitions[Index].Life.Starts;
    Facts[Index].Waits  = (Mailbox->Turn.Asked != 0) && (Mailbox->Turn.Granted == 0);
    Facts[Index].Over   = Mailbox->Turn.Over != 0;
    if (!Facts[Index].Waits) {
      mAskedAt[Index] = 0;
    } else if (mAskedAt[Index] == 0) {
      mAskedAt[Index] = Now;
    }
  }

  if (MrmTurnNext (&mTurns, Facts, gPartitionCount, Now, &Index)) {
    if (Now - mAskedAt[Index] >= WORTH_TELLING) {
      Say ("%a: its kernel has waited %ld ms for its turn", gPartitions[Index].Plan->Name, Now - mAskedAt[Index]);
    }

    gPartitions[Index].Mailbox->Turn.Granted = 1;
  }
}

VOID
RenumberTurns (
  IN CONST UINT32  *Numbers,
  IN UINTN         Count
  )
{
  UINT64  AskedAt[MRM_MAX_PARTITIONS];
  UINTN   Index;

  CopyMem (AskedAt, mAskedAt, sizeof (AskedAt));
  ZeroMem (mAskedAt, sizeof (mAskedAt));
  for (Index = 0; Index < Count; Index++) {
    if (Numbers[Index] != MRM_PLAN_NOBODY) {
      mAskedAt[Numbers[Index]] = AskedAt[Index];
    }
  }

  MrmTurnRenumber (&mTurns, Numbers, Count);
}
