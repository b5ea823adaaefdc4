/** @file
  The screen's views but the first one, and its words.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmScreenInternal.h"

STATIC CONST CHAR8  *CONST  mVerbs[MrmVerbMax] = { "start", "stop", "restart", "nmi" };

STATIC CONST CHAR8  *CONST  mHelp[] = {
  "  arrows, j k, 1-9   select a partition",
  "  s                  start it",
  "  t or x             stop it",
  "  r                  restart it, or start it if it does not run",
  "  n                  send an NMI to its first processor",
  "  c                  what its firmware wrote to its console",
  "  l                  the log",
  "  b                  reboot the PC",
  "  o                  switch the PC off",
  "  T X R B O          the same at once: no system is asked to shut down before",
  "  Ctrl-L             paint the screen anew, in the size the terminal has now",
  "  q, Esc             back; from the first page to the log as it is printed",
  "",
  "  In the log and in a console: arrows, j k, PageUp PageDown or u d, Home End.",
  "  What ends something is asked about first: only y does it."
};

VOID
EFIAPI
MrmScreenOrderText (
  IN     CONST MRM_ORDER  *Order,
  IN     CONST CHAR8      *Name,
  IN OUT MRM_TEXT         *Text
  )
{
  switch (Order->Kind) {
    case MrmOrderPcReboot:
      MrmTextAdd (Text, "pc reboot");
      break;
    case MrmOrderPcPowerOff:
      MrmTextAdd (Text, "pc power-off");
      break;
    default:
      MrmTextAdd (Text, ((UINT32)Order->Verb < MrmVerbMax) ? mVerbs[Order->Verb] : "?");
      MrmTextAdd (Text, " ");
      MrmTextAdd (Text, Name);
      break;
  }

  if (Order->AtOnce) {
    MrmTextAdd (Text, " now");
  }
}

VOID
EFIAPI
MrmScreenAnswer (
  IN OUT MRM_SCREEN      *Screen,
  IN     CONST MRM_PLAN  *Plan,
  IN     CONST CHAR8     *Result
  )
{
  MRM_TEXT  Text;

  MrmTextBegin (&Text, Screen->Message, sizeof (Screen->Message));
  MrmScreenOrderText (&Screen->Order, Plan->Partitions[Screen->Order.Target].Name, &Text);
  MrmTextAdd (&Text, ": ");
  MrmTextAdd (&Text, Result);
}

/**
  Render the first row: what this is, and for how long it has run.

  @param[in]     Screen  Where the operator is.
  @param[in]     Facts   What there is to show.
  @param[in,out] Grid    The grid.
**/
STATIC
VOID
RenderTitle (
  IN     CONST MRM_SCREEN        *Screen,
  IN     CONST MRM_SCREEN_FACTS  *Facts,
  IN OUT MRM_GRID                *Grid
  )
{
  CHAR8     Line[MRM_GRID_LINE_SIZE];
  MRM_TEXT  Text;
  UINT64    Seconds;

  MrmTextBegin (&Text, Line, sizeof (Line));
  MrmTextAdd (&Text, " MRM ");
  MrmTextAdd (&Text, Facts->Version);
  MrmTextAdd (&Text, "  ");
  if (Screen->View == MrmViewLog) {
    MrmTextAdd (&Text, "log");
  } else if (Screen->View == MrmViewConsole) {
    MrmTextAdd (&Text, Facts->Partitions[Screen->Selected].Plan->Name);
    MrmTextAdd (&Text, ": what its firmware wrote to its console");
  } else {
    MrmTextAdd (&Text, Facts->Title);
  }

  MrmGridRow (Grid, 0, MrmStyleBar, Line);
  MrmTextBegin (&Text, Line, sizeof (Line));
  MrmTextAdd (&Text, "  up ");
  Seconds = Facts->Now / 1000;
  if (Seconds >= 86400) {
    MrmTextAddNumber (&Text, Seconds / 86400, 0, ' ');
    MrmTextAdd (&Text, " d ");
  }

  MrmTextAddNumber (&Text, Seconds / 3600 % 24, 0, ' ');
  MrmTextAdd (&Text, ":");
  MrmTextAddNumber (&Text, Seconds / 60 % 60, 2, '0');
  MrmTextAdd (&Text, ":");
  MrmTextAddNumber (&Text, Seconds % 60, 2, '0');
  MrmTextAdd (&Text, " ");
  MrmGridRight (Grid, 0, Line);
}

/**
  Render the last two rows: a question or what became of the last order, and the keys.

  @param[in]     Screen  Where the operator is.
  @param[in]     Facts   What there is to show.
  @param[in,out] Grid    The grid, of at least two rows.
**/
STATIC
VOID
RenderBottom (
  IN     CONST MRM_SCREEN        *Screen,
  IN     CONST MRM_SCREEN_FACTS  *Facts,
  IN OUT MRM_GRID                *Grid
  )
{
  CHAR8        Line[MRM_GRID_LINE_SIZE];
  MRM_TEXT     Text;
  CONST CHAR8  *Keys;

  if (Screen->Asking) {
    MrmTextBegin (&Text, Line, sizeof (Line));
    MrmTextAdd (&Text, " ");
    MrmScreenOrderText (&Screen->Order, Facts->Partitions[Screen->Order.Target].Plan->Name, &Text);
    MrmTextAdd (&Text, "? y/n");
    MrmGridRow (Grid, Grid->Rows - 2, MrmStyleAlarm, Line);
  } else if ((Screen->Back > 0) && (Screen->Message[0] == '\0')) {
    MrmGridRow (Grid, Grid->Rows - 2, MrmStyleBright, " scrolled back; End goes on");
  } else {
    MrmTextBegin (&Text, Line, sizeof (Line));
    MrmTextAdd (&Text, " ");
    MrmTextAdd (&Text, Screen->Message);
    MrmGridRow (Grid, Grid->Rows - 2, MrmStyleBright, Line);
  }

  switch (Screen->View) {
    case MrmViewStatus:
      Keys = " s start  t stop  r restart  n NMI  c console  l log  h more keys  q leave";
      break;
    case MrmViewConsole:
      Keys = " PageUp PageDown Home End scroll  1-9 other partitions  q back";
      break;
    case MrmViewLog:
      Keys = " PageUp PageDown Home End scroll  q back";
      break;
    default:
      Keys = " q back";
      break;
  }

  MrmGridRow (Grid, Grid->Rows - 1, MrmStyleBar, Keys);
}

VOID
EFIAPI
MrmScreenRenderGrid (
  IN OUT MRM_SCREEN              *Screen,
  IN     CONST MRM_SCREEN_FACTS  *Facts,
  OUT    MRM_GRID                *Grid
  )
{
  UINT32  Row;
  UINT32  Rows;

  for (Row = 0; Row < Grid->Rows; Row++) {
    MrmGridRow (Grid, Row, MrmStyleNormal, "");
  }

  Screen->Selected = MIN (Screen->Selected, Facts->Count - 1);
  RenderTitle (Screen, Facts, Grid);
  Rows = (Grid->Rows > 3) ? Grid->Rows - 3 : 0;
  switch (Screen->View) {
    case MrmViewLog:
    case MrmViewConsole:
      Screen->Page = Rows;
      Screen->Back = MrmGridTail (Grid, 1, Rows, Facts->Text, Screen->Back);
      break;
    case MrmViewHelp:
      for (Row = 0; (Row < ARRAY_SIZE (mHelp)) && (Row + 1 < Rows); Row++) {
        MrmGridRow (Grid, Row + 2, MrmStyleNormal, mHelp[Row]);
      }

      break;
    default:
      MrmScreenStatus (Screen, Facts, Grid, Rows);
      break;
  }

  if (Grid->Rows > 2) {
    RenderBottom (Screen, Facts, Grid);
  }
}
