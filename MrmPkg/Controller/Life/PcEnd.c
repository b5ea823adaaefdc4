/** @file
  The end of the PC: power-off or reset, after all partitions have ended.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Life/PcEnd.h"
#include "Life/Life.h"
#include "Machine/PowerButton.h"
#include "Machine/ResetEntry.h"
#include "Partition/Partition.h"
#include "Partition/Policy.h"
#include "Core/Clock.h"
#include "Core/Log.h"
#include <Library/UefiRuntimeServicesTableLib.h>

#define SECOND_PRESS   5000          ///< milliseconds in which a second press of the power button is meant
#define NEVER_PRESSED  MAX_UINT64

STATIC BOOLEAN         mEnds;
STATIC EFI_RESET_TYPE  mHow;
STATIC UINT64          mPressed = NEVER_PRESSED;

/**
  What becomes of the PC, in words.
**/
STATIC
CONST CHAR8 *
HowText (
  VOID
  )
{
  return (mHow == EfiResetShutdown) ? "is switched off" : "starts anew";
}

VOID
ResetPc (
  IN EFI_RESET_TYPE  How
  )
{
  // Some chipsets do not undo this at a reset.
  CloseResetEntry ();
  gRT->ResetSystem (How, EFI_SUCCESS, 0, NULL);
}

VOID
EndPc (
  IN EFI_RESET_TYPE  How,
  IN BOOLEAN         AtOnce,
  IN CONST CHAR8     *Who
  )
{
  UINTN  Index;

  mEnds = TRUE;
  mHow  = How;
  if (AtOnce) {
    Say ("the PC %a at once, ordered by %a", HowText (), Who);
    ReclaimAll ();
    ResetPc (How);
    return;
  }

  Say ("the PC %a when all partitions are off, ordered by %a", HowText (), Who);
  for (Index = 0; Index < gPartitionCount; Index++) {
    // The order fails for a partition that does not run, which is fine: it need not be stopped.
    OrderPartition (&gPartitions[Index], MrmVerbStop, FALSE, Who);
  }
}

BOOLEAN
PcEnds (
  VOID
  )
{
  return mEnds;
}

VOID
PollPcEnd (
  VOID
  )
{
  UINTN  Index;

  if (!mEnds) {
    return;
  }

  for (Index = 0; Index < gPartitionCount; Index++) {
    if (MrmLifecycleIsLive (&gPartitions[Index].Life)) {
      return;
    }
  }

  Say ("all partitions are off: the PC %a", HowText ());
  ResetPc (mHow);
}

VOID
PollPowerButton (
  VOID
  )
{
  UINT64  Now;

  if (!PowerButtonPressed ()) {
    return;
  }

  Now = Milliseconds ();
  if (!gPolicy->PowerButton) {
    Say ("the power button was pressed: ignored, as the partition file says");
  } else if ((mPressed != NEVER_PRESSED) && (Now - mPressed < SECOND_PRESS)) {
    EndPc (EfiResetShutdown, TRUE, "the power button");
  } else {
    mPressed = Now;
    EndPc (EfiResetShutdown, FALSE, "the power button");
    Say ("the power button, pressed again within 5 s, switches the PC off at once");
  }
}
