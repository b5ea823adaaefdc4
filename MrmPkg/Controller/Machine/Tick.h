/** @file
  How often the boot processor wakes.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_PACE_H_
#define MRM_PACE_H_

#include <Uefi.h>

/**
  Take note that something happens: a question, a start, a key.
**/
VOID
NoteActivity (
  VOID
  );

/**
  Have the timer of the PC's firmware tick as often as that wants while something happens, and half as often after a
  second of nothing.
**/
VOID
AdjustTick (
  VOID
  );

///
/// Who can want the timer to tick fast.
///
typedef enum {
  MrmTickNetworks,
  MrmTickDisks,
  MrmTickUsers
} MRM_TICK_USER;

/**
  Have the timer tick fast while cards on networks or served disks are in use, whatever else happens.

  @param[in] User    Who wants that.
  @param[in] Period  How fast, in units of 100 ns; 0: as it likes.
**/
VOID
HastenTick (
  IN MRM_TICK_USER  User,
  IN UINT64         Period
  );

/**
  Give the timer back as the PC's firmware had it.
**/
VOID
ReleaseTick (
  VOID
  );

#endif
