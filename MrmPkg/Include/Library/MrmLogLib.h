/** @file
  Text that is built piece by piece, words of a text, the controller's log, and how many lines are too many.
  Pure: no globals, no I/O, no clock.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_LOG_LIB_H_
#define MRM_LOG_LIB_H_

#include <Uefi/UefiBaseType.h>

///
/// Zero-terminated ASCII that never outgrows its buffer.
///
typedef struct {
  CHAR8      *Buffer;
  UINTN      Size;        ///< bytes in Buffer, at least 1
  UINTN      Length;      ///< characters in it
  BOOLEAN    Cut;         ///< something did not fit; nothing was added since
} MRM_TEXT;

///
/// A piece of a text that somebody else wrote: any bytes, no zero at the end.
///
typedef struct {
  CONST UINT8    *Start;
  UINTN          Length;
} MRM_WORD;

#define MRM_LOG_TEXT_SIZE  160

typedef struct {
  UINT64    Time;         ///< milliseconds since the controller started
  CHAR8     Text[MRM_LOG_TEXT_SIZE];
} MRM_LOG_ENTRY;

///
/// The last Capacity lines.
///
typedef struct {
  UINT32           Capacity;
  UINT32           Count;       ///< of valid entries
  UINT32           Next;        ///< index of the entry to be written next
  UINT32           Added;       ///< entries ever added, modulo 2^32
  MRM_LOG_ENTRY    *Entries;
} MRM_LOG;

///
/// So many at once, then one in each period.
///
typedef struct {
  UINT64    Since;              ///< milliseconds up to which Used is right
  UINT32    Used;
} MRM_RATE;

/**
  Begin a text.

  @param[out] Text    The text, empty.
  @param[out] Buffer  Where it goes.
  @param[in]  Size    Bytes in Buffer, at least 1.
**/
VOID
EFIAPI
MrmTextBegin (
  OUT MRM_TEXT  *Text,
  OUT CHAR8     *Buffer,
  IN  UINTN     Size
  );

/**
  Add a string, or as much of it as there is room for.

  @param[in,out] Text    The text.
  @param[in]     String  What to add.
**/
VOID
EFIAPI
MrmTextAdd (
  IN OUT MRM_TEXT     *Text,
  IN     CONST CHAR8  *String
  );

/**
  Add a decimal number.

  @param[in,out] Text    The text.
  @param[in]     Number  The number.
  @param[in]     Width   Blanks (or zeros) go before it up to so many characters, at most 20.
  @param[in]     Fill    ' ' or '0'.
**/
VOID
EFIAPI
MrmTextAddNumber (
  IN OUT MRM_TEXT  *Text,
  IN     UINT64    Number,
  IN     UINTN     Width,
  IN     CHAR8     Fill
  );

/**
  Add a hexadecimal number, "0x" first, without leading zeros.

  @param[in,out] Text    The text.
  @param[in]     Number  The number.
**/
VOID
EFIAPI
MrmTextAddHex (
  IN OUT MRM_TEXT  *Text,
  IN     UINT64    Number
  );

/**
  Add a string as JSON, with quotation marks. Bytes outside 0x20..0x7E become '?'.

  @param[in,out] Text    The text.
  @param[in]     String  What to add.
**/
VOID
EFIAPI
MrmTextAddJson (
  IN OUT MRM_TEXT     *Text,
  IN     CONST CHAR8  *String
  );

/**
  Add a string and blanks up to a width; what is longer is cut.

  @param[in,out] Text    The text.
  @param[in]     String  What to add.
  @param[in]     Width   Characters.
**/
VOID
EFIAPI
MrmTextAddColumn (
  IN OUT MRM_TEXT     *Text,
  IN     CONST CHAR8  *String,
  IN     UINTN        Width
  );

/**
  Copy bytes as printable, zero-terminated ASCII: others become '?'.

  @param[out] Text   Receives the text.
  @param[in]  Size   Bytes in Text, at least 1.
  @param[in]  Bytes  What to copy; not trusted.
  @param[in]  Count  Their number.
**/
VOID
EFIAPI
MrmTextPrintable (
  OUT CHAR8        *Text,
  IN  UINTN        Size,
  IN  CONST UINT8  *Bytes,
  IN  UINTN        Count
  );

/**
  TRUE if a word is a string.

  @param[in] Word    The word.
  @param[in] String  The string.
**/
BOOLEAN
EFIAPI
MrmWordIs (
  IN CONST MRM_WORD  *Word,
  IN CONST CHAR8     *String
  );

/**
  Cut a word off at a separator.

  @param[in,out] Rest        What is left; the word and one separator go.
  @param[in]     Separators  Characters that separate.

  @return  The word, which may be empty; all of Rest where there is no separator.
**/
MRM_WORD
EFIAPI
MrmWordCut (
  IN OUT MRM_WORD     *Rest,
  IN     CONST CHAR8  *Separators
  );

/**
  Take the next word, whatever number of blanks stands before it.

  @param[in,out] Rest    What is left; the blanks before the word, the word and one blank after it go.
  @param[in]     Blanks  Characters that separate words.

  @return  The word; empty when there is none left.
**/
MRM_WORD
EFIAPI
MrmWordNext (
  IN OUT MRM_WORD     *Rest,
  IN     CONST CHAR8  *Blanks
  );

/**
  Add a line to the log; the oldest goes when it is full.

  @param[in,out] Log   The log.
  @param[in]     Time  Milliseconds.
  @param[in]     Line  The line, cut to MRM_LOG_TEXT_SIZE; unprintable bytes become '?'.
**/
VOID
EFIAPI
MrmLogAdd (
  IN OUT MRM_LOG      *Log,
  IN     UINT64       Time,
  IN     CONST CHAR8  *Line
  );

/**
  An entry of the log.

  @param[in] Log   The log.
  @param[in] Back  0 is the newest.

  @return  The entry; NULL when there is none so old.
**/
CONST MRM_LOG_ENTRY *
EFIAPI
MrmLogEntry (
  IN CONST MRM_LOG  *Log,
  IN UINT32         Back
  );

/**
  Add the newest lines of the log that fit, oldest first: seconds since the controller
  started, blank, line, line feed.

  @param[in]     Log   The log.
  @param[in,out] Text  The text.
**/
VOID
EFIAPI
MrmLogRender (
  IN     CONST MRM_LOG  *Log,
  IN OUT MRM_TEXT       *Text
  );

/**
  Say whether one more is within a rate.

  @param[in,out] Rate      What was used; one more if it is.
  @param[in]     Now       Milliseconds.
  @param[in]     AtOnce    How many are allowed at once, at least 1.
  @param[in]     Period    Milliseconds after which one more is allowed, at least 1.
**/
BOOLEAN
EFIAPI
MrmRateTake (
  IN OUT MRM_RATE  *Rate,
  IN     UINT64    Now,
  IN     UINT32    AtOnce,
  IN     UINT32    Period
  );

#endif
