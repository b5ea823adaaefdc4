/** @file
  How a partition boots: its console, then its boot sources in order.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformBootManager.h"
#include <Guid/EventGroup.h>
#include <Library/BaseLib.h>
#include <Library/PlatformBootManagerLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiLib.h>

#define SUMMARY_LENGTH  768   ///< of the reasons of all sources

/**
  Try one boot source.

  @param[in]  Source  The source.
  @param[out] Reason  Why it is back, MRM_REASON_LENGTH bytes.
**/
STATIC
VOID
TrySource (
  IN  CONST MRM_BOOT_SOURCE  *Source,
  OUT CHAR8                  *Reason
  )
{
  Reason[0] = '\0';
  switch (Source->Kind) {
    case MrmBootFile:
    case MrmBootShell:
      BootFile (Source, Reason);
      break;
    case MrmBootDisk:
      BootDisk (Source, Reason);
      break;
    case MrmBootNetwork:
      BootNetwork (Source, Reason);
      break;
    default:
      AsciiSPrint (Reason, MRM_REASON_LENGTH, "no such kind of source: %d", Source->Kind);
      break;
  }
}

/**
  Try all boot sources, the chosen one first.  Does not return: what is left then is a failure.

  @param[in] HandOff  The hand-off.
  @param[in] First    Index of the source to begin with.
**/
STATIC
VOID
TrySources (
  IN CONST MRM_HAND_OFF  *HandOff,
  IN UINTN               First
  )
{
  UINTN  Order[MRM_MAX_BOOT_SOURCES];
  UINTN  Count;
  UINTN  Index;
  UINTN  Length;
  CHAR8  Name[MRM_REASON_LENGTH];
  CHAR8  Next[MRM_REASON_LENGTH];
  CHAR8  Reason[MRM_REASON_LENGTH];
  CHAR8  Summary[SUMMARY_LENGTH];

  Count          = 0;
  Order[Count++] = First;
  for (Index = 0; Index < HandOff->BootSourceCount; Index++) {
    if (Index != First) {
      Order[Count++] = Index;
    }
  }

  Summary[0] = '\0';
  Length     = 0;
  for (Index = 0; Index < Count; Index++) {
    DescribeSource (&HandOff->BootSources[Order[Index]], Name);
    TrySource (&HandOff->BootSources[Order[Index]], Reason);
    Length += AsciiSPrint (
                Summary + Length,
                sizeof (Summary) - Length,
                "%a%a: %a",
                (Index == 0) ? "" : "; ",
                Name,
                Reason
                );
    if (Index + 1 < Count) {
      DescribeSource (&HandOff->BootSources[Order[Index + 1]], Next);
      Tell ("boot: %a: %a; trying %a", Name, Reason, Next);
    }
  }

  MrmFail (EFI_NOT_FOUND, "no boot source is left: %a", Summary);
}

VOID
EFIAPI
PlatformBootManagerBeforeConsole (
  VOID
  )
{
  CONST MRM_HAND_OFF  *HandOff;

  MrmEnterPhase (MrmPhaseBds);
  HandOff = MrmGetHandOff ();
  // The end of the DXE phase commits all changes of variables at once.  Code of others may run after it, such as the
  // option ROM that drives a display.
  if ((HandOff != NULL) && !HandOff->Display) {
    SetConsoleVariables (HandOff);
  }

  EfiEventGroupSignal (&gEfiEndOfDxeEventGroupGuid);
  if ((HandOff != NULL) && HandOff->Display) {
    SetConsoleVariables (HandOff);
  }
}

VOID
EFIAPI
PlatformBootManagerAfterConsole (
  VOID
  )
{
  CONST MRM_HAND_OFF  *HandOff;

  HandOff = MrmGetHandOff ();
  if ((HandOff == NULL) || (HandOff->BootSourceCount == 0) || (HandOff->BootSourceCount > MRM_MAX_BOOT_SOURCES)) {
    MrmFail (EFI_NOT_FOUND, "the controller named no boot source");
  } else {
    TrySources (HandOff, ChooseSource (HandOff));
  }
}

VOID
EFIAPI
PlatformBootManagerWaitCallback (
  UINT16  TimeoutRemain
  )
{
}

VOID
EFIAPI
PlatformBootManagerUnableToBoot (
  VOID
  )
{
}
