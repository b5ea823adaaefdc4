/** @file
  URIs: where Mrm.efi came from, and what hosts are in them.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmServerInternal.h"

#define LONGEST_LENGTH  18   ///< digits: less than 2^63
#define IPV6_WORDS      8    ///< of 16 bits

BOOLEAN
MrmServerIsPlain (
  IN UINT8  Byte
  )
{
  return (BOOLEAN)((Byte > ' ') && (Byte < 0x7F));
}

/**
  Whether text begins with a word, in letters of either case.

  @param[in] Text  The text.
  @param[in] Size  Bytes of it.
  @param[in] Word  The word, in small letters.

  @return  Bytes of the word; 0 when the text does not.
**/
STATIC
UINTN
Begins (
  IN CONST UINT8  *Text,
  IN UINTN        Size,
  IN CONST CHAR8  *Word
  )
{
  UINTN  Index;
  UINT8  Byte;

  for (Index = 0; Word[Index] != '\0'; Index++) {
    if (Index == Size) {
      return 0;
    }

    Byte = Text[Index];
    if ((Byte >= 'A') && (Byte <= 'Z')) {
      Byte = (UINT8)(Byte + 'a' - 'A');
    }

    if (Byte != (UINT8)Word[Index]) {
      return 0;
    }
  }

  return Index;
}

/**
  Whether a byte ends the host of a URI.

  @param[in] Byte  The byte.

  @retval TRUE   It does.
  @retval FALSE  It does not.
**/
STATIC
BOOLEAN
EndsHost (
  IN UINT8  Byte
  )
{
  return (BOOLEAN)((Byte == '/') || (Byte == '?') || (Byte == '#'));
}

RETURN_STATUS
EFIAPI
MrmServerOfUri (
  IN  CONST UINT8  *Uri,
  IN  UINTN        Size,
  OUT MRM_SERVER   *Server
  )
{
  UINTN  Length;
  UINTN  Host;
  UINTN  Path;
  UINTN  Folder;
  UINTN  Index;

  for (Length = 0; (Length < Size) && (Uri[Length] != '\0'); Length++) {
    if (!MrmServerIsPlain (Uri[Length])) {
      return RETURN_UNSUPPORTED;
    }
  }

  Host = Begins (Uri, Length, "http://");
  if (Host == 0) {
    Host = Begins (Uri, Length, "https://");
  }

  for (Path = Host; (Path < Length) && !EndsHost (Uri[Path]); Path++) {
  }

  if ((Host == 0) || (Path == Host)) {
    return RETURN_UNSUPPORTED;
  }

  // The path ends where a query or a fragment begins; the folder, at its last slash.
  Folder = Path;
  for (Index = Path; (Index < Length) && (Uri[Index] != '?') && (Uri[Index] != '#'); Index++) {
    if (Uri[Index] == '/') {
      Folder = Index;
    }
  }

  if (Folder + sizeof ("/") > sizeof (Server->Folder)) {
    return RETURN_UNSUPPORTED;
  }

  ZeroMem (Server, sizeof (*Server));
  Server->Kind = MrmServerHttp;
  CopyMem (Server->Folder, Uri, Folder);
  Server->Folder[Folder] = '/';
  return RETURN_SUCCESS;
}

VOID
EFIAPI
MrmServerHost (
  IN  CONST CHAR8  *Place,
  OUT CHAR8        *Host
  )
{
  UINTN  Index;
  UINTN  Length;

  Length = 0;
  for (Index = 0; (Place[Index] != '\0') && (Place[Index] != ':'); Index++) {
  }

  // Behind "://".
  for ( ; (Place[Index] == ':') || (Place[Index] == '/'); Index++) {
  }

  for ( ; (Place[Index] != '\0') && !EndsHost ((UINT8)Place[Index]); Index++) {
    if (Place[Index] == '@') {
      Length = 0;
    } else if (Length < MRM_SERVER_HOST_SIZE - 1) {
      Host[Length++] = Place[Index];
    }
  }

  Host[Length] = '\0';
}

BOOLEAN
EFIAPI
MrmServerLength (
  IN  CONST CHAR8  *Text,
  OUT UINT64       *Length
  )
{
  UINTN  Index;

  *Length = 0;
  for (Index = 0; (Text[Index] >= '0') && (Text[Index] <= '9'); Index++) {
    if (Index == LONGEST_LENGTH) {
      return FALSE;
    }

    *Length = *Length * 10 + (UINT64)(Text[Index] - '0');
  }

  return (BOOLEAN)((Index != 0) && (Text[Index] == '\0'));
}

/**
  The value of a hexadecimal digit.

  @param[in] Digit  The digit.

  @return  Its value; 16 for what is none.
**/
STATIC
UINT16
HexValue (
  IN UINT8  Digit
  )
{
  if ((Digit >= '0') && (Digit <= '9')) {
    return (UINT16)(Digit - '0');
  }

  Digit |= 0x20;
  return ((Digit >= 'a') && (Digit <= 'f')) ? (UINT16)(Digit - 'a' + 10) : 16;
}

BOOLEAN
MrmServerReadIpv6 (
  IN  CONST UINT8  *Text,
  IN  UINTN        Size,
  OUT UINT8        *Address
  )
{
  UINT16  Words[IPV6_WORDS];
  UINTN   Count;
  UINTN   Gap;
  UINTN   Index;
  UINTN   Digits;
  UINTN   Word;

  Count = 0;
  Gap   = IPV6_WORDS + 1;
  Index = 0;
  if ((Size >= 2) && (Text[0] == ':') && (Text[1] == ':')) {
    Gap   = 0;
    Index = 2;
  }

  while (Index < Size) {
    if (Count == IPV6_WORDS) {
      return FALSE;
    }

    Words[Count] = 0;
    for (Digits = 0; (Index < Size) && (HexValue (Text[Index]) < 16); Digits++, Index++) {
      Words[Count] = (UINT16)((Words[Count] << 4) | HexValue (Text[Index]));
    }

    Count++;
    if ((Digits == 0) || (Digits > 4)) {
      return FALSE;
    }

    if (Index == Size) {
      break;
    }

    if ((Text[Index++] != ':') || (Index == Size)) {
      return FALSE;
    }

    if (Text[Index] == ':') {
      if (Gap <= IPV6_WORDS) {
        return FALSE;
      }

      Gap = Count;
      Index++;
    }
  }

  // A gap stands for at least one word.
  if ((Gap <= IPV6_WORDS) ? (Count == IPV6_WORDS) : (Count != IPV6_WORDS)) {
    return FALSE;
  }

  ZeroMem (Address, MRM_SERVER_ADDRESS_SIZE);
  for (Index = 0; Index < Count; Index++) {
    Word                  = (Index < Gap) ? Index : Index + IPV6_WORDS - Count;
    Address[2 * Word]     = (UINT8)(Words[Index] >> 8);
    Address[2 * Word + 1] = (UINT8)Words[Index];
  }

  return TRUE;
}
