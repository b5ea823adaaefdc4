/** @file
  Keys that arrive as escape sequences, a terminal that tells its size, and time that passes.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmScreenInternal.h"
#include <Protocol/SimpleTextIn.h>

#define ESCAPE        0x1B
#define NUMBER_LIMIT  1000   ///< parameters of a sequence are smaller

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

  return (Scan == SCAN_NULL) ? MrmScreenNothing : MrmScreenTakeKey (Screen, Count, Scan, 0, Now);
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
  return MrmScreenTakeKey (Screen, Count, Scan, Char, Now);
}

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
      return MrmScreenTakeKey (Screen, Count, SCAN_ESC, 0, Now);
    }
  }

  if (Screen->Asking && (Now - Screen->AskedAt >= MRM_SCREEN_QUESTION_TIME)) {
    Screen->Asking = FALSE;
    return MrmScreenRender;
  }

  return MrmScreenNothing;
}
