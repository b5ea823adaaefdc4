/** @file
  Options of a loader, with what only the live machine knows.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmMachineLib.h>

///
/// Text being written.
///
typedef struct {
  CHAR16    *Text;
  UINTN     Length;     ///< characters so far
  UINTN     Capacity;   ///< with the terminating zero
} WRITER;

/**
  Add a character; what does not fit is left out.

  @param[in,out] Writer     The text.
  @param[in]     Character  The character.
**/
STATIC
VOID
Add (
  IN OUT WRITER  *Writer,
  IN     CHAR16  Character
  )
{
  if (Writer->Length + 1 < Writer->Capacity) {
    Writer->Text[Writer->Length++] = Character;
  }
}

/**
  Add a string.

  @param[in,out] Writer  The text.
  @param[in]     String  The string.
**/
STATIC
VOID
AddString (
  IN OUT WRITER        *Writer,
  IN     CONST CHAR16  *String
  )
{
  for ( ; *String != L'\0'; String++) {
    Add (Writer, *String);
  }
}

/**
  Add a number.

  @param[in,out] Writer  The text.
  @param[in]     Number  The number.
  @param[in]     Base    10 or 16.
**/
STATIC
VOID
AddNumber (
  IN OUT WRITER  *Writer,
  IN     UINT64  Number,
  IN     UINT32  Base
  )
{
  CHAR16  Digits[20];
  UINTN   Count;

  Count = 0;
  do {
    Digits[Count++] = L"0123456789ABCDEF"[Number % Base];
    Number         /= Base;
  } while (Number != 0);

  while (Count > 0) {
    Add (Writer, Digits[--Count]);
  }
}

/**
  Skip a word if a text begins with it.

  @param[in,out] Text  The text; behind the word after.
  @param[in]     Word  The word.

  @retval TRUE   It does.
  @retval FALSE  It does not.
**/
STATIC
BOOLEAN
Skip (
  IN OUT CONST CHAR16  **Text,
  IN     CONST CHAR16  *Word
  )
{
  UINTN  Index;

  for (Index = 0; Word[Index] != L'\0'; Index++) {
    if ((*Text)[Index] != Word[Index]) {
      return FALSE;
    }
  }

  *Text += Index;
  return TRUE;
}

UINTN
EFIAPI
MrmBootOptions (
  IN  CONST CHAR16       *Options,
  IN  UINT64             TscKhz,
  IN  CONST MRM_CONSOLE  *Console,
  OUT CHAR16             *Text,
  IN  UINTN              Capacity
  )
{
  WRITER  Writer;

  Writer.Text     = Text;
  Writer.Length   = 0;
  Writer.Capacity = Capacity;
  while (*Options != L'\0') {
    if (Skip (&Options, L"{tsc_khz}")) {
      AddNumber (&Writer, TscKhz, 10);
    } else if (Skip (&Options, L"{console}")) {
      AddString (&Writer, (Console->Kind == MrmConsoleUart16550Memory) ? L"mmio,0x" : L"io,0x");
      AddNumber (&Writer, Console->Base, 16);
    } else {
      Add (&Writer, *Options++);
    }
  }

  Text[Writer.Length] = L'\0';
  return (Writer.Length + 1) * sizeof (CHAR16);
}
