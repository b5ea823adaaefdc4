/** @file
  The status screen on one console: only what has changed is written, and never much at once.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Console/Paint.h"
#include "Talk/Control.h"
#include "Partition/Partition.h"
#include "Partition/Plan.h"
#include "Core/Clock.h"
#include "Core/Log.h"
#include "Core/Version.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>

#define PAINT_TIME      5          ///< milliseconds for one console in one round: a row or so at 115200 baud
#define RENDER_PERIOD   1000       ///< milliseconds
#define TEXT_PERIOD     100        ///< when there is new text
#define TEXT_SIZE       SIZE_32KB  ///< holds the log, and a console ring
#define UNKNOWN         MAX_UINTN  ///< attribute

STATIC CONST CHAR8  mAskSize[]    = "\x1b[999;999H\x1b[6n";
STATIC CONST CHAR8  mHideCursor[] = "\x1b[?25l";
STATIC CONST CHAR8  mShowCursor[] = "\x1b[?25h";

STATIC CONST UINT8  mAttributes[MrmStyleMax] = {
  EFI_TEXT_ATTR (EFI_LIGHTGRAY, EFI_BLACK),
  EFI_TEXT_ATTR (EFI_BLACK,     EFI_LIGHTGRAY),
  EFI_TEXT_ATTR (EFI_WHITE,     EFI_BLACK),
  EFI_TEXT_ATTR (EFI_YELLOW,    EFI_BLACK)
};

/**
  Send a control sequence to the terminal itself: the firmware's driver lets none pass.

  @param[in] Console   The console; nothing happens on a display.
  @param[in] Sequence  The sequence.
  @param[in] Size      Bytes of it.
**/
STATIC
VOID
SendSequence (
  IN CONST MRM_CONSOLE_SCREEN  *Console,
  IN CONST CHAR8               *Sequence,
  IN UINTN                     Size
  )
{
  if (Console->Line != NULL) {
    Console->Line->Write (Console->Line, &Size, (VOID *)Sequence);
  }
}

VOID
AskSize (
  IN CONST MRM_CONSOLE_SCREEN  *Console
  )
{
  SendSequence (Console, mAskSize, sizeof (mAskSize) - 1);
}

/**
  Free the memory of a grid.

  @param[in,out] Grid  Becomes empty.
**/
STATIC
VOID
FreeGrid (
  IN OUT MRM_GRID  *Grid
  )
{
  if (Grid->Cells != NULL) {
    FreePool (Grid->Cells);
    Grid->Cells = NULL;
  }
}

/**
  Make a grid of blanks.

  @param[out] Grid     The grid.
  @param[in]  Columns  Its columns.
  @param[in]  Rows     Its rows.

  @retval TRUE   It is there.
  @retval FALSE  There is no memory for it.
**/
STATIC
BOOLEAN
MakeGrid (
  OUT MRM_GRID  *Grid,
  IN  UINT32    Columns,
  IN  UINT32    Rows
  )
{
  FreeGrid (Grid);
  Grid->Columns = Columns;
  Grid->Rows    = Rows;
  Grid->Cells   = AllocatePool ((UINTN)(Columns + 1) * Rows);
  if (Grid->Cells == NULL) {
    return FALSE;
  }

  Grid->Styles = (UINT8 *)Grid->Cells + (UINTN)Columns * Rows;
  SetMem (Grid->Cells, (UINTN)Columns * Rows, ' ');
  SetMem (Grid->Styles, Rows, MrmStyleNormal);
  return TRUE;
}

/**
  Set how text looks from now on.

  @param[in,out] Console    The console.
  @param[in]     Attribute  EFI_TEXT_ATTR().
**/
STATIC
VOID
SetAttribute (
  IN OUT MRM_CONSOLE_SCREEN  *Console,
  IN     UINTN               Attribute
  )
{
  if (Console->Attribute != Attribute) {
    Console->Out->SetAttribute (Console->Out, Attribute);
    Console->Attribute = Attribute;
  }
}

BOOLEAN
BeginScreen (
  IN OUT MRM_CONSOLE_SCREEN  *Console
  )
{
  UINTN  Columns;
  UINTN  Rows;

  if (EFI_ERROR (Console->Out->QueryMode (Console->Out, Console->Out->Mode->Mode, &Columns, &Rows))) {
    Columns = MRM_TERMINAL_COLUMNS;
    Rows    = MRM_TERMINAL_ROWS;
  }

  // The terminal driver does not know the size of the terminal.
  if (Console->Line != NULL) {
    Columns = MIN (Columns, (Console->Screen.TerminalRows != 0) ? Console->Screen.TerminalColumns : MRM_TERMINAL_COLUMNS);
    Rows    = MIN (Rows, (Console->Screen.TerminalRows != 0) ? Console->Screen.TerminalRows : MRM_TERMINAL_ROWS);
  }

  // The last column stays free: a character there would make some consoles scroll.
  Columns = MIN (MAX (Columns, 2) - 1, MRM_GRID_MAX_COLUMNS);
  Rows    = MIN (MAX (Rows, 1), MRM_GRID_MAX_ROWS);
  if (Console->Text == NULL) {
    Console->Text = AllocateZeroPool (TEXT_SIZE);
  }

  if (  (Console->Text == NULL)
     || !MakeGrid (&Console->Shown, (UINT32)Columns, (UINT32)Rows)
     || !MakeGrid (&Console->Wanted, (UINT32)Columns, (UINT32)Rows))
  {
    return FALSE;
  }

  Console->Attribute = UNKNOWN;
  Console->NextRow   = 0;
  Console->Stale     = TRUE;
  Console->TextView  = MrmViewClosed;
  SetAttribute (Console, mAttributes[MrmStyleNormal]);
  Console->Out->EnableCursor (Console->Out, FALSE);
  Console->Out->ClearScreen (Console->Out);
  SendSequence (Console, mHideCursor, sizeof (mHideCursor) - 1);
  return TRUE;
}

VOID
EndScreen (
  IN OUT MRM_CONSOLE_SCREEN  *Console
  )
{
  SetAttribute (Console, mAttributes[MrmStyleNormal]);
  Console->Out->SetCursorPosition (Console->Out, 0, Console->Shown.Rows - 1);
  Console->Out->EnableCursor (Console->Out, TRUE);
  SendSequence (Console, mShowCursor, sizeof (mShowCursor) - 1);

  // The log goes on below the screen.  A program that reads lines sees the end of the line that was painted last.
  Console->Out->OutputString (Console->Out, L"\r\n");
}

VOID
FreeScreen (
  IN OUT MRM_CONSOLE_SCREEN  *Console
  )
{
  FreeGrid (&Console->Shown);
  FreeGrid (&Console->Wanted);
  if (Console->Text != NULL) {
    FreePool (Console->Text);
    Console->Text = NULL;
  }
}

/**
  TRUE if the text of a view is not what it would be now.  One that is scrolled back stands still.

  @param[in]  Console  The console.
  @param[out] Of       Receives what the text would be made of.
**/
STATIC
BOOLEAN
TextIsOld (
  IN  CONST MRM_CONSOLE_SCREEN  *Console,
  OUT UINT32                    *Of
  )
{
  CONST MRM_RING  *Ring;

  *Of = GetLog ()->Added;
  if (Console->Screen.View == MrmViewConsole) {
    Ring = gPartitions[Console->Screen.Selected].ConsoleRing;
    *Of  = (Ring == NULL) ? 0 : Ring->Written;
  }

  if ((Console->TextView != Console->Screen.View) || (Console->TextIndex != Console->Screen.Selected)) {
    return TRUE;
  }

  return (Console->TextOf != *Of) && (Console->Screen.Back == 0);
}

/**
  Make the text of a view.

  @param[in,out] Console  The console.
  @param[in]     Of       What it is made of.
**/
STATIC
VOID
MakeText (
  IN OUT MRM_CONSOLE_SCREEN  *Console,
  IN     UINT32              Of
  )
{
  MRM_PARTITION  *Partition;
  MRM_TEXT       Text;

  Partition          = &gPartitions[Console->Screen.Selected];
  Console->TextView  = Console->Screen.View;
  Console->TextIndex = Console->Screen.Selected;
  Console->TextOf    = Of;
  MrmTextBegin (&Text, Console->Text, TEXT_SIZE);
  if (Console->Screen.View != MrmViewConsole) {
    MrmLogRender (GetLog (), &Text);
  } else if (Partition->ConsoleRing == NULL) {
    MrmTextAdd (&Text, "It has not been started yet.");
  } else if (Partition->ConsoleRingSize < TEXT_SIZE) {
    MrmScreenDecode ((UINT8 *)(Partition->ConsoleRing + 1), Partition->ConsoleRingSize, Of, Console->Text);
  }
}

VOID
RenderScreen (
  IN OUT MRM_CONSOLE_SCREEN  *Console
  )
{
  MRM_STATE_FACTS   States[MRM_MAX_PARTITIONS];
  MRM_SCREEN_FACTS  Facts;
  UINT64            Now;
  UINT32            Of;
  BOOLEAN           Old;

  Now = Milliseconds ();
  Old = TextIsOld (Console, &Of);
  if (!Console->Stale && (Now - Console->Rendered < (Old ? TEXT_PERIOD : RENDER_PERIOD))) {
    return;
  }

  if (Old) {
    MakeText (Console, Of);
  }

  CollectStates (States);
  Facts.Version     = MRM_VERSION_TEXT;
  Facts.Title       = gPlan->Title;
  Facts.Now         = Now;
  Facts.Partitions  = States;
  Facts.Count       = (UINT32)gPartitionCount;
  Facts.Text        = Console->Text;
  MrmScreenRenderGrid (&Console->Screen, &Facts, &Console->Wanted);
  Console->Rendered = Now;
  Console->Stale    = FALSE;
}

/**
  Paint a part of a row.

  @param[in,out] Console  The console.
  @param[in]     Row      The row.
  @param[in]     First    First column.
  @param[in]     Count    Columns.
**/
STATIC
VOID
PaintRow (
  IN OUT MRM_CONSOLE_SCREEN  *Console,
  IN     UINT32              Row,
  IN     UINT32              First,
  IN     UINT32              Count
  )
{
  CHAR16  Piece[MRM_GRID_MAX_COLUMNS + 1];
  CHAR8   *Cells;
  UINT32  Index;

  Cells = Console->Wanted.Cells + (UINTN)Row * Console->Wanted.Columns + First;
  for (Index = 0; Index < Count; Index++) {
    Piece[Index] = Cells[Index];
  }

  Piece[Count] = L'\0';
  SetAttribute (Console, mAttributes[Console->Wanted.Styles[Row]]);
  Console->Out->SetCursorPosition (Console->Out, First, Row);
  Console->Out->OutputString (Console->Out, Piece);
  CopyMem (Console->Shown.Cells + (UINTN)Row * Console->Shown.Columns + First, Cells, Count);
  Console->Shown.Styles[Row] = Console->Wanted.Styles[Row];
}

BOOLEAN
PaintScreen (
  IN OUT MRM_CONSOLE_SCREEN  *Console
  )
{
  UINT64  Begin;
  UINT32  Looked;
  UINT32  First;
  UINT32  Count;

  Begin = Milliseconds ();
  for (Looked = 0; Looked < Console->Wanted.Rows; Looked++) {
    if (MrmGridDiffers (&Console->Shown, &Console->Wanted, Console->NextRow, &First, &Count)) {
      PaintRow (Console, Console->NextRow, First, Count);
    }

    Console->NextRow = (Console->NextRow + 1) % Console->Wanted.Rows;
    if (Milliseconds () - Begin >= PAINT_TIME) {
      return TRUE;
    }
  }

  return FALSE;
}
