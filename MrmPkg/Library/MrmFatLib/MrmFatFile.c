/** @file
  Files of a FAT volume: their names, and where they lie.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmFatInternal.h"

#define MAX_ENTRIES    65536   ///< of a folder (FAT specification, "FAT Directory Structure")
#define MAX_NAME       255     ///< characters
#define LONG_PART      13      ///< characters in one entry of a long name
#define MAX_PARTS      20      ///< entries of a long name

#define NAME_END       0x00    ///< first byte of an entry: nothing follows
#define NAME_DELETED   0xE5

#define ATTRIBUTE_VOLUME  BIT3
#define ATTRIBUTE_FOLDER  BIT4
#define ATTRIBUTE_LONG    0x0F ///< all of these: a part of a long name
#define ATTRIBUTE_MASK    0x3F

#define LONG_LAST      BIT6    ///< of a part's number: it is the last one, which comes first

#pragma pack(1)

///
/// An entry of a folder.
///
typedef struct {
  UINT8     Name[11];
  UINT8     Attributes;
  UINT8     Reserved[8];
  UINT16    ClusterHigh;
  UINT16    Time;
  UINT16    Date;
  UINT16    ClusterLow;
  UINT32    Size;
} ENTRY;

///
/// An entry that is a part of a long name.
///
typedef struct {
  UINT8     Number;
  CHAR16    First[5];
  UINT8     Attributes;
  UINT8     Type;
  UINT8     Checksum;
  CHAR16    Second[6];
  UINT16    Cluster;
  CHAR16    Third[2];
} LONG_ENTRY;

#pragma pack()

STATIC_ASSERT (sizeof (ENTRY) == 32 && sizeof (LONG_ENTRY) == 32, "as in the specification");

///
/// A walk through a folder.
///
typedef struct {
  UINT32    Cluster;    ///< where it is; 0 = in a root folder of fixed size
  UINT32    Offset;     ///< in there
  UINT32    Count;      ///< entries so far
} WALK;

///
/// A long name as far as its parts have been seen.
///
typedef struct {
  CHAR16    Text[MAX_PARTS * LONG_PART + 1];
  UINTN     Wanted;     ///< the part that comes next; 0 = the name is whole
  UINT8     Checksum;   ///< of the short name it belongs to
  BOOLEAN   Live;
} LONG_NAME;

/**
  Read the next entry of a folder.

  @param[in,out] Fat    The volume.
  @param[in,out] Walk   Where it is.
  @param[out]    Entry  Receives it.

  @retval RETURN_SUCCESS           Read.
  @retval RETURN_NOT_FOUND         The folder has no more.
  @retval RETURN_VOLUME_CORRUPTED  The volume contradicts itself.
  @return Other                    Status of reading.
**/
STATIC
RETURN_STATUS
NextEntry (
  IN OUT MRM_FAT  *Fat,
  IN OUT WALK     *Walk,
  OUT    ENTRY    *Entry
  )
{
  RETURN_STATUS  Status;
  UINT64         Place;

  if (Walk->Count >= MAX_ENTRIES) {
    return RETURN_VOLUME_CORRUPTED;
  }

  if (Walk->Cluster == 0) {
    if (Walk->Offset >= Fat->RootSize) {
      return RETURN_NOT_FOUND;
    }

    Place = Fat->RootOffset + Walk->Offset;
  } else {
    if (Walk->Offset >= Fat->ClusterSize) {
      Status = MrmFatNext (Fat, Walk->Cluster, &Walk->Cluster);
      if (RETURN_ERROR (Status)) {
        return Status;
      }

      if (Walk->Cluster == CHAIN_END) {
        return RETURN_NOT_FOUND;
      }

      Walk->Offset = 0;
    }

    Place = MrmFatPlace (Fat, Walk->Cluster) + Walk->Offset;
  }

  Walk->Offset += sizeof (*Entry);
  Walk->Count  += 1;
  Status        = MrmFatRead (Fat, Place, sizeof (*Entry), Entry);
  return (!RETURN_ERROR (Status) && (Entry->Name[0] == NAME_END)) ? RETURN_NOT_FOUND : Status;
}

/**
  A character in capital letters, if it is ASCII.

  @param[in] Character  The character.
**/
STATIC
CHAR16
Capital (
  IN CHAR16  Character
  )
{
  return ((Character >= L'a') && (Character <= L'z')) ? Character - L'a' + L'A' : Character;
}

/**
  TRUE if a name is a piece of a path.

  @param[in] Name    The name, with a terminating zero.
  @param[in] Piece   The piece.
  @param[in] Length  Its characters.
**/
STATIC
BOOLEAN
IsName (
  IN CONST CHAR16  *Name,
  IN CONST CHAR16  *Piece,
  IN UINTN         Length
  )
{
  UINTN  Index;

  for (Index = 0; (Index < Length) && (Name[Index] != 0); Index++) {
    if (Capital (Name[Index]) != Capital (Piece[Index])) {
      return FALSE;
    }
  }

  return (BOOLEAN)((Index == Length) && (Name[Index] == 0));
}

/**
  The short name of an entry, as text.

  @param[in]  Entry  The entry.
  @param[out] Text   Receives 13 characters at most, with the terminating zero.
**/
STATIC
VOID
ShortName (
  IN  CONST ENTRY  *Entry,
  OUT CHAR16       *Text
  )
{
  UINTN  Length;
  UINTN  End;
  UINTN  Index;

  for (End = 8; (End > 0) && (Entry->Name[End - 1] == ' '); End--) {
  }

  for (Length = 0; Length < End; Length++) {
    Text[Length] = Entry->Name[Length];
  }

  for (End = 11; (End > 8) && (Entry->Name[End - 1] == ' '); End--) {
  }

  if (End > 8) {
    Text[Length++] = L'.';
    for (Index = 8; Index < End; Index++) {
      Text[Length++] = Entry->Name[Index];
    }
  }

  Text[Length] = 0;
}

/**
  The number by which parts of a long name know the short one (FAT specification, "ChkSum").

  @param[in] Entry  The entry with the short name.
**/
STATIC
UINT8
ChecksumOf (
  IN CONST ENTRY  *Entry
  )
{
  UINT8  Sum;
  UINTN  Index;

  Sum = 0;
  for (Index = 0; Index < sizeof (Entry->Name); Index++) {
    Sum = (UINT8)(((Sum & 1) << 7) + (Sum >> 1) + Entry->Name[Index]);
  }

  return Sum;
}

/**
  Take a part of a long name.

  @param[in,out] Name   The name.
  @param[in]     Entry  The part.
**/
STATIC
VOID
TakePart (
  IN OUT LONG_NAME         *Name,
  IN     CONST LONG_ENTRY  *Entry
  )
{
  UINTN   Number;
  CHAR16  *Place;

  Number = Entry->Number & (LONG_LAST - 1);
  if ((Entry->Number & LONG_LAST) != 0) {
    ZeroMem (Name, sizeof (*Name));
    Name->Live     = (BOOLEAN)((Number >= 1) && (Number <= MAX_PARTS));
    Name->Wanted   = Number;
    Name->Checksum = Entry->Checksum;
  }

  if (!Name->Live || (Number != Name->Wanted) || (Number == 0) || (Entry->Checksum != Name->Checksum)) {
    Name->Live = FALSE;
    return;
  }

  Name->Wanted--;
  Place = Name->Text + Name->Wanted * LONG_PART;
  CopyMem (Place, (CONST UINT8 *)Entry + OFFSET_OF (LONG_ENTRY, First), sizeof (Entry->First));
  CopyMem (Place + 5, (CONST UINT8 *)Entry + OFFSET_OF (LONG_ENTRY, Second), sizeof (Entry->Second));
  CopyMem (Place + 11, (CONST UINT8 *)Entry + OFFSET_OF (LONG_ENTRY, Third), sizeof (Entry->Third));
}

/**
  TRUE if an entry has a name.

  @param[in] Entry   The entry, no part of a long name.
  @param[in] Name    The long name whose parts came before it.
  @param[in] Piece   The name that is wanted.
  @param[in] Length  Its characters.
**/
STATIC
BOOLEAN
HasName (
  IN CONST ENTRY      *Entry,
  IN CONST LONG_NAME  *Name,
  IN CONST CHAR16     *Piece,
  IN UINTN            Length
  )
{
  CHAR16  Short[13];

  if (Name->Live && (Name->Wanted == 0) && (Name->Checksum == ChecksumOf (Entry)) && IsName (Name->Text, Piece, Length)) {
    return TRUE;
  }

  ShortName (Entry, Short);
  return IsName (Short, Piece, Length);
}

/**
  Find an entry in a folder.

  @param[in,out] Fat     The volume.
  @param[in]     Folder  Where the folder begins; 0 for a root folder of fixed size.
  @param[in]     Piece   The name.
  @param[in]     Length  Its characters.
  @param[out]    Entry   Receives the entry.

  @return  As NextEntry().
**/
STATIC
RETURN_STATUS
FindEntry (
  IN OUT MRM_FAT       *Fat,
  IN     UINT32        Folder,
  IN     CONST CHAR16  *Piece,
  IN     UINTN         Length,
  OUT    ENTRY         *Entry
  )
{
  RETURN_STATUS  Status;
  LONG_NAME      Name;
  WALK           Walk;

  ZeroMem (&Name, sizeof (Name));
  ZeroMem (&Walk, sizeof (Walk));
  Walk.Cluster = Folder;
  while (TRUE) {
    Status = NextEntry (Fat, &Walk, Entry);
    if (RETURN_ERROR (Status)) {
      return Status;
    }

    if (Entry->Name[0] == NAME_DELETED) {
      Name.Live = FALSE;
    } else if ((Entry->Attributes & ATTRIBUTE_MASK) == ATTRIBUTE_LONG) {
      TakePart (&Name, (CONST LONG_ENTRY *)Entry);
    } else {
      if (((Entry->Attributes & ATTRIBUTE_VOLUME) == 0) && HasName (Entry, &Name, Piece, Length)) {
        return RETURN_SUCCESS;
      }

      Name.Live = FALSE;
    }
  }
}

RETURN_STATUS
EFIAPI
MrmFatFind (
  IN OUT MRM_FAT       *Fat,
  IN     CONST CHAR16  *Path,
  OUT    UINT32        *Cluster,
  OUT    UINT32        *Size
  )
{
  RETURN_STATUS  Status;
  ENTRY          Entry;
  UINTN          Length;
  BOOLEAN        Folder;

  *Cluster = Fat->RootCluster;
  Folder   = TRUE;
  while (*Path == L'\\') {
    Path++;
    for (Length = 0; (Path[Length] != 0) && (Path[Length] != L'\\'); Length++) {
    }

    if (!Folder || (Length == 0) || (Length > MAX_NAME)) {
      return RETURN_NOT_FOUND;
    }

    Status = FindEntry (Fat, *Cluster, Path, Length, &Entry);
    if (RETURN_ERROR (Status)) {
      return Status;
    }

    Folder   = (BOOLEAN)((Entry.Attributes & ATTRIBUTE_FOLDER) != 0);
    *Cluster = Entry.ClusterLow | ((Fat->Bits == 32) ? ((UINT32)Entry.ClusterHigh << 16) : 0);
    *Size    = Entry.Size;
    // A folder always has a cluster; 0 would be the root.
    if ((Folder || (*Cluster != 0)) && !MrmFatIsCluster (Fat, *Cluster)) {
      return RETURN_VOLUME_CORRUPTED;
    }

    Path += Length;
  }

  return (Folder || (*Path != 0)) ? RETURN_NOT_FOUND : RETURN_SUCCESS;
}

RETURN_STATUS
EFIAPI
MrmFatLocate (
  IN OUT MRM_FAT         *Fat,
  IN     UINT32          Cluster,
  IN     UINT32          Size,
  OUT    MRM_FAT_EXTENT  *Extents,
  IN OUT UINTN           *Count
  )
{
  RETURN_STATUS  Status;
  UINT64         Left;
  UINT64         Part;
  UINT64         Place;
  UINTN          Capacity;

  Capacity = *Count;
  *Count   = 0;
  // Each cluster that follows has bytes of the file, so the walk ends even where the chain does not.
  for (Left = Size; Left > 0; Left -= Part) {
    if (!MrmFatIsCluster (Fat, Cluster)) {
      return RETURN_VOLUME_CORRUPTED;
    }

    Part  = MIN (Left, Fat->ClusterSize);
    Place = MrmFatPlace (Fat, Cluster);
    if ((*Count > 0) && (Extents[*Count - 1].Offset + Extents[*Count - 1].Size == Place)) {
      Extents[*Count - 1].Size += Part;
    } else if (*Count == Capacity) {
      return RETURN_BUFFER_TOO_SMALL;
    } else {
      Extents[*Count].Offset = Place;
      Extents[*Count].Size   = Part;
      *Count                += 1;
    }

    if (Left > Part) {
      Status = MrmFatNext (Fat, Cluster, &Cluster);
      if (RETURN_ERROR (Status)) {
        return Status;
      }
    }
  }

  return RETURN_SUCCESS;
}

UINT64
EFIAPI
MrmFatPiece (
  IN  CONST MRM_FAT_EXTENT  *Extents,
  IN  UINTN                 Count,
  IN  UINT64                Grid,
  IN  UINT64                Offset,
  IN  UINT64                Size,
  OUT UINT64                *Place,
  OUT BOOLEAN               *Shared
  )
{
  CONST MRM_FAT_EXTENT  *Extent;
  UINT64                Page;
  UINT64                First;
  UINT64                End;
  UINTN                 Index;

  for (Index = 0; (Index < Count) && (Offset >= Extents[Index].Size); Index++) {
    Offset -= Extents[Index].Size;
  }

  if (Index == Count) {
    return 0;
  }

  Extent = &Extents[Index];
  *Place = Extent->Offset + Offset;
  Size   = MIN (Size, Extent->Size - Offset);
  // The pages that are wholly the extent's: from First on, before End.
  First = Grid + ALIGN_VALUE (Extent->Offset - Grid, MRM_FAT_PAGE);
  End   = Grid + ((Extent->Offset + Extent->Size - Grid) & ~(UINT64)(MRM_FAT_PAGE - 1));
  if ((*Place >= First) && (*Place < End)) {
    *Shared = FALSE;
    return MIN (Size, End - *Place);
  }

  *Shared = TRUE;
  Page    = Grid + ((*Place - Grid) & ~(UINT64)(MRM_FAT_PAGE - 1));
  return MIN (Size, Page + MRM_FAT_PAGE - *Place);
}
