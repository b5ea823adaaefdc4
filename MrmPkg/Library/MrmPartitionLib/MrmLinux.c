/** @file
  What a Linux kernel was started with.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Uefi/UefiBaseType.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmPartitionLib.h>

//
// struct boot_params of Linux (Documentation/arch/x86/zero-page.rst).
//
#define EXT_CMD_LINE_PTR  0x0C8
#define BOOT_FLAG         0x1FE
#define   BOOT_FLAG_MAGIC 0xAA55
#define HEADER            0x202
#define   HEADER_MAGIC    SIGNATURE_32 ('H', 'd', 'r', 'S')
#define CMD_LINE_PTR      0x228

/**
  Whether a character separates words.

  @param[in] Character  The character.
**/
STATIC
BOOLEAN
IsBlank (
  IN CHAR8  Character
  )
{
  return (Character == ' ') || (Character == '\t') || (Character == '\n') || (Character == '\r');
}

CONST CHAR8 *
EFIAPI
MrmNextWord (
  IN  CONST CHAR8  *Text,
  OUT UINTN        *Length
  )
{
  while (IsBlank (*Text)) {
    Text++;
  }

  for (*Length = 0; Text[*Length] != '\0' && !IsBlank (Text[*Length]); (*Length)++) {
  }

  return (*Length == 0) ? NULL : Text;
}

BOOLEAN
EFIAPI
MrmHasWord (
  IN CONST CHAR8  *Text,
  IN UINTN        Size,
  IN CONST CHAR8  *Word,
  IN UINTN        Length
  )
{
  UINTN  Index;
  UINTN  End;

  for (Index = 0; Index < Size && Text[Index] != '\0'; Index = End + 1) {
    for (End = Index; End < Size && Text[End] != '\0' && !IsBlank (Text[End]); End++) {
    }

    if ((End - Index == Length) && (CompareMem (Text + Index, Word, Length) == 0)) {
      return TRUE;
    }

    if ((End == Size) || (Text[End] == '\0')) {
      break;
    }
  }

  return FALSE;
}

UINT64
EFIAPI
MrmLinuxCommandLine (
  IN CONST UINT8  *Page
  )
{
  UINT16  Flag;
  UINT32  Magic;
  UINT32  Low;
  UINT32  High;

  CopyMem (&Flag, Page + BOOT_FLAG, sizeof (Flag));
  CopyMem (&Magic, Page + HEADER, sizeof (Magic));
  if ((Flag != BOOT_FLAG_MAGIC) || (Magic != HEADER_MAGIC)) {
    return 0;
  }

  CopyMem (&Low, Page + CMD_LINE_PTR, sizeof (Low));
  CopyMem (&High, Page + EXT_CMD_LINE_PTR, sizeof (High));
  return ((UINT64)High << 32) | Low;
}
