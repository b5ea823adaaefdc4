/** @file
  What a partition firmware wrote to its console, as lines that harm no terminal.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmScreenLib.h>

#define ESCAPE  0x1B

typedef enum {
  DecodeText,
  DecodeEscape,          ///< after an escape
  DecodeSequence,        ///< in a control sequence
  DecodeString,          ///< in a string of the terminal's, such as its title
  DecodeStringEscape     ///< in one, after an escape
} DECODE_STATE;

typedef struct {
  CHAR8           *Text;
  UINTN           Line;      ///< where the last line begins
  UINTN           Length;    ///< where it ends
  UINTN           Column;    ///< of it, comes next
  DECODE_STATE    State;
} DECODE;

/**
  End the last line, if there is something in it.

  @param[in,out] Decode  The text.
**/
STATIC
VOID
EndLine (
  IN OUT DECODE  *Decode
  )
{
  while ((Decode->Length > Decode->Line) && (Decode->Text[Decode->Length - 1] == ' ')) {
    Decode->Length--;
  }

  if (Decode->Length > Decode->Line) {
    Decode->Text[Decode->Length++] = '\n';
  }

  Decode->Line   = Decode->Length;
  Decode->Column = 0;
}

/**
  Add a character where the terminal's cursor is.

  @param[in,out] Decode     The text.
  @param[in]     Character  Printable.
**/
STATIC
VOID
Put (
  IN OUT DECODE  *Decode,
  IN     CHAR8   Character
  )
{
  Decode->Text[Decode->Line + Decode->Column++] = Character;
  if (Decode->Line + Decode->Column > Decode->Length) {
    Decode->Length = Decode->Line + Decode->Column;
  }
}

/**
  Take a byte that is in no sequence.

  @param[in,out] Decode  The text.
  @param[in]     Byte    The byte.
**/
STATIC
VOID
TakeText (
  IN OUT DECODE  *Decode,
  IN     UINT8   Byte
  )
{
  if ((Byte >= 0x20) && (Byte <= 0x7E)) {
    Put (Decode, (CHAR8)Byte);
  } else if (Byte == ESCAPE) {
    Decode->State = DecodeEscape;
  } else if (Byte == '\n') {
    EndLine (Decode);
  } else if (Byte == '\r') {
    Decode->Column = 0;
  } else if ((Byte == '\b') && (Decode->Column > 0)) {
    Decode->Column--;
  } else if (Byte == '\t') {
    Put (Decode, ' ');
  } else if (Byte >= 0xC0) {
    // The first byte of a character in UTF-8; those that follow it count for nothing.
    Put (Decode, '?');
  }
}

/**
  Take the last byte of a sequence; a control character breaks it off and means what it means elsewhere.

  @param[in,out] Decode  The text.
  @param[in]     Byte    The byte.
**/
STATIC
VOID
EndSequence (
  IN OUT DECODE  *Decode,
  IN     UINT8   Byte
  )
{
  Decode->State = DecodeText;
  if (Byte < 0x20) {
    TakeText (Decode, Byte);
  }
}

/**
  Take a byte.

  @param[in,out] Decode  The text.
  @param[in]     Byte    The byte.
**/
STATIC
VOID
Take (
  IN OUT DECODE  *Decode,
  IN     UINT8   Byte
  )
{
  switch (Decode->State) {
    case DecodeText:
      TakeText (Decode, Byte);
      break;

    case DecodeEscape:
      if (Byte == '[') {
        Decode->State = DecodeSequence;
      } else if ((Byte == ']') || (Byte == 'P') || (Byte == 'X') || (Byte == '^') || (Byte == '_')) {
        Decode->State = DecodeString;
      } else if ((Byte < 0x20) || (Byte > 0x2F)) {
        EndSequence (Decode, Byte);
      }

      break;

    case DecodeSequence:
      if ((Byte >= 0x20) && (Byte <= 0x3F)) {
        break;
      }

      EndSequence (Decode, Byte);
      if ((Byte == 'H') || (Byte == 'f') || (Byte == 'J')) {
        EndLine (Decode);
      }

      break;

    case DecodeStringEscape:
      Decode->State = DecodeText;
      if (Byte != '\\') {
        TakeText (Decode, Byte);
      }

      break;

    default:
      // A control character cannot be in a string and ends it.  So a string without end hides one line at most.
      if (Byte == ESCAPE) {
        Decode->State = DecodeStringEscape;
      } else if (Byte < 0x20) {
        EndSequence (Decode, Byte);
      }

      break;
  }
}

VOID
EFIAPI
MrmScreenDecode (
  IN  CONST UINT8  *Data,
  IN  UINT32       Size,
  IN  UINT32       Written,
  OUT CHAR8        *Text
  )
{
  DECODE  Decode;
  UINT32  Left;

  Decode.Text   = Text;
  Decode.Line   = 0;
  Decode.Length = 0;
  Decode.Column = 0;
  Decode.State  = DecodeText;

  // Each byte adds one character at most, so Text has room for all of them.
  for (Left = MIN (Written, Size); Left > 0; Left--) {
    Take (&Decode, Data[(Written - Left) & (Size - 1)]);
  }

  Text[Decode.Length] = '\0';
}
