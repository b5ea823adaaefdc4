/** @file
  What DHCP says of where Mrm.efi is.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmServerInternal.h"

//
// Fields of a packet and options: RFC 2131 section 2, RFC 2132, RFC 8415 section 21, RFC 5970 section 3.1.
//
#define DHCP4_SIADDR         20
#define DHCP4_FILE           108
#define DHCP4_FILE_SIZE      128
#define DHCP4_COOKIE         236
#define DHCP4_OPTIONS        240
#define DHCP4_PAD            0
#define DHCP4_OVERLOAD       52
#define DHCP4_SERVER         54
#define DHCP4_BOOT_FILE      67
#define DHCP4_END            255
#define DHCP4_OVERLOAD_FILE  1    ///< bit of the option's value: `file` holds options
#define DHCP6_OPTIONS        4
#define DHCP6_BOOT_FILE      59

#define IPV4_SIZE  4
#define TFTP_URL   "tftp://["

STATIC CONST UINT8  mCookie[]             = { 99, 130, 83, 99 };
STATIC CONST UINT8  mNowhere[IPV4_SIZE] = { 0, 0, 0, 0 };

/**
  Find an option of DHCP for IPv4.

  @param[in]  Packet  The packet.
  @param[in]  Size    Bytes that can be read.
  @param[in]  Code    Which option.
  @param[out] Length  Receives its bytes.

  @return  Its data; NULL when there is none.
**/
STATIC
CONST UINT8 *
FindOption4 (
  IN  CONST UINT8  *Packet,
  IN  UINTN        Size,
  IN  UINT8        Code,
  OUT UINTN        *Length
  )
{
  UINTN  Index;

  Index = DHCP4_OPTIONS;
  while ((Index < Size) && (Packet[Index] != DHCP4_END)) {
    if (Packet[Index] == DHCP4_PAD) {
      Index++;
      continue;
    }

    if ((Size - Index < 2) || (Size - Index - 2 < Packet[Index + 1])) {
      return NULL;
    }

    *Length = Packet[Index + 1];
    if (Packet[Index] == Code) {
      return &Packet[Index + 2];
    }

    Index += 2 + *Length;
  }

  return NULL;
}

/**
  Bytes of a text before its end.

  @param[in] Text  The text.
  @param[in] Size  Bytes that can be read.

  @return  Those before the first zero.
**/
STATIC
UINTN
TextLength (
  IN CONST UINT8  *Text,
  IN UINTN        Size
  )
{
  UINTN  Length;

  for (Length = 0; (Length < Size) && (Text[Length] != '\0'); Length++) {
  }

  return Length;
}

BOOLEAN
MrmServerTakeFolder (
  IN  CONST UINT8  *File,
  IN  UINTN        Size,
  OUT MRM_SERVER   *Server
  )
{
  UINTN  Folder;
  UINTN  Index;

  Folder = 0;
  for (Index = 0; Index < Size; Index++) {
    if (!MrmServerIsPlain (File[Index])) {
      return FALSE;
    }

    if ((File[Index] == '/') || (File[Index] == '\\')) {
      Folder = Index + 1;
    }
  }

  if ((Size == 0) || (Folder >= sizeof (Server->Folder))) {
    return FALSE;
  }

  CopyMem (Server->Folder, File, Folder);
  Server->Folder[Folder] = '\0';
  return TRUE;
}

RETURN_STATUS
EFIAPI
MrmServerOfDhcp4 (
  IN  CONST UINT8  *Packet,
  IN  UINTN        Size,
  OUT MRM_SERVER   *Server
  )
{
  CONST UINT8  *Address;
  CONST UINT8  *File;
  CONST UINT8  *Overload;
  UINTN        Length;

  ZeroMem (Server, sizeof (*Server));
  Server->Kind = MrmServerTftp;
  if ((Size < DHCP4_OPTIONS) || (CompareMem (&Packet[DHCP4_COOKIE], mCookie, sizeof (mCookie)) != 0)) {
    return RETURN_NOT_FOUND;
  }

  Address = &Packet[DHCP4_SIADDR];
  if (CompareMem (Address, mNowhere, IPV4_SIZE) == 0) {
    Address = FindOption4 (Packet, Size, DHCP4_SERVER, &Length);
    if ((Address == NULL) || (Length != IPV4_SIZE)) {
      return RETURN_NOT_FOUND;
    }
  }

  CopyMem (Server->Address, Address, IPV4_SIZE);
  File = FindOption4 (Packet, Size, DHCP4_BOOT_FILE, &Length);
  if (File == NULL) {
    Overload = FindOption4 (Packet, Size, DHCP4_OVERLOAD, &Length);
    if ((Overload != NULL) && (Length == 1) && ((Overload[0] & DHCP4_OVERLOAD_FILE) != 0)) {
      return RETURN_NOT_FOUND;
    }

    File   = &Packet[DHCP4_FILE];
    Length = DHCP4_FILE_SIZE;
  }

  return MrmServerTakeFolder (File, TextLength (File, Length), Server) ? RETURN_SUCCESS : RETURN_NOT_FOUND;
}

/**
  Find an option of DHCP for IPv6.

  @param[in]  Packet  The packet.
  @param[in]  Size    Bytes that can be read.
  @param[in]  Code    Which option.
  @param[out] Length  Receives its bytes.

  @return  Its data; NULL when there is none.
**/
STATIC
CONST UINT8 *
FindOption6 (
  IN  CONST UINT8  *Packet,
  IN  UINTN        Size,
  IN  UINT16       Code,
  OUT UINTN        *Length
  )
{
  UINTN  Index;

  for (Index = DHCP6_OPTIONS; (Index < Size) && (Size - Index >= 4); Index += 4 + *Length) {
    *Length = ((UINTN)Packet[Index + 2] << 8) | Packet[Index + 3];
    if (Size - Index - 4 < *Length) {
      return NULL;
    }

    if ((((UINT16)Packet[Index] << 8) | Packet[Index + 1]) == Code) {
      return &Packet[Index + 4];
    }
  }

  return NULL;
}

RETURN_STATUS
EFIAPI
MrmServerOfDhcp6 (
  IN  CONST UINT8  *Packet,
  IN  UINTN        Size,
  OUT MRM_SERVER   *Server
  )
{
  CONST UINT8  *Url;
  UINTN        Length;
  UINTN        Begin;
  UINTN        End;

  ZeroMem (Server, sizeof (*Server));
  Server->Kind   = MrmServerTftp;
  Server->IsIpv6 = TRUE;
  Url            = FindOption6 (Packet, Size, DHCP6_BOOT_FILE, &Length);
  if (Url == NULL) {
    return RETURN_NOT_FOUND;
  }

  Length = TextLength (Url, Length);
  Begin  = sizeof (TFTP_URL) - 1;
  if ((Length < Begin) || (CompareMem (Url, TFTP_URL, Begin) != 0)) {
    return RETURN_NOT_FOUND;
  }

  for (End = Begin; (End < Length) && (Url[End] != ']'); End++) {
  }

  // The file begins behind "]/".
  if (  (Length - End < 2)
     || (Url[End + 1] != '/')
     || !MrmServerReadIpv6 (&Url[Begin], End - Begin, Server->Address)
     || !MrmServerTakeFolder (&Url[End + 2], Length - End - 2, Server))
  {
    return RETURN_NOT_FOUND;
  }

  return RETURN_SUCCESS;
}
