/** @file
  Text that is built piece by piece and never outgrows its buffer.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmLogLib.h>

#define MAX_DIGITS  20
#define HEX_DIGITS  16

/**
  Add a character.

  @param[in,out] Text       The text.
  @param[in]     Character  The character.
**/
STATIC
VOID
AddCharacter (
  IN OUT MRM_TEXT  *Text,
  IN     CHAR8     Character
  )
{
  if (Text->Cut || (Text->Length + 1 >= Text->Size)) {
    Text->Cut = TRUE;
    return;
  }

  Text->Buffer[Text->Length++] = Character;
  Text->Buffer[Text->Length]   = '\0';
}

/**
  TRUE if a character is printable ASCII.

  @param[in] Character  The character.
**/
STATIC
BOOLEAN
IsPrintable (
  IN CHAR8  Character
  )
{
  return (Character >= 0x20) && (Character <= 0x7E);
}

VOID
EFIAPI
MrmTextBegin (
  OUT MRM_TEXT  *Text,
  OUT CHAR8     *Buffer,
  IN  UINTN     Size
  )
{
  Text->Buffer    = Buffer;
  Text->Size      = Size;
  Text->Length    = 0;
  Text->Cut       = FALSE;
  Text->Buffer[0] = '\0';
}

VOID
EFIAPI
MrmTextAdd (
  IN OUT MRM_TEXT     *Text,
  IN     CONST CHAR8  *String
  )
{
  while (*String != '\0') {
    AddCharacter (Text, *String++);
  }
}

VOID
EFIAPI
MrmTextAddNumber (
  IN OUT MRM_TEXT  *Text,
  IN     UINT64    Number,
  IN     UINTN     Width,
  IN     CHAR8     Fill
  )
{
  CHAR8  Digits[MAX_DIGITS];
  UINTN  Count;

  Count = 0;
  do {
    Digits[Count++] = (CHAR8)('0' + Number % 10);
    Number         /= 10;
  } while (Number != 0);

  for ( ; Width > Count; Width--) {
    AddCharacter (Text, Fill);
  }

  while (Count > 0) {
    AddCharacter (Text, Digits[--Count]);
  }
}

VOID
EFIAPI
MrmTextAddHex (
  IN OUT MRM_TEXT  *Text,
  IN     UINT64    Number
  )
{
  CHAR8  Digits[HEX_DIGITS + 1];
  UINTN  Index;

  Index         = HEX_DIGITS;
  Digits[Index] = '\0';
  do {
    Digits[--Index] = "0123456789abcdef"[Number & 0xF];
    Number        >>= 4;
  } while (Number != 0);

  MrmTextAdd (Text, "0x");
  MrmTextAdd (Text, &Digits[Index]);
}

VOID
EFIAPI
MrmTextAddJson (
  IN OUT MRM_TEXT     *Text,
  IN     CONST CHAR8  *String
  )
{
  AddCharacter (Text, '"');
  for ( ; *String != '\0'; String++) {
    if ((*String == '"') || (*String == '\\')) {
      AddCharacter (Text, '\\');
    }

    AddCharacter (Text, IsPrintable (*String) ? *String : '?');
  }

  AddCharacter (Text, '"');
}

VOID
EFIAPI
MrmTextAddColumn (
  IN OUT MRM_TEXT     *Text,
  IN     CONST CHAR8  *String,
  IN     UINTN        Width
  )
{
  for ( ; Width > 0; Width--) {
    AddCharacter (Text, (*String != '\0') ? *String++ : ' ');
  }
}

VOID
EFIAPI
MrmTextPrintable (
  OUT CHAR8        *Text,
  IN  UINTN        Size,
  IN  CONST UINT8  *Bytes,
  IN  UINTN        Count
  )
{
  UINTN  Index;

  for (Index = 0; (Index < Count) && (Index + 1 < Size); Index++) {
    Text[Index] = IsPrintable ((CHAR8)Bytes[Index]) ? (CHAR8)Bytes[Index] : '?';
  }

  Text[Index] = '\0';
}
