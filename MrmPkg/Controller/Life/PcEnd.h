/** @file
  The end of the PC: power-off or reset, after all partitions have ended.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_PC_END_H_
#define MRM_PC_END_H_

#include <Uefi.h>

/**
  Reset the PC or switch it off at once; does not return.

  @param[in] How  EfiResetShutdown or EfiResetCold.
**/
VOID
ResetPc (
  IN EFI_RESET_TYPE  How
  );

/**
  Have the PC switched off or reset when all partitions are off: each is asked to shut down; those that cannot be asked
  or do not end in time are reclaimed.

  @param[in] How     EfiResetShutdown or EfiResetCold; the last one counts.
  @param[in] AtOnce  TRUE to reclaim all partitions now: does not return.
  @param[in] Who     Who orders it, for people.
**/
VOID
EndPc (
  IN EFI_RESET_TYPE  How,
  IN BOOLEAN         AtOnce,
  IN CONST CHAR8     *Who
  );

/**
  TRUE if the PC is about to end: nothing is started any more.
**/
BOOLEAN
PcEnds (
  VOID
  );

/**
  End the PC if it is to end and no partition is live any more; does not return then.
**/
VOID
PollPcEnd (
  VOID
  );

/**
  Do what the plan says when the power button was pressed.
**/
VOID
PollPowerButton (
  VOID
  );

#endif
