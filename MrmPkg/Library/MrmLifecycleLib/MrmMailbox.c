/** @file
  The mailbox before a start, its text, and the names of states and causes.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Base.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmLifecycleLib.h>

#define DEFAULT_COUNTDOWN  300   ///< units of MRM_WATCHDOG_PERIOD: 30 s

STATIC CONST CHAR8  *CONST  mStateNames[MrmStateMax] = {
  "absent",
  "refused",
  "starting",
  "firmware",
  "loading",
  "running",
  "stopping",
  "off",
  "failed",
  "restarting"
};

STATIC CONST CHAR8  *CONST  mCauseTexts[MrmCauseMax] = {
  "",
  "shutdown",
  "cold reset",
  "warm reset",
  "",
  "its mailbox was overwritten",
  "no sign of life from its firmware",
  "watchdog",
  "panic",
  "its memory cannot hold firmware and boot files",
  "a device did not come back from its reset",
  "a processor does not answer that it has stopped",
  "ordered",
  "did not shut down in time",
  "restart through the BIOS reset entry",
  "ended by its guard",
  "asked the chipset for a reset of the PC",
  "has not read its temperature for 20 s: it sleeps, or is stuck"
};

VOID
EFIAPI
MrmMailboxInitialize (
  OUT MRM_MAILBOX  *Mailbox,
  IN  BOOLEAN      Fired
  )
{
  ZeroMem (Mailbox, sizeof (*Mailbox));
  Mailbox->Signature           = MRM_MAILBOX_SIGNATURE;
  Mailbox->Version             = MRM_MAILBOX_VERSION;
  Mailbox->Sleep.Pm1Low        = MRM_SLEEP_SCI_ENABLE;
  Mailbox->Watchdog.Countdown  = DEFAULT_COUNTDOWN;
  Mailbox->Watchdog.Remaining  = DEFAULT_COUNTDOWN;
  Mailbox->Watchdog.Fired      = Fired ? 1 : 0;
  Mailbox->Panic               = MRM_PANIC_NONE;
  Mailbox->Thermal.Temperature = MRM_THERMAL_NORMAL;
}

VOID
EFIAPI
MrmMailboxText (
  IN  CONST MRM_MAILBOX  *Snapshot,
  OUT CHAR8              *Text,
  IN  UINTN              Size
  )
{
  UINTN  Index;
  UINTN  Length;
  CHAR8  Character;

  if (Size == 0) {
    return;
  }

  Length = MIN ((UINTN)Snapshot->TextLength, MRM_MAILBOX_TEXT_SIZE);
  Length = MIN (Length, Size - 1);
  for (Index = 0; Index < Length; Index++) {
    Character   = Snapshot->Text[Index];
    Text[Index] = ((Character >= 0x20) && (Character <= 0x7E)) ? Character : '?';
  }

  Text[Length] = '\0';
}

CONST CHAR8 *
EFIAPI
MrmStateName (
  IN MRM_STATE  State
  )
{
  return ((UINT32)State < MrmStateMax) ? mStateNames[State] : "unknown";
}

CONST CHAR8 *
EFIAPI
MrmCauseText (
  IN MRM_CAUSE  Cause
  )
{
  return ((UINT32)Cause < MrmCauseMax) ? mCauseTexts[Cause] : "";
}
