/** @file
  Files of the server that an HTTP boot named.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_HTTP_H_
#define MRM_CONTROLLER_HTTP_H_

#include <Library/MrmRangeLib.h>
#include <Library/MrmServerLib.h>
#include <Protocol/DevicePath.h>
#include <Uefi.h>

/**
  Find the server that the PC's firmware has booted from by HTTP.

  @param[in]  Device  Device path of what Mrm.efi was loaded from.
  @param[out] Server  Receives the server.

  @retval EFI_SUCCESS      Found.
  @retval EFI_NOT_FOUND    Its URI is not understood.
  @retval EFI_UNSUPPORTED  Mrm.efi did not come by HTTP.
**/
EFI_STATUS
FindHttpServer (
  IN  CONST EFI_DEVICE_PATH_PROTOCOL  *Device,
  OUT MRM_SERVER                      *Server
  );

/**
  Fetch a file by HTTP, or by HTTPS as far as the PC's firmware can. A server that sends nothing for 30 seconds, or
  takes more than 10 minutes, is given up.

  @param[in]  Device  Device path of what Mrm.efi was loaded from.
  @param[in]  Place   URI of the file.
  @param[in]  Most    Bytes that are taken at most.
  @param[out] File    Receives address and size; FreeEspFile() frees it.
  @param[out] Reason  Receives what came instead.
  @param[in]  Room    Bytes of Reason.

  @retval EFI_SUCCESS    Fetched.
  @retval EFI_NOT_FOUND  The server has no such file.
  @return Other          Not fetched.
**/
EFI_STATUS
FetchByHttp (
  IN  CONST EFI_DEVICE_PATH_PROTOCOL  *Device,
  IN  CONST CHAR8                     *Place,
  IN  UINT64                          Most,
  OUT MRM_RANGE                       *File,
  OUT CHAR8                           *Reason,
  IN  UINTN                           Room
  );

#endif
