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
  Whether there is something to look at.  It is called at any TPL, also amid a look, and changes nothing.

  @retval TRUE   There is.
  @retval FALSE  There is not.
**/
typedef
BOOLEAN
(*MRM_TICK_IS_ASKED)(
  VOID
  );

/**
  Look, and do what there is to do.
**/
typedef
VOID
(*MRM_TICK_LOOK)(
  VOID
  );

///
/// Who looks with each tick: between two rounds, and by a timer event amid a round that takes long.  It belongs to
/// whoever watches, and is zero at first.
///
typedef struct _MRM_TICK_WATCH MRM_TICK_WATCH;

struct _MRM_TICK_WATCH {
  MRM_TICK_WATCH       *Next;
  MRM_TICK_IS_ASKED    IsAsked;   ///< or NULL: it looks each time
  MRM_TICK_LOOK        Look;
  EFI_TPL              Tpl;       ///< it looks at this TPL, TPL_CALLBACK or TPL_NOTIFY
  UINT64               Period;    ///< how often the event looks, in units of 100 ns
  EFI_EVENT            Event;
};

/**
  Have a watch looked after.

  @param[in,out] Watch  IsAsked, Look, Tpl and Period are the caller's.  It is in use until IgnoreTimer().

  @return  Status of the boot services.
**/
EFI_STATUS
WatchByTimer (
  IN OUT MRM_TICK_WATCH  *Watch
  );

/**
  Have a watch looked after no longer.

  @param[in,out] Watch  It may be one that is not.
**/
VOID
IgnoreTimer (
  IN OUT MRM_TICK_WATCH  *Watch
  );

/**
  Wait until the next round is due, or somebody asks for one, and look with each tick meanwhile; at TPL_APPLICATION.
  A round is due 10 ms after the last one, or 20 ms when nothing has happened for a second.
**/
VOID
WaitForRound (
  VOID
  );

/**
  Give the timer back as the PC's firmware had it.
**/
VOID
ReleaseTick (
  VOID
  );

#endif
