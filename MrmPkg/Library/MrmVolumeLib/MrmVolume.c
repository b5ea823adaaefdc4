/** @file
  Finds files and sections in a firmware volume.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmVolumeLib.h>

BOOLEAN
EFIAPI
MrmVolumeIsWhole (
  IN CONST VOID  *Volume,
  IN UINTN       Size
  )
{
  CONST EFI_FIRMWARE_VOLUME_HEADER      *Header;
  CONST EFI_FIRMWARE_VOLUME_EXT_HEADER  *Extended;

  Header = Volume;
  if (  (Size < sizeof (*Header))
     || (Header->Signature != EFI_FVH_SIGNATURE)
     || (Header->FvLength > Size)
     || (Header->HeaderLength < sizeof (*Header))
     || (Header->HeaderLength > Header->FvLength))
  {
    return FALSE;
  }

  if (Header->ExtHeaderOffset == 0) {
    return TRUE;
  }

  Extended = (CONST VOID *)((CONST UINT8 *)Volume + Header->ExtHeaderOffset);
  return (  ((Header->ExtHeaderOffset & 3) == 0)
         && (Header->ExtHeaderOffset + sizeof (*Extended) <= Header->FvLength)
         && (Extended->ExtHeaderSize >= sizeof (*Extended))
         && (Extended->ExtHeaderSize <= Header->FvLength - Header->ExtHeaderOffset));
}

CONST EFI_FFS_FILE_HEADER *
EFIAPI
MrmVolumeFindFile (
  IN  CONST EFI_FIRMWARE_VOLUME_HEADER  *Volume,
  IN  EFI_FV_FILETYPE                   Type,
  OUT MRM_SECTIONS                      *Sections
  )
{
  CONST EFI_FFS_FILE_HEADER  *File;
  UINTN                      Offset;
  UINTN                      Length;
  UINTN                      HeaderSize;

  Offset = Volume->HeaderLength;
  if (Volume->ExtHeaderOffset != 0) {
    Offset = Volume->ExtHeaderOffset +
             ((CONST EFI_FIRMWARE_VOLUME_EXT_HEADER *)((CONST UINT8 *)Volume + Volume->ExtHeaderOffset))->ExtHeaderSize;
  }

  for (Offset = ALIGN_VALUE (Offset, 8); Offset + sizeof (*File) <= Volume->FvLength; Offset += ALIGN_VALUE (Length, 8)) {
    File       = (CONST VOID *)((CONST UINT8 *)Volume + Offset);
    HeaderSize = IS_FFS_FILE2 (File) ? sizeof (EFI_FFS_FILE_HEADER2) : sizeof (*File);
    if (HeaderSize > Volume->FvLength - Offset) {
      return NULL;
    }

    Length = IS_FFS_FILE2 (File) ? FFS_FILE2_SIZE (File) : FFS_FILE_SIZE (File);
    if ((Length < HeaderSize) || (Length > Volume->FvLength - Offset)) {
      return NULL;
    }

    if (File->Type == Type) {
      Sections->Start = (CONST UINT8 *)File + HeaderSize;
      Sections->Size  = Length - HeaderSize;
      return File;
    }
  }

  return NULL;
}

CONST EFI_COMMON_SECTION_HEADER *
EFIAPI
MrmVolumeFindSection (
  IN  CONST MRM_SECTIONS  *Sections,
  IN  EFI_SECTION_TYPE    Type,
  OUT MRM_SECTIONS        *Data
  )
{
  CONST EFI_COMMON_SECTION_HEADER  *Section;
  UINTN                            Offset;
  UINTN                            Length;
  UINTN                            HeaderSize;

  for (Offset = 0;
       (Offset <= Sections->Size) && (Sections->Size - Offset >= sizeof (*Section));
       Offset += ALIGN_VALUE (Length, 4))
  {
    Section    = (CONST VOID *)(Sections->Start + Offset);
    HeaderSize = IS_SECTION2 (Section) ? sizeof (EFI_COMMON_SECTION_HEADER2) : sizeof (*Section);
    if (HeaderSize > Sections->Size - Offset) {
      return NULL;
    }

    Length = IS_SECTION2 (Section) ? SECTION2_SIZE (Section) : SECTION_SIZE (Section);
    if ((Length < HeaderSize) || (Length > Sections->Size - Offset)) {
      return NULL;
    }

    if (Section->Type == Type) {
      Data->Start = (CONST UINT8 *)Section + HeaderSize;
      Data->Size  = Length - HeaderSize;
      return Section;
    }
  }

  return NULL;
}
