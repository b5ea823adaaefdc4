/** @file
  Starts a loader.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformBootManager.h"
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>
#include <Protocol/LoadedImage.h>

#define LOADER_SECONDS  (5 * 60)   ///< watchdog of a boot option (UEFI 2.10 section 7.5)

VOID
StartLoader (
  IN  EFI_DEVICE_PATH_PROTOCOL  *Path,
  IN  VOID                      *Buffer OPTIONAL,
  IN  UINTN                     Size,
  IN  VOID                      *Options OPTIONAL,
  IN  UINT32                    OptionsSize,
  OUT CHAR8                     *Reason
  )
{
  EFI_STATUS                 Status;
  EFI_HANDLE                 Image;
  EFI_LOADED_IMAGE_PROTOCOL  *LoadedImage;

  EfiSignalEventReadyToBoot ();
  Image  = NULL;
  Status = gBS->LoadImage (TRUE, gImageHandle, Path, Buffer, Size, &Image);
  if (EFI_ERROR (Status)) {
    if (Image != NULL) {
      gBS->UnloadImage (Image);
    }

    AsciiSPrint (
      Reason,
      MRM_REASON_LENGTH,
      "the loader cannot be loaded: %r%a",
      Status,
      ((Status == EFI_ACCESS_DENIED) || (Status == EFI_SECURITY_VIOLATION))
        ? "; this partition's Secure Boot is on, and its variable db does not have the loader's signer" : ""
      );
    return;
  }

  Status = gBS->HandleProtocol (Image, &gEfiLoadedImageProtocolGuid, (VOID **)&LoadedImage);
  if (!EFI_ERROR (Status)) {
    // The boot manager is nobody's parent.
    LoadedImage->ParentHandle = NULL;
    if (OptionsSize != 0) {
      LoadedImage->LoadOptions     = Options;
      LoadedImage->LoadOptionsSize = OptionsSize;
    }
  }

  MrmEnterPhase (MrmPhaseLoader);
  gBS->SetWatchdogTimer (LOADER_SECONDS, 0, 0, NULL);
  Status = gBS->StartImage (Image, NULL, NULL);
  gBS->SetWatchdogTimer (0, 0, 0, NULL);
  AsciiSPrint (Reason, MRM_REASON_LENGTH, "the loader returned: %r", Status);
}
