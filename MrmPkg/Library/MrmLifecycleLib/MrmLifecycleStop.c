/** @file
  Asking an OS to shut down, by the thermal zone in its DSDT, and what follows.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmLifecycleInternal.h"

BOOLEAN
MrmStopAsk (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     MRM_VERB               Verb,
  IN     UINT64                 Now
  )
{
  if (Lifecycle->State == MrmStateStopping) {
    Lifecycle->Asked = Verb;
    return TRUE;
  }

  if (  (Lifecycle->State != MrmStateRunning)
     || (Policy->ShutdownMilliseconds == 0)
     || Lifecycle->Panicked
     || !Lifecycle->Listens
     || (Now - Lifecycle->ReadAt >= MRM_LISTENS_MILLISECONDS))
  {
    return FALSE;
  }

  MrmLifecycleEnter (Lifecycle, MrmStateStopping, MrmCauseOrder, Now);
  Lifecycle->Asked         = Verb;
  Lifecycle->AskedUntil    = Now + Policy->ShutdownMilliseconds;
  Lifecycle->AskedReadings = Lifecycle->Readings;
  return TRUE;
}

VOID
MrmStopEnd (
  IN OUT MRM_LIFECYCLE  *Lifecycle,
  IN     MRM_CAUSE      Cause,
  IN     UINT64         Now
  )
{
  Lifecycle->Status        = RETURN_SUCCESS;
  Lifecycle->FailuresInRow = 0;
  if (Lifecycle->Asked == MrmVerbRestart) {
    MrmLifecycleEnter (Lifecycle, MrmStateRestarting, Cause, Now);
    MrmLifecycleStartAt (Lifecycle, Now);
  } else {
    MrmLifecycleEnter (Lifecycle, MrmStateOff, Cause, Now);
  }
}

BOOLEAN
MrmStopIsOverdue (
  IN CONST MRM_LIFECYCLE  *Lifecycle,
  IN UINT64               Now
  )
{
  return (Lifecycle->State == MrmStateStopping) && (Now >= Lifecycle->AskedUntil);
}

VOID
MrmStopListen (
  IN OUT MRM_LIFECYCLE      *Lifecycle,
  IN     CONST MRM_THERMAL  *Registers,
  IN     UINT64             Now
  )
{
  if (Registers->Readings != Lifecycle->Readings) {
    Lifecycle->Listens  = TRUE;
    Lifecycle->Readings = Registers->Readings;
    Lifecycle->ReadAt   = Now;
  }

  // The difference of two counters: one that wraps, or is overwritten, harms its own OS only.
  Lifecycle->Temperature = MRM_THERMAL_NORMAL;
  if (  (Lifecycle->State == MrmStateStopping)
     && (  (Lifecycle->Readings - Lifecycle->AskedReadings < MRM_FATAL_READINGS)
        || (Now - Lifecycle->Since < MRM_FATAL_MILLISECONDS)))
  {
    Lifecycle->Temperature = MRM_THERMAL_FATAL;
  }
}

BOOLEAN
MrmStopUnheard (
  IN OUT MRM_LIFECYCLE  *Lifecycle,
  IN     UINT64         Now
  )
{
  MRM_CAUSE  Cause;

  if ((Lifecycle->State != MrmStateRunning) || !Lifecycle->Listens) {
    return FALSE;
  }

  Cause = (Now - Lifecycle->ReadAt >= MRM_UNHEARD_MILLISECONDS) ? MrmCauseUnheard : MrmCauseNone;
  if (Lifecycle->Cause == Cause) {
    return FALSE;
  }

  Lifecycle->Cause = Cause;
  return TRUE;
}
