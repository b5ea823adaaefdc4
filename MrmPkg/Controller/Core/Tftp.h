/** @file
  Files of the server that a PXE boot named.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_TFTP_H_
#define MRM_CONTROLLER_TFTP_H_

#include <Library/MrmRangeLib.h>
#include <Library/MrmServerLib.h>
#include <Protocol/DevicePath.h>
#include <Uefi.h>

/**
  Find the server that the PC's firmware has booted from by PXE.

  @param[in]  Device  What Mrm.efi was loaded from.
  @param[out] Server  Receives the server.

  @retval EFI_SUCCESS    Found.
  @retval EFI_NOT_FOUND  What DHCP said names no server and file.
  @return Other          Mrm.efi did not come by PXE.
**/
EFI_STATUS
FindTftpServer (
  IN  EFI_HANDLE  Device,
  OUT MRM_SERVER  *Server
  );

/**
  Fetch a file by TFTP. How long a server may take is decided by the PC's firmware.

  @param[in]  Device  Device path of the network interface.
  @param[in]  Server  The server.
  @param[in]  Place   Name of the file.
  @param[in]  Most    Bytes that are taken at most.
  @param[out] File    Receives address and size; FreeEspFile() frees it.
  @param[out] Reason  Receives what came instead.
  @param[in]  Room    Bytes of Reason.

  @retval EFI_SUCCESS    Fetched.
  @retval EFI_NOT_FOUND  The server has no such file, or refuses it.
  @return Other          Not fetched.
**/
EFI_STATUS
FetchByTftp (
  IN  CONST EFI_DEVICE_PATH_PROTOCOL  *Device,
  IN  CONST MRM_SERVER                *Server,
  IN  CONST CHAR8                     *Place,
  IN  UINT64                          Most,
  OUT MRM_RANGE                       *File,
  OUT CHAR8                           *Reason,
  IN  UINTN                           Room
  );

#endif
