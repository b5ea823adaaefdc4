/** @file
  Served disks in the PC's memory.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Media/InMemory.h"
#include "Machine/Memory.h"
#include "Core/Facts.h"
#include <Library/BaseMemoryLib.h>

#define BLOCK_SIZE  512

/**
  Read bytes (MRM_STORAGE_READ).

  @param[in]  Storage  The storage.
  @param[in]  Offset   The first one.
  @param[in]  Size     How many.
  @param[out] Bytes    Receives them.

  @retval EFI_SUCCESS  Always.
**/
STATIC
EFI_STATUS
ReadMemory (
  IN  CONST MRM_STORAGE  *Storage,
  IN  UINT64             Offset,
  IN  UINTN              Size,
  OUT VOID               *Bytes
  )
{
  CopyMem (Bytes, (VOID *)(UINTN)(Storage->Memory.Base + Offset), Size);
  return EFI_SUCCESS;
}

/**
  Write bytes (MRM_STORAGE_WRITE).

  @param[in] Storage  The storage.
  @param[in] Offset   The first one.
  @param[in] Size     How many.
  @param[in] Bytes    What to write.

  @retval EFI_SUCCESS  Always.
**/
STATIC
EFI_STATUS
WriteMemory (
  IN CONST MRM_STORAGE  *Storage,
  IN UINT64             Offset,
  IN UINTN              Size,
  IN CONST VOID         *Bytes
  )
{
  CopyMem ((VOID *)(UINTN)(Storage->Memory.Base + Offset), Bytes, Size);
  return EFI_SUCCESS;
}

/**
  Release the memory (MRM_STORAGE_CLOSE): its contents are nobody else's business.

  @param[in,out] Storage  The storage.
**/
STATIC
VOID
CloseMemory (
  IN OUT MRM_STORAGE  *Storage
  )
{
  if (!gMachine.VerifyOnly) {
    ZeroMem ((VOID *)(UINTN)Storage->Memory.Base, (UINTN)Storage->Memory.Size);
  }

  ReleaseRange (&Storage->Memory, FALSE);
}

EFI_STATUS
OpenMemoryStorage (
  IN  UINT64       Size,
  OUT MRM_STORAGE  *Storage
  )
{
  EFI_STATUS  Status;

  Status = AllocateMemory (Size, SIZE_4KB, &Storage->Memory);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  if (!gMachine.VerifyOnly) {
    ZeroMem ((VOID *)(UINTN)Storage->Memory.Base, (UINTN)Size);
  }

  Storage->Size      = Size;
  Storage->BlockSize = BLOCK_SIZE;
  Storage->Read      = ReadMemory;
  Storage->Write     = WriteMemory;
  Storage->Flush     = NULL;
  Storage->Close     = CloseMemory;
  return EFI_SUCCESS;
}
