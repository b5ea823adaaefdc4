/** @file
  Rings of text: the partition firmware writes, the controller reads.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Uefi/UefiBaseType.h>
#include <Library/BaseLib.h>
#include <Library/MrmTalkLib.h>

UINT32
EFIAPI
MrmRingBegin (
  OUT MRM_RING  *Ring,
  IN  UINT64    Room
  )
{
  UINT32  Size;

  for (Size = 1; Size <= (Room - sizeof (*Ring)) / 2; Size *= 2) {
  }

  Ring->Size    = Size;
  Ring->Written = 0;
  return Size;
}

VOID
EFIAPI
MrmRingWrite (
  IN OUT MRM_RING     *Ring,
  IN     UINT64       Room,
  IN     CONST CHAR8  *Text,
  IN     UINTN        Length
  )
{
  UINT32  Size;
  UINT32  Written;
  UINTN   Index;
  CHAR8   *Data;

  if (Room < sizeof (*Ring)) {
    return;
  }

  Size = Ring->Size;
  if ((Size == 0) || ((Size & (Size - 1)) != 0) || (Size > Room - sizeof (*Ring))) {
    return;
  }

  Data    = (CHAR8 *)(Ring + 1);
  Written = Ring->Written;
  for (Index = 0; Index < Length; Index++) {
    Data[(Written + (UINT32)Index) & (Size - 1)] = Text[Index];
  }

  // The reader may look any time: what counts is there first.
  MemoryFence ();
  Ring->Written = Written + (UINT32)Length;
}

BOOLEAN
EFIAPI
MrmRingNextLine (
  IN OUT MRM_RING_READER  *Reader,
  IN     CONST MRM_RING   *Ring,
  IN     UINT32           Size
  )
{
  CONST UINT8  *Data;
  UINT32       Written;
  UINT8        Byte;
  BOOLEAN      Whole;

  Data    = (CONST UINT8 *)(Ring + 1);
  Written = Ring->Written;
  if ((UINT32)(Written - Reader->Read) > Size) {
    Reader->Read     = Written - Size;
    Reader->Length   = 0;
    Reader->Skipping = TRUE;
  }

  while (Reader->Read != Written) {
    Byte = Data[Reader->Read++ & (Size - 1)];
    if (Byte == '\n') {
      Whole                        = !Reader->Skipping && (Reader->Length != 0);
      Reader->Line[Reader->Length] = '\0';
      Reader->Length               = 0;
      Reader->Skipping             = FALSE;
      if (Whole) {
        return TRUE;
      }
    } else if ((Byte != '\r') && (Reader->Length + 1 < MRM_LINE_SIZE)) {
      Reader->Line[Reader->Length++] = ((Byte >= 0x20) && (Byte <= 0x7E)) ? (CHAR8)Byte : '?';
    }
  }

  return FALSE;
}
