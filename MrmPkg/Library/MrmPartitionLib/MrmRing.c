/** @file
  Writes into a ring of text.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Uefi/UefiBaseType.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmPartitionLib.h>

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
