/** @file
  How a state is entered.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmLifecycleInternal.h"

VOID
MrmLifecycleEnter (
  IN OUT MRM_LIFECYCLE  *Lifecycle,
  IN     MRM_STATE      State,
  IN     MRM_CAUSE      Cause,
  IN     UINT64         Now
  )
{
  Lifecycle->State = State;
  Lifecycle->Cause = Cause;
  Lifecycle->Since = Now;
}

VOID
MrmLifecycleStartAt (
  IN OUT MRM_LIFECYCLE  *Lifecycle,
  IN     UINT64         At
  )
{
  Lifecycle->StartWanted = TRUE;
  Lifecycle->StartTimed  = TRUE;
  Lifecycle->StartAt     = At;
}
