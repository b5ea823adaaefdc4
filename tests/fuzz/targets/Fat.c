/** @file
  A FAT volume: MrmFatBegin(), MrmFatFind(), MrmFatLocate() and MrmFatPiece().

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/MrmFatLib.h>

#define EXTENTS  8

typedef struct {
  UINT8     *Bytes;
  size_t    Size;
  UINTN     Reads;
} VOLUME;

STATIC CONST CHAR16  *mPaths[] = { L"\\EFI\\log of it.img", L"\\efi\\LOGOFI~1.IMG", L"\\EFI", L"\\a\\b\\c", L"" };

STATIC
RETURN_STATUS
EFIAPI
ReadVolume (
  IN  VOID    *Context,
  IN  UINT64  Offset,
  IN  UINTN   Size,
  OUT VOID    *Bytes
  )
{
  VOLUME  *Volume;

  Volume = Context;
  FUZZ_CHECK ((Offset % 512 == 0) && (Size % 512 == 0) && (Size > 0) && (Size <= MRM_FAT_WINDOW));
  FUZZ_CHECK ((Offset <= Volume->Size) && (Size <= Volume->Size - Offset));
  memcpy (Bytes, Volume->Bytes + Offset, Size);
  Volume->Reads++;
  return RETURN_SUCCESS;
}

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  STATIC MRM_FAT  Fat;
  VOLUME          Volume = { FuzzExact (Data, Size & ~(size_t)511), Size & ~(size_t)511, 0 };
  MRM_FAT_EXTENT  Extents[EXTENTS];
  UINTN           Path;
  UINTN           Index;
  UINTN           Count;
  UINT32          Cluster;
  UINT32          Length;
  UINT64          Sum;
  UINT64          Piece;
  UINT64          Place;
  BOOLEAN         Shared;

  memset (&Fat, 0, sizeof (Fat));
  Fat.Read    = ReadVolume;
  Fat.Context = &Volume;
  Fat.Size    = Size;
  if (MrmFatBegin (&Fat) != RETURN_SUCCESS) {
    free (Volume.Bytes);
    return 0;
  }

  for (Path = 0; Path < ARRAY_SIZE (mPaths); Path++) {
    Count = EXTENTS;
    if (  (MrmFatFind (&Fat, mPaths[Path], &Cluster, &Length) != RETURN_SUCCESS)
       || (MrmFatLocate (&Fat, Cluster, Length, Extents, &Count) != RETURN_SUCCESS))
    {
      continue;
    }

    Sum = 0;
    for (Index = 0; Index < Count; Index++) {
      FUZZ_CHECK ((Extents[Index].Size > 0) && (Extents[Index].Offset >= Fat.DataOffset));
      FUZZ_CHECK (Extents[Index].Offset + Extents[Index].Size <= Size);
      Sum += Extents[Index].Size;
    }

    FUZZ_CHECK (Sum == Length);
    for (Sum = 0; Sum < Length; Sum += Piece) {
      Piece = MrmFatPiece (Extents, Count, Fat.Grid, Sum, Length - Sum, &Place, &Shared);
      FUZZ_CHECK ((Piece > 0) && (Piece <= Length - Sum) && (Place + Piece <= Size));
    }

    FUZZ_CHECK (MrmFatPiece (Extents, Count, Fat.Grid, Length, 1, &Place, &Shared) == 0);
  }

  // A folder has an end, however it is chained.
  FUZZ_CHECK (Volume.Reads < ARRAY_SIZE (mPaths) * 4 * 65536 * 2);
  free (Volume.Bytes);
  return 0;
}
