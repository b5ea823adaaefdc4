/** @file
  The status screen of the controller's consoles: what it shows, and what keys do to it.
  Pure: no globals, no I/O, no clock.

  All text that leaves this library is printable ASCII, whatever goes in.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_SCREEN_LIB_H_
#define MRM_SCREEN_LIB_H_

#include <Library/MrmControlLib.h>

#define MRM_GRID_MAX_COLUMNS  250
#define MRM_GRID_MAX_ROWS     100

///
/// What is believed of a terminal that does not tell its size, and the least that is believed of one that does.
///
#define MRM_TERMINAL_COLUMNS  80
#define MRM_TERMINAL_ROWS     24
#define MRM_TERMINAL_LEAST    4

#define MRM_SCREEN_MESSAGE_SIZE  128

///
/// How long a question waits for its answer, and how long the rest of an escape sequence is waited for;
/// milliseconds.
///
#define MRM_SCREEN_QUESTION_TIME  30000
#define MRM_SCREEN_ESCAPE_TIME    100

///
/// How a row looks.
///
typedef enum {
  MrmStyleNormal,
  MrmStyleBar,           ///< first and last row
  MrmStyleBright,        ///< the selected partition, headings
  MrmStyleAlarm,         ///< a partition that failed or was refused; a question
  MrmStyleMax
} MRM_STYLE;

///
/// Characters as they stand on a console.
///
typedef struct {
  UINT32    Columns;     ///< 1 to MRM_GRID_MAX_COLUMNS
  UINT32    Rows;        ///< 1 to MRM_GRID_MAX_ROWS
  CHAR8     *Cells;      ///< Rows times Columns, row by row
  UINT8     *Styles;     ///< MRM_STYLE of each row
} MRM_GRID;

typedef enum {
  MrmViewClosed,         ///< the console prints the log
  MrmViewStatus,         ///< all partitions
  MrmViewLog,            ///< the log, page by page
  MrmViewConsole,        ///< what the selected partition's firmware wrote
  MrmViewHelp
} MRM_VIEW;

///
/// Where the operator is.  All zero is the beginning: closed.
///
typedef struct {
  BOOLEAN      Keyboard;                           ///< keys are a keyboard's: the escape key begins no sequence
  MRM_VIEW     View;
  UINT32       Selected;                           ///< index of a partition
  UINT32       Top;                                ///< index of the first partition listed
  UINT32       Back;                               ///< rows scrolled back; 0 = the newest
  UINT32       Page;                               ///< rows that scroll, as last rendered
  BOOLEAN      Asking;                             ///< a question waits for its answer
  MRM_ORDER    Order;                              ///< that is asked about
  UINT64       AskedAt;
  CHAR8        Message[MRM_SCREEN_MESSAGE_SIZE];   ///< what became of the last order
  UINT8        Escape;                             ///< how far an escape sequence has come
  UINT64       EscapeAt;
  UINT32       Numbers[2];                         ///< its parameters
  UINT8        NumberCount;
  UINT32       TerminalColumns;                    ///< as the terminal told; 0 = it did not
  UINT32       TerminalRows;
} MRM_SCREEN;

///
/// What is to be done after a key.
///
typedef enum {
  MrmScreenNothing,
  MrmScreenRender,       ///< something looks different now
  MrmScreenOpen,         ///< the console shows the screen from now on
  MrmScreenClose,        ///< the console prints the log again
  MrmScreenRepaint,      ///< what is on the console cannot be relied on: ask its size, paint all
  MrmScreenResize,       ///< TerminalColumns and TerminalRows are new
  MrmScreenOrder         ///< carry the order out, then call MrmScreenAnswer()
} MRM_SCREEN_ACTION;

///
/// What there is to show.
///
typedef struct {
  CONST CHAR8              *Version;      ///< of MRM
  CONST CHAR8              *Title;        ///< of the plan
  UINT64                   Now;           ///< milliseconds
  CONST MRM_STATE_FACTS    *Partitions;
  UINT32                   Count;         ///< at least 1
  CONST CHAR8              *Text;         ///< of the view: MrmLogRender(), or MrmScreenDecode() for MrmViewConsole
} MRM_SCREEN_FACTS;

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
  );

/**
  Have the operator look at the first partition: there is another plan, with other partitions. A question
  that waits is dropped.

  @param[in,out] Screen  Where the operator is.
**/
VOID
EFIAPI
MrmScreenForget (
  IN OUT MRM_SCREEN  *Screen
  );

/**
  Let time pass when there is no key: an escape key that begins no sequence is one, and a
  question that nobody answers is dropped.

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
  );

/**
  Tell the operator what became of Screen->Order.

  @param[in,out] Screen  Message receives it.
  @param[in]     Plan    The plan, with the partitions' names.
  @param[in]     Result  What became of it, for people.
**/
VOID
EFIAPI
MrmScreenAnswer (
  IN OUT MRM_SCREEN      *Screen,
  IN     CONST MRM_PLAN  *Plan,
  IN     CONST CHAR8     *Result
  );

/**
  Add an order in the words of MrmOrderParse().

  @param[in]     Order  The order.
  @param[in]     Name   Name of the partition it is for.
  @param[in,out] Text   The text.
**/
VOID
EFIAPI
MrmScreenOrderText (
  IN     CONST MRM_ORDER  *Order,
  IN     CONST CHAR8      *Name,
  IN OUT MRM_TEXT         *Text
  );

/**
  Render the screen.

  @param[in,out] Screen  Where the operator is; Top, Back and Page are made to fit.
  @param[in]     Facts   What there is to show.
  @param[out]    Grid    Receives all cells and styles.
**/
VOID
EFIAPI
MrmScreenRenderGrid (
  IN OUT MRM_SCREEN              *Screen,
  IN     CONST MRM_SCREEN_FACTS  *Facts,
  OUT    MRM_GRID                *Grid
  );

/**
  Say what of a row must be painted.

  @param[in]  Shown   What is on the console.
  @param[in]  Wanted  What is to be there; of the same size.
  @param[in]  Row     The row.
  @param[out] First   Receives the first column that differs.
  @param[out] Count   Receives how many columns from there are to be painted.

  @retval TRUE   The row differs.
  @retval FALSE  It does not.
**/
BOOLEAN
EFIAPI
MrmGridDiffers (
  IN  CONST MRM_GRID  *Shown,
  IN  CONST MRM_GRID  *Wanted,
  IN  UINT32          Row,
  OUT UINT32          *First,
  OUT UINT32          *Count
  );

/**
  Copy what was last written into a ring as lines of printable ASCII, a line feed after each whole one.

  Control sequences of terminals (ECMA-48) are left out, but for those that go to another row, which
  begin a new line; a carriage return overwrites the line. Empty lines are left out, characters beyond
  ASCII become '?'.

  @param[in]  Data     The ring's data, written by somebody who is not trusted.
  @param[in]  Size     Bytes of it, a power of two, known to the reader.
  @param[in]  Written  MRM_RING.Written, not trusted.
  @param[out] Text     Receives the text, zero-terminated; Size + 1 bytes.
**/
VOID
EFIAPI
MrmScreenDecode (
  IN  CONST UINT8  *Data,
  IN  UINT32       Size,
  IN  UINT32       Written,
  OUT CHAR8        *Text
  );

#endif
