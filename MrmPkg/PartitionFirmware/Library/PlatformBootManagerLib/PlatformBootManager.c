/** @file
  How a partition boots: its console, its devices, its loader.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformBootManager.h"
#include <Guid/EventGroup.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DevicePathLib.h>
#include <Library/PlatformBootManagerLib.h>
#include <Library/UefiBootManagerLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>
#include <Protocol/LoadedImage.h>

#pragma pack(1)
typedef struct {
  MEMMAP_DEVICE_PATH          Memory;
  EFI_DEVICE_PATH_PROTOCOL    End;
} MEMORY_DEVICE_PATH;
#pragma pack()

/**
  Run the loader the controller handed over.  Returns only if it could not take the
  partition: that is a failure the controller is told of.

  @param[in] Source  A file the controller has read.
**/
STATIC
VOID
BootFile (
  IN CONST MRM_BOOT_SOURCE  *Source
  )
{
  MEMORY_DEVICE_PATH         Path;
  EFI_LOADED_IMAGE_PROTOCOL  *LoadedImage;
  EFI_HANDLE                 Loader;
  EFI_STATUS                 Status;

  ZeroMem (&Path, sizeof (Path));
  Path.Memory.Header.Type     = HARDWARE_DEVICE_PATH;
  Path.Memory.Header.SubType  = HW_MEMMAP_DP;
  Path.Memory.MemoryType      = EfiBootServicesData;
  Path.Memory.StartingAddress = Source->Loader.Base;
  Path.Memory.EndingAddress   = Source->Loader.Base + Source->Loader.Size - 1;
  SetDevicePathNodeLength (&Path.Memory.Header, sizeof (Path.Memory));
  SetDevicePathEndNode (&Path.End);

  Status = gBS->LoadImage (
                  FALSE,
                  gImageHandle,
                  (EFI_DEVICE_PATH_PROTOCOL *)&Path,
                  (VOID *)(UINTN)Source->Loader.Base,
                  (UINTN)Source->Loader.Size,
                  &Loader
                  );
  if (EFI_ERROR (Status)) {
    MrmFail (Status, "the loader cannot be loaded: %r", Status);
  }

  Status = gBS->HandleProtocol (Loader, &gEfiLoadedImageProtocolGuid, (VOID **)&LoadedImage);
  if (EFI_ERROR (Status)) {
    MrmFail (Status, "the loader has no loaded image protocol: %r", Status);
  }

  if (Source->Options.Size != 0) {
    LoadedImage->LoadOptions     = (VOID *)(UINTN)Source->Options.Base;
    LoadedImage->LoadOptionsSize = (UINT32)Source->Options.Size;
  }

  if (Source->Initrd.Size != 0) {
    Status = OfferInitrd (&Source->Initrd);
    if (EFI_ERROR (Status)) {
      MrmFail (Status, "the initrd cannot be offered: %r", Status);
    }
  }

  EfiSignalEventReadyToBoot ();
  MrmEnterPhase (MrmPhaseLoader);
  Status = gBS->StartImage (Loader, NULL, NULL);
  MrmFail (Status, "the loader returned: %r", Status);
}

VOID
EFIAPI
PlatformBootManagerBeforeConsole (
  VOID
  )
{
  CONST MRM_HAND_OFF  *HandOff;

  MrmEnterPhase (MrmPhaseBds);
  EfiEventGroupSignal (&gEfiEndOfDxeEventGroupGuid);
  HandOff = MrmGetHandOff ();
  if (HandOff != NULL) {
    SetConsoleVariables (&HandOff->Console);
  }
}

VOID
EFIAPI
PlatformBootManagerAfterConsole (
  VOID
  )
{
  CONST MRM_HAND_OFF  *HandOff;

  EfiBootManagerConnectAll ();
  HandOff = MrmGetHandOff ();
  if ((HandOff != NULL) && (HandOff->BootSourceCount != 0) && (HandOff->BootSources[0].Loader.Size != 0)) {
    BootFile (&HandOff->BootSources[0]);
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
  MrmFail (EFI_NOT_FOUND, "nothing to boot");
}
