/** @file
  What an OS is told, and where it lies in the control area.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmControlLib.h>
#include <Library/BaseMemoryLib.h>
#include <Uefi/UefiMultiPhase.h>

#define ITEM_ALIGNMENT  8

/**
  Tell the state of all partitions as JSON.

  @param[in]     Facts  What is known of each partition.
  @param[in]     Count  Their number.
  @param[in]     Now    Milliseconds.
  @param[in,out] Text   The text.
**/
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

/**
  Begin a control area without items.

  @param[out] Area  MRM_CONTROL_SIZE bytes, the controller's own; becomes zero but for RequestOffset.
**/
VOID
EFIAPI
MrmAreaBegin (
  OUT MRM_CONTROL_AREA  *Area
  )
{
  ZeroMem (Area, MRM_CONTROL_SIZE);
  Area->RequestOffset = MRM_CONTROL_SIZE - MRM_CONTROL_REQUEST_SIZE;
}

/**
  Add an item.

  @param[in,out] Area      The area.
  @param[in]     Name      Name of the variable, shorter than MRM_CONTROL_NAME_SIZE.
  @param[in]     Data      Its data; may be NULL when Size is zero.
  @param[in]     Size      Bytes of it; zero for one that can only be written.
  @param[in]     Writable  Bytes that may be written to it, at most MRM_CONTROL_REQUEST_SIZE; 0 = it cannot.

  @retval RETURN_SUCCESS           Added.
  @retval RETURN_BUFFER_TOO_SMALL  There is no room for it; nothing was added.
**/
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
