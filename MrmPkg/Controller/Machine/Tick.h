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
  Have a function called over and over, also amid a round.

  @param[in]  Look    The function, for the event's notification.
  @param[in]  Tpl     The TPL it is called at.
  @param[in]  Period  How often, in units of 100 ns.
  @param[out] Event   Receives the event, for IgnoreTimer(); NULL if there is none.

  @return  Status of the boot services.
**/
EFI_STATUS
WatchByTimer (
  IN  EFI_EVENT_NOTIFY  Look,
  IN  EFI_TPL           Tpl,
  IN  UINT64            Period,
  OUT EFI_EVENT         *Event
  );

/**
  Have it called no longer.

  @param[in,out] Event  Becomes NULL; may be NULL.
**/
VOID
IgnoreTimer (
  IN OUT EFI_EVENT  *Event
  );

/**
  Give the timer back as the PC's firmware had it.
**/
VOID
ReleaseTick (
  VOID
  );

#endif
