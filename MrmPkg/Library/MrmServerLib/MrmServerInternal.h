/** @file
  What the files of this library share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_SERVER_INTERNAL_H_
#define MRM_SERVER_INTERNAL_H_

#include <Library/MrmServerLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmLogLib.h>

/**
  Whether a byte may be in a name that a server is asked for: printable ASCII, no blank.

  @param[in] Byte  The byte.

  @retval TRUE   It may.
  @retval FALSE  It may not.
**/
BOOLEAN
MrmServerIsPlain (
  IN UINT8  Byte
  );

/**
  Take the folder of a file.

  @param[in]  File    Name of the file; '/' and '\' both end a folder.
  @param[in]  Size    Bytes of it, without an end.
  @param[out] Server  Receives Folder.

  @retval TRUE   Taken.
  @retval FALSE  The name is empty, too long, or not plain.
**/
BOOLEAN
MrmServerTakeFolder (
  IN  CONST UINT8  *File,
  IN  UINTN        Size,
  OUT MRM_SERVER   *Server
  );

/**
  Read an IPv6 address as people write it (RFC 4291 section 2.2), without a zone and without an IPv4 address at its end.

  @param[in]  Text     The address.
  @param[in]  Size     Characters of it.
  @param[out] Address  Receives MRM_SERVER_ADDRESS_SIZE bytes, as on the wire.

  @retval TRUE   Read.
  @retval FALSE  It is none.
**/
BOOLEAN
MrmServerReadIpv6 (
  IN  CONST UINT8  *Text,
  IN  UINTN        Size,
  OUT UINT8        *Address
  );

#endif
