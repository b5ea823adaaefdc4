/** @file
  What a Linux kernel was started with.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPartitionInternal.h"

//
// struct boot_params of Linux (Documentation/arch/x86/zero-page.rst).
//
#define EXT_CMD_LINE_PTR    0x0C8
#define ROOT_FLAGS          0x1F2
#define   ROOT_READ_ONLY    1
#define VID_MODE            0x1FA
#define   VID_MODE_NORMAL   0xFFFF
#define BOOT_FLAG           0x1FE
#define   BOOT_FLAG_MAGIC   0xAA55
#define HEADER              0x202
#define   HEADER_MAGIC      SIGNATURE_32 ('H', 'd', 'r', 'S')
#define KERNEL_VERSION      0x20E    ///< counted from HEADER_SECTOR on
#define   HEADER_SECTOR     0x200
#define TYPE_OF_LOADER      0x210
#define   TYPE_EFI_STUB     0x21
#define CMD_LINE_PTR        0x228
#define INITRD_ADDR_MAX     0x22C
#define   INITRD_ANYWHERE   0x7FFFFFFF

#define GRUB_BEGIN     "BOOT_IMAGE="
#define BLANKS         " \t\n\r"
#define MEMTEST_BEGIN  "Memtest86+ v"
#define MACH_BEGIN     "GNU Mach "

BOOLEAN
MrmIsBlank (
  IN CHAR8  Character
  )
{
  return (Character == ' ') || (Character == '\t') || (Character == '\n') || (Character == '\r');
}

/**
  A text as something that words can be taken from.

  @param[in] Text  The text.
  @param[in] Size  Bytes at Text; it may end earlier by a zero.
**/
STATIC
MRM_WORD
WholeText (
  IN CONST CHAR8  *Text,
  IN UINTN        Size
  )
{
  MRM_WORD  Whole;

  Whole.Start = (CONST UINT8 *)Text;
  for (Whole.Length = 0; (Whole.Length < Size) && (Text[Whole.Length] != '\0'); Whole.Length++) {
  }

  return Whole;
}

BOOLEAN
MrmIsDigit (
  IN CHAR8  Character
  )
{
  return (Character >= '0') && (Character <= '9');
}

CONST CHAR8 *
EFIAPI
MrmNextWord (
  IN  CONST CHAR8  *Text,
  OUT UINTN        *Length
  )
{
  MRM_WORD  Rest;
  MRM_WORD  Word;

  Rest    = WholeText (Text, MAX_UINTN);
  Word    = MrmWordNext (&Rest, BLANKS);
  *Length = Word.Length;
  return (Word.Length == 0) ? NULL : (CONST CHAR8 *)Word.Start;
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
  MRM_WORD  Rest;
  MRM_WORD  Found;

  Rest = WholeText (Text, Size);
  for (Found = MrmWordNext (&Rest, BLANKS); Found.Length != 0; Found = MrmWordNext (&Rest, BLANKS)) {
    // More values may follow: pci=noearly,realloc=off.
    if (  (Found.Length >= Length)
       && (CompareMem (Found.Start, Word, Length) == 0)
       && ((Found.Length == Length) || (Found.Start[Length] == ',')))
    {
      return TRUE;
    }
  }

  return FALSE;
}

UINTN
EFIAPI
MrmNextPlace (
  IN CONST UINT8  *Memory,
  IN UINTN        Offset,
  IN UINTN        Size
  )
{
  CONST UINT8  *Place;

  // One byte of each kind is enough to pass most places by: an initrd has millions of them.
  for ( ; (Offset < Size) && (Size - Offset >= MRM_LINUX_BOOT_PARAMS); Offset += MRM_PLACE_STEP) {
    Place = Memory + Offset;
    if (  (Place[0] == GRUB_BEGIN[0])
       || (Place[0] == MACH_BEGIN[0])
       || (Place[HEADER] == (UINT8)HEADER_MAGIC)
       || (Place[TYPE_OF_LOADER] == TYPE_EFI_STUB))
    {
      return Offset;
    }
  }

  return Size;
}

/**
  Read a little-endian 32-bit word that need not be aligned.

  @param[in] Place  Where it is.
**/
STATIC
UINT32
Read32 (
  IN CONST UINT8  *Place
  )
{
  // No function is called here: this runs for every position of a loader's memory.
  return Place[0] | ((UINT32)Place[1] << 8) | ((UINT32)Place[2] << 16) | ((UINT32)Place[3] << 24);
}

/**
  Read a little-endian 16-bit word that need not be aligned.

  @param[in] Place  Where it is.
**/
STATIC
UINT32
Read16 (
  IN CONST UINT8  *Place
  )
{
  return Place[0] | ((UINT32)Place[1] << 8);
}

/**
  Whether this is boot_params as the EFI stub of Linux 6.8 and later fills it in, which copies no
  magic numbers from the kernel's header.

  @param[in] Params  MRM_LINUX_BOOT_PARAMS bytes.
**/
STATIC
BOOLEAN
IsFromStub (
  IN CONST UINT8  *Params
  )
{
  return   (Params[TYPE_OF_LOADER] == TYPE_EFI_STUB)
        && (Read32 (Params + INITRD_ADDR_MAX) == INITRD_ANYWHERE)
        && (Read16 (Params + VID_MODE) == VID_MODE_NORMAL)
        && (Read16 (Params + ROOT_FLAGS) == ROOT_READ_ONLY);
}

UINT64
EFIAPI
MrmLinuxCommandLine (
  IN CONST UINT8  *Params
  )
{
  if (  !IsFromStub (Params)
     && ((Read32 (Params + HEADER) != HEADER_MAGIC) || (Read16 (Params + BOOT_FLAG) != BOOT_FLAG_MAGIC)))
  {
    return 0;
  }

  return ((UINT64)Read32 (Params + EXT_CMD_LINE_PTR) << 32) | Read32 (Params + CMD_LINE_PTR);
}

BOOLEAN
EFIAPI
MrmIsStubBootParams (
  IN CONST UINT8  *Params
  )
{
  return (Params[TYPE_OF_LOADER] == TYPE_EFI_STUB) && (MrmLinuxCommandLine (Params) != 0);
}

BOOLEAN
EFIAPI
MrmIsGrubCommandLine (
  IN CONST UINT8  *Text
  )
{
  return   (Read32 (Text) == SIGNATURE_32 ('B', 'O', 'O', 'T'))
        && (CompareMem (Text, GRUB_BEGIN, sizeof (GRUB_BEGIN) - 1) == 0)
        && (Text[sizeof (GRUB_BEGIN) - 1] > ' ');
}

BOOLEAN
EFIAPI
MrmIsMemtest (
  IN CONST UINT8  *Image,
  IN UINTN        Size
  )
{
  UINTN  Version;

  if (Read32 (Image + HEADER) != HEADER_MAGIC) {
    return FALSE;
  }

  Version = HEADER_SECTOR + Read16 (Image + KERNEL_VERSION);
  return (Version + sizeof (MEMTEST_BEGIN) <= Size)
         && (CompareMem (Image + Version, MEMTEST_BEGIN, sizeof (MEMTEST_BEGIN) - 1) == 0)
         && MrmIsDigit (Image[Version + sizeof (MEMTEST_BEGIN) - 1]);
}

BOOLEAN
EFIAPI
MrmIsMach (
  IN CONST UINT8  *Text
  )
{
  return (Read32 (Text) == SIGNATURE_32 ('G', 'N', 'U', ' '))
         && (CompareMem (Text, MACH_BEGIN, sizeof (MACH_BEGIN) - 1) == 0)
         && MrmIsDigit (Text[sizeof (MACH_BEGIN) - 1]);
}
