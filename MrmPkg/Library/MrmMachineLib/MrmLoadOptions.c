/** @file
  What the load options of Mrm.efi ask for.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmMachineLib.h>
#include <Library/BaseMemoryLib.h>

#define VERIFY        "verify"
#define SCAN          "scan"
#define MOST_OPTIONS  SIZE_4KB   ///< characters that are looked at

/**
  A character of a text that may lie at any address.

  @param[in] Options  The text.
  @param[in] Index    Which one.
**/
STATIC
UINT16
CharacterAt (
  IN CONST UINT8  *Options,
  IN UINTN        Index
  )
{
  return (UINT16)(Options[2 * Index] | (Options[2 * Index + 1] << 8));
}

/**
  Take a word out of a text.

  @param[in]     Options  The text.
  @param[in]     Length   Its characters.
  @param[in,out] Index    Where to look; behind the word after.
  @param[out]    Word     MRM_OPTION_SIZE bytes; receives the word in small letters, cut to that.
  @param[out]    IsText   Receives TRUE if all of it is printable ASCII.
  @param[out]    Size     Receives its characters, those cut off included.

  @retval TRUE   There was one.
  @retval FALSE  There is none left.
**/
STATIC
BOOLEAN
NextWord (
  IN     CONST UINT8  *Options,
  IN     UINTN        Length,
  IN OUT UINTN        *Index,
  OUT    CHAR8        *Word,
  OUT    BOOLEAN      *IsText,
  OUT    UINTN        *Size
  )
{
  BOOLEAN  Quoted;
  UINT16   Character;

  while ((*Index < Length) && (CharacterAt (Options, *Index) <= L' ')) {
    (*Index)++;
  }

  if (*Index == Length) {
    return FALSE;
  }

  Quoted  = FALSE;
  *IsText = TRUE;
  *Size   = 0;
  ZeroMem (Word, MRM_OPTION_SIZE);
  for ( ; *Index < Length; (*Index)++) {
    Character = CharacterAt (Options, *Index);
    if (Character == L'"') {
      Quoted = !Quoted;
      continue;
    }

    if (!Quoted && (Character <= L' ')) {
      break;
    }

    if ((Character < L' ') || (Character > L'~')) {
      *IsText = FALSE;
    } else if (*Size + 1 < MRM_OPTION_SIZE) {
      Word[*Size] = (CHAR8)(((Character >= L'A') && (Character <= L'Z')) ? Character - L'A' + L'a' : Character);
    }

    (*Size)++;
  }

  return TRUE;
}

/**
  Whether a word is one that means something.

  @param[in] Word        The word, cut to MRM_OPTION_SIZE.
  @param[in] Characters  Its characters, those cut off included.
  @param[in] Known       The one that means something.
  @param[in] Size        Its size with the zero behind it, at most MRM_OPTION_SIZE.

  @retval TRUE   It is.
  @retval FALSE  It is not.
**/
STATIC
BOOLEAN
IsWord (
  IN CONST CHAR8  *Word,
  IN UINTN        Characters,
  IN CONST CHAR8  *Known,
  IN UINTN        Size
  )
{
  return (BOOLEAN)((Characters == Size - 1) && (CompareMem (Word, Known, Size) == 0));
}

VOID
EFIAPI
MrmLoadOptionsParse (
  IN  CONST VOID        *Options,
  IN  UINTN             Size,
  OUT MRM_LOAD_OPTIONS  *Parsed
  )
{
  CHAR8    Word[MRM_OPTION_SIZE];
  UINTN    Length;
  UINTN    Index;
  UINTN    Number;
  UINTN    Characters;
  BOOLEAN  IsText;

  ZeroMem (Parsed, sizeof (*Parsed));
  for (Length = 0; (Length < Size / sizeof (CHAR16)) && (Length < MOST_OPTIONS); Length++) {
    if (CharacterAt (Options, Length) == L'\0') {
      break;
    }
  }

  Index = 0;
  for (Number = 0; NextWord (Options, Length, &Index, Word, &IsText, &Characters); Number++) {
    if (IsText && IsWord (Word, Characters, VERIFY, sizeof (VERIFY))) {
      Parsed->Verify = TRUE;
    } else if (IsText && IsWord (Word, Characters, SCAN, sizeof (SCAN))) {
      Parsed->Scan = TRUE;
    } else if ((Number > 0) && IsText && (Characters > 0) && (Parsed->Unknown[0] == '\0')) {
      // The first word may be the image's name.
      CopyMem (Parsed->Unknown, Word, sizeof (Word));
    }
  }
}
