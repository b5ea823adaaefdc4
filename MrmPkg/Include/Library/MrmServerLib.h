/** @file
  The server that the PC's firmware fetched Mrm.efi from, and what it is asked for.  Pure: no globals, no I/O; what DHCP
  and servers say is not trusted.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_SERVER_LIB_H_
#define MRM_SERVER_LIB_H_

#include <Base.h>

#define MRM_SERVER_FOLDER_SIZE   256   ///< bytes of the folder that Mrm.efi came from, with its end
#define MRM_SERVER_PLACE_SIZE    512   ///< bytes of what a server is asked for, with its end
#define MRM_SERVER_ADDRESS_SIZE  16    ///< bytes of an IPv6 address
#define MRM_SERVER_HOST_SIZE     256   ///< bytes of a server's name and port, with its end

typedef enum {
  MrmServerTftp,   ///< of a PXE boot
  MrmServerHttp    ///< of an HTTP boot, TLS included
} MRM_SERVER_KIND;

///
/// A server.
///
typedef struct {
  MRM_SERVER_KIND    Kind;
  BOOLEAN            IsIpv6;                              ///< of TFTP: what Address is
  UINT8              Address[MRM_SERVER_ADDRESS_SIZE];    ///< of TFTP, as on the wire; of IPv4 the first four bytes
  CHAR8              Folder[MRM_SERVER_FOLDER_SIZE];      ///< Mrm.efi's: empty, or with '/' at its end. Of HTTP it begins
                                                          ///< with scheme and host. Printable ASCII without blanks
} MRM_SERVER;

/**
  Understand the URI that Mrm.efi came from.

  @param[in]  Uri     The URI (RFC 3986): http or https. A zero ends it, if there is one.
  @param[in]  Size    Bytes that can be read.
  @param[out] Server  Receives the server.

  @retval RETURN_SUCCESS      Understood.
  @retval RETURN_UNSUPPORTED  It is none, has another scheme, no host, other characters than URIs have, or is too long.
**/
RETURN_STATUS
EFIAPI
MrmServerOfUri (
  IN  CONST UINT8  *Uri,
  IN  UINTN        Size,
  OUT MRM_SERVER   *Server
  );

/**
  Understand what a DHCP server has said of where Mrm.efi is (RFC 2131, RFC 2132).

  The server is `siaddr`, else the DHCP server itself (option 54); the file is option 67, else the field `file`,
  unless that holds options (option 52).

  @param[in]  Packet  The packet, from its first byte (`op`).
  @param[in]  Size    Bytes that can be read.
  @param[out] Server  Receives the server.

  @retval RETURN_SUCCESS    Understood.
  @retval RETURN_NOT_FOUND  It names no server or no file, or a file whose name is too long or not printable.
**/
RETURN_STATUS
EFIAPI
MrmServerOfDhcp4 (
  IN  CONST UINT8  *Packet,
  IN  UINTN        Size,
  OUT MRM_SERVER   *Server
  );

/**
  The same of DHCP for IPv6: option 59 is `tftp://[address]/file` (RFC 5970).

  @param[in]  Packet  The packet, from its first byte (`msg-type`).
  @param[in]  Size    Bytes that can be read.
  @param[out] Server  Receives the server.

  @retval RETURN_SUCCESS    Understood.
  @retval RETURN_NOT_FOUND  There is no such option, or it is not understood.
**/
RETURN_STATUS
EFIAPI
MrmServerOfDhcp6 (
  IN  CONST UINT8  *Packet,
  IN  UINTN        Size,
  OUT MRM_SERVER   *Server
  );

/**
  Where a file is that an ESP would have: the folder that Mrm.efi came from stands for `\EFI\MRM`.

  @param[in]  Server  The server.
  @param[in]  Path    Path on an ESP.
  @param[out] Place   Receives what the server is asked for: of TFTP a file name, of HTTP a URI. MRM_SERVER_PLACE_SIZE
                      bytes.

  @retval RETURN_SUCCESS            Known.
  @retval RETURN_NOT_FOUND          The path leads out of that folder.
  @retval RETURN_UNSUPPORTED        Its name has characters that are not printable ASCII.
  @retval RETURN_BUFFER_TOO_SMALL   It is too long.
**/
RETURN_STATUS
EFIAPI
MrmServerPlace (
  IN  CONST MRM_SERVER  *Server,
  IN  CONST CHAR16      *Path,
  OUT CHAR8             *Place
  );

/**
  The host of a place, as the header `Host` has it: with a port, if there is one, and without a user.

  @param[in]  Place  What MrmServerPlace() gave for HTTP.
  @param[out] Host   Receives it; MRM_SERVER_HOST_SIZE bytes. What does not fit is left out.
**/
VOID
EFIAPI
MrmServerHost (
  IN  CONST CHAR8  *Place,
  OUT CHAR8        *Host
  );

/**
  Understand the header `Content-Length` of an answer.

  @param[in]  Text    The value of the header.
  @param[out] Length  Receives it, in bytes.

  @retval TRUE   Understood.
  @retval FALSE  It is no number, or has more than 18 digits.
**/
BOOLEAN
EFIAPI
MrmServerLength (
  IN  CONST CHAR8  *Text,
  OUT UINT64       *Length
  );

/**
  The address of a TFTP server as people write it.

  @param[in]  Server  The server.
  @param[out] Text    Receives it; MRM_SERVER_HOST_SIZE bytes.
**/
VOID
EFIAPI
MrmServerAddress (
  IN  CONST MRM_SERVER  *Server,
  OUT CHAR8             *Text
  );

#endif
