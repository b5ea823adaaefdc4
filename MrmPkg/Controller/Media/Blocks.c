/** @file
  Blocks of a medium, as MrmDiskLib asks for them, and the mark of an append-only one.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Media/Blocks.h"
#include "Core/Facts.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>

/**
  Read blocks (MRM_DISK_READ).

  @param[in]  Context  The medium.
  @param[in]  Block    The first one.
  @param[in]  Count    How many.
  @param[out] Bytes    Receives them.

  @return  Status of what holds them.
**/
STATIC
RETURN_STATUS
EFIAPI
ReadBlocks (
  IN  VOID    *Context,
  IN  UINT64  Block,
  IN  UINT32  Count,
  OUT VOID    *Bytes
  )
{
  CONST MRM_STORAGE  *Storage;

  Storage = &((MRM_MEDIUM *)Context)->Storage;
  return Storage->Read (Storage, MultU64x32 (Block, Storage->BlockSize), (UINTN)Count * Storage->BlockSize, Bytes);
}

/**
  Write blocks (MRM_DISK_WRITE).

  @param[in] Context  The medium.
  @param[in] Block    The first one.
  @param[in] Count    How many.
  @param[in] Bytes    What to write.

  @return  Status of what holds them.
**/
STATIC
RETURN_STATUS
EFIAPI
WriteBlocks (
  IN VOID        *Context,
  IN UINT64      Block,
  IN UINT32      Count,
  IN CONST VOID  *Bytes
  )
{
  CONST MRM_STORAGE  *Storage;

  Storage = &((MRM_MEDIUM *)Context)->Storage;
  return Storage->Write (Storage, MultU64x32 (Block, Storage->BlockSize), (UINTN)Count * Storage->BlockSize, Bytes);
}

/**
  Where a mark of an append-only medium lies.

  @param[in] Medium  The medium.
  @param[in] Place   0 or 1.

  @return  Byte of its storage.
**/
STATIC
UINT64
MarkOffset (
  IN CONST MRM_MEDIUM  *Medium,
  IN UINTN             Place
  )
{
  return MultU64x32 (Medium->Disk.Blocks, Medium->Disk.BlockSize) + Place * MRM_DISK_MARK_PLACE;
}

/**
  Make durable what was written, and then the mark (MRM_DISK_FLUSH).

  @param[in] Context  The medium.
  @param[in] Next     The mark.

  @return  Status of what holds the bytes.
**/
STATIC
RETURN_STATUS
EFIAPI
FlushBlocks (
  IN VOID    *Context,
  IN UINT64  Next
  )
{
  MRM_MEDIUM     *Medium;
  MRM_STORAGE    *Storage;
  MRM_DISK_MARK  Mark;
  EFI_STATUS     Status;
  UINTN          Place;
  VOID           *Bytes;

  Medium  = Context;
  Storage = &Medium->Storage;
  Status  = Storage->Flush (Storage);
  if (EFI_ERROR (Status) || !Medium->Disk.AppendOnly || (Next == Medium->Mark.Next)) {
    return Status;
  }

  Bytes = AllocateAlignedPages (EFI_SIZE_TO_PAGES (MRM_DISK_MARK_PLACE), SIZE_4KB);
  if (Bytes == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  ZeroMem (Bytes, MRM_DISK_MARK_PLACE);
  Mark   = Medium->Mark;
  Place  = MrmDiskMarkWrite (&Mark, Next, Bytes);
  Status = Storage->Write (Storage, MarkOffset (Medium, Place), MRM_DISK_MARK_PLACE, Bytes);
  if (!EFI_ERROR (Status)) {
    Status = Storage->Flush (Storage);
  }

  if (!EFI_ERROR (Status)) {
    Medium->Mark = Mark;
  }

  FreeAlignedPages (Bytes, EFI_SIZE_TO_PAGES (MRM_DISK_MARK_PLACE));
  return Status;
}

/**
  Read the mark of an append-only medium.

  @param[in,out] Medium  Receives Mark.

  @retval EFI_SUCCESS           Read, or the medium is new.
  @retval EFI_VOLUME_CORRUPTED  There are marks, and none is whole.
  @return Other                 Status of what holds the bytes.
**/
STATIC
EFI_STATUS
ReadMark (
  IN OUT MRM_MEDIUM  *Medium
  )
{
  EFI_STATUS  Status;
  UINT8       *Bytes;

  Bytes = AllocateAlignedPages (EFI_SIZE_TO_PAGES (MRM_DISK_MARKS * MRM_DISK_MARK_PLACE), SIZE_4KB);
  if (Bytes == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  Status = Medium->Storage.Read (&Medium->Storage, MarkOffset (Medium, 0), MRM_DISK_MARKS * MRM_DISK_MARK_PLACE, Bytes);
  if (!EFI_ERROR (Status)) {
    Status = MrmDiskMarkRead (Bytes, Bytes + MRM_DISK_MARK_PLACE, Medium->Disk.Blocks, &Medium->Mark);
  }

  FreeAlignedPages (Bytes, EFI_SIZE_TO_PAGES (MRM_DISK_MARKS * MRM_DISK_MARK_PLACE));
  return Status;
}

EFI_STATUS
BeginMedium (
  IN OUT MRM_MEDIUM  *Medium,
  OUT    CHAR8       *Words
  )
{
  EFI_STATUS  Status;
  UINT64      Size;

  Medium->Disk.Context    = Medium;
  Medium->Disk.Read       = ReadBlocks;
  Medium->Disk.Write      = (Medium->Mode == MrmDiskReadOnly) ? NULL : WriteBlocks;
  Medium->Disk.Flush      = ((Medium->Mode == MrmDiskReadOnly) || (Medium->Storage.Flush == NULL)) ? NULL : FlushBlocks;
  Medium->Disk.BlockSize  = Medium->Storage.BlockSize;
  Medium->Disk.Cached     = (BOOLEAN)(Medium->Disk.Flush != NULL);
  Medium->Disk.AppendOnly = (BOOLEAN)(Medium->Mode == MrmDiskAppendOnly);
  Size                    = Medium->Storage.Size;
  if (Medium->Disk.AppendOnly) {
    if (Size <= MRM_DISK_MARKS * MRM_DISK_MARK_PLACE) {
      AsciiSPrint (Words, MRM_STORAGE_WORDS, "has %ld bytes, which is not enough", Size);
      return EFI_BAD_BUFFER_SIZE;
    }

    Size -= MRM_DISK_MARKS * MRM_DISK_MARK_PLACE;
  }

  Medium->Disk.Blocks = DivU64x32 (Size, Medium->Disk.BlockSize);
  if (Medium->Disk.AppendOnly && !gMachine.VerifyOnly) {
    Status = ReadMark (Medium);
    if (EFI_ERROR (Status)) {
      AsciiSPrint (Words, MRM_STORAGE_WORDS, "is append-only, and how far it was written cannot be read: %r", Status);
      return Status;
    }
  }

  MrmDiskBeginMedium (&Medium->Disk, Medium->Mark.Next);
  return EFI_SUCCESS;
}
