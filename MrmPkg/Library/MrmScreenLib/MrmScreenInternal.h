/** @file
  What the sources of MrmScreenLib share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_SCREEN_INTERNAL_H_
#define MRM_SCREEN_INTERNAL_H_

#include <Library/MrmScreenLib.h>

#define MRM_GRID_LINE_SIZE  (MRM_GRID_MAX_COLUMNS + 1)

/**
  Fill a row: text from the left, blanks after it; what is too long is cut, unprintable bytes become '?'.

  @param[in,out] Grid   The grid.
  @param[in]     Row    The row; nothing happens beyond the last one.
  @param[in]     Style  How it looks.
  @param[in]     Text   Zero-terminated.
**/
VOID
MrmGridRow (
  IN OUT MRM_GRID     *Grid,
  IN     UINT32       Row,
  IN     MRM_STYLE    Style,
  IN     CONST CHAR8  *Text
  );

/**
  Put text at the right end of a row, over what is there, if all of it fits.

  @param[in,out] Grid  The grid.
  @param[in]     Row   The row; nothing happens beyond the last one.
  @param[in]     Text  Zero-terminated, printable.
**/
VOID
MrmGridRight (
  IN OUT MRM_GRID     *Grid,
  IN     UINT32       Row,
  IN     CONST CHAR8  *Text
  );

/**
  Show the end of a text in some rows; long lines are folded.

  @param[in,out] Grid   The grid.
  @param[in]     First  First row.
  @param[in]     Count  Rows.
  @param[in]     Text   Lines with line feeds between them; one at the end does not count.
  @param[in]     Back   So many rows of the end are left out.

  @return  Back, or as much of it as there is something to scroll back to.
**/
UINT32
MrmGridTail (
  IN OUT MRM_GRID     *Grid,
  IN     UINT32       First,
  IN     UINT32       Count,
  IN     CONST CHAR8  *Text,
  IN     UINT32       Back
  );

/**
  Render MrmViewStatus between the first and the last two rows.

  @param[in,out] Screen  Where the operator is.
  @param[in]     Facts   What there is to show.
  @param[in,out] Grid    The grid.
  @param[in]     Rows    Rows from the second on.
**/
VOID
MrmScreenStatus (
  IN OUT MRM_SCREEN              *Screen,
  IN     CONST MRM_SCREEN_FACTS  *Facts,
  IN OUT MRM_GRID                *Grid,
  IN     UINT32                  Rows
  );

/**
  Take a whole key.

  @param[in,out] Screen  Where the operator is.
  @param[in]     Count   Number of partitions.
  @param[in]     Scan    Scan code; 0 = none.
  @param[in]     Char    Character, if there is no scan code.
  @param[in]     Now     Milliseconds.

  @return  What is to be done.
**/
MRM_SCREEN_ACTION
MrmScreenTakeKey (
  IN OUT MRM_SCREEN  *Screen,
  IN     UINT32      Count,
  IN     UINT16      Scan,
  IN     CHAR16      Char,
  IN     UINT64      Now
  );

#endif
