/** @file
  The status: a row for each partition, why the selected one is as it is, and the last lines of the log.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmScreenInternal.h"

#define MARK_WIDTH        5    ///< "> 12 "
#define NAME_WIDTH        17   ///< on the narrowest screen
#define STATE_WIDTH       10
#define TIME_WIDTH        11
#define STARTS_WIDTH      6
#define FAILED_WIDTH      6
#define PROCESSORS_WIDTH  10
#define MEMORY_WIDTH      8
#define FIXED_WIDTH       62   ///< all but the name, and blanks between them
#define WHY_WIDTH         14   ///< from here on there is a column for it
#define OTHER_ROWS        8    ///< that a long list of partitions leaves to the rest

/**
  Add how long something has lasted, in the two largest units.

  @param[in,out] Text          The text.
  @param[in]     Milliseconds  How long.
**/
STATIC
VOID
AddDuration (
  IN OUT MRM_TEXT  *Text,
  IN     UINT64    Milliseconds
  )
{
  UINT64  Minutes;

  Minutes = Milliseconds / 60000;
  if (Minutes == 0) {
    MrmTextAddNumber (Text, Milliseconds / 1000, 0, ' ');
    MrmTextAdd (Text, " s");
  } else if (Minutes < 60) {
    MrmTextAddNumber (Text, Minutes, 0, ' ');
    MrmTextAdd (Text, " min");
  } else if (Minutes < 24 * 60) {
    MrmTextAddNumber (Text, Minutes / 60, 0, ' ');
    MrmTextAdd (Text, " h ");
    MrmTextAddNumber (Text, Minutes % 60, 2, '0');
    MrmTextAdd (Text, " min");
  } else {
    MrmTextAddNumber (Text, Minutes / (24 * 60), 0, ' ');
    MrmTextAdd (Text, " d ");
    MrmTextAddNumber (Text, Minutes / 60 % 24, 0, ' ');
    MrmTextAdd (Text, " h");
  }
}

/**
  Add a text that ends at the right end of its column, and a blank.

  @param[in,out] Text    The row.
  @param[in]     String  What to add.
  @param[in]     Width   Characters of the column.
**/
STATIC
VOID
AddRight (
  IN OUT MRM_TEXT     *Text,
  IN     CONST CHAR8  *String,
  IN     UINTN        Width
  )
{
  UINTN  Length;

  for (Length = 0; String[Length] != '\0'; Length++) {
  }

  for ( ; Width > Length; Width--) {
    MrmTextAdd (Text, " ");
  }

  MrmTextAdd (Text, String);
  MrmTextAdd (Text, " ");
}

/**
  Add a number that ends at the right end of its column, and a blank.

  @param[in,out] Text    The row.
  @param[in]     Number  The number.
  @param[in]     Width   Characters of the column.
**/
STATIC
VOID
AddNumber (
  IN OUT MRM_TEXT  *Text,
  IN     UINT64    Number,
  IN     UINTN     Width
  )
{
  MrmTextAddNumber (Text, Number, Width, ' ');
  MrmTextAdd (Text, " ");
}

/**
  Add a text that begins at the left end of its column, and a blank.  A name that is longer than
  its column ends in '~'.

  @param[in,out] Text    The row.
  @param[in]     String  What to add.
  @param[in]     Width   Characters of the column.
**/
STATIC
VOID
AddLeft (
  IN OUT MRM_TEXT     *Text,
  IN     CONST CHAR8  *String,
  IN     UINTN        Width
  )
{
  UINTN  Length;

  for (Length = 0; (Length <= Width) && (String[Length] != '\0'); Length++) {
  }

  MrmTextAddColumn (Text, String, (Length > Width) ? Width - 1 : Width);
  MrmTextAdd (Text, (Length > Width) ? "~ " : " ");
}

/**
  Add an amount of memory.

  @param[in,out] Text   The text.
  @param[in]     Bytes  Bytes.
**/
STATIC
VOID
AddMemory (
  IN OUT MRM_TEXT  *Text,
  IN     UINT64    Bytes
  )
{
  if (Bytes < SIZE_8GB) {
    MrmTextAddNumber (Text, Bytes / SIZE_1MB, 0, ' ');
    MrmTextAdd (Text, " MiB");
  } else {
    MrmTextAddNumber (Text, Bytes / SIZE_1GB, 0, ' ');
    MrmTextAdd (Text, " GiB");
  }
}

/**
  Width of the column for names.

  @param[in] Columns  Characters of a row.
**/
STATIC
UINTN
NameWidth (
  IN UINT32  Columns
  )
{
  UINTN  Width;

  Width = (Columns > FIXED_WIDTH) ? Columns - FIXED_WIDTH : 0;
  return MIN (MAX (Width, NAME_WIDTH), MRM_NAME_LENGTH - 1);
}

/**
  Render the row of a partition.

  @param[in]     Screen  Where the operator is.
  @param[in]     Facts   What there is to show.
  @param[in]     Index   The partition.
  @param[in,out] Grid    The grid.
  @param[in]     Row     The row.
**/
STATIC
VOID
RenderPartition (
  IN     CONST MRM_SCREEN        *Screen,
  IN     CONST MRM_SCREEN_FACTS  *Facts,
  IN     UINT32                  Index,
  IN OUT MRM_GRID                *Grid,
  IN     UINT32                  Row
  )
{
  CONST MRM_STATE_FACTS  *Partition;
  CONST MRM_LIFECYCLE    *Life;
  CHAR8                  Line[MRM_GRID_LINE_SIZE];
  CHAR8                  Piece[32];
  MRM_TEXT               Text;
  MRM_TEXT               Part;
  MRM_STYLE              Style;

  Partition = &Facts->Partitions[Index];
  Life      = Partition->Life;
  MrmTextBegin (&Text, Line, sizeof (Line));
  MrmTextAdd (&Text, (Index == Screen->Selected) ? "> " : "  ");
  MrmTextAddNumber (&Text, (UINT64)Index + 1, 2, ' ');
  MrmTextAdd (&Text, " ");
  AddLeft (&Text, Partition->Plan->Name, NameWidth (Grid->Columns));
  AddLeft (&Text, MrmStateName (Life->State), STATE_WIDTH);
  MrmTextBegin (&Part, Piece, sizeof (Piece));
  AddDuration (&Part, (Facts->Now > Life->Since) ? Facts->Now - Life->Since : 0);
  AddRight (&Text, Piece, TIME_WIDTH);
  AddNumber (&Text, Life->Starts, STARTS_WIDTH);
  AddNumber (&Text, Life->Failures, FAILED_WIDTH);
  AddNumber (&Text, Partition->Plan->ProcessorCount, PROCESSORS_WIDTH);
  MrmTextBegin (&Part, Piece, sizeof (Piece));
  AddMemory (&Part, Partition->Memory);
  AddRight (&Text, Piece, MEMORY_WIDTH);
  if (Grid->Columns >= FIXED_WIDTH + MRM_NAME_LENGTH + WHY_WIDTH) {
    MrmTextAdd (&Text, " ");
    MrmTextAdd (&Text, Partition->Words);
  }

  Style = (Index == Screen->Selected) ? MrmStyleBright : MrmStyleNormal;
  if ((Life->State == MrmStateFailed) || (Life->State == MrmStateRefused)) {
    Style = MrmStyleAlarm;
  }

  MrmGridRow (Grid, Row, Style, Line);
}

/**
  Render the row above the partitions.

  @param[in,out] Grid  The grid.
  @param[in]     Row   The row.
**/
STATIC
VOID
RenderHeading (
  IN OUT MRM_GRID  *Grid,
  IN     UINT32    Row
  )
{
  CHAR8     Line[MRM_GRID_LINE_SIZE];
  MRM_TEXT  Text;

  MrmTextBegin (&Text, Line, sizeof (Line));
  AddLeft (&Text, "", MARK_WIDTH - 1);
  AddLeft (&Text, "name", NameWidth (Grid->Columns));
  AddLeft (&Text, "state", STATE_WIDTH);
  AddRight (&Text, "for", TIME_WIDTH);
  AddRight (&Text, "starts", STARTS_WIDTH);
  AddRight (&Text, "failed", FAILED_WIDTH);
  AddRight (&Text, "processors", PROCESSORS_WIDTH);
  AddRight (&Text, "memory", MEMORY_WIDTH);
  if (Grid->Columns >= FIXED_WIDTH + MRM_NAME_LENGTH + WHY_WIDTH) {
    MrmTextAdd (&Text, " why");
  }

  MrmGridRow (Grid, Row, MrmStyleBright, Line);
}

/**
  Render what is known of the selected partition besides its row.

  @param[in]     Facts      What there is to show.
  @param[in]     Partition  The partition.
  @param[in,out] Grid       The grid.
  @param[in]     Row        The row.
**/
STATIC
VOID
RenderSelected (
  IN     CONST MRM_SCREEN_FACTS  *Facts,
  IN     CONST MRM_STATE_FACTS   *Partition,
  IN OUT MRM_GRID                *Grid,
  IN     UINT32                  Row
  )
{
  CONST MRM_LIFECYCLE  *Life;
  CHAR8                Line[MRM_GRID_LINE_SIZE];
  MRM_TEXT             Text;

  Life = Partition->Life;
  MrmTextBegin (&Text, Line, sizeof (Line));
  MrmTextAdd (&Text, "  ");
  MrmTextAdd (&Text, Partition->Plan->Name);
  MrmTextAdd (&Text, ": ");
  MrmTextAdd (&Text, MrmStateName (Life->State));
  if (Partition->Words[0] != '\0') {
    MrmTextAdd (&Text, ": ");
    MrmTextAdd (&Text, Partition->Words);
  }

  if (Life->StartWanted && !Life->StartTimed) {
    MrmTextAdd (&Text, "; starts after others");
  } else if (Life->StartWanted && (Life->StartAt > Facts->Now)) {
    MrmTextAdd (&Text, "; starts in ");
    AddDuration (&Text, Life->StartAt - Facts->Now + 999);
  }

  MrmGridRow (Grid, Row, MrmStyleNormal, Line);
}

VOID
MrmScreenStatus (
  IN OUT MRM_SCREEN              *Screen,
  IN     CONST MRM_SCREEN_FACTS  *Facts,
  IN OUT MRM_GRID                *Grid,
  IN     UINT32                  Rows
  )
{
  CHAR8     Line[MRM_GRID_LINE_SIZE];
  MRM_TEXT  Text;
  UINT32    Listed;
  UINT32    Index;
  UINT32    Row;

  Screen->Back = 0;
  if (Rows < 2) {
    return;
  }

  RenderHeading (Grid, 1);
  Rows--;
  Listed       = MIN (Facts->Count, MAX (1, Rows - MIN (OTHER_ROWS, Rows / 2)));
  Screen->Page = Listed;
  Screen->Top  = MIN (Screen->Top, Facts->Count - Listed);
  Screen->Top  = MIN (Screen->Top, Screen->Selected);
  Screen->Top  = MAX (Screen->Top, (Screen->Selected >= Listed) ? Screen->Selected - Listed + 1 : 0);
  for (Index = 0; Index < Listed; Index++) {
    RenderPartition (Screen, Facts, Screen->Top + Index, Grid, 2 + Index);
  }

  Row   = 2 + Listed;
  Rows -= Listed;
  if (Facts->Count > Listed) {
    MrmTextBegin (&Text, Line, sizeof (Line));
    MrmTextAdd (&Text, "     ");
    MrmTextAddNumber (&Text, (UINT64)Screen->Top + 1, 0, ' ');
    MrmTextAdd (&Text, " to ");
    MrmTextAddNumber (&Text, (UINT64)Screen->Top + Listed, 0, ' ');
    MrmTextAdd (&Text, " of ");
    MrmTextAddNumber (&Text, Facts->Count, 0, ' ');
    MrmGridRow (Grid, (Rows > 0) ? Row : Grid->Rows, MrmStyleNormal, Line);
  }

  if (Rows > 1) {
    RenderSelected (Facts, &Facts->Partitions[Screen->Selected], Grid, Row + 1);
  }

  if (Rows > 4) {
    MrmGridRow (Grid, Row + 3, MrmStyleBright, "  last events");
    MrmGridTail (Grid, Row + 4, Rows - 4, Facts->Text, 0);
  }
}
