/** @file
  The end of the PC: power-off or reset, after all partitions have ended.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Attend.h"
#include "PcEnd.h"
#include "ResetEntry.h"
#include <Library/UefiRuntimeServicesTableLib.h>

STATIC BOOLEAN         mEnds;
STATIC EFI_RESET_TYPE  mHow;

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
  // A chipset may keep this over a reset.
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
    StopAll ();
    ResetPc (How);
    return;
  }

  Say ("the PC %a when all partitions are off, ordered by %a", HowText (), Who);
  for (Index = 0; Index < gPartitionCount; Index++) {
    // One that is off, failed or refused says that it does not run: so much the better.
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
AttendPcEnd (
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
