/** @file
  Reading and writing files of served disks.

  As long as nothing fails, the PC's file system does it.  After one failed access EDK2's FAT driver refuses all of
  that file.  From then on the blocks below are read and written, so that only those fail that are bad.  Pages that hold
  something else, too, still go through the file system, with the file opened anew; a page that has failed there is only
  read, by its blocks, for the driver takes it for loaded.

  The driver may have older bytes of such a file in its cache.  So it is never read there again: not when another plan
  opens it anew, and when the controller ends, the driver is made to begin anew.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Media/FileAccess.h"
#include "Media/BelowFile.h"
#include "Core/Esp.h"
#include "Core/Facts.h"
#include "Core/Flush.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/UefiBootServicesTableLib.h>

#define PATH_SIZE  128   ///< CHAR16; a plan has shorter ones
#define MAX_BAD    32    ///< pages that have failed in the file system, as many as are remembered
#define MAX_BELOW  16    ///< files whose blocks are used; more are refused

struct _MRM_OPEN_FILE {
  EFI_FILE_PROTOCOL    *File;            ///< NULL: the file system does not open it any more
  UINT64               Mode;
  MRM_BELOW_FILE       *Below;           ///< its blocks; NULL as long as nothing has failed
  BOOLEAN              Lost;             ///< something has failed, and its blocks cannot be found
  UINTN                BadCount;         ///< more than MAX_BAD: all pages count as bad
  UINT64               Bad[MAX_BAD];
  CHAR16               Path[PATH_SIZE];
};

STATIC CHAR16      mBelow[MAX_BELOW][PATH_SIZE];   ///< paths of files whose blocks are or were used
STATIC UINTN       mBelowCount;
STATIC EFI_HANDLE  mDevice;                        ///< the volume they are on

/**
  TRUE if the blocks of a file are or were used.

  @param[in] Path  Its path.
**/
STATIC
BOOLEAN
IsBelow (
  IN CONST CHAR16  *Path
  )
{
  UINTN  Index;
  UINTN  Letter;

  for (Index = 0; Index < mBelowCount; Index++) {
    // FAT knows no case; what else a plan has here is ASCII.
    for (Letter = 0; CharToUpper (mBelow[Index][Letter]) == CharToUpper (Path[Letter]); Letter++) {
      if (Path[Letter] == 0) {
        return TRUE;
      }
    }
  }

  return FALSE;
}

/**
  Take note that the blocks of a file are used.

  @param[in] Path  Its path.

  @retval TRUE   Noted.
  @retval FALSE  There are too many of them.
**/
STATIC
BOOLEAN
NoteBelow (
  IN CONST CHAR16  *Path
  )
{
  if (mBelowCount == MAX_BELOW) {
    return FALSE;
  }

  StrCpyS (mBelow[mBelowCount], PATH_SIZE, Path);
  mBelowCount++;
  mDevice = gMachine.EspDevice;
  return TRUE;
}

VOID
RenewFileSystem (
  VOID
  )
{
  if (mBelowCount != 0) {
    gBS->DisconnectController (mDevice, NULL, NULL);
    gBS->ConnectController (mDevice, NULL, NULL, TRUE);
    mBelowCount = 0;
  }
}

EFI_STATUS
TakeFile (
  IN  CONST CHAR16       *Path,
  IN  UINT64             Mode,
  IN  EFI_FILE_PROTOCOL  *File,
  OUT MRM_OPEN_FILE      **Open
  )
{
  MRM_OPEN_FILE  *Taken;

  Taken = AllocateZeroPool (sizeof (*Taken));
  if (Taken == NULL) {
    File->Close (File);
    return EFI_OUT_OF_RESOURCES;
  }

  Taken->File = File;
  Taken->Mode = Mode;
  StrCpyS (Taken->Path, ARRAY_SIZE (Taken->Path), Path);
  if (IsBelow (Path)) {
    Taken->Lost = EFI_ERROR (OpenBelow (Path, &Taken->Below));
  }

  *Open = Taken;
  return EFI_SUCCESS;
}

VOID
CloseFile (
  IN MRM_OPEN_FILE  *Open
  )
{
  if (Open != NULL) {
    if (Open->File != NULL) {
      Open->File->Close (Open->File);
    }

    CloseBelow (Open->Below);
    FreePool (Open);
  }
}

/**
  Read or write by the PC's file system.

  @param[in]     Open    The file; it is open there.
  @param[in]     Write   TRUE: write.
  @param[in]     Offset  The first byte.
  @param[in]     Size    How many.
  @param[in,out] Bytes   What to write, or what receives them.

  @return  As ReadFile() and WriteFile().
**/
STATIC
EFI_STATUS
ByFileSystem (
  IN     CONST MRM_OPEN_FILE  *Open,
  IN     BOOLEAN              Write,
  IN     UINT64               Offset,
  IN     UINTN                Size,
  IN OUT VOID                 *Bytes
  )
{
  EFI_STATUS  Status;
  UINTN       Done;

  Done   = Size;
  Status = Open->File->SetPosition (Open->File, Offset);
  if (!EFI_ERROR (Status)) {
    Status = Write ? Open->File->Write (Open->File, &Done, Bytes) : Open->File->Read (Open->File, &Done, Bytes);
  }

  if (!EFI_ERROR (Status) && (Done != Size)) {
    return Write ? EFI_VOLUME_FULL : EFI_END_OF_FILE;
  }

  return Status;
}

/**
  TRUE if a page has failed in the PC's file system.

  @param[in] Open  The file.
  @param[in] Page  The page's number.
**/
STATIC
BOOLEAN
IsBad (
  IN CONST MRM_OPEN_FILE  *Open,
  IN UINT64               Page
  )
{
  UINTN  Index;

  for (Index = 0; (Index < MIN (Open->BadCount, MAX_BAD)) && (Open->Bad[Index] != Page); Index++) {
  }

  return (BOOLEAN)((Open->BadCount > MAX_BAD) || (Index < Open->BadCount));
}

/**
  Take note that a page has failed in the PC's file system.

  @param[in,out] Open  The file.
  @param[in]     Page  The page's number.
**/
STATIC
VOID
NoteBad (
  IN OUT MRM_OPEN_FILE  *Open,
  IN     UINT64         Page
  )
{
  if (!IsBad (Open, Page)) {
    if (Open->BadCount < MAX_BAD) {
      Open->Bad[Open->BadCount] = Page;
    }

    Open->BadCount++;
  }
}

/**
  Have the PC's file system open a file anew that it refuses.

  @param[in,out] Open  The file.
**/
STATIC
VOID
OpenAnew (
  IN OUT MRM_OPEN_FILE  *Open
  )
{
  Open->File->Close (Open->File);
  // What it has of this file in its cache is to be on the drive before blocks are read there.
  gMachine.Esp->Flush (gMachine.Esp);
  if (EFI_ERROR (OpenEspFile (Open->Path, Open->Mode, 0, &Open->File))) {
    Open->File = NULL;
  }
}

/**
  Find the blocks below a file, because an access has failed.

  @param[in,out] Open    The file.
  @param[in]     Offset  Where it failed.
  @param[in]     Size    How many bytes that was about.

  @retval TRUE   Its blocks can be read and written.
  @retval FALSE  They cannot.
**/
STATIC
BOOLEAN
GoBelow (
  IN OUT MRM_OPEN_FILE  *Open,
  IN     UINT64         Offset,
  IN     UINTN          Size
  )
{
  EFI_STATUS  Status;
  UINTN       Piece;
  UINT64      Page;

  if (Open->Lost) {
    return FALSE;
  }

  Status = NoteBelow (Open->Path) ? OpenBelow (Open->Path, &Open->Below) : EFI_OUT_OF_RESOURCES;
  if (EFI_ERROR (Status)) {
    Open->Lost = TRUE;
    Say ("%s: it cannot be used any more: the file system refuses it, and its blocks are not found: %r", Open->Path, Status);
    return FALSE;
  }

  Say ("%s: the file system refuses it; its blocks are used", Open->Path);
  for ( ; Size > 0; Size -= Piece) {
    Piece = PieceBelow (Open->Below, Offset, Size, &Page);
    if (Piece == 0) {
      break;
    }

    if (Page != MAX_UINT64) {
      NoteBad (Open, Page);
    }

    Offset += Piece;
  }

  OpenAnew (Open);
  return TRUE;
}

/**
  Read or write a piece of a file that has failed before.

  @param[in,out] Open    The file.
  @param[in]     Write   TRUE: write.
  @param[in]     Offset  The first byte.
  @param[in]     Size    How many.
  @param[in]     Page    As PieceBelow() tells.
  @param[in,out] Bytes   What to write, or what receives them.

  @return  As ReadFile() and WriteFile().
**/
STATIC
EFI_STATUS
ByBlocks (
  IN OUT MRM_OPEN_FILE  *Open,
  IN     BOOLEAN        Write,
  IN     UINT64         Offset,
  IN     UINTN          Size,
  IN     UINT64         Page,
  IN OUT VOID           *Bytes
  )
{
  EFI_STATUS  Status;

  if (Page == MAX_UINT64) {
    return Write ? WriteBelow (Open->Below, Offset, Size, Bytes) : ReadBelow (Open->Below, Offset, Size, Bytes);
  }

  if ((Open->File != NULL) && !IsBad (Open, Page)) {
    Status = ByFileSystem (Open, Write, Offset, Size, Bytes);
    if (!EFI_ERROR (Status)) {
      return Status;
    }

    NoteBad (Open, Page);
    OpenAnew (Open);
  }

  return Write ? EFI_WRITE_PROTECTED : ReadBelow (Open->Below, Offset, Size, Bytes);
}

/**
  Read or write.

  @param[in,out] Open    The file.
  @param[in]     Write   TRUE: write.
  @param[in]     Offset  The first byte.
  @param[in]     Size    How many.
  @param[in,out] Bytes   What to write, or what receives them.

  @return  As ReadFile() and WriteFile().
**/
STATIC
EFI_STATUS
Access (
  IN OUT MRM_OPEN_FILE  *Open,
  IN     BOOLEAN        Write,
  IN     UINT64         Offset,
  IN     UINTN          Size,
  IN OUT UINT8          *Bytes
  )
{
  EFI_STATUS  Status;
  UINTN       Piece;
  UINT64      Page;

  if (Open->Below == NULL) {
    Status = Open->Lost ? EFI_DEVICE_ERROR : ByFileSystem (Open, Write, Offset, Size, Bytes);
    if (  !EFI_ERROR (Status)
       || (Status == EFI_END_OF_FILE)
       || (Status == EFI_VOLUME_FULL)
       || !GoBelow (Open, Offset, Size))
    {
      return Status;
    }
  }

  for ( ; Size > 0; Size -= Piece) {
    Piece = PieceBelow (Open->Below, Offset, Size, &Page);
    if (Piece == 0) {
      return EFI_END_OF_FILE;
    }

    Status = ByBlocks (Open, Write, Offset, Piece, Page, Bytes);
    if (EFI_ERROR (Status)) {
      return Status;
    }

    Offset += Piece;
    Bytes  += Piece;
  }

  return EFI_SUCCESS;
}

EFI_STATUS
ReadFile (
  IN OUT MRM_OPEN_FILE  *Open,
  IN     UINT64         Offset,
  IN     UINTN          Size,
  OUT    VOID           *Bytes
  )
{
  return Access (Open, FALSE, Offset, Size, Bytes);
}

EFI_STATUS
WriteFile (
  IN OUT MRM_OPEN_FILE  *Open,
  IN     UINT64         Offset,
  IN     UINTN          Size,
  IN     CONST VOID     *Bytes
  )
{
  return Access (Open, TRUE, Offset, Size, (UINT8 *)Bytes);
}

EFI_STATUS
FlushFile (
  IN CONST MRM_OPEN_FILE  *Open
  )
{
  EFI_STATUS  Status;
  EFI_STATUS  Below;

  Status = (Open->File != NULL) ? Open->File->Flush (Open->File) : EFI_SUCCESS;
  Below  = (Open->Below != NULL) ? FlushBelow (Open->Below) : EFI_SUCCESS;
  if (!EFI_ERROR (Status)) {
    Status = Below;
  }

  return EFI_ERROR (Status) ? Status : FlushDrive (gMachine.EspDevice);
}
