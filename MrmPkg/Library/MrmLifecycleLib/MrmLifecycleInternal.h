/** @file
  What the parts of the state machine share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_LIFECYCLE_INTERNAL_H_
#define MRM_LIFECYCLE_INTERNAL_H_

#include <Library/MrmLifecycleLib.h>

/**
  Enter a state.

  @param[in,out] Lifecycle  State of the partition.
  @param[in]     State      The state.
  @param[in]     Cause      Why.
  @param[in]     Now        Milliseconds.
**/
VOID
MrmLifecycleEnter (
  IN OUT MRM_LIFECYCLE  *Lifecycle,
  IN     MRM_STATE      State,
  IN     MRM_CAUSE      Cause,
  IN     UINT64         Now
  );

/**
  The OS, loader or firmware has ended the partition's life in order.

  @param[in,out] Lifecycle  State of the partition: off or restarting after.
  @param[in]     Policy     Its policy.
  @param[in]     Cause      MrmCauseShutdown, MrmCauseColdReset or MrmCauseWarmReset.
  @param[in]     Now        Milliseconds.
**/
VOID
MrmLifecycleEnd (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     MRM_CAUSE              Cause,
  IN     UINT64                 Now
  );

/**
  Look at the registers of the OS's watchdog.

  @param[in,out] Lifecycle  State of the partition, running.
  @param[in]     Registers  Copy of the registers; not trusted.
  @param[in]     Now        Milliseconds.

  @retval TRUE   It has run out.
  @retval FALSE  It has not, or does not run.
**/
BOOLEAN
MrmWatchdogRunsOut (
  IN OUT MRM_LIFECYCLE       *Lifecycle,
  IN     CONST MRM_WATCHDOG  *Registers,
  IN     UINT64              Now
  );

#endif
