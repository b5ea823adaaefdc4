/** @file
  Kernel parameters by which Linux drives a UART before it has read ACPI, and so by an
  address of its own.  generator/resolve/serial_parameters.py judges an owner's options by
  the same rules.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPartitionInternal.h"

#define USUAL_UARTS  4    ///< CONFIG_SERIAL_8250_RUNTIME_UARTS of most distributions

///
/// Text that is read from its beginning to its end.
///
typedef struct {
  CONST CHAR8    *Place;
  UINTN          Left;
} CURSOR;

///
/// Ports of ttyS0 to ttyS3, compiled into every x86 kernel (arch/x86/include/asm/serial.h); earlyprintk
/// knows the first two.
///
STATIC CONST UINT16  mLegacyPorts[] = { 0x3F8, 0x2F8, 0x3E8, 0x2E8 };
#define EARLY_PORTS  2

/**
  The next character; zero at the end.

  @param[in] Cursor  The text.
**/
STATIC
CHAR8
Peek (
  IN CONST CURSOR  *Cursor
  )
{
  return (Cursor->Left == 0) ? '\0' : *Cursor->Place;
}

/**
  Go on by some characters.

  @param[in,out] Cursor  The text.
  @param[in]     Count   Characters, no more than are left.
**/
STATIC
VOID
Skip (
  IN OUT CURSOR  *Cursor,
  IN     UINTN   Count
  )
{
  Cursor->Place += Count;
  Cursor->Left  -= Count;
}

/**
  Go past a text if it comes next.

  @param[in,out] Cursor  The text.
  @param[in]     Wanted  What may come.

  @retval TRUE  It came.
**/
STATIC
BOOLEAN
Take (
  IN OUT CURSOR       *Cursor,
  IN     CONST CHAR8  *Wanted
  )
{
  UINTN  Length;

  for (Length = 0; Wanted[Length] != '\0'; Length++) {
    if ((Length == Cursor->Left) || (Cursor->Place[Length] != Wanted[Length])) {
      return FALSE;
    }
  }

  Skip (Cursor, Length);
  return TRUE;
}

/**
  Whether a text comes next.

  @param[in] Cursor  The text.
  @param[in] Wanted  What may come.
**/
STATIC
BOOLEAN
Comes (
  IN CONST CURSOR  *Cursor,
  IN CONST CHAR8   *Wanted
  )
{
  CURSOR  Copy;

  Copy = *Cursor;
  return Take (&Copy, Wanted);
}

/**
  Take digits; a number too large for 64 bits becomes the largest.

  @param[in,out] Cursor  The text.
  @param[in]     Base    8, 10 or 16.

  @return  The number; 0 when there are no digits.
**/
STATIC
UINT64
TakeDigits (
  IN OUT CURSOR  *Cursor,
  IN     UINT64  Base
  )
{
  UINT64  Number;
  UINT64  Digit;

  for (Number = 0; Cursor->Left != 0; Skip (Cursor, 1)) {
    if (MrmIsDigit (*Cursor->Place)) {
      Digit = *Cursor->Place - '0';
    } else if ((*Cursor->Place | 0x20) >= 'a' && (*Cursor->Place | 0x20) <= 'f') {
      Digit = (*Cursor->Place | 0x20) - 'a' + 10;
    } else {
      break;
    }

    if (Digit >= Base) {
      break;
    }

    Number = (Number > (MAX_UINT64 - Digit) / Base) ? MAX_UINT64 : Number * Base + Digit;
  }

  return Number;
}

/**
  Take a number as the kernel writes them: 0x and hexadecimal, 0 and octal, or decimal.

  @param[in,out] Cursor  The text.

  @return  The number; 0 when there is none.
**/
STATIC
UINT64
TakeNumber (
  IN OUT CURSOR  *Cursor
  )
{
  if (Take (Cursor, "0x") || Take (Cursor, "0X")) {
    return TakeDigits (Cursor, 16);
  }

  return TakeDigits (Cursor, (Peek (Cursor) == '0') ? 8 : 10);
}

/**
  Take the next word of a command line; quotes keep blanks together, and "--" ends what is the kernel's.

  @param[in,out] Rest  The command line from there on.
  @param[out]    Word  Receives the word.

  @retval FALSE  There was none left.
**/
STATIC
BOOLEAN
TakeWord (
  IN OUT CURSOR  *Rest,
  OUT    CURSOR  *Word
  )
{
  BOOLEAN  Quoted;

  while (MrmIsBlank (Peek (Rest))) {
    Skip (Rest, 1);
  }

  Word->Place = Rest->Place;
  for (Quoted = FALSE; Peek (Rest) != '\0'; Skip (Rest, 1)) {
    if (*Rest->Place == '"') {
      Quoted = !Quoted;
    } else if (!Quoted && MrmIsBlank (*Rest->Place)) {
      break;
    }
  }

  Word->Left = Rest->Place - Word->Place;
  return (Word->Left != 0) && ((Word->Left != 2) || !Comes (Word, "--"));
}

/**
  Go to the value of a parameter, behind "=" and a quote; - in its name is as good as _.

  @param[in,out] Word  The parameter; its value when it has that name.
  @param[in]     Name  Name of the parameter.

  @retval TRUE  It has that name, and a value.
**/
STATIC
BOOLEAN
TakeName (
  IN OUT CURSOR       *Word,
  IN     CONST CHAR8  *Name
  )
{
  CURSOR  Value;

  for (Value = *Word; *Name != '\0'; Name++, Skip (&Value, 1)) {
    if ((Peek (&Value) != *Name) && ((Peek (&Value) != '-') || (*Name != '_'))) {
      return FALSE;
    }
  }

  if (!Take (&Value, "=")) {
    return FALSE;
  }

  Take (&Value, "\"");
  *Word = Value;
  return TRUE;
}

/**
  How many legacy UARTs a command line leaves to the driver.

  @param[in] Rest  The command line.
**/
STATIC
UINT64
CountUarts (
  IN CURSOR  Rest
  )
{
  CURSOR  Word;
  UINT64  Count;

  Count = USUAL_UARTS;
  while (TakeWord (&Rest, &Word)) {
    if (TakeName (&Word, "8250.nr_uarts") || TakeName (&Word, "8250_core.nr_uarts")) {
      Count = TakeNumber (&Word);
    }
  }

  return Count;
}

/**
  Say that a UART is at an I/O port.

  @param[out] Found  Receives it.
  @param[in]  Port   The port.

  @retval TRUE  Always.
**/
STATIC
BOOLEAN
AtPort (
  OUT MRM_SERIAL_WORD  *Found,
  IN  UINT64           Port
  )
{
  Found->Kind = MrmSerialPort;
  Found->Base = Port;
  return TRUE;
}

/**
  Whether a character may be part of a driver's name.

  @param[in] Character  The character.
**/
STATIC
BOOLEAN
IsOfName (
  IN CHAR8  Character
  )
{
  return MrmIsDigit (Character) || (Character == '_') || ((Character >= 'a') && (Character <= 'z'));
}

/**
  Read "uart8250,io,0x3f8,…".

  @param[in]  Value  The value of the parameter.
  @param[out] Found  Receives the UART.

  @retval TRUE  It is that.
**/
STATIC
BOOLEAN
ReadAddress (
  IN  CURSOR           Value,
  OUT MRM_SERIAL_WORD  *Found
  )
{
  UINTN  Name;

  for (Name = 0; IsOfName (Peek (&Value)); Name++) {
    Skip (&Value, 1);
  }

  if ((Name == 0) || !Take (&Value, ",")) {
    return FALSE;
  }

  if (Take (&Value, "io,")) {
    return AtPort (Found, TakeNumber (&Value));
  }

  if (  !Take (&Value, "mmio,")
     && !Take (&Value, "mmio16,")
     && !Take (&Value, "mmio32,")
     && !Take (&Value, "mmio32be,")
     && !Take (&Value, "mmio32native,")
     && !Comes (&Value, "0x"))
  {
    return FALSE;
  }

  Found->Kind = MrmSerialMemory;
  Found->Base = TakeNumber (&Value);
  return TRUE;
}

/**
  Read "ttyS0,9600" of console=: that line of the driver, before ACPI has put anything into it.

  @param[in]  Value  The value of the parameter.
  @param[in]  Count  Legacy UARTs the driver has.
  @param[out] Found  Receives the UART.

  @retval TRUE  It drives one by address.
**/
STATIC
BOOLEAN
ReadConsole (
  IN  CURSOR           Value,
  IN  UINT64           Count,
  OUT MRM_SERIAL_WORD  *Found
  )
{
  CURSOR  Line;
  UINT64  Number;

  Line = Value;
  if (Take (&Line, "ttyS")) {
    if (!MrmIsDigit (Peek (&Line)) && (Peek (&Line) != ',') && (Peek (&Line) != '"') && (Peek (&Line) != '\0')) {
      return FALSE;
    }
  } else if (!MrmIsDigit (Peek (&Line))) {
    return ReadAddress (Value, Found);
  }

  Number = TakeDigits (&Line, 10);
  if (Count == 0) {
    return FALSE;
  }

  // Older kernels take the first line for one that is not there.
  Number = (Number >= Count) ? 0 : Number;
  return (Number < ARRAY_SIZE (mLegacyPorts)) && AtPort (Found, mLegacyPorts[Number]);
}

/**
  Read "serial,ttyS0,…" of earlyprintk=.

  @param[in]  Value  The value of the parameter.
  @param[out] Found  Receives the UART.

  @retval TRUE  It drives one by address.
**/
STATIC
BOOLEAN
ReadEarlyPrint (
  IN  CURSOR           Value,
  OUT MRM_SERIAL_WORD  *Found
  )
{
  CURSOR  Rest;
  UINT64  Number;

  for (Rest = Value; Rest.Left != 0; Skip (&Rest, 1)) {
    if (Comes (&Rest, "pciserial")) {
      Found->Kind = MrmSerialCard;
      Found->Base = 0;
      return TRUE;
    }
  }

  for ( ; Value.Left != 0; Skip (&Value, 1)) {
    if (Take (&Value, "serial")) {
      Take (&Value, ",");
    } else if (!Comes (&Value, "ttyS")) {
      continue;
    }

    if (Take (&Value, "0x")) {
      return AtPort (Found, TakeDigits (&Value, 16));
    }

    Take (&Value, "ttyS");
    Number = TakeDigits (&Value, 10);
    return AtPort (Found, mLegacyPorts[(Number < EARLY_PORTS) ? Number : 0]);
  }

  return FALSE;
}

/**
  Read "ttyS0" of kgdboc=: that line of the driver, after ACPI's UART has taken its own, or
  the first it may have.

  @param[in]  Value  The value of the parameter.
  @param[in]  Count  Legacy UARTs the driver has.
  @param[in]  Own    The partition's console.
  @param[out] Found  Receives the UART.

  @retval TRUE  It drives one by address.
**/
STATIC
BOOLEAN
ReadDebugger (
  IN  CURSOR             Value,
  IN  UINT64             Count,
  IN  CONST MRM_CONSOLE  *Own,
  OUT MRM_SERIAL_WORD    *Found
  )
{
  BOOLEAN  Legacy;
  UINT64   Number;
  UINTN    Index;

  Count = MIN (Count, ARRAY_SIZE (mLegacyPorts));
  for ( ; !Take (&Value, "ttyS"); Skip (&Value, 1)) {
    if (Value.Left == 0) {
      return FALSE;
    }
  }

  Number = TakeDigits (&Value, 10);
  Legacy = FALSE;
  for (Index = 0; Index < Count; Index++) {
    Legacy = Legacy || ((Own->Kind == MrmConsoleUart16550Io) && (Own->Base == mLegacyPorts[Index]));
  }

  if ((Number >= Count) || ((Number == 0) && (Own->Kind != MrmConsoleNone) && !Legacy)) {
    return FALSE;
  }

  return AtPort (Found, mLegacyPorts[Number]);
}

/**
  Read a parameter.

  @param[in]  Word   The parameter.
  @param[in]  Count  Legacy UARTs the driver has.
  @param[in]  Own    The partition's console.
  @param[out] Found  Receives the UART.

  @retval TRUE  It drives one by address.
**/
STATIC
BOOLEAN
ReadParameter (
  IN  CURSOR             Word,
  IN  UINT64             Count,
  IN  CONST MRM_CONSOLE  *Own,
  OUT MRM_SERIAL_WORD    *Found
  )
{
  if (TakeName (&Word, "console")) {
    return ReadConsole (Word, Count, Found);
  }

  if (TakeName (&Word, "earlycon")) {
    return ReadAddress (Word, Found);
  }

  if (TakeName (&Word, "earlyprintk")) {
    return ReadEarlyPrint (Word, Found);
  }

  return TakeName (&Word, "kgdboc") && ReadDebugger (Word, Count, Own, Found);
}

/**
  Whether a UART is the partition's console.

  @param[in] Found  The UART.
  @param[in] Own    The console.
**/
STATIC
BOOLEAN
IsOwn (
  IN CONST MRM_SERIAL_WORD  *Found,
  IN CONST MRM_CONSOLE      *Own
  )
{
  switch (Found->Kind) {
    case MrmSerialPort:
      return (Own->Kind == MrmConsoleUart16550Io) && (Own->Base == Found->Base);
    case MrmSerialMemory:
      return (Own->Kind == MrmConsoleUart16550Memory) && (Own->Base == Found->Base);
    default:
      return FALSE;
  }
}

BOOLEAN
EFIAPI
MrmForeignSerialWord (
  IN     CONST CHAR8        *Text,
  IN     UINTN              Size,
  IN     CONST MRM_CONSOLE  *Own,
  IN OUT UINTN              *Offset,
  OUT    MRM_SERIAL_WORD    *Found
  )
{
  CURSOR  Rest;
  CURSOR  Word;
  UINT64  Count;

  Rest.Place = Text;
  Rest.Left  = Size;
  Count      = CountUarts (Rest);
  Skip (&Rest, *Offset);
  while (TakeWord (&Rest, &Word)) {
    if (ReadParameter (Word, Count, Own, Found) && !IsOwn (Found, Own)) {
      Found->Word   = Word.Place;
      Found->Length = Word.Left;
      *Offset       = Rest.Place - Text;
      return TRUE;
    }
  }

  return FALSE;
}
