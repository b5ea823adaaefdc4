/** @file
  A life: snapshots of a mailbox at growing times, restarts and orders in between.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/MrmLifecycleLib.h>

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  FUZZ             Fuzz   = { Data, Size };
  MRM_PLAN_POLICY  Policy = { 0 };
  MRM_LIFECYCLE    Life   = { 0 };
  MRM_MAILBOX      Mailbox;
  MRM_MAILBOX      *Snapshot;
  MRM_STATE        Was;
  MRM_ACTION       Action;
  UINT64           Now;
  UINT8            Step;
  UINTN            Offset;
  CHAR8            Text[80];

  Policy.Restart              = (MRM_RESTART_POLICY)(FuzzNumber (&Fuzz, 1) % 3);
  Policy.RestartLimit         = (UINT32)FuzzNumber (&Fuzz, 1) % 4;
  Policy.BackOffMilliseconds  = (UINT32)FuzzNumber (&Fuzz, 4);
  Policy.FirmwareMilliseconds = (UINT32)FuzzNumber (&Fuzz, 4);
  Policy.ShutdownMilliseconds = (UINT32)FuzzNumber (&Fuzz, 4);
  Policy.AutoStart            = TRUE;
  Policy.Watchdog             = TRUE;
  Now                         = 0;
  MrmMailboxInitialize (&Mailbox, FALSE);
  MrmLifecycleBound (&Life, &Policy, Now);
  MrmLifecycleStart (&Life, Now);
  while (Fuzz.Size != 0) {
    Step = (UINT8)FuzzNumber (&Fuzz, 1);
    Now += FuzzNumber (&Fuzz, (Step & 0x80) != 0 ? 4 : 1);
    Was  = Life.State;
    switch (Step % 8) {
      case 0:
        MrmLifecycleOrder (&Life, &Policy, (MRM_VERB)FuzzNumber (&Fuzz, 1), (Step & 0x40) != 0, Now, &Action);
        break;
      case 1:
        if (MrmLifecycleIsDue (&Life, &Policy, TRUE, Now)) {
          MrmMailboxInitialize (&Mailbox, Life.Cause == MrmCauseWatchdog);
          MrmLifecycleStart (&Life, Now);
        }

        break;
      case 2:
        Offset = (UINTN)FuzzNumber (&Fuzz, 2) % (sizeof (Mailbox) - 4);
        FuzzTake (&Fuzz, (UINT8 *)&Mailbox + Offset, 4);
        break;
      case 3:
        Mailbox.Phase = (UINT32)FuzzNumber (&Fuzz, 1);
        break;
      case 4:
        Mailbox.Request = (UINT32)FuzzNumber (&Fuzz, 1);
        break;
      case 5:
        FuzzTake (&Fuzz, (VOID *)&Mailbox.Watchdog, sizeof (Mailbox.Watchdog));
        Mailbox.Panic = (UINT32)FuzzNumber (&Fuzz, 1);
        break;
      default:
        Mailbox.Heartbeat++;
        Mailbox.Thermal.Readings++;
    }

    if (Step % 8 < 2) {
      Was = Life.State;
    }

    Snapshot = FuzzExact (&Mailbox, sizeof (Mailbox));
    Action   = MrmLifecycleStep (&Life, &Policy, Snapshot, Now);
    MrmMailboxText (Snapshot, Text, sizeof (Text));
    free (Snapshot);
    FUZZ_CHECK (strlen (Text) < sizeof (Text));
    FUZZ_CHECK ((UINT32)Life.State < MrmStateMax && (UINT32)Life.Cause < MrmCauseMax);
    FUZZ_CHECK ((UINT32)Life.Phase < MrmPhaseMax);
    FUZZ_CHECK (Life.WatchdogRemaining <= MRM_WATCHDOG_MAXIMUM);
    FUZZ_CHECK (Life.Since <= Now);
    FUZZ_CHECK (Life.Temperature == MRM_THERMAL_NORMAL || Life.Temperature == MRM_THERMAL_FATAL);
    FUZZ_CHECK (Action != MrmActionNone || Life.State == Was);
    FUZZ_CHECK (Action != MrmActionStop || !MrmLifecycleIsLive (&Life));
  }

  return 0;
}
