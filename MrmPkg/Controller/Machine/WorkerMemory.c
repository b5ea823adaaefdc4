/** @file
  What a processor that works for the controller reaches: page tables of its own.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/WorkerMemory.h"
#include "Machine/Uncached.h"
#include "Core/Facts.h"
#include <Library/BaseLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/LoadedImage.h>

#define FIXED_PAGES      16   ///< for the tables above all ranges, for this image and for the local APIC
#define PAGES_OF_RANGE   10   ///< most tables that the two ends of a range need, at each level

/**
  Map a range.

  @param[in]     Mode        What the tables are for.
  @param[in,out] Root        The first table; 0 until something is mapped.
  @param[in]     Tables      Where tables go.
  @param[in,out] Left        Bytes left there.
  @param[in]     Range       What to map.
  @param[in]     Uncached    Whether it is mapped uncached.
  @param[in]     Executable  Whether it holds code.

  @return  Status of PageTableMap().
**/
STATIC
EFI_STATUS
Map (
  IN     PAGING_MODE      Mode,
  IN OUT UINTN            *Root,
  IN     CONST MRM_RANGE  *Tables,
  IN OUT UINTN            *Left,
  IN     CONST MRM_RANGE  *Range,
  IN     BOOLEAN          Uncached,
  IN     BOOLEAN          Executable
  )
{
  IA32_MAP_ATTRIBUTE  Attribute;
  IA32_MAP_ATTRIBUTE  Mask;

  Attribute.Uint64             = Range->Base;
  Attribute.Bits.Present       = 1;
  Attribute.Bits.ReadWrite     = 1;
  Attribute.Bits.Nx            = (gMachine.NoExecute && !Executable) ? 1 : 0;
  Attribute.Bits.CacheDisabled = Uncached ? 1 : 0;
  Attribute.Bits.WriteThrough  = Attribute.Bits.CacheDisabled;
  Mask.Uint64                  = MAX_UINT64;
  return PageTableMap (
           Root,
           Mode,
           (VOID *)(UINTN)Tables->Base,
           Left,
           Range->Base,
           Range->Size,
           &Attribute,
           &Mask,
           NULL
           );
}

/**
  Where this image is.

  @param[out] Range  Receives it, in whole pages.

  @return  Status of HandleProtocol().
**/
STATIC
EFI_STATUS
FindImage (
  OUT MRM_RANGE  *Range
  )
{
  EFI_STATUS                 Status;
  EFI_LOADED_IMAGE_PROTOCOL  *Image;

  Status = gBS->HandleProtocol (gImageHandle, &gEfiLoadedImageProtocolGuid, (VOID **)&Image);
  if (!EFI_ERROR (Status)) {
    Range->Base = (UINT64)(UINTN)Image->ImageBase & ~(UINT64)EFI_PAGE_MASK;
    Range->Size = ALIGN_VALUE ((UINT64)(UINTN)Image->ImageBase + Image->ImageSize, EFI_PAGE_SIZE) - Range->Base;
  }

  return Status;
}

/**
  Bytes of the page tables that memory needs at most.

  @param[in] Memory  The memory.
  @param[in] Count   Elements of Memory.
**/
STATIC
UINTN
TablesSize (
  IN CONST MRM_WORK_MEMORY  *Memory,
  IN UINTN                  Count
  )
{
  UINTN  Pages;
  UINTN  Index;

  // Where a processor has no pages of 1 GiB, each GiB has a table of its own.
  Pages = FIXED_PAGES;
  for (Index = 0; Index < Count; Index++) {
    Pages += PAGES_OF_RANGE + (UINTN)DivU64x32 (Memory[Index].Range.Size, SIZE_1GB);
  }

  return EFI_PAGES_TO_SIZE (Pages);
}

EFI_STATUS
MakeWorkerMap (
  IN  PAGING_MODE            Mode,
  IN  CONST MRM_WORK_MEMORY  *Own,
  IN  UINTN                  OwnCount,
  IN  CONST MRM_WORK_MEMORY  *Memory,
  IN  UINTN                  Count,
  OUT MRM_RANGE              *Tables,
  OUT UINTN                  *Root
  )
{
  EFI_STATUS  Status;
  MRM_RANGE   Range;
  UINTN       Left;
  UINTN       Index;

  *Root        = 0;
  Left         = TablesSize (Own, OwnCount) + TablesSize (Memory, Count);
  Tables->Size = Left;
  Tables->Base = (UINTN)AllocatePages (EFI_SIZE_TO_PAGES (Left));
  if (Tables->Base == 0) {
    Tables->Size = 0;
    return EFI_OUT_OF_RESOURCES;
  }

  Status = FindImage (&Range);
  if (!EFI_ERROR (Status)) {
    Status = Map (Mode, Root, Tables, &Left, &Range, FALSE, TRUE);
  }

  if (!EFI_ERROR (Status)) {
    Range.Base = gMachine.LocalApicAddress;
    Range.Size = SIZE_4KB;
    Status     = Map (Mode, Root, Tables, &Left, &Range, TRUE, FALSE);
  }

  for (Index = 0; !EFI_ERROR (Status) && (Index < OwnCount); Index++) {
    Status = Map (Mode, Root, Tables, &Left, &Own[Index].Range, FALSE, FALSE);
  }

  for (Index = 0; !EFI_ERROR (Status) && (Index < Count); Index++) {
    Status = Map (
               Mode,
               Root,
               Tables,
               &Left,
               &Memory[Index].Range,
               Memory[Index].Uncached,
               Memory[Index].Executable
               );
  }

  if (EFI_ERROR (Status)) {
    FreeWorkerMap (Tables);
  }

  return Status;
}

VOID
FreeWorkerMap (
  IN OUT MRM_RANGE  *Tables
  )
{
  if (Tables->Size != 0) {
    FreePages ((VOID *)(UINTN)Tables->Base, EFI_SIZE_TO_PAGES ((UINTN)Tables->Size));
    Tables->Size = 0;
  }
}
