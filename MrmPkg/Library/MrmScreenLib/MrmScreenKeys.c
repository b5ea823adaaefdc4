/** @file
  What keys do to the screen.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmScreenInternal.h"
#include <Protocol/SimpleTextIn.h>

#define CONTROL_L  0x0C

/**
  Ask before an order is carried out.

  @param[in,out] Screen  Where the operator is.
  @param[in]     Kind    The order.
  @param[in]     Verb    For MrmOrderPartition; the selected one is meant.
  @param[in]     AtOnce  TRUE if no OS is to be asked to shut down before.
  @param[in]     Now     Milliseconds.
**/
STATIC
MRM_SCREEN_ACTION
Ask (
  IN OUT MRM_SCREEN      *Screen,
  IN     MRM_ORDER_KIND  Kind,
  IN     MRM_VERB        Verb,
  IN     BOOLEAN         AtOnce,
  IN     UINT64          Now
  )
{
  Screen->Order.Kind   = Kind;
  Screen->Order.Verb   = Verb;
  Screen->Order.Target = Screen->Selected;
  Screen->Order.AtOnce = AtOnce;
  Screen->AskedAt      = Now;
  Screen->Asking       = (Kind != MrmOrderPartition) || (Verb != MrmVerbStart);
  return Screen->Asking ? MrmScreenRender : MrmScreenOrder;
}

/**
  Go to a view.

  @param[in,out] Screen  Where the operator is.
  @param[in]     View    The view.
**/
STATIC
MRM_SCREEN_ACTION
Show (
  IN OUT MRM_SCREEN  *Screen,
  IN     MRM_VIEW    View
  )
{
  Screen->View = View;
  Screen->Back = 0;
  return (View == MrmViewClosed) ? MrmScreenClose : MrmScreenRender;
}

/**
  Select a partition.

  @param[in,out] Screen  Where the operator is.
  @param[in]     Count   Number of partitions.
  @param[in]     Index   The one that is wanted, from any number; the nearest there is.
**/
STATIC
MRM_SCREEN_ACTION
Select (
  IN OUT MRM_SCREEN  *Screen,
  IN     UINT32      Count,
  IN     INT64       Index
  )
{
  Screen->Selected = (Index < 0) ? 0 : (UINT32)MIN (Index, (INT64)Count - 1);
  return MrmScreenRender;
}

/**
  Scroll.

  @param[in,out] Screen  Where the operator is.
  @param[in]     Rows    So many rows back; less than zero: on.
**/
STATIC
MRM_SCREEN_ACTION
Scroll (
  IN OUT MRM_SCREEN  *Screen,
  IN     INT64       Rows
  )
{
  // Rendering brings it down to what there is.
  Screen->Back = (UINT32)MIN (MAX ((INT64)Screen->Back + Rows, 0), MAX_INT32);
  return MrmScreenRender;
}

/**
  Take a key that moves.

  @param[in,out] Screen  Where the operator is; open.
  @param[in]     Count   Number of partitions.
  @param[in]     Scan    Scan code.

  @return  What is to be done.
**/
STATIC
MRM_SCREEN_ACTION
Move (
  IN OUT MRM_SCREEN  *Screen,
  IN     UINT32      Count,
  IN     UINT16      Scan
  )
{
  BOOLEAN  Text;
  INT64    Page;

  Text = (Screen->View == MrmViewLog) || (Screen->View == MrmViewConsole);
  Page = MAX (Screen->Page, 2) - 1;
  switch (Scan) {
    case SCAN_UP:
      return Text ? Scroll (Screen, 1) : Select (Screen, Count, (INT64)Screen->Selected - 1);
    case SCAN_DOWN:
      return Text ? Scroll (Screen, -1) : Select (Screen, Count, (INT64)Screen->Selected + 1);
    case SCAN_PAGE_UP:
      return Text ? Scroll (Screen, Page) : Select (Screen, Count, (INT64)Screen->Selected - Page);
    case SCAN_PAGE_DOWN:
      return Text ? Scroll (Screen, -Page) : Select (Screen, Count, (INT64)Screen->Selected + Page);
    case SCAN_HOME:
      return Text ? Scroll (Screen, MAX_INT32) : Select (Screen, Count, 0);
    case SCAN_END:
      return Text ? Scroll (Screen, -(INT64)MAX_INT32) : Select (Screen, Count, Count);
    default:
      return MrmScreenNothing;
  }
}

/**
  Take an escape key or its like: one page back.

  @param[in,out] Screen  Where the operator is; open.
**/
STATIC
MRM_SCREEN_ACTION
GoBack (
  IN OUT MRM_SCREEN  *Screen
  )
{
  return Show (Screen, (Screen->View == MrmViewStatus) ? MrmViewClosed : MrmViewStatus);
}

/**
  Take a character.

  @param[in,out] Screen  Where the operator is; open, nothing is asked.
  @param[in]     Count   Number of partitions.
  @param[in]     Char    The character.
  @param[in]     Now     Milliseconds.

  @return  What is to be done.
**/
STATIC
MRM_SCREEN_ACTION
Command (
  IN OUT MRM_SCREEN  *Screen,
  IN     UINT32      Count,
  IN     CHAR16      Char,
  IN     UINT64      Now
  )
{
  if ((Char >= '1') && (Char <= '9')) {
    Screen->Back = 0;
    return Select (Screen, Count, Char - '1');
  }

  switch (Char) {
    case 'k':
      return Move (Screen, Count, SCAN_UP);
    case 'j':
      return Move (Screen, Count, SCAN_DOWN);
    case 'u':
      return Move (Screen, Count, SCAN_PAGE_UP);
    case 'd':
    case ' ':
      return Move (Screen, Count, SCAN_PAGE_DOWN);
    case 'q':
      return GoBack (Screen);
    case 'l':
      return Show (Screen, MrmViewLog);
    case 'c':
      return Show (Screen, MrmViewConsole);
    case 'h':
    case '?':
      return Show (Screen, MrmViewHelp);
    default:
      break;
  }

  // Orders are given only on the screen that shows which partition is selected.
  if (Screen->View != MrmViewStatus) {
    return MrmScreenNothing;
  }

  switch (Char) {
    case 's':
      return Ask (Screen, MrmOrderPartition, MrmVerbStart, FALSE, Now);
    case 't':
    case 'T':
    case 'x':
    case 'X':
      return Ask (Screen, MrmOrderPartition, MrmVerbStop, (BOOLEAN)(Char < 'a'), Now);
    case 'r':
    case 'R':
      return Ask (Screen, MrmOrderPartition, MrmVerbRestart, (BOOLEAN)(Char < 'a'), Now);
    case 'n':
      return Ask (Screen, MrmOrderPartition, MrmVerbNmi, FALSE, Now);
    case 'b':
    case 'B':
      return Ask (Screen, MrmOrderPcReboot, MrmVerbMax, (BOOLEAN)(Char < 'a'), Now);
    case 'o':
    case 'O':
      return Ask (Screen, MrmOrderPcPowerOff, MrmVerbMax, (BOOLEAN)(Char < 'a'), Now);
    default:
      return MrmScreenNothing;
  }
}

MRM_SCREEN_ACTION
MrmScreenTakeKey (
  IN OUT MRM_SCREEN  *Screen,
  IN     UINT32      Count,
  IN     UINT16      Scan,
  IN     CHAR16      Char,
  IN     UINT64      Now
  )
{
  if (Screen->View == MrmViewClosed) {
    if ((Scan == SCAN_NULL) && (Char < ' ') && (Char != '\r')) {
      return MrmScreenNothing;
    }

    Show (Screen, MrmViewStatus);
    return MrmScreenOpen;
  }

  if ((Scan == SCAN_NULL) && (Char == CONTROL_L)) {
    return MrmScreenRepaint;
  }

  Screen->Message[0] = '\0';
  if (Screen->Asking) {
    Screen->Asking = FALSE;
    if ((Scan == SCAN_NULL) && (Char == 'y')) {
      return MrmScreenOrder;
    }

    return MrmScreenRender;
  }

  if (Scan == SCAN_ESC) {
    return GoBack (Screen);
  }

  return (Scan != SCAN_NULL) ? Move (Screen, Count, Scan) : Command (Screen, Count, Char, Now);
}

VOID
EFIAPI
MrmScreenForget (
  IN OUT MRM_SCREEN  *Screen
  )
{
  Screen->Selected = 0;
  Screen->Top      = 0;
  Screen->Back     = 0;
  Screen->Asking   = FALSE;
}
