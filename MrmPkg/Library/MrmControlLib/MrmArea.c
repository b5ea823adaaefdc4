/** @file
  What an OS is told, and where it lies in the control area.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmControlLib.h>
#include <Library/BaseMemoryLib.h>
#include <Uefi/UefiMultiPhase.h>

#define ITEM_ALIGNMENT  8

VOID
EFIAPI
MrmStateRender (
  IN     CONST MRM_STATE_FACTS  *Facts,
  IN     UINTN                  Count,
  IN     UINT64                 Now,
  IN OUT MRM_TEXT               *Text
  )
{
  UINTN                Index;
  CONST MRM_LIFECYCLE  *Life;

  MrmTextAdd (Text, "{\"uptime\":");
  MrmTextAddNumber (Text, Now / 1000, 0, ' ');
  MrmTextAdd (Text, ",\"partitions\":[");
  for (Index = 0; Index < Count; Index++) {
    Life = Facts[Index].Life;
    MrmTextAdd (Text, (Index == 0) ? "\n{\"name\":" : ",\n{\"name\":");
    MrmTextAddJson (Text, Facts[Index].Plan->Name);
    MrmTextAdd (Text, ",\"state\":");
    MrmTextAddJson (Text, MrmStateName (Life->State));
    MrmTextAdd (Text, ",\"seconds\":");
    MrmTextAddNumber (Text, (Now - Life->Since) / 1000, 0, ' ');
    MrmTextAdd (Text, ",\"cause\":");
    MrmTextAddJson (Text, Facts[Index].Words);
    MrmTextAdd (Text, ",\"starts\":");
    MrmTextAddNumber (Text, Life->Starts, 0, ' ');
    MrmTextAdd (Text, ",\"failures\":");
    MrmTextAddNumber (Text, Life->Failures, 0, ' ');
    MrmTextAdd (Text, ",\"processors\":");
    MrmTextAddNumber (Text, Facts[Index].Plan->ProcessorCount, 0, ' ');
    MrmTextAdd (Text, ",\"memory\":");
    MrmTextAddNumber (Text, Facts[Index].Memory, 0, ' ');
    MrmTextAdd (Text, "}");
  }

  MrmTextAdd (Text, "\n]}\n");
}

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
