/** @file
  Rows of characters.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmScreenInternal.h"

VOID
MrmGridRow (
  IN OUT MRM_GRID     *Grid,
  IN     UINT32       Row,
  IN     MRM_STYLE    Style,
  IN     CONST CHAR8  *Text
  )
{
  CHAR8   *Cells;
  UINT32  Column;

  if (Row >= Grid->Rows) {
    return;
  }

  Grid->Styles[Row] = (UINT8)Style;
  Cells             = Grid->Cells + (UINTN)Row * Grid->Columns;
  for (Column = 0; (Column < Grid->Columns) && (*Text != '\0'); Column++, Text++) {
    Cells[Column] = ((*Text >= 0x20) && (*Text <= 0x7E)) ? *Text : '?';
  }

  for ( ; Column < Grid->Columns; Column++) {
    Cells[Column] = ' ';
  }
}

VOID
MrmGridRight (
  IN OUT MRM_GRID     *Grid,
  IN     UINT32       Row,
  IN     CONST CHAR8  *Text
  )
{
  CHAR8   *Cells;
  UINT32  Length;

  for (Length = 0; Text[Length] != '\0'; Length++) {
  }

  if ((Row >= Grid->Rows) || (Length > Grid->Columns)) {
    return;
  }

  for (Cells = Grid->Cells + (UINTN)(Row + 1) * Grid->Columns - Length; *Text != '\0'; Text++) {
    *Cells++ = *Text;
  }
}

/**
  Rows a line takes.

  @param[in] Length   Characters of it.
  @param[in] Columns  Characters of a row.
**/
STATIC
UINT32
RowsOf (
  IN UINTN   Length,
  IN UINT32  Columns
  )
{
  return (Length == 0) ? 1 : (UINT32)((Length + Columns - 1) / Columns);
}

/**
  Where a line begins.

  @param[in] Text  The text.
  @param[in] End   Where the line ends.
**/
STATIC
UINTN
LineStart (
  IN CONST CHAR8  *Text,
  IN UINTN        End
  )
{
  while ((End > 0) && (Text[End - 1] != '\n')) {
    End--;
  }

  return End;
}

/**
  Put a part of a line into a row.

  @param[in,out] Grid    The grid.
  @param[in]     Row     The row.
  @param[in]     Text    The part.
  @param[in]     Length  Characters of it; more than a row are cut.
**/
STATIC
VOID
PutPart (
  IN OUT MRM_GRID     *Grid,
  IN     UINT32       Row,
  IN     CONST CHAR8  *Text,
  IN     UINTN        Length
  )
{
  CHAR8  Part[MRM_GRID_LINE_SIZE];
  UINTN  Index;

  for (Index = 0; Index < MIN (Length, Grid->Columns); Index++) {
    Part[Index] = Text[Index];
  }

  Part[Index] = '\0';
  MrmGridRow (Grid, Row, MrmStyleNormal, Part);
}

UINT32
MrmGridTail (
  IN OUT MRM_GRID     *Grid,
  IN     UINT32       First,
  IN     UINT32       Count,
  IN     CONST CHAR8  *Text,
  IN     UINT32       Back
  )
{
  UINTN   End;
  UINTN   Line;
  UINTN   Start;
  UINT32  Total;
  UINT32  Row;
  UINT32  Part;

  for (End = 0; Text[End] != '\0'; End++) {
  }

  if ((End > 0) && (Text[End - 1] == '\n')) {
    End--;
  }

  // How much there is, to know how far back one can go.
  Total = 0;
  for (Line = End; End > 0; Line = Start - 1) {
    Start  = LineStart (Text, Line);
    Total += RowsOf (Line - Start, Grid->Columns);
    if (Start == 0) {
      break;
    }
  }

  Back = MIN (Back, (Total > Count) ? Total - Count : 0);
  Row  = MIN (Total - Back, Count);
  for (Part = Row; Part < Count; Part++) {
    MrmGridRow (Grid, First + Part, MrmStyleNormal, "");
  }

  // From the end upwards, the last part of each line first.
  Total = 0;
  for (Line = End; Row > 0; Line = Start - 1) {
    Start = LineStart (Text, Line);
    for (Part = RowsOf (Line - Start, Grid->Columns); (Part > 0) && (Row > 0); Part--) {
      if (Total++ >= Back) {
        Row--;
        PutPart (
          Grid,
          First + Row,
          Text + Start + (UINTN)(Part - 1) * Grid->Columns,
          Line - Start - (UINTN)(Part - 1) * Grid->Columns
          );
      }
    }
  }

  return Back;
}

BOOLEAN
EFIAPI
MrmGridDiffers (
  IN  CONST MRM_GRID  *Shown,
  IN  CONST MRM_GRID  *Wanted,
  IN  UINT32          Row,
  OUT UINT32          *First,
  OUT UINT32          *Count
  )
{
  CONST CHAR8  *Old;
  CONST CHAR8  *New;
  UINT32       Begin;
  UINT32       End;

  Old   = Shown->Cells + (UINTN)Row * Wanted->Columns;
  New   = Wanted->Cells + (UINTN)Row * Wanted->Columns;
  Begin = 0;
  End   = Wanted->Columns;
  if (Shown->Styles[Row] == Wanted->Styles[Row]) {
    while ((Begin < End) && (Old[Begin] == New[Begin])) {
      Begin++;
    }

    while ((End > Begin) && (Old[End - 1] == New[End - 1])) {
      End--;
    }
  }

  *First = Begin;
  *Count = End - Begin;
  return End > Begin;
}
