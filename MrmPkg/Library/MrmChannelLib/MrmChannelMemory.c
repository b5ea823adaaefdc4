/** @file
  Pages that a driver has registered.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

BOOLEAN
MrmChannelGather (
  IN  CONST MRM_CHANNEL_LIST  *List,
  IN  UINT64                  Offset,
  IN  UINT32                  Size,
  OUT UINT8                   *Bytes
  )
{
  UINT64  All;
  UINT32  Within;
  UINT32  Part;

  All = (UINT64)List->Count * SIZE_4KB;
  if (!List->Used || (Offset > All) || (Size > All - Offset)) {
    return FALSE;
  }

  while (Size != 0) {
    Within = (UINT32)Offset & (SIZE_4KB - 1);
    Part   = MIN (Size, SIZE_4KB - Within);
    CopyMem (Bytes, (VOID *)(UINTN)(List->Pages[Offset / SIZE_4KB] + Within), Part);
    Bytes  += Part;
    Offset += Part;
    Size   -= Part;
  }

  return TRUE;
}

BOOLEAN
MrmChannelFindList (
  IN  CONST MRM_CHANNEL_CARD  *Card,
  IN  UINT32                  Id,
  OUT UINT32                  *Index
  )
{
  for (*Index = 0; *Index < MRM_CHANNEL_LISTS; (*Index)++) {
    if (Card->Lists[*Index].Used && (Card->Lists[*Index].Id == Id)) {
      return TRUE;
    }
  }

  return FALSE;
}
