/** @file
  What keys do to the screen.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmScreenInternal.h"
#include <Protocol/SimpleTextIn.h>

#define CONTROL_L      0x0C
#define ESCAPE         0x1B
#define NUMBER_LIMIT   1000   ///< parameters of a sequence are smaller

///
/// How far an escape sequence has come.  Firmware understands those of some terminals; the others, such as
/// PageUp of most, arrive as single keys.
///
typedef enum {
  EscapeNone,
  EscapeBegun,            ///< after the escape key
  EscapeSequence,         ///< after escape and [
  EscapeShift             ///< after escape and O
} ESCAPE_STATE;

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

  // Orders are given where the operator sees what they are about.
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

/**
  Take a whole key.

  @param[in,out] Screen  Where the operator is.
  @param[in]     Count   Number of partitions.
  @param[in]     Scan    Scan code; 0 = none.
  @param[in]     Char    Character, if there is no scan code.
  @param[in]     Now     Milliseconds.

  @return  What is to be done.
**/
STATIC
MRM_SCREEN_ACTION
TakeKey (
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

/**
  Take the last character of an escape sequence.

  @param[in,out] Screen  Where the operator is; Numbers are its parameters.
  @param[in]     Count   Number of partitions.
  @param[in]     Char    The character.
  @param[in]     Now     Milliseconds.

  @return  What is to be done; nothing for a sequence that is no key of ours.
**/
STATIC
MRM_SCREEN_ACTION
EndSequence (
  IN OUT MRM_SCREEN  *Screen,
  IN     UINT32      Count,
  IN     CHAR16      Char,
  IN     UINT64      Now
  )
{
  STATIC CONST UINT16  Tilde[] = {
    SCAN_NULL, SCAN_HOME, SCAN_NULL, SCAN_NULL, SCAN_END, SCAN_PAGE_UP, SCAN_PAGE_DOWN, SCAN_HOME, SCAN_END
  };
  UINT16               Scan;

  Scan = SCAN_NULL;
  switch (Char) {
    case 'A':
      Scan = SCAN_UP;
      break;
    case 'B':
      Scan = SCAN_DOWN;
      break;
    case 'F':
      Scan = SCAN_END;
      break;
    case 'H':
      Scan = SCAN_HOME;
      break;
    case '~':
      if (Screen->Numbers[0] < ARRAY_SIZE (Tilde)) {
        Scan = Tilde[Screen->Numbers[0]];
      }

      break;
    case 'R':
      // The place of the cursor, which was sent as far as it goes.
      if (  (Screen->View != MrmViewClosed)
         && (Screen->Numbers[0] >= MRM_TERMINAL_LEAST)
         && (Screen->Numbers[1] >= MRM_TERMINAL_LEAST))
      {
        Screen->TerminalRows    = Screen->Numbers[0];
        Screen->TerminalColumns = Screen->Numbers[1];
        return MrmScreenResize;
      }

      break;
    default:
      break;
  }

  return (Scan == SCAN_NULL) ? MrmScreenNothing : TakeKey (Screen, Count, Scan, 0, Now);
}

/**
  Take a character within an escape sequence.

  @param[in,out] Screen  Where the operator is.
  @param[in]     Count   Number of partitions.
  @param[in]     Char    The character.
  @param[in]     Now     Milliseconds.

  @return  What is to be done.
**/
STATIC
MRM_SCREEN_ACTION
TakeSequence (
  IN OUT MRM_SCREEN  *Screen,
  IN     UINT32      Count,
  IN     CHAR16      Char,
  IN     UINT64      Now
  )
{
  UINT32  *Number;

  Screen->EscapeAt = Now;
  if (Screen->Escape == EscapeBegun) {
    Screen->Numbers[0]  = 0;
    Screen->Numbers[1]  = 0;
    Screen->NumberCount = 0;
    Screen->Escape      = (Char == '[') ? EscapeSequence : ((Char == 'O') ? EscapeShift : EscapeNone);
    // Escape and any other character is no key of ours.
    return MrmScreenNothing;
  }

  if ((Char >= '0') && (Char <= '9') && (Screen->NumberCount < ARRAY_SIZE (Screen->Numbers))) {
    Number = &Screen->Numbers[Screen->NumberCount];
    if (*Number < NUMBER_LIMIT / 10) {
      *Number = *Number * 10 + (Char - '0');
    }
  } else if (Char == ';') {
    Screen->NumberCount = (UINT8)MIN (Screen->NumberCount + 1, (INTN)ARRAY_SIZE (Screen->Numbers));
  } else if ((Char < ' ') || (Char > '?')) {
    Screen->Escape = EscapeNone;
    return EndSequence (Screen, Count, Char, Now);
  }

  return MrmScreenNothing;
}

/**
  Take a key.

  @param[in,out] Screen  Where the operator is.
  @param[in]     Count   Number of partitions.
  @param[in]     Scan    EFI_INPUT_KEY.ScanCode; 0 = none.
  @param[in]     Char    EFI_INPUT_KEY.UnicodeChar.
  @param[in]     Now     Milliseconds.

  @return  What is to be done; MrmScreenOrder: Screen->Order.
**/
MRM_SCREEN_ACTION
EFIAPI
MrmScreenKey (
  IN OUT MRM_SCREEN  *Screen,
  IN     UINT32      Count,
  IN     UINT16      Scan,
  IN     CHAR16      Char,
  IN     UINT64      Now
  )
{
  if (!Screen->Keyboard && ((Scan == SCAN_ESC) || ((Scan == SCAN_NULL) && (Char == ESCAPE)))) {
    Screen->Escape   = EscapeBegun;
    Screen->EscapeAt = Now;
    return MrmScreenNothing;
  }

  if ((Screen->Escape != EscapeNone) && (Scan == SCAN_NULL)) {
    return TakeSequence (Screen, Count, Char, Now);
  }

  Screen->Escape = EscapeNone;
  return TakeKey (Screen, Count, Scan, Char, Now);
}

/**
  Let time pass when there is no key.

  @param[in,out] Screen  Where the operator is.
  @param[in]     Count   Number of partitions.
  @param[in]     Now     Milliseconds.

  @return  What is to be done.
**/
MRM_SCREEN_ACTION
EFIAPI
MrmScreenTick (
  IN OUT MRM_SCREEN  *Screen,
  IN     UINT32      Count,
  IN     UINT64      Now
  )
{
  BOOLEAN  Alone;

  if ((Screen->Escape != EscapeNone) && (Now - Screen->EscapeAt >= MRM_SCREEN_ESCAPE_TIME)) {
    Alone          = (Screen->Escape == EscapeBegun);
    Screen->Escape = EscapeNone;
    if (Alone && (Screen->View != MrmViewClosed)) {
      return TakeKey (Screen, Count, SCAN_ESC, 0, Now);
    }
  }

  if (Screen->Asking && (Now - Screen->AskedAt >= MRM_SCREEN_QUESTION_TIME)) {
    Screen->Asking = FALSE;
    return MrmScreenRender;
  }

  return MrmScreenNothing;
}
