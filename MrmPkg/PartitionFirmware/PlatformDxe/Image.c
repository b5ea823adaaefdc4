/** @file
  Names the image an address lies in, by the DXE core's debug image table, which can be
  read at any time.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformDxe.h"
#include <Guid/DebugImageInfoTable.h>
#include <Library/DevicePathLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiLib.h>
#include <Protocol/LoadedImage.h>

/**
  Name of an image by its file path.

  @param[in]  Image  The image.
  @param[out] Name   Receives it.
  @param[in]  Size   Bytes at Name.
**/
STATIC
VOID
NameByPath (
  IN  CONST EFI_LOADED_IMAGE_PROTOCOL  *Image,
  OUT CHAR8                            *Name,
  IN  UINTN                            Size
  )
{
  CONST EFI_DEVICE_PATH_PROTOCOL  *Path;

  AsciiSPrint (Name, Size, "an image without a name");
  for (Path = Image->FilePath; Path != NULL && !IsDevicePathEnd (Path); Path = NextDevicePathNode (Path)) {
    if (DevicePathType (Path) != MEDIA_DEVICE_PATH) {
      continue;
    }

    if (DevicePathSubType (Path) == MEDIA_FILEPATH_DP) {
      AsciiSPrint (Name, Size, "%s", ((CONST FILEPATH_DEVICE_PATH *)Path)->PathName);
    } else if (DevicePathSubType (Path) == MEDIA_PIWG_FW_FILE_DP) {
      AsciiSPrint (Name, Size, "firmware module %g", &((CONST MEDIA_FW_VOL_FILEPATH_DEVICE_PATH *)Path)->FvFileName);
    }
  }
}

VOID
NameImage (
  IN  UINT64  Address,
  OUT CHAR8   *Name,
  IN  UINTN   Size
  )
{
  EFI_DEBUG_IMAGE_INFO_TABLE_HEADER  *Table;
  EFI_DEBUG_IMAGE_INFO_NORMAL        *Normal;
  EFI_LOADED_IMAGE_PROTOCOL          *Image;
  UINTN                              Index;

  AsciiSPrint (Name, Size, "no image");
  if (EFI_ERROR (EfiGetSystemConfigurationTable (&gEfiDebugImageInfoTableGuid, (VOID **)&Table))) {
    return;
  }

  for (Index = 0; Index < Table->TableSize; Index++) {
    Normal = Table->EfiDebugImageInfoTable[Index].NormalImage;
    if (  (Normal == NULL)
       || (Normal->ImageInfoType != EFI_DEBUG_IMAGE_INFO_TYPE_NORMAL)
       || (Normal->LoadedImageProtocolInstance == NULL))
    {
      continue;
    }

    Image = Normal->LoadedImageProtocolInstance;
    if ((Address >= (UINTN)Image->ImageBase) && (Address - (UINTN)Image->ImageBase < Image->ImageSize)) {
      NameByPath (Image, Name, Size);
      return;
    }
  }
}
