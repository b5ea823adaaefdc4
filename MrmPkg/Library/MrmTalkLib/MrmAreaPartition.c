/** @file
  The items of the control area as UEFI variables, for the partition firmware.

  The controller writes the area while the partition reads it: a reading counts only if
  Sequence was even and has not changed meanwhile.  An item without data does not exist as a
  variable (UEFI 2.10 section 8.2), but may be written: so each write is a new request.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Uefi/UefiBaseType.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmTalkLib.h>

///
/// Readings of a sequence that does not settle; the controller writes for microseconds.
///
#define MAX_READINGS  1000000

/**
  Begin a reading.

  @param[in] Area  The area.

  @return  Its sequence; odd when the controller does not finish.
**/
STATIC
UINT32
BeginReading (
  IN CONST MRM_CONTROL_AREA  *Area
  )
{
  UINTN   Readings;
  UINT32  Sequence;

  Sequence = Area->Sequence;
  for (Readings = 0; (Sequence & 1) != 0 && Readings < MAX_READINGS; Readings++) {
    MemoryFence ();
    Sequence = Area->Sequence;
  }

  MemoryFence ();
  return Sequence;
}

/**
  Length of a name.

  @param[in] Name   The name.
  @param[in] Limit  Characters there may be, the terminating zero included.

  @return  Characters before the zero; Limit when there is none.
**/
STATIC
UINTN
NameLength (
  IN CONST CHAR16  *Name,
  IN UINTN         Limit
  )
{
  UINTN  Length;

  for (Length = 0; Length < Limit && Name[Length] != 0; Length++) {
  }

  return Length;
}

/**
  Copy an item out of the area if it can be shown.

  @param[in]  Area      The area.
  @param[in]  AreaSize  Bytes of memory at Area.
  @param[in]  Index     Which item, below MRM_CONTROL_MAX_ITEMS.
  @param[in]  Needed    Attributes it must have.
  @param[out] Item      Receives it.

  @retval TRUE   It has a name and lies in the area.
  @retval FALSE  It is not to be seen.
**/
STATIC
BOOLEAN
CopyItem (
  IN  CONST MRM_CONTROL_AREA  *Area,
  IN  UINTN                   AreaSize,
  IN  UINTN                   Index,
  IN  UINT32                  Needed,
  OUT MRM_CONTROL_ITEM        *Item
  )
{
  UINTN  Length;

  if (Index >= Area->Count) {
    return FALSE;
  }

  CopyMem (Item, &Area->Items[Index], sizeof (*Item));
  Length = NameLength (Item->Name, MRM_CONTROL_NAME_SIZE);
  return   (Length != 0)
        && (Length != MRM_CONTROL_NAME_SIZE)
        && ((Item->Attributes & Needed) == Needed)
        && (Item->Offset >= sizeof (*Area))
        && (Item->Offset <= AreaSize)
        && (Item->Size <= AreaSize - Item->Offset);
}

/**
  Find an item by its name.

  @param[in]  Area      The area.
  @param[in]  AreaSize  Bytes of memory at Area.
  @param[in]  Needed    Attributes it must have.
  @param[in]  Name      The name.
  @param[in]  Limit     Characters at Name there may be.
  @param[out] Item      Receives it.

  @return  Its index; MRM_CONTROL_MAX_ITEMS when there is none.
**/
STATIC
UINTN
FindItem (
  IN  CONST MRM_CONTROL_AREA  *Area,
  IN  UINTN                   AreaSize,
  IN  UINT32                  Needed,
  IN  CONST CHAR16            *Name,
  IN  UINTN                   Limit,
  OUT MRM_CONTROL_ITEM        *Item
  )
{
  UINTN  Index;
  UINTN  Size;

  Size = (NameLength (Name, MIN (Limit, MRM_CONTROL_NAME_SIZE - 1)) + 1) * sizeof (CHAR16);
  for (Index = 0; Index < MRM_CONTROL_MAX_ITEMS; Index++) {
    if (CopyItem (Area, AreaSize, Index, Needed, Item) && (CompareMem (Item->Name, Name, Size) == 0)) {
      break;
    }
  }

  return Index;
}

RETURN_STATUS
EFIAPI
MrmAreaGet (
  IN     CONST MRM_CONTROL_AREA  *Area,
  IN     UINTN                   AreaSize,
  IN     UINT32                  Needed,
  IN     CONST CHAR16            *Name,
  OUT    UINT32                  *Attributes OPTIONAL,
  IN OUT UINTN                   *DataSize,
  OUT    VOID                    *Data OPTIONAL
  )
{
  UINT32            Sequence;
  MRM_CONTROL_ITEM  Item;
  UINTN             Room;
  UINTN             Index;
  UINTN             Readings;

  Room = *DataSize;
  for (Readings = 0; Readings < MAX_READINGS; Readings++) {
    Sequence = BeginReading (Area);
    if ((Sequence & 1) != 0) {
      return RETURN_DEVICE_ERROR;
    }

    Index = FindItem (Area, AreaSize, Needed, Name, MRM_CONTROL_NAME_SIZE, &Item);
    if ((Index != MRM_CONTROL_MAX_ITEMS) && (Item.Size <= Room) && (Data != NULL)) {
      CopyMem (Data, (CONST UINT8 *)Area + Item.Offset, Item.Size);
    }

    MemoryFence ();
    if (Area->Sequence != Sequence) {
      continue;
    }

    if ((Index == MRM_CONTROL_MAX_ITEMS) || (Item.Size == 0)) {
      return RETURN_NOT_FOUND;
    }

    *DataSize = Item.Size;
    if (Attributes != NULL) {
      *Attributes = Item.Attributes;
    }

    if (Item.Size > Room) {
      return RETURN_BUFFER_TOO_SMALL;
    }

    return (Data == NULL) ? RETURN_INVALID_PARAMETER : RETURN_SUCCESS;
  }

  return RETURN_DEVICE_ERROR;
}

RETURN_STATUS
EFIAPI
MrmAreaNext (
  IN     CONST MRM_CONTROL_AREA  *Area,
  IN     UINTN                   AreaSize,
  IN     UINT32                  Needed,
  IN OUT UINTN                   *NameSize,
  IN OUT CHAR16                  *Name
  )
{
  UINT32            Sequence;
  MRM_CONTROL_ITEM  Item;
  UINTN             Limit;
  UINTN             Index;
  UINTN             Size;
  UINTN             Readings;

  Limit = *NameSize / sizeof (CHAR16);
  if (NameLength (Name, Limit) == Limit) {
    return RETURN_INVALID_PARAMETER;
  }

  for (Readings = 0; Readings < MAX_READINGS; Readings++) {
    Sequence = BeginReading (Area);
    if ((Sequence & 1) != 0) {
      return RETURN_DEVICE_ERROR;
    }

    Index = 0;
    if (Name[0] != 0) {
      Index = FindItem (Area, AreaSize, Needed, Name, Limit, &Item) + 1;
    }

    while (  (Index < MRM_CONTROL_MAX_ITEMS)
          && (!CopyItem (Area, AreaSize, Index, Needed, &Item) || (Item.Size == 0)))
    {
      Index++;
    }

    MemoryFence ();
    if (Area->Sequence != Sequence) {
      continue;
    }

    if (Index > MRM_CONTROL_MAX_ITEMS) {
      return RETURN_INVALID_PARAMETER;
    }

    if (Index == MRM_CONTROL_MAX_ITEMS) {
      return RETURN_NOT_FOUND;
    }

    Size = (NameLength (Item.Name, MRM_CONTROL_NAME_SIZE) + 1) * sizeof (CHAR16);
    if (Size > *NameSize) {
      *NameSize = Size;
      return RETURN_BUFFER_TOO_SMALL;
    }

    *NameSize = Size;
    CopyMem (Name, Item.Name, Size);
    return RETURN_SUCCESS;
  }

  return RETURN_DEVICE_ERROR;
}

/**
  Find an item that can be written.

  @param[in]  Area      The area.
  @param[in]  AreaSize  Bytes of memory at Area.
  @param[in]  Needed    Attributes it must have.
  @param[in]  Name      Its name.
  @param[out] Item      Receives it.
  @param[out] Offset    Receives where in the area requests go; not judged.

  @retval RETURN_SUCCESS          Found.
  @retval RETURN_WRITE_PROTECTED  There is no such item, or it cannot be written.
  @retval RETURN_DEVICE_ERROR     The controller does not finish writing.
**/
STATIC
RETURN_STATUS
FindWritable (
  IN  CONST MRM_CONTROL_AREA  *Area,
  IN  UINTN                   AreaSize,
  IN  UINT32                  Needed,
  IN  CONST CHAR16            *Name,
  OUT MRM_CONTROL_ITEM        *Item,
  OUT UINT32                  *Offset
  )
{
  UINT32  Sequence;
  UINTN   Index;
  UINTN   Readings;

  for (Readings = 0; Readings < MAX_READINGS; Readings++) {
    Sequence = BeginReading (Area);
    if ((Sequence & 1) != 0) {
      return RETURN_DEVICE_ERROR;
    }

    Index   = FindItem (Area, AreaSize, Needed, Name, MRM_CONTROL_NAME_SIZE, Item);
    *Offset = *(volatile CONST UINT32 *)&Area->RequestOffset;
    MemoryFence ();
    if (Area->Sequence == Sequence) {
      return ((Index == MRM_CONTROL_MAX_ITEMS) || (Item->Writable == 0)) ? RETURN_WRITE_PROTECTED : RETURN_SUCCESS;
    }
  }

  return RETURN_DEVICE_ERROR;
}

RETURN_STATUS
EFIAPI
MrmAreaRequest (
  IN OUT MRM_CONTROL_AREA  *Area,
  IN     UINTN             AreaSize,
  IN     UINT32            Needed,
  IN     CONST CHAR16      *Name,
  IN     UINT32            Attributes,
  IN     UINTN             DataSize,
  IN     CONST VOID        *Data
  )
{
  MRM_CONTROL_ITEM  Item;
  UINT32            Offset;
  UINTN             Room;
  RETURN_STATUS     Status;

  Status = FindWritable (Area, AreaSize, Needed, Name, &Item, &Offset);
  if (RETURN_ERROR (Status)) {
    return Status;
  }

  if ((Data == NULL) && (DataSize != 0)) {
    return RETURN_INVALID_PARAMETER;
  }

  if ((Offset < sizeof (*Area)) || (Offset > AreaSize) || (Item.Writable > AreaSize - Offset)) {
    return RETURN_DEVICE_ERROR;
  }

  Room = MIN (DataSize, Item.Writable);
  CopyMem (Area->RequestName, Item.Name, sizeof (Area->RequestName));
  if (Room != 0) {
    CopyMem ((UINT8 *)Area + Offset, Data, Room);
  }

  Area->RequestSize       = (UINT32)MIN (DataSize, MAX_UINT32);
  Area->RequestAttributes = Attributes;
  return RETURN_SUCCESS;
}
