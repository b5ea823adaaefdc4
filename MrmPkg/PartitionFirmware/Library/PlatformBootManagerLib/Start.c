/** @file
  Starts a loader.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformBootManager.h"
#include <Library/DevicePathLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>
#include <Protocol/LoadedImage.h>

#define NAME_LENGTH     100        ///< bytes of a loader's name with terminating zero
#define LOADER_SECONDS  (5 * 60)   ///< watchdog of a boot option (UEFI 2.10 section 7.5)

/**
  Name a loader by its file.

  @param[in]  Path  Its device path.
  @param[out] Name  Receives the name, NAME_LENGTH bytes.
**/
STATIC
VOID
NameLoader (
  IN  EFI_DEVICE_PATH_PROTOCOL  *Path,
  OUT CHAR8                     *Name
  )
{
  AsciiSPrint (Name, NAME_LENGTH, "the loader");
  for ( ; !IsDevicePathEnd (Path); Path = NextDevicePathNode (Path)) {
    if ((DevicePathType (Path) == MEDIA_DEVICE_PATH) && (DevicePathSubType (Path) == MEDIA_FILEPATH_DP)) {
      AsciiSPrint (Name, NAME_LENGTH, "%s", ((FILEPATH_DEVICE_PATH *)Path)->PathName);
    }
  }
}

/**
  What it may be if a loader cannot be loaded.

  @param[in] Status  Status of LoadImage.
**/
STATIC
CONST CHAR8 *
WhyNotLoaded (
  IN EFI_STATUS  Status
  )
{
  switch (Status) {
    case EFI_UNSUPPORTED:
      return "; it is no EFI application for x64";
    case EFI_LOAD_ERROR:
      return "; its file is damaged";
    case EFI_OUT_OF_RESOURCES:
      return "; give the partition more memory";
    default:
      return "";
  }
}

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
  CHAR8                      Name[NAME_LENGTH];

  NameLoader (Path, Name);
  EfiSignalEventReadyToBoot ();
  Image  = NULL;
  Status = gBS->LoadImage (TRUE, gImageHandle, Path, Buffer, Size, &Image);
  if (EFI_ERROR (Status)) {
    if (Image != NULL) {
      gBS->UnloadImage (Image);
    }

    AsciiSPrint (Reason, MRM_REASON_LENGTH, "%a cannot be loaded: %r%a", Name, Status, WhyNotLoaded (Status));
    return;
  }

  Status = gBS->HandleProtocol (Image, &gEfiLoadedImageProtocolGuid, (VOID **)&LoadedImage);
  if (!EFI_ERROR (Status)) {
    // An image that the boot manager starts has no parent (UEFI 2.10 section 9.1).
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
  AsciiSPrint (Reason, MRM_REASON_LENGTH, "%a returned: %r", Name, Status);
}
