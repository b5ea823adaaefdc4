/** @file
  Keys of the PC's consoles, and orders that come from there.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Console/Keys.h"
#include "Console/Paint.h"
#include "Life/Requests.h"
#include "Machine/Tick.h"
#include "Partition/Partition.h"
#include "Partition/Plan.h"
#include "Core/Clock.h"
#include "Core/Log.h"

#define KEYS_AT_ONCE  16
#define OPERATOR      "the console"

/**
  Carry out an order of the operator, and say on screen and log what became of it.

  @param[in,out] Console  Where it was given.
**/
STATIC
VOID
ExecuteHere (
  IN OUT MRM_CONSOLE_SCREEN  *Console
  )
{
  MRM_ORDER    *Order;
  CHAR8        Words[MRM_NAME_LENGTH + 16];
  MRM_TEXT     Text;
  CONST CHAR8  *Result;

  Order = &Console->Screen.Order;
  MrmTextBegin (&Text, Words, sizeof (Words));
  MrmScreenOrderText (Order, gPlan->Partitions[Order->Target].Name, &Text);
  Result = ResultText (ExecuteOrder (Order, OPERATOR));
  MrmScreenAnswer (&Console->Screen, gPlan, Result);
  Say (OPERATOR ": asked: %a: %a", Words, Result);
}

/**
  Do what a key has led to.

  @param[in,out] Console  The console.
  @param[in]     Action   What MrmScreenLib says.
**/
STATIC
VOID
HandleAction (
  IN OUT MRM_CONSOLE_SCREEN  *Console,
  IN     MRM_SCREEN_ACTION   Action
  )
{
  switch (Action) {
    case MrmScreenNothing:
      return;
    case MrmScreenOpen:
    case MrmScreenRepaint:
      Console->Screen.TerminalRows = 0;
      AskSize (Console);
    // Until the terminal answers, it is taken to have the usual size.
    case MrmScreenResize:
      if (!BeginScreen (Console)) {
        Console->Screen.View = MrmViewClosed;
      }

      break;
    case MrmScreenClose:
      EndScreen (Console);
      break;
    case MrmScreenOrder:
      ExecuteHere (Console);
      break;
    default:
      break;
  }

  Console->Stale = TRUE;
}

VOID
PollKeys (
  IN OUT MRM_CONSOLE_SCREEN              *Console,
  IN     EFI_SIMPLE_TEXT_INPUT_PROTOCOL  *In
  )
{
  EFI_INPUT_KEY  Key;
  UINTN          Count;

  for (Count = 0; Count < KEYS_AT_ONCE; Count++) {
    if (EFI_ERROR (In->ReadKeyStroke (In, &Key))) {
      return;
    }

    NoteActivity ();
    HandleAction (
      Console,
      MrmScreenKey (&Console->Screen, (UINT32)gPartitionCount, Key.ScanCode, Key.UnicodeChar, Milliseconds ())
      );
  }
}

VOID
PassTime (
  IN OUT MRM_CONSOLE_SCREEN  *Console
  )
{
  HandleAction (Console, MrmScreenTick (&Console->Screen, (UINT32)gPartitionCount, Milliseconds ()));
}
