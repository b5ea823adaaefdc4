/** @file
  What a server is asked for.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmServerInternal.h"

#define IPV4_SIZE  4

STATIC CONST CHAR8  mFolder[]    = "\\efi\\mrm\\";      ///< on an ESP, in small letters
STATIC CONST CHAR8  mDigits[]    = "0123456789abcdef";
STATIC CONST CHAR8  mUnwritten[] = "\"#%<>?[]^`{|}";   ///< what a URI has only as "%" and two digits (RFC 3986 section 2)

/**
  Pass over the folder of an ESP that stands for the one Mrm.efi came from.

  @param[in] Path  Path on an ESP.

  @return  What lies in the folder; NULL when the path is elsewhere.
**/
STATIC
CONST CHAR16 *
BehindFolder (
  IN CONST CHAR16  *Path
  )
{
  UINTN   Index;
  CHAR16  Letter;

  for (Index = 0; mFolder[Index] != '\0'; Index++) {
    Letter = Path[Index];
    if ((Letter >= L'A') && (Letter <= L'Z')) {
      Letter = (CHAR16)(Letter + L'a' - L'A');
    }

    if (Letter != (CHAR16)mFolder[Index]) {
      return NULL;
    }
  }

  return &Path[Index];
}

/**
  Whether a path has a part that is empty, "." or "..": names of servers are not to lead elsewhere.

  @param[in] Path  The path.

  @retval TRUE   It has.
  @retval FALSE  It has not.
**/
STATIC
BOOLEAN
LeadsElsewhere (
  IN CONST CHAR16  *Path
  )
{
  UINTN  Dots;
  UINTN  Others;

  Dots   = 0;
  Others = 0;
  for ( ; ; Path++) {
    if ((*Path == L'\\') || (*Path == L'/') || (*Path == L'\0')) {
      if ((Others == 0) && (Dots <= 2)) {
        return TRUE;
      }

      Dots   = 0;
      Others = 0;
    } else if (*Path == L'.') {
      Dots++;
    } else {
      Others++;
    }

    if (*Path == L'\0') {
      return FALSE;
    }
  }
}

/**
  Whether a character stands in a URI as it is.

  @param[in] Letter  The character, printable ASCII.

  @retval TRUE   It does.
  @retval FALSE  It does not.
**/
STATIC
BOOLEAN
StandsInUri (
  IN CHAR8  Letter
  )
{
  UINTN  Index;

  for (Index = 0; mUnwritten[Index] != '\0'; Index++) {
    if (mUnwritten[Index] == Letter) {
      return FALSE;
    }
  }

  return (BOOLEAN)(Letter != ' ');
}

RETURN_STATUS
EFIAPI
MrmServerPlace (
  IN  CONST MRM_SERVER  *Server,
  IN  CONST CHAR16      *Path,
  OUT CHAR8             *Place
  )
{
  MRM_TEXT  Text;
  CHAR8     Written[4];

  MrmTextBegin (&Text, Place, MRM_SERVER_PLACE_SIZE);
  Path = BehindFolder (Path);
  if ((Path == NULL) || LeadsElsewhere (Path)) {
    return RETURN_NOT_FOUND;
  }

  MrmTextAdd (&Text, Server->Folder);
  for ( ; *Path != L'\0'; Path++) {
    if ((*Path < L' ') || (*Path > L'~')) {
      return RETURN_UNSUPPORTED;
    }

    Written[0] = (*Path == L'\\') ? '/' : (CHAR8)*Path;
    Written[1] = '\0';
    if ((Server->Kind == MrmServerHttp) && !StandsInUri (Written[0])) {
      Written[1] = mDigits[(UINT8)*Path >> 4];
      Written[2] = mDigits[(UINT8)*Path & 0xF];
      Written[3] = '\0';
      Written[0] = '%';
    }

    MrmTextAdd (&Text, Written);
  }

  return Text.Cut ? RETURN_BUFFER_TOO_SMALL : RETURN_SUCCESS;
}

VOID
EFIAPI
MrmServerAddress (
  IN  CONST MRM_SERVER  *Server,
  OUT CHAR8             *Text
  )
{
  MRM_TEXT  Written;
  CHAR8     Digit[2];
  UINTN     Index;
  UINTN     Shift;

  Digit[1] = '\0';
  MrmTextBegin (&Written, Text, MRM_SERVER_HOST_SIZE);
  if (!Server->IsIpv6) {
    for (Index = 0; Index < IPV4_SIZE; Index++) {
      MrmTextAdd (&Written, (Index == 0) ? "" : ".");
      MrmTextAddNumber (&Written, Server->Address[Index], 0, ' ');
    }

    return;
  }

  MrmTextAdd (&Written, "[");
  for (Index = 0; Index < MRM_SERVER_ADDRESS_SIZE; Index++) {
    MrmTextAdd (&Written, ((Index == 0) || ((Index & 1) != 0)) ? "" : ":");
    for (Shift = 0; Shift < 2; Shift++) {
      Digit[0] = mDigits[(Server->Address[Index] >> (4 - 4 * Shift)) & 0xF];
      MrmTextAdd (&Written, Digit);
    }
  }

  MrmTextAdd (&Written, "]");
}
