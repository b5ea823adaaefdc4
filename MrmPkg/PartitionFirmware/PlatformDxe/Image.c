/** @file
  Names the image an address lies in.

  At an exception nothing may be asked of the DXE core but its debug image table.  So images that do not come with the
  firmware are named when they are loaded.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformDxe.h"
#include <IndustryStandard/Pci.h>
#include <Guid/DebugImageInfoTable.h>
#include <Library/BaseLib.h>
#include <Library/DevicePathLib.h>
#include <Library/PeCoffGetEntryPointLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>
#include <Protocol/LoadedImage.h>
#include <Protocol/PciIo.h>

#define NAMES  32   ///< images of others; the oldest is forgotten

typedef struct {
  CONST EFI_LOADED_IMAGE_PROTOCOL    *Image;
  MRM_CODE                           Code;
  CHAR8                              Name[MRM_IMAGE_NAME_SIZE];
} IMAGE_NAME;

STATIC IMAGE_NAME  mNames[NAMES];
STATIC UINTN       mNameCount;      ///< ever given
STATIC BOOLEAN     mOthers;         ///< from now on images of others may come
STATIC VOID        *mRegistration;

/**
  Find the last node of a kind in a device path.

  @param[in] Path     The device path, or NULL.
  @param[in] Type     Type of the node.
  @param[in] SubType  Its subtype.

  @return  The node; NULL when there is none.
**/
STATIC
CONST EFI_DEVICE_PATH_PROTOCOL *
FindNode (
  IN CONST EFI_DEVICE_PATH_PROTOCOL  *Path OPTIONAL,
  IN UINT8                           Type,
  IN UINT8                           SubType
  )
{
  CONST EFI_DEVICE_PATH_PROTOCOL  *Found;

  Found = NULL;
  for ( ; Path != NULL && !IsDevicePathEnd (Path); Path = NextDevicePathNode (Path)) {
    if ((DevicePathType (Path) == Type) && (DevicePathSubType (Path) == SubType)) {
      Found = Path;
    }
  }

  return Found;
}

/**
  Name an option ROM by its device.

  @param[in]     Device  Handle of the function.
  @param[in,out] Name    Receives the name.

  @retval TRUE   Named.
  @retval FALSE  It is no PCI function.
**/
STATIC
BOOLEAN
NameOptionRom (
  IN     EFI_HANDLE  Device,
  IN OUT IMAGE_NAME  *Name
  )
{
  EFI_PCI_IO_PROTOCOL  *PciIo;
  UINTN                Segment;
  UINTN                Bus;
  UINTN                Number;
  UINTN                Function;
  UINT16               Ids[2];

  if (  EFI_ERROR (gBS->HandleProtocol (Device, &gEfiPciIoProtocolGuid, (VOID **)&PciIo))
     || EFI_ERROR (PciIo->GetLocation (PciIo, &Segment, &Bus, &Number, &Function))
     || EFI_ERROR (PciIo->Pci.Read (PciIo, EfiPciIoWidthUint16, PCI_VENDOR_ID_OFFSET, ARRAY_SIZE (Ids), Ids)))
  {
    return FALSE;
  }

  Name->Code = MrmCodeOptionRom;
  AsciiSPrint (
    Name->Name,
    sizeof (Name->Name),
    "the option ROM of %04x:%02x:%02x.%x (%04x:%04x)",
    Segment,
    Bus,
    Number,
    Function,
    Ids[0],
    Ids[1]
    );
  return TRUE;
}

/**
  Name a loader by where it came from.

  @param[in]     Image  The image.
  @param[in,out] Name   Receives the name.
**/
STATIC
VOID
NameLoader (
  IN     CONST EFI_LOADED_IMAGE_PROTOCOL  *Image,
  IN OUT IMAGE_NAME                       *Name
  )
{
  CONST EFI_DEVICE_PATH_PROTOCOL  *Device;
  CONST EFI_DEVICE_PATH_PROTOCOL  *Node;

  Name->Code = MrmCodeLoader;
  Device     = DevicePathFromHandle (Image->DeviceHandle);
  Node       = FindNode (Image->FilePath, MEDIA_DEVICE_PATH, MEDIA_FILEPATH_DP);
  if (Node != NULL) {
    AsciiSPrint (Name->Name, sizeof (Name->Name), "%s", ((CONST FILEPATH_DEVICE_PATH *)Node)->PathName);
    return;
  }

  if (  (FindNode (Image->FilePath, MESSAGING_DEVICE_PATH, MSG_URI_DP) != NULL)
     || (FindNode (Device, MESSAGING_DEVICE_PATH, MSG_MAC_ADDR_DP) != NULL))
  {
    AsciiSPrint (Name->Name, sizeof (Name->Name), "the loader from the network");
    return;
  }

  AsciiSPrint (Name->Name, sizeof (Name->Name), "an image that a loader has loaded from memory");
}

/**
  Images have been loaded: name those of others.

  @param[in] Event    Not used.
  @param[in] Context  Not used.
**/
STATIC
VOID
EFIAPI
OnLoadedImage (
  IN EFI_EVENT  Event,
  IN VOID       *Context
  )
{
  EFI_HANDLE                 Handle;
  UINTN                      Size;
  EFI_LOADED_IMAGE_PROTOCOL  *Image;
  IMAGE_NAME                 *Name;

  Size = sizeof (Handle);
  while (!EFI_ERROR (gBS->LocateHandle (ByRegisterNotify, NULL, mRegistration, &Size, &Handle))) {
    if (  !mOthers
       || EFI_ERROR (gBS->HandleProtocol (Handle, &gEfiLoadedImageProtocolGuid, (VOID **)&Image))
       || (FindNode (Image->FilePath, MEDIA_DEVICE_PATH, MEDIA_PIWG_FW_FILE_DP) != NULL))
    {
      continue;
    }

    Name = &mNames[mNameCount % NAMES];
    if (  (FindNode (Image->FilePath, MEDIA_DEVICE_PATH, MEDIA_RELATIVE_OFFSET_RANGE_DP) == NULL)
       || !NameOptionRom (Image->DeviceHandle, Name))
    {
      NameLoader (Image, Name);
    }

    Name->Image = Image;
    mNameCount++;
  }
}

/**
  Find a loaded image.

  @param[in] Address  An address in it; or 0.
  @param[in] Wanted   The image; or NULL.

  @return  The image; NULL if none that is still loaded is meant.
**/
STATIC
CONST EFI_LOADED_IMAGE_PROTOCOL *
FindImage (
  IN UINT64                           Address,
  IN CONST EFI_LOADED_IMAGE_PROTOCOL  *Wanted OPTIONAL
  )
{
  EFI_DEBUG_IMAGE_INFO_TABLE_HEADER  *Table;
  EFI_DEBUG_IMAGE_INFO_NORMAL        *Normal;
  EFI_LOADED_IMAGE_PROTOCOL          *Image;
  UINTN                              Index;

  if (EFI_ERROR (EfiGetSystemConfigurationTable (&gEfiDebugImageInfoTableGuid, (VOID **)&Table))) {
    return NULL;
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
    if (  (Image == Wanted)
       || ((Address >= (UINTN)Image->ImageBase) && (Address - (UINTN)Image->ImageBase < Image->ImageSize)))
    {
      return Image;
    }
  }

  return NULL;
}

/**
  Name a module of the firmware as its build did.

  @param[in]  Image  The image.
  @param[out] Name   Receives the name, MRM_IMAGE_NAME_SIZE bytes.
**/
STATIC
VOID
NameModule (
  IN  CONST EFI_LOADED_IMAGE_PROTOCOL  *Image,
  OUT CHAR8                            *Name
  )
{
  CONST CHAR8  *File;
  CONST CHAR8  *Begin;
  UINTN        Length;

  File = PeCoffLoaderGetPdbPointer (Image->ImageBase);
  if (File == NULL) {
    AsciiSPrint (Name, MRM_IMAGE_NAME_SIZE, "a module of the partition firmware");
    return;
  }

  for (Begin = File; *File != '\0'; File++) {
    if ((*File == '/') || (*File == '\\')) {
      Begin = File + 1;
    }
  }

  for (Length = 0; (Begin[Length] != '\0') && (Begin[Length] != '.'); Length++) {
  }

  AsciiSPrint (Name, MRM_IMAGE_NAME_SIZE, "firmware module %.*a", Length, Begin);
}

MRM_CODE
NameImage (
  IN  UINT64  Address,
  OUT CHAR8   *Name
  )
{
  CONST EFI_LOADED_IMAGE_PROTOCOL  *Image;
  UINTN                            Index;
  IMAGE_NAME                       *Last;

  Image = FindImage (Address, NULL);
  Last  = NULL;
  for (Index = (mNameCount > NAMES) ? mNameCount - NAMES : 0; Index < mNameCount; Index++) {
    if (Image == NULL) {
      Last = (FindImage (0, mNames[Index % NAMES].Image) == NULL) ? Last : &mNames[Index % NAMES];
    } else if (Image == mNames[Index % NAMES].Image) {
      Last = &mNames[Index % NAMES];
    }
  }

  if (Last != NULL) {
    AsciiSPrint (Name, MRM_IMAGE_NAME_SIZE, (Image == NULL) ? "no image, last loaded was %a" : "%a", Last->Name);
    return Last->Code;
  }

  if (Image == NULL) {
    AsciiSPrint (Name, MRM_IMAGE_NAME_SIZE, "no image");
    return MrmCodeUnknown;
  }

  NameModule (Image, Name);
  return MrmCodeFirmware;
}

EFI_STATUS
NameImages (
  VOID
  )
{
  EFI_EVENT  Event;

  Event   = EfiCreateProtocolNotifyEvent (&gEfiLoadedImageProtocolGuid, TPL_CALLBACK, OnLoadedImage, NULL, &mRegistration);
  mOthers = TRUE;
  return (Event == NULL) ? EFI_OUT_OF_RESOURCES : EFI_SUCCESS;
}
