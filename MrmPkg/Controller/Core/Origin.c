/** @file
  Where Mrm.efi came from.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Origin.h"
#include "Core/Esp.h"
#include "Core/Facts.h"
#include "Core/Http.h"
#include "Core/Log.h"
#include "Core/Tftp.h"
#include <Library/BaseLib.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmServerLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>

STATIC EFI_DEVICE_PATH_PROTOCOL  *mDevice;   ///< copy of the network interface's; NULL: Mrm.efi came from a volume
STATIC MRM_SERVER                mServer;

BOOLEAN
IsRamDisk (
  IN EFI_HANDLE  Volume
  )
{
  CONST EFI_DEVICE_PATH_PROTOCOL  *Path;

  Path = DevicePathFromHandle (Volume);
  for ( ; (Path != NULL) && !IsDevicePathEnd (Path); Path = NextDevicePathNode (Path)) {
    if ((DevicePathType (Path) == MEDIA_DEVICE_PATH) && (DevicePathSubType (Path) == MEDIA_RAM_DISK_DP)) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Find the server that Mrm.efi came from.

  @param[in] Device  What Mrm.efi was loaded from.

  @retval EFI_SUCCESS  Found and told.
  @return Other        It came from no server that is understood; it was said.
**/
STATIC
EFI_STATUS
FindServer (
  IN EFI_HANDLE  Device
  )
{
  EFI_STATUS                Status;
  EFI_DEVICE_PATH_PROTOCOL  *Path;
  CHAR8                     Address[MRM_SERVER_HOST_SIZE];

  Path   = DevicePathFromHandle (Device);
  Status = (Path == NULL) ? EFI_UNSUPPORTED : FindHttpServer (Path, &mServer);
  if (Status == EFI_UNSUPPORTED) {
    Status = FindTftpServer (Device, &mServer);
  }

  if (EFI_ERROR (Status)) {
    Say (
      (Status == EFI_NOT_FOUND) ? "it is not understood which server Mrm.efi came from"
                                : "Mrm.efi was loaded neither from a file system nor by PXE or HTTP boot"
      );
    return Status;
  }

  mDevice = (Path == NULL) ? NULL : DuplicateDevicePath (Path);
  if (mDevice == NULL) {
    Say ("out of memory");
    return EFI_OUT_OF_RESOURCES;
  }

  if (mServer.Kind == MrmServerTftp) {
    MrmServerAddress (&mServer, Address);
    Say ("Mrm.efi came from tftp://%a/%a", Address, mServer.Folder);
  } else {
    Say ("Mrm.efi came from %a", mServer.Folder);
  }

  return EFI_SUCCESS;
}

EFI_STATUS
OpenOrigin (
  IN EFI_HANDLE  Device
  )
{
  EFI_STATUS                       Status;
  EFI_SIMPLE_FILE_SYSTEM_PROTOCOL  *FileSystem;

  Status = gBS->HandleProtocol (Device, &gEfiSimpleFileSystemProtocolGuid, (VOID **)&FileSystem);
  if (EFI_ERROR (Status)) {
    return FindServer (Device);
  }

  if (IsRamDisk (Device)) {
    Say (
      "warning: Mrm.efi came from a disk that is in memory only: variables of partitions, reloads and the report are "
      "lost when the PC is switched off"
      );
  }

  gMachine.EspDevice = Device;
  Status             = FileSystem->OpenVolume (FileSystem, &gMachine.Esp);
  if (EFI_ERROR (Status)) {
    Say ("the file system that Mrm.efi came from cannot be opened: %r", Status);
  }

  return Status;
}

BOOLEAN
CameFromServer (
  VOID
  )
{
  return (BOOLEAN)(mDevice != NULL);
}

VOID
DescribeOriginFile (
  IN  CONST CHAR16  *Path,
  OUT CHAR8         *Text
  )
{
  CHAR8  Place[MRM_SERVER_PLACE_SIZE];
  CHAR8  Address[MRM_SERVER_HOST_SIZE];

  if ((mDevice == NULL) || EFI_ERROR (MrmServerPlace (&mServer, Path, Place))) {
    AsciiSPrint (Text, MRM_ORIGIN_PLACE, "%s", Path);
  } else if (mServer.Kind == MrmServerHttp) {
    AsciiSPrint (Text, MRM_ORIGIN_PLACE, "%a", Place);
  } else {
    MrmServerAddress (&mServer, Address);
    AsciiSPrint (Text, MRM_ORIGIN_PLACE, "tftp://%a/%a", Address, Place);
  }
}

EFI_STATUS
ReadOriginFile (
  IN  CONST CHAR16  *Path,
  IN  UINT64        Most,
  OUT MRM_RANGE     *File,
  OUT CHAR8         *Reason
  )
{
  EFI_STATUS  Status;
  CHAR8       Place[MRM_SERVER_PLACE_SIZE];

  Reason[0] = '\0';
  if (mDevice == NULL) {
    Status = ReadEspFile (Path, File);
    if (Status == EFI_NOT_FOUND) {
      AsciiSPrint (Reason, MRM_ORIGIN_REASON, "not found");
    } else if (Status == EFI_END_OF_FILE) {
      AsciiSPrint (Reason, MRM_ORIGIN_REASON, "is empty, or shorter than its folder says");
    } else if (EFI_ERROR (Status)) {
      AsciiSPrint (Reason, MRM_ORIGIN_REASON, "cannot be read: %r", Status);
    }

    return Status;
  }

  Status = MrmServerPlace (&mServer, Path, Place);
  if (EFI_ERROR (Status)) {
    AsciiSPrint (
      Reason,
      MRM_ORIGIN_REASON,
      (Status == EFI_NOT_FOUND) ? "lies outside of \\EFI\\MRM, for which the folder of Mrm.efi stands"
                                : "has a name that is too long for a server, or not ASCII"
      );
    return EFI_UNSUPPORTED;
  }

  return (mServer.Kind == MrmServerHttp) ? FetchByHttp (mDevice, Place, Most, File, Reason, MRM_ORIGIN_REASON)
                                         : FetchByTftp (mDevice, &mServer, Place, Most, File, Reason, MRM_ORIGIN_REASON);
}

VOID
CloseOrigin (
  VOID
  )
{
  if (mDevice != NULL) {
    FreePool (mDevice);
    mDevice = NULL;
  }
}
