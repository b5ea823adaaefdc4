/** @file
  Where Mrm.efi came from: a volume, or a server of a network boot. Plans and boot files come from there, too.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_ORIGIN_H_
#define MRM_CONTROLLER_ORIGIN_H_

#include <Library/MrmRangeLib.h>
#include <Uefi.h>

#define MRM_ORIGIN_REASON  192   ///< bytes of why a file cannot be had
#define MRM_ORIGIN_PLACE  600   ///< bytes of where a file is

/**
  Find out where Mrm.efi came from, and open that volume, if it is one: gMachine.Esp is its root then. The server of a
  network boot is told; gMachine.Esp stays NULL.

  @param[in] Device  What Mrm.efi was loaded from.

  @retval EFI_SUCCESS  Found.
  @return Other        It came neither from a volume nor by PXE or HTTP boot; it was said.
**/
EFI_STATUS
OpenOrigin (
  IN EFI_HANDLE  Device
  );

/**
  Whether Mrm.efi came from a server.

  @retval TRUE   It did: files cannot be listed, and gMachine.Esp may be NULL.
  @retval FALSE  It came from gMachine.Esp.
**/
BOOLEAN
CameFromServer (
  VOID
  );

/**
  Whether a volume is in memory only.

  @param[in] Volume  The volume.

  @retval TRUE   It is a RAM disk.
  @retval FALSE  It is not.
**/
BOOLEAN
IsRamDisk (
  IN EFI_HANDLE  Volume
  );

/**
  Read a whole file from where Mrm.efi came from.

  @param[in]  Path    Path on the ESP. On a server, the folder of Mrm.efi stands for MRM_FOLDER.
  @param[in]  Most    Bytes that are taken at most.
  @param[out] File    Receives address and size; FreeEspFile() frees it.
  @param[out] Reason  Receives what is wrong, such as "not found", MRM_ORIGIN_REASON bytes.

  @retval EFI_SUCCESS    Read.
  @retval EFI_NOT_FOUND  There is no such file.
  @return Other          Not read.
**/
EFI_STATUS
ReadOriginFile (
  IN  CONST CHAR16  *Path,
  IN  UINT64        Most,
  OUT MRM_RANGE     *File,
  OUT CHAR8         *Reason
  );

/**
  Where a file is, for people: its path, or what the server is asked for.

  @param[in]  Path  Path on the ESP.
  @param[out] Text  Receives it; MRM_ORIGIN_PLACE bytes.
**/
VOID
DescribeOriginFile (
  IN  CONST CHAR16  *Path,
  OUT CHAR8         *Text
  );

/**
  Forget where Mrm.efi came from.
**/
VOID
CloseOrigin (
  VOID
  );

#endif
