/** @file
  Words of a text that somebody else wrote.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmLogLib.h>

/**
  TRUE if a byte is one of several.

  @param[in] Byte   The byte.
  @param[in] Among  The others, zero-terminated.
**/
STATIC
BOOLEAN
IsOneOf (
  IN UINT8        Byte,
  IN CONST CHAR8  *Among
  )
{
  for ( ; *Among != '\0'; Among++) {
    if (Byte == (UINT8)*Among) {
      return TRUE;
    }
  }

  return FALSE;
}

BOOLEAN
EFIAPI
MrmWordIs (
  IN CONST MRM_WORD  *Word,
  IN CONST CHAR8     *String
  )
{
  UINTN  Index;

  for (Index = 0; Index < Word->Length; Index++) {
    if ((String[Index] == '\0') || (Word->Start[Index] != (UINT8)String[Index])) {
      return FALSE;
    }
  }

  return String[Index] == '\0';
}

MRM_WORD
EFIAPI
MrmWordCut (
  IN OUT MRM_WORD     *Rest,
  IN     CONST CHAR8  *Separators
  )
{
  MRM_WORD  Word;
  UINTN     Used;

  Word        = *Rest;
  Word.Length = 0;
  while ((Word.Length < Rest->Length) && !IsOneOf (Word.Start[Word.Length], Separators)) {
    Word.Length++;
  }

  Used          = MIN (Word.Length + 1, Rest->Length);
  Rest->Start  += Used;
  Rest->Length -= Used;
  return Word;
}

MRM_WORD
EFIAPI
MrmWordNext (
  IN OUT MRM_WORD     *Rest,
  IN     CONST CHAR8  *Blanks
  )
{
  while ((Rest->Length != 0) && IsOneOf (Rest->Start[0], Blanks)) {
    Rest->Start++;
    Rest->Length--;
  }

  return MrmWordCut (Rest, Blanks);
}
