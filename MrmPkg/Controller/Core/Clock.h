/** @file
  Time since the controller started, by the TSC.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CLOCK_H_
#define MRM_CLOCK_H_

#include <Uefi.h>

/**
  Now is 0.
**/
VOID
StartClock (
  VOID
  );

/**
  Milliseconds since StartClock(); 0 until the TSC has been measured.
**/
UINT64
Milliseconds (
  VOID
  );

/**
  Milliseconds between two readings of the TSC; 0 when they are not in order.

  @param[in] From  Earlier reading.
  @param[in] To    Later reading.
**/
UINT64
MillisecondsBetween (
  IN UINT64  From,
  IN UINT64  To
  );

/**
  Microseconds between two readings of the TSC, as MillisecondsBetween(); at most an hour.

  @param[in] From  Earlier reading.
  @param[in] To    Later reading.
**/
UINT64
MicrosecondsBetween (
  IN UINT64  From,
  IN UINT64  To
  );

/**
  The reading of the TSC some time from now: to compare with it is cheaper than to ask for the time.

  @param[in] Milliseconds  That time, a minute at most.
**/
UINT64
TscIn (
  IN UINT32  Milliseconds
  );

#endif
