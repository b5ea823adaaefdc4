/** @file
  Boots from the partition's own disks.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformBootManager.h"
#include <Library/BaseLib.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>
#include <Protocol/BlockIo.h>
#include <Protocol/SimpleFileSystem.h>

/**
  Start a file from each file system that has it.

  @param[in]  Source  The source.
  @param[in]  File    Path of the file.
  @param[out] Reason  Why the last one is back; unchanged when no file system has the file.
**/
STATIC
VOID
StartEverywhere (
  IN     CONST MRM_BOOT_SOURCE  *Source,
  IN     CONST CHAR16           *File,
  IN OUT CHAR8                  *Reason
  )
{
  EFI_HANDLE                *Handles;
  UINTN                     Count;
  UINTN                     Index;
  EFI_DEVICE_PATH_PROTOCOL  *Path;

  Handles = ListHandles (&gEfiSimpleFileSystemProtocolGuid, Source->Segment, &Count);
  for (Index = 0; Index < Count; Index++) {
    if (!HasFile (Handles[Index], File)) {
      continue;
    }

    Path = FileDevicePath (Handles[Index], File);
    if (Path != NULL) {
      StartLoader (Path, NULL, 0, (VOID *)(UINTN)Source->Options.Base, (UINT32)Source->Options.Size, Reason);
      FreePool (Path);
    }
  }

  if (Handles != NULL) {
    FreePool (Handles);
  }
}

/**
  Say what is missing when nothing was started.

  @param[in]  Source  The source.
  @param[out] Reason  Receives it.
**/
STATIC
VOID
SayNothingFound (
  IN  CONST MRM_BOOT_SOURCE  *Source,
  OUT CHAR8                  *Reason
  )
{
  EFI_HANDLE   *Disks;
  UINTN        Count;
  CONST CHAR8  *Where;

  Disks = ListHandles (&gEfiBlockIoProtocolGuid, Source->Segment, &Count);
  if (Disks != NULL) {
    FreePool (Disks);
  }

  Where = (Source->Segment == 0) ? "" : " there";
  if (Count == 0) {
    AsciiSPrint (Reason, MRM_REASON_LENGTH, "no disk found%a", Where);
  } else if (Source->Path.Size != 0) {
    AsciiSPrint (Reason, MRM_REASON_LENGTH, "no disk%a has that file", Where);
  } else {
    AsciiSPrint (Reason, MRM_REASON_LENGTH, "nothing bootable on any disk%a", Where);
  }
}

VOID
BootDisk (
  IN  CONST MRM_BOOT_SOURCE  *Source,
  OUT CHAR8                  *Reason
  )
{
  CONST CHAR16  *File;

  ConnectDevices (MRM_DEVICES_STORAGE, Source->Segment);
  File = (CONST CHAR16 *)(UINTN)Source->Path.Base;
  if (Source->Path.Size == 0) {
    File = EFI_REMOVABLE_MEDIA_FILE_NAME;
    BootOptions (Source->Segment, Reason);
  }

  StartEverywhere (Source, File, Reason);
  if (Reason[0] == '\0') {
    // USB disks are slow to connect, so they are tried only when no other disk has the file.
    ConnectDevices (MRM_DEVICES_USB, Source->Segment);
    StartEverywhere (Source, File, Reason);
  }

  if (Reason[0] == '\0') {
    SayNothingFound (Source, Reason);
  }
}
