/** @file
  Finds loaders on the partition's disks by the device paths of load options.

  EDK2's boot manager expands short paths by connecting every device, and keeps what it
  found in a variable; here only disks that are connected are looked at.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformBootManager.h"
#include <Library/BaseMemoryLib.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/BlockIo.h>
#include <Protocol/SimpleFileSystem.h>

BOOLEAN
HasFile (
  IN EFI_HANDLE    Handle,
  IN CONST CHAR16  *Path
  )
{
  EFI_STATUS                       Status;
  EFI_SIMPLE_FILE_SYSTEM_PROTOCOL  *FileSystem;
  EFI_FILE_PROTOCOL                *Root;
  EFI_FILE_PROTOCOL                *File;

  Status = gBS->HandleProtocol (Handle, &gEfiSimpleFileSystemProtocolGuid, (VOID **)&FileSystem);
  if (EFI_ERROR (Status) || EFI_ERROR (FileSystem->OpenVolume (FileSystem, &Root))) {
    return FALSE;
  }

  Status = Root->Open (Root, &File, (CHAR16 *)Path, EFI_FILE_MODE_READ, 0);
  if (!EFI_ERROR (Status)) {
    File->Close (File);
  }

  Root->Close (Root);
  return !EFI_ERROR (Status);
}

/**
  Whether a device path goes through the partition of a disk that an HD() node names.

  @param[in] Path  The device path.
  @param[in] Disk  The node; a GPT partition is known by its GUID, an MBR partition by disk and number.
**/
STATIC
BOOLEAN
GoesThrough (
  IN CONST EFI_DEVICE_PATH_PROTOCOL     *Path,
  IN CONST HARDDRIVE_DEVICE_PATH        *Disk
  )
{
  CONST HARDDRIVE_DEVICE_PATH  *Node;
  UINTN                        Size;

  for ( ; !IsDevicePathEnd (Path); Path = NextDevicePathNode (Path)) {
    if ((DevicePathType (Path) != MEDIA_DEVICE_PATH) || (DevicePathSubType (Path) != MEDIA_HARDDRIVE_DP)) {
      continue;
    }

    Node = (CONST HARDDRIVE_DEVICE_PATH *)Path;
    if ((Node->SignatureType != Disk->SignatureType) || (Node->MBRType != Disk->MBRType)) {
      continue;
    }

    Size = (Disk->SignatureType == SIGNATURE_TYPE_GUID) ? sizeof (EFI_GUID) : sizeof (UINT32);
    if (  (CompareMem (Node->Signature, Disk->Signature, Size) == 0)
       && ((Disk->SignatureType == SIGNATURE_TYPE_GUID) || (Node->PartitionNumber == Disk->PartitionNumber)))
    {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Complete the path of a loader by the device it is on.

  @param[in] Device  Path of the device.
  @param[in] File    What is left; nothing means \EFI\BOOT\BOOTX64.EFI.

  @return  The full path, to be freed; NULL without memory.
**/
STATIC
EFI_DEVICE_PATH_PROTOCOL *
Complete (
  IN EFI_HANDLE                      Device,
  IN CONST EFI_DEVICE_PATH_PROTOCOL  *File
  )
{
  return IsDevicePathEnd (File) ?
         FileDevicePath (Device, EFI_REMOVABLE_MEDIA_FILE_NAME) :
         AppendDevicePath (DevicePathFromHandle (Device), File);
}

/**
  Find the file system a short path means.

  @param[in] Path     Path from HD() or a file on.
  @param[in] Segment  Only disks behind this host bridge; 0 = any.

  @return  The full path, to be freed; NULL when there is none.
**/
STATIC
EFI_DEVICE_PATH_PROTOCOL *
ExpandShort (
  IN EFI_DEVICE_PATH_PROTOCOL  *Path,
  IN UINT16                    Segment
  )
{
  EFI_DEVICE_PATH_PROTOCOL  *Full;
  EFI_HANDLE                *Handles;
  UINTN                     Count;
  UINTN                     Index;

  Full    = NULL;
  Handles = ListHandles (&gEfiSimpleFileSystemProtocolGuid, Segment, &Count);
  for (Index = 0; Full == NULL && Index < Count; Index++) {
    if (DevicePathSubType (Path) == MEDIA_FILEPATH_DP) {
      if (HasFile (Handles[Index], ((FILEPATH_DEVICE_PATH *)Path)->PathName)) {
        Full = Complete (Handles[Index], Path);
      }
    } else if (GoesThrough (DevicePathFromHandle (Handles[Index]), (HARDDRIVE_DEVICE_PATH *)Path)) {
      Full = Complete (Handles[Index], NextDevicePathNode (Path));
    }
  }

  if (Handles != NULL) {
    FreePool (Handles);
  }

  return Full;
}

EFI_DEVICE_PATH_PROTOCOL *
FindOnDisk (
  IN EFI_DEVICE_PATH_PROTOCOL  *Path,
  IN UINT16                    Segment
  )
{
  EFI_DEVICE_PATH_PROTOCOL  *Rest;
  EFI_HANDLE                Handle;

  if (  (DevicePathType (Path) == MEDIA_DEVICE_PATH)
     && ((DevicePathSubType (Path) == MEDIA_HARDDRIVE_DP) || (DevicePathSubType (Path) == MEDIA_FILEPATH_DP)))
  {
    return ExpandShort (Path, Segment);
  }

  if (!IsBehind (Path, Segment)) {
    return NULL;
  }

  Rest = Path;
  if (!EFI_ERROR (gBS->LocateDevicePath (&gEfiSimpleFileSystemProtocolGuid, &Rest, &Handle))) {
    return Complete (Handle, Rest);
  }

  // A whole disk: its first file system with the default loader.
  Rest = Path;
  if (!EFI_ERROR (gBS->LocateDevicePath (&gEfiBlockIoProtocolGuid, &Rest, &Handle)) && IsDevicePathEnd (Rest)) {
    return EfiBootManagerGetNextLoadOptionDevicePath (Path, NULL);
  }

  return NULL;
}
