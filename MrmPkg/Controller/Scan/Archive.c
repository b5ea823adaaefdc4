/** @file
  The archive that a scan writes: made in memory, written at the end.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Scan/Archive.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmArchiveLib.h>
#include <Library/PrintLib.h>

#define FIRST_CAPACITY  SIZE_256KB
#define LINE_SIZE       640

///
/// What there is so far.  After an error nothing is added any more.
///
STATIC UINT8       *mArchive;
STATIC UINTN       mLength;
STATIC UINTN       mCapacity;
STATIC UINTN       mFile;      ///< where the header of the file lies that was begun
STATIC CHAR8       mName[MRM_ARCHIVE_NAME_LENGTH + 2];
STATIC EFI_STATUS  mStatus;

/**
  Make room at the end.

  @param[in] Size  Bytes.

  @return  The room, zeroed; NULL after an error.
**/
STATIC
UINT8 *
Append (
  IN UINTN  Size
  )
{
  UINTN  Capacity;
  UINT8  *Larger;

  if (EFI_ERROR (mStatus)) {
    return NULL;
  }

  if (Size > mCapacity - mLength) {
    Capacity = MAX (FIRST_CAPACITY, 2 * (mLength + Size));
    Larger   = ReallocatePool (mCapacity, Capacity, mArchive);
    if (Larger == NULL) {
      mStatus = EFI_OUT_OF_RESOURCES;
      return NULL;
    }

    mArchive  = Larger;
    mCapacity = Capacity;
  }

  ZeroMem (mArchive + mLength, Size);
  mLength += Size;
  return mArchive + mLength - Size;
}

VOID
EFIAPI
BeginFile (
  IN CONST CHAR8  *Format,
  ...
  )
{
  VA_LIST  Marker;

  // A path that is too long is longer by one: its header is refused.
  VA_START (Marker, Format);
  AsciiVSPrint (mName, sizeof (mName), Format, Marker);
  VA_END (Marker);
  mFile = mLength;
  Append (MRM_ARCHIVE_BLOCK);
}

VOID
AddBytes (
  IN CONST VOID  *Data,
  IN UINTN       Size
  )
{
  UINT8  *Room;

  Room = Append (Size);
  if (Room != NULL) {
    CopyMem (Room, Data, Size);
  }
}

VOID
EFIAPI
AddLine (
  IN CONST CHAR8  *Format,
  ...
  )
{
  CHAR8    Line[LINE_SIZE];
  UINTN    Length;
  VA_LIST  Marker;

  VA_START (Marker, Format);
  Length = AsciiVSPrint (Line, sizeof (Line), Format, Marker);
  VA_END (Marker);

  // Instead of the zero.
  Line[Length] = '\n';
  AddBytes (Line, Length + 1);
}

VOID
EndFile (
  VOID
  )
{
  UINT64  Size;

  if (EFI_ERROR (mStatus)) {
    return;
  }

  Size    = mLength - mFile - MRM_ARCHIVE_BLOCK;
  mStatus = MrmArchiveHeader (mName, Size, mArchive + mFile);
  Append (MrmArchivePadding (Size));
}

EFI_STATUS
EndArchive (
  OUT VOID   **Archive,
  OUT UINTN  *Size
  )
{
  EFI_STATUS  Status;

  Append (2 * MRM_ARCHIVE_BLOCK);
  Status = mStatus;
  if (!EFI_ERROR (Status)) {
    *Archive = mArchive;
    *Size    = mLength;
  } else if (mArchive != NULL) {
    FreePool (mArchive);
  }

  mArchive  = NULL;
  mLength   = 0;
  mCapacity = 0;
  mStatus   = EFI_SUCCESS;
  return Status;
}
