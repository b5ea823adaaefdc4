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
  Have a partition started.

  @param[in,out] Lifecycle  State of the partition; not live.
  @param[in]     At         When, milliseconds.
**/
VOID
MrmLifecycleStartAt (
  IN OUT MRM_LIFECYCLE  *Lifecycle,
  IN     UINT64         At
  );

/**
  Ask the OS of a partition to shut down, if it can be asked.

  @param[in,out] Lifecycle  State of the partition, live: MrmStateStopping after.
  @param[in]     Policy     Its policy.
  @param[in]     Verb       What follows, MrmVerbStop or MrmVerbRestart.
  @param[in]     Now        Milliseconds.

  @retval TRUE   It is asked, or was before.
  @retval FALSE  It cannot be asked; nothing has changed.
**/
BOOLEAN
MrmStopAsk (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     MRM_VERB               Verb,
  IN     UINT64                 Now
  );

/**
  A partition that was asked to shut down has ended: what was ordered follows.

  @param[in,out] Lifecycle  State of the partition: off or restarting after.
  @param[in]     Cause      How it ended.
  @param[in]     Now        Milliseconds.
**/
VOID
MrmStopEnd (
  IN OUT MRM_LIFECYCLE  *Lifecycle,
  IN     MRM_CAUSE      Cause,
  IN     UINT64         Now
  );

/**
  TRUE if a partition was asked to shut down and its time is over.

  @param[in] Lifecycle  State of the partition.
  @param[in] Now        Milliseconds.
**/
BOOLEAN
MrmStopIsOverdue (
  IN CONST MRM_LIFECYCLE  *Lifecycle,
  IN UINT64               Now
  );

/**
  Look at the registers of the thermal zone: whether the OS listens, and how hot it is to find it.

  @param[in,out] Lifecycle  State of the partition, live; Temperature is set.
  @param[in]     Registers  Copy of the registers; not trusted.
  @param[in]     Now        Milliseconds.
**/
VOID
MrmStopListen (
  IN OUT MRM_LIFECYCLE      *Lifecycle,
  IN     CONST MRM_THERMAL  *Registers,
  IN     UINT64             Now
  );

/**
  Look at the registers of the OS's watchdog.

  @param[in,out] Lifecycle  State of the partition, running or stopping.
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

/**
  Take note of whether a running OS still reads its temperature.

  @param[in,out] Lifecycle  State of the partition; its cause changes, its state does not.
  @param[in]     Now        Milliseconds.

  @retval TRUE   The cause has changed.
  @retval FALSE  It has not.
**/
BOOLEAN
MrmStopUnheard (
  IN OUT MRM_LIFECYCLE  *Lifecycle,
  IN     UINT64         Now
  );

#endif
