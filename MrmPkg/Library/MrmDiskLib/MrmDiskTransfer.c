/** @file
  Memory of a partition that commands name by physical region pages, PRPs (NVMe 4.3): no address is used before it is
  found to be the partition's own.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmDiskInternal.h"

#define PAGE_OFFSET(Address)  ((UINT32)(Address) & (SIZE_4KB - 1))
#define LAST_OF_PAGE          (SIZE_4KB - sizeof (UINT64))

/**
  Append a piece to a map.

  @param[in,out] Disk     The disk.
  @param[in,out] Map      The map; it has room.
  @param[in]     Address  Of the piece.
  @param[in]     Size     Bytes, within one page.

  @return  STATUS_SUCCESS, or what is wrong.
**/
STATIC
UINT16
Append (
  IN OUT MRM_DISK  *Disk,
  IN OUT MAP       *Map,
  IN     UINT64    Address,
  IN     UINT32    Size
  )
{
  UINT8  *Place;

  Place = MrmFunctionReach (&Disk->Function, Address, Size);
  if (Place == NULL) {
    Disk->Refused++;
    return STATUS_TRANSFER;
  }

  Map->Pieces[Map->Count].Place = Place;
  Map->Pieces[Map->Count].Size  = Size;
  Map->Count++;
  return STATUS_SUCCESS;
}

/**
  Read an entry of a list.

  @param[in,out] Disk     The disk.
  @param[in]     Address  Of the entry, at a multiple of 8.
  @param[out]    Entry    Receives a copy: the address of a page.

  @return  STATUS_SUCCESS, or what is wrong.
**/
STATIC
UINT16
ReadEntry (
  IN OUT MRM_DISK  *Disk,
  IN     UINT64    Address,
  OUT    UINT64    *Entry
  )
{
  volatile UINT64  *Place;

  Place = MrmFunctionReach (&Disk->Function, Address, sizeof (*Entry));
  if (Place == NULL) {
    Disk->Refused++;
    return STATUS_TRANSFER;
  }

  *Entry = *Place;
  return (PAGE_OFFSET (*Entry) == 0) ? STATUS_SUCCESS : STATUS_PRP_OFFSET;
}

/**
  Append the pages of a list.

  @param[in,out] Disk    The disk.
  @param[in,out] Map     The map.
  @param[in]     List    Address of the list.
  @param[in]     Length  Bytes that are to be found there.

  @return  STATUS_SUCCESS, or what is wrong.
**/
STATIC
UINT16
AppendList (
  IN OUT MRM_DISK  *Disk,
  IN OUT MAP       *Map,
  IN     UINT64    List,
  IN     UINT32    Length
  )
{
  UINT64  Entry;
  UINT32  Size;
  UINT16  Status;

  if ((List & (sizeof (Entry) - 1)) != 0) {
    return STATUS_PRP_OFFSET;
  }

  while (Length > 0) {
    Status = ReadEntry (Disk, List, &Entry);
    if (Status != STATUS_SUCCESS) {
      return Status;
    }

    if ((PAGE_OFFSET (List) == LAST_OF_PAGE) && (Length > SIZE_4KB)) {
      // The list goes on in that page; it has more entries than a command can need.
      List = Entry;
      continue;
    }

    Size   = MIN (Length, SIZE_4KB);
    Status = Append (Disk, Map, Entry, Size);
    if (Status != STATUS_SUCCESS) {
      return Status;
    }

    Length -= Size;
    List   += sizeof (Entry);
  }

  return STATUS_SUCCESS;
}

UINT16
MrmDiskMap (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command,
  IN     UINT32         Length,
  OUT    MAP            *Map
  )
{
  UINT32  Size;
  UINT16  Status;

  Map->Count = 0;
  if ((Command->Prp[0] & (sizeof (UINT32) - 1)) != 0) {
    return STATUS_PRP_OFFSET;
  }

  Size   = MIN (Length, SIZE_4KB - PAGE_OFFSET (Command->Prp[0]));
  Status = Append (Disk, Map, Command->Prp[0], Size);
  if ((Status != STATUS_SUCCESS) || (Size == Length)) {
    return Status;
  }

  Length -= Size;
  if (Length > SIZE_4KB) {
    return AppendList (Disk, Map, Command->Prp[1], Length);
  }

  if (PAGE_OFFSET (Command->Prp[1]) != 0) {
    return STATUS_PRP_OFFSET;
  }

  return Append (Disk, Map, Command->Prp[1], Length);
}

VOID
MrmDiskGather (
  IN  CONST MAP  *Map,
  OUT UINT8      *Bytes
  )
{
  UINT32  Index;

  for (Index = 0; Index < Map->Count; Index++) {
    CopyMem (Bytes, Map->Pieces[Index].Place, Map->Pieces[Index].Size);
    Bytes += Map->Pieces[Index].Size;
  }
}

VOID
MrmDiskScatter (
  IN CONST MAP    *Map,
  IN CONST UINT8  *Bytes
  )
{
  UINT32  Index;

  for (Index = 0; Index < Map->Count; Index++) {
    CopyMem (Map->Pieces[Index].Place, Bytes, Map->Pieces[Index].Size);
    Bytes += Map->Pieces[Index].Size;
  }
}

UINT16
MrmDiskAnswer (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command,
  IN     CONST UINT8    *Bytes,
  IN     UINT32         Length
  )
{
  MAP     Map;
  UINT16  Status;

  if (Length == 0) {
    return STATUS_SUCCESS;
  }

  Status = MrmDiskMap (Disk, Command, Length, &Map);
  if (Status == STATUS_SUCCESS) {
    MrmDiskScatter (&Map, Bytes);
  }

  return Status;
}
