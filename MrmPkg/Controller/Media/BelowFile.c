/** @file
  The blocks below a file on the ESP.

  After one sector that cannot be read, EDK2's FAT driver refuses all of its file.  The file's clusters stay where they
  are as long as the controller has it open, so their blocks can be read and written without that driver.

  But the driver keeps pages of 64 KiB of the volume, and an older one writes whole pages.  Where a page holds something
  else as well, perhaps a journal, bytes that were written here would be lost when the driver writes it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Media/BelowFile.h"
#include "Core/Facts.h"
#include <Library/BaseLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmFatLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/BlockIo.h>
#include <Protocol/DiskIo.h>

#define MAX_EXTENTS  4096   ///< pieces that a file may lie in

struct _MRM_BELOW_FILE {
  EFI_BLOCK_IO_PROTOCOL    *Blocks;
  EFI_DISK_IO_PROTOCOL     *Disk;
  UINT64                   Grid;
  UINTN                    Count;
  MRM_FAT_EXTENT           Extents[MAX_EXTENTS];
};

/**
  Read bytes of the volume (MRM_FAT_READ).

  @param[in]  Context  The file.
  @param[in]  Offset   The first one.
  @param[in]  Size     How many.
  @param[out] Bytes    Receives them.

  @return  Status of the drive.
**/
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
  CONST MRM_BELOW_FILE  *Below;

  Below = Context;
  return Below->Disk->ReadDisk (Below->Disk, Below->Blocks->Media->MediaId, Offset, Size, Bytes);
}

/**
  Find where a file lies.

  @param[in]     Path   Its path.
  @param[in,out] Below  Receives that; Blocks and Disk are known.

  @return  As MrmFatBegin(), MrmFatFind() and MrmFatLocate().
**/
STATIC
EFI_STATUS
Locate (
  IN     CONST CHAR16    *Path,
  IN OUT MRM_BELOW_FILE  *Below
  )
{
  EFI_STATUS  Status;
  MRM_FAT     *Fat;
  UINT32      Cluster;
  UINT32      Size;

  Fat = AllocateZeroPool (sizeof (*Fat));
  if (Fat == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  Fat->Read    = ReadVolume;
  Fat->Context = Below;
  Fat->Size    = MultU64x32 (Below->Blocks->Media->LastBlock + 1, Below->Blocks->Media->BlockSize);
  Below->Count = MAX_EXTENTS;
  Status       = MrmFatBegin (Fat);
  if (!EFI_ERROR (Status)) {
    Status = MrmFatFind (Fat, Path, &Cluster, &Size);
  }

  if (!EFI_ERROR (Status)) {
    Status = MrmFatLocate (Fat, Cluster, Size, Below->Extents, &Below->Count);
  }

  Below->Grid = Fat->Grid;
  FreePool (Fat);
  return Status;
}

EFI_STATUS
OpenBelow (
  IN  CONST CHAR16    *Path,
  OUT MRM_BELOW_FILE  **Below
  )
{
  EFI_STATUS      Status;
  MRM_BELOW_FILE  *Found;

  Found = AllocatePool (sizeof (*Found));
  if (Found == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  Status = gMachine.Esp->Flush (gMachine.Esp);
  if (!EFI_ERROR (Status)) {
    Status = gBS->HandleProtocol (gMachine.EspDevice, &gEfiBlockIoProtocolGuid, (VOID **)&Found->Blocks);
  }

  if (!EFI_ERROR (Status)) {
    Status = gBS->HandleProtocol (gMachine.EspDevice, &gEfiDiskIoProtocolGuid, (VOID **)&Found->Disk);
  }

  if (!EFI_ERROR (Status)) {
    Status = Locate (Path, Found);
  }

  if (EFI_ERROR (Status)) {
    FreePool (Found);
    return Status;
  }

  *Below = Found;
  return EFI_SUCCESS;
}

VOID
CloseBelow (
  IN MRM_BELOW_FILE  *Below
  )
{
  if (Below != NULL) {
    FreePool (Below);
  }
}

UINTN
PieceBelow (
  IN  CONST MRM_BELOW_FILE  *Below,
  IN  UINT64                Offset,
  IN  UINTN                 Size,
  OUT UINT64                *Page
  )
{
  UINT64   Place;
  UINT64   Piece;
  BOOLEAN  Shared;

  Piece = MrmFatPiece (Below->Extents, Below->Count, Below->Grid, Offset, Size, &Place, &Shared);
  if (Piece != 0) {
    *Page = Shared ? DivU64x32 (Place - Below->Grid, MRM_FAT_PAGE) : MAX_UINT64;
  }

  return (UINTN)Piece;
}

EFI_STATUS
ReadBelow (
  IN  CONST MRM_BELOW_FILE  *Below,
  IN  UINT64                Offset,
  IN  UINTN                 Size,
  OUT VOID                  *Bytes
  )
{
  UINT64   Place;
  BOOLEAN  Shared;

  if (MrmFatPiece (Below->Extents, Below->Count, Below->Grid, Offset, Size, &Place, &Shared) != Size) {
    return EFI_END_OF_FILE;
  }

  return Below->Disk->ReadDisk (Below->Disk, Below->Blocks->Media->MediaId, Place, Size, Bytes);
}

EFI_STATUS
WriteBelow (
  IN CONST MRM_BELOW_FILE  *Below,
  IN UINT64                Offset,
  IN UINTN                 Size,
  IN CONST VOID            *Bytes
  )
{
  UINT64   Place;
  BOOLEAN  Shared;

  if ((MrmFatPiece (Below->Extents, Below->Count, Below->Grid, Offset, Size, &Place, &Shared) != Size) || Shared) {
    return EFI_WRITE_PROTECTED;
  }

  return Below->Disk->WriteDisk (Below->Disk, Below->Blocks->Media->MediaId, Place, Size, (VOID *)Bytes);
}

EFI_STATUS
FlushBelow (
  IN CONST MRM_BELOW_FILE  *Below
  )
{
  return Below->Blocks->FlushBlocks (Below->Blocks);
}
