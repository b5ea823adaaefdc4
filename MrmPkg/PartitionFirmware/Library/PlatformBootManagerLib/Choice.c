/** @file
  The choice of a boot source: by BootNext, on the partition's console, or as the controller handed it over.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformBootManager.h"
#include <Guid/GlobalVariable.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>
#include <Library/UefiRuntimeServicesTableLib.h>

#define SECOND   10000000   ///< in units of 100 ns
#define FOREVER  0xFFFF     ///< of the variable Timeout: until a key comes

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

/**
  How long the console offers the choice (UEFI 2.10 section 3.3, Timeout).

  @param[in] HandOff  The hand-off: what holds while the partition's owner has not set the variable.

  @return  Seconds, or FOREVER; 0 = no choice is offered.
**/
STATIC
UINT32
ChoiceSeconds (
  IN CONST MRM_HAND_OFF  *HandOff
  )
{
  EFI_STATUS  Status;
  UINT16      Seconds;
  UINTN       Size;

  Size   = sizeof (Seconds);
  Status = gRT->GetVariable (EFI_TIME_OUT_VARIABLE_NAME, &gEfiGlobalVariableGuid, NULL, &Size, &Seconds);
  return (EFI_ERROR (Status) || (Size != sizeof (Seconds))) ? HandOff->BootTimeoutSeconds : Seconds;
}

/**
  Offer the choice of a boot source on the console.

  @param[in] HandOff  The hand-off.
  @param[in] Seconds  How long, or FOREVER.

  @return  Index of the source to try first; 0 when nothing was chosen.
**/
STATIC
UINTN
OfferChoice (
  IN CONST MRM_HAND_OFF  *HandOff,
  IN UINT32              Seconds
  )
{
  EFI_EVENT  Events[2];
  UINTN      Index;
  UINTN      Chosen;
  CHAR8      Name[MRM_REASON_LENGTH];

  if (EFI_ERROR (gBS->CreateEvent (EVT_TIMER, TPL_CALLBACK, NULL, NULL, &Events[1]))) {
    return 0;
  }

  Events[0] = gST->ConIn->WaitForKey;
  gBS->SetTimer (Events[1], TimerPeriodic, SECOND);
  AsciiPrint ("\r\nMRM: %a boots from\r\n", HandOff->PartitionName);
  for (Index = 0; Index < HandOff->BootSourceCount; Index++) {
    DescribeSource (&HandOff->BootSources[Index], Name);
    AsciiPrint ("  %d  %a\r\n", Index + 1, Name);
  }

  AsciiPrint ("Number, or Enter for the first");
  Chosen = 0;
  while (Seconds > 0) {
    if (Seconds != FOREVER) {
      AsciiPrint ("\rNumber, or Enter for the first; %d s left ", Seconds);
    }

    gBS->WaitForEvent (ARRAY_SIZE (Events), Events, &Index);
    if (Index == 1) {
      Seconds -= (Seconds == FOREVER) ? 0 : 1;
    } else if (ReadChoice (HandOff->BootSourceCount, &Chosen)) {
      break;
    }
  }

  gBS->CloseEvent (Events[1]);
  AsciiPrint ("\r\n");
  return Chosen;
}

/**
  Index of the source that follows the partition's own boot options.

  @param[in] HandOff  The hand-off.

  @return  The first such source; BootSourceCount when there is none.
**/
STATIC
UINTN
OptionsSource (
  IN CONST MRM_HAND_OFF  *HandOff
  )
{
  UINTN  Index;

  for (Index = 0; Index < HandOff->BootSourceCount; Index++) {
    if ((HandOff->BootSources[Index].Kind == MrmBootDisk) && (HandOff->BootSources[Index].Path.Size == 0)) {
      break;
    }
  }

  return Index;
}

UINTN
ChooseSource (
  IN CONST MRM_HAND_OFF  *HandOff
  )
{
  UINTN   Index;
  UINTN   Size;
  UINT32  Seconds;

  Size  = 0;
  Index = OptionsSource (HandOff);
  if (  (Index < HandOff->BootSourceCount)
     && (gRT->GetVariable (EFI_BOOT_NEXT_VARIABLE_NAME, &gEfiGlobalVariableGuid, NULL, &Size, NULL) == EFI_BUFFER_TOO_SMALL))
  {
    return Index;
  }

  Seconds = ChoiceSeconds (HandOff);
  return (Seconds == 0) ? 0 : OfferChoice (HandOff, Seconds);
}
