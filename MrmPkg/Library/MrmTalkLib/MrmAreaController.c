/** @file
  The control area as the controller writes it, and what it reads in it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Uefi/UefiBaseType.h>
#include <Uefi/UefiMultiPhase.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmTalkLib.h>

#define ITEM_ALIGNMENT  8

VOID
EFIAPI
MrmAreaBegin (
  OUT MRM_CONTROL_AREA  *Area
  )
{
  ZeroMem (Area, MRM_CONTROL_SIZE);
  Area->RequestOffset = MRM_CONTROL_SIZE - MRM_CONTROL_REQUEST_SIZE;
}

RETURN_STATUS
EFIAPI
MrmAreaAdd (
  IN OUT MRM_CONTROL_AREA  *Area,
  IN     CONST CHAR16      *Name,
  IN     CONST VOID        *Data,
  IN     UINTN             Size,
  IN     UINTN             Writable
  )
{
  MRM_CONTROL_ITEM  *Item;
  MRM_CONTROL_ITEM  *Last;
  UINTN             Index;
  UINT32            Offset;

  if (Area->Count == MRM_CONTROL_MAX_ITEMS) {
    return RETURN_BUFFER_TOO_SMALL;
  }

  Offset = ALIGN_VALUE (sizeof (*Area), ITEM_ALIGNMENT);
  if (Area->Count > 0) {
    Last   = &Area->Items[Area->Count - 1];
    Offset = ALIGN_VALUE (Last->Offset + Last->Size, ITEM_ALIGNMENT);
  }

  if ((Offset > Area->RequestOffset) || (Size > Area->RequestOffset - Offset)) {
    return RETURN_BUFFER_TOO_SMALL;
  }

  Item = &Area->Items[Area->Count++];
  for (Index = 0; (Index + 1 < MRM_CONTROL_NAME_SIZE) && (Name[Index] != L'\0'); Index++) {
    Item->Name[Index] = Name[Index];
  }

  Item->Attributes = MRM_CONTROL_ATTRIBUTES;
  Item->Offset     = Offset;
  Item->Size       = (UINT32)Size;
  Item->Writable   = (UINT32)Writable;
  if (Size > 0) {
    CopyMem ((UINT8 *)Area + Offset, Data, Size);
  }

  return RETURN_SUCCESS;
}

VOID
EFIAPI
MrmAreaPublish (
  IN OUT MRM_CONTROL_AREA        *Area,
  IN     CONST MRM_CONTROL_AREA  *New
  )
{
  Area->Sequence |= 1;
  MemoryFence ();
  Area->Count = New->Count;
  CopyMem (Area->Items, New->Items, sizeof (Area->Items));
  Area->RequestOffset = New->RequestOffset;
  CopyMem (Area + 1, New + 1, New->RequestOffset - sizeof (*Area));
  MemoryFence ();
  Area->Sequence++;
}

UINT32
EFIAPI
MrmAreaTake (
  IN  CONST MRM_CONTROL_AREA  *Area,
  OUT MRM_AREA_REQUEST        *Request,
  OUT UINT8                   *Bytes
  )
{
  UINT32  Held;

  CopyMem (Request->Name, Area->RequestName, sizeof (Request->Name));
  Request->Name[MRM_CONTROL_NAME_SIZE - 1] = L'\0';
  Request->Size                            = *(volatile CONST UINT32 *)&Area->RequestSize;
  Request->Attributes                      = *(volatile CONST UINT32 *)&Area->RequestAttributes;
  Held                                     = MIN (Request->Size, MRM_CONTROL_REQUEST_SIZE);
  CopyMem (Bytes, (CONST UINT8 *)Area + MRM_CONTROL_SIZE - MRM_CONTROL_REQUEST_SIZE, Held);
  return Held;
}
