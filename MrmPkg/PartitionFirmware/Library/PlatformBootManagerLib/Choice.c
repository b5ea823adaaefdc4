/** @file
  The choice of a boot source on the partition's console.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformBootManager.h"
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>

#define SECOND  10000000   ///< in units of 100 ns

STATIC CONST CHAR8 *CONST  mKindNames[] = { "file", "disk", "network", "shell" };

VOID
DescribeSource (
  IN  CONST MRM_BOOT_SOURCE  *Source,
  OUT CHAR8                  *Text
  )
{
  CONST CHAR8  *Kind;
  UINTN        Length;

  Kind   = ((UINTN)Source->Kind < ARRAY_SIZE (mKindNames)) ? mKindNames[Source->Kind] : "unknown";
  Length = AsciiSPrint (Text, MRM_REASON_LENGTH, "%a", Kind);
  if (Source->Segment != 0) {
    Length += AsciiSPrint (Text + Length, MRM_REASON_LENGTH - Length, " in segment %d", Source->Segment);
  }

  if ((Source->Path.Size != 0) && (Source->Kind != MrmBootShell)) {
    AsciiSPrint (Text + Length, MRM_REASON_LENGTH - Length, " %s", (CHAR16 *)(UINTN)Source->Path.Base);
  }
}

/**
  Read the keys that have come.

  @param[in]  Count   Number of sources.
  @param[out] Chosen  Receives the index of the one chosen.

  @retval TRUE   A source was chosen.
  @retval FALSE  Not yet.
**/
STATIC
BOOLEAN
ReadChoice (
  IN  UINTN  Count,
  OUT UINTN  *Chosen
  )
{
  EFI_INPUT_KEY  Key;

  while (!EFI_ERROR (gST->ConIn->ReadKeyStroke (gST->ConIn, &Key))) {
    if (Key.UnicodeChar == CHAR_CARRIAGE_RETURN) {
      *Chosen = 0;
      return TRUE;
    }

    if ((Key.UnicodeChar >= L'1') && (Key.UnicodeChar < L'1' + Count)) {
      *Chosen = Key.UnicodeChar - L'1';
      return TRUE;
    }
  }

  return FALSE;
}

UINTN
OfferChoice (
  IN CONST MRM_HAND_OFF  *HandOff
  )
{
  EFI_EVENT  Events[2];
  UINTN      Index;
  UINTN      Left;
  UINTN      Chosen;
  CHAR8      Name[MRM_REASON_LENGTH];

  if (  (HandOff->BootTimeoutSeconds == 0)
     || EFI_ERROR (gBS->CreateEvent (EVT_TIMER, TPL_CALLBACK, NULL, NULL, &Events[1])))
  {
    return 0;
  }

  Events[0] = gST->ConIn->WaitForKey;
  gBS->SetTimer (Events[1], TimerPeriodic, SECOND);
  AsciiPrint ("\r\nMRM: %a boots from\r\n", HandOff->PartitionName);
  for (Index = 0; Index < HandOff->BootSourceCount; Index++) {
    DescribeSource (&HandOff->BootSources[Index], Name);
    AsciiPrint ("  %d  %a\r\n", Index + 1, Name);
  }

  Chosen = 0;
  for (Left = HandOff->BootTimeoutSeconds; Left > 0; ) {
    AsciiPrint ("\rNumber, or Enter for the first; %d s left ", Left);
    gBS->WaitForEvent (ARRAY_SIZE (Events), Events, &Index);
    if (Index == 1) {
      Left--;
    } else if (ReadChoice (HandOff->BootSourceCount, &Chosen)) {
      break;
    }
  }

  gBS->CloseEvent (Events[1]);
  AsciiPrint ("\r\n");
  return Chosen;
}
