/** @file
  What a partition firmware wrote to its console, and keys, as the controller's screen takes them.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/MrmScreenLib.h>

#define PARTITIONS  3
#define NAME_SIZE   8
#define KEYS        24     ///< more lead to nothing new

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  FUZZ                Fuzz = { Data, Size };
  CHAR8               Names[PARTITIONS][NAME_SIZE];
  MRM_PLAN_PARTITION  Plans[PARTITIONS];
  MRM_LIFECYCLE       Lives[PARTITIONS];
  MRM_STATE_FACTS     States[PARTITIONS];
  MRM_SCREEN_FACTS    Facts  = { "0.1", "a.yaml", 0, States, PARTITIONS, NULL };
  MRM_SCREEN          Screen = { 0 };
  MRM_SCREEN_ACTION   Action;
  MRM_GRID            Grid;
  UINT8               Bytes[256];
  UINT8               *Ring;
  CHAR8               *Text;
  UINT32              Length;
  UINT32              Written;
  UINT32              First;
  UINT32              Count;
  UINTN               Index;
  UINTN               Keys;
  BOOLEAN             Asked;

  memset (Plans, 0, sizeof (Plans));
  memset (Lives, 0, sizeof (Lives));
  for (Index = 0; Index < PARTITIONS; Index++) {
    FuzzTake (&Fuzz, Names[Index], NAME_SIZE);
    Names[Index][NAME_SIZE - 1] = '\0';
    Plans[Index].Name           = Names[Index];
    Lives[Index].State          = (MRM_STATE)(FuzzNumber (&Fuzz, 1) % (MrmStateMax + 1));
    Lives[Index].Since          = FuzzNumber (&Fuzz, 4);
    States[Index]               = (MRM_STATE_FACTS) {
      .Plan = &Plans[Index], .Life = &Lives[Index], .Words = Names[Index], .Memory = FuzzNumber (&Fuzz, 8), .Lasting = TRUE
    };
  }

  // The ring, as its owner left it.
  Length  = 1U << (FuzzNumber (&Fuzz, 1) % 9);
  Written = (UINT32)FuzzNumber (&Fuzz, (FuzzNumber (&Fuzz, 1) & 1) != 0 ? 4 : 1);
  FuzzTake (&Fuzz, Bytes, Length);
  Ring = FuzzExact (Bytes, Length);
  Text = malloc (Length + 1);
  FUZZ_CHECK (Text != NULL);
  MrmScreenDecode (Ring, Length, Written, Text);
  free (Ring);
  FUZZ_CHECK (strlen (Text) <= Length);
  for (Index = 0; Text[Index] != '\0'; Index++) {
    FUZZ_CHECK (Text[Index] == '\n' || (Text[Index] >= 0x20 && Text[Index] < 0x7F));
  }

  Facts.Text   = Text;
  Grid.Columns = 1 + (UINT32)FuzzNumber (&Fuzz, 1) % 100;
  Grid.Rows    = 1 + (UINT32)FuzzNumber (&Fuzz, 1) % 20;
  Grid.Cells   = malloc (Grid.Columns * Grid.Rows);
  Grid.Styles  = malloc (Grid.Rows);
  FUZZ_CHECK (Grid.Cells != NULL && Grid.Styles != NULL);
  for (Keys = 0; (Keys < KEYS) && (Fuzz.Size != 0); Keys++) {
    Asked  = Screen.Asking;
    Length = (UINT32)FuzzNumber (&Fuzz, 1);
    Action = (Length < 0x18) ?
             MrmScreenKey (&Screen, PARTITIONS, (UINT16)Length, (CHAR16)FuzzNumber (&Fuzz, 1), Facts.Now) :
             MrmScreenKey (&Screen, PARTITIONS, 0, (CHAR16)Length, Facts.Now);
    FUZZ_CHECK (Action != MrmScreenOrder || Asked || Screen.Order.Verb == MrmVerbStart);
    FUZZ_CHECK (Screen.Selected < PARTITIONS);
    Facts.Now += FuzzNumber (&Fuzz, 1);
    MrmScreenTick (&Screen, PARTITIONS, Facts.Now);
    MrmScreenRenderGrid (&Screen, &Facts, &Grid);
    for (Index = 0; Index < Grid.Columns * Grid.Rows; Index++) {
      FUZZ_CHECK (Grid.Cells[Index] >= 0x20 && Grid.Cells[Index] < 0x7F);
    }

    FUZZ_CHECK (!MrmGridDiffers (&Grid, &Grid, Grid.Rows - 1, &First, &Count));
  }

  free (Grid.Styles);
  free (Grid.Cells);
  free (Text);
  return 0;
}
