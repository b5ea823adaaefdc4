/** @file
  The partition firmware inside Mrm.efi: unpacked once, loaded for each start.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Build/Firmware.h"
#include <Library/BaseMemoryLib.h>
#include <Library/ExtractGuidedSectionLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PeCoffLib.h>

//
// The compressed volume, from MrmPlanLib.
//
extern CONST UINT8  gMrmFirmwareVolume[];
extern CONST UINT8  gMrmFirmwareVolumeEnd[];

STATIC CONST EFI_FIRMWARE_VOLUME_HEADER  *mVolume;

/**
  Bytes in a section, with its header (PI 1.8 volume 3, section 2.2.4).

  @param[in] Section  The section.
**/
STATIC
UINT32
SectionSize (
  IN CONST EFI_COMMON_SECTION_HEADER  *Section
  )
{
  return IS_SECTION2 (Section) ? SECTION2_SIZE (Section) : SECTION_SIZE (Section);
}

/**
  Find a section in a section stream.

  @param[in] Stream  The stream.
  @param[in] Size    Bytes in it.
  @param[in] Type    Section type.

  @return  The section; NULL when there is none.
**/
STATIC
CONST EFI_COMMON_SECTION_HEADER *
FindSection (
  IN CONST VOID        *Stream,
  IN UINTN             Size,
  IN EFI_SECTION_TYPE  Type
  )
{
  CONST EFI_COMMON_SECTION_HEADER  *Section;
  UINTN                            Offset;
  UINTN                            Length;

  for (Offset = 0; Offset + sizeof (*Section) <= Size; Offset += ALIGN_VALUE (Length, 4)) {
    Section = (CONST VOID *)((CONST UINT8 *)Stream + Offset);
    Length  = SectionSize (Section);
    if ((Length < sizeof (*Section)) || (Length > Size - Offset)) {
      return NULL;
    }

    if (Section->Type == Type) {
      return Section;
    }
  }

  return NULL;
}

/**
  What follows the header of a section.

  @param[in] Section  The section.
**/
STATIC
CONST VOID *
SectionData (
  IN CONST EFI_COMMON_SECTION_HEADER  *Section
  )
{
  return (CONST UINT8 *)Section + (IS_SECTION2 (Section) ? sizeof (EFI_COMMON_SECTION_HEADER2) : sizeof (*Section));
}

/**
  Bytes in the header of a file (PI 1.8 volume 3, section 3.2.3).

  @param[in] File  The file.
**/
STATIC
UINTN
FileHeaderSize (
  IN CONST EFI_FFS_FILE_HEADER  *File
  )
{
  return IS_FFS_FILE2 (File) ? sizeof (EFI_FFS_FILE_HEADER2) : sizeof (*File);
}

/**
  Find the first file of a type in a volume.

  @param[in]  Volume  The volume.
  @param[in]  Type    File type.
  @param[out] Size    Bytes of its sections.

  @return  The file's header; its sections follow.  NULL when there is none.
**/
STATIC
CONST EFI_FFS_FILE_HEADER *
FindFile (
  IN  CONST EFI_FIRMWARE_VOLUME_HEADER  *Volume,
  IN  EFI_FV_FILETYPE                   Type,
  OUT UINTN                             *Size
  )
{
  CONST EFI_FFS_FILE_HEADER  *File;
  UINTN                      Offset;
  UINTN                      Length;

  Offset = Volume->HeaderLength;
  if (Volume->ExtHeaderOffset != 0) {
    Offset = Volume->ExtHeaderOffset +
             ((CONST EFI_FIRMWARE_VOLUME_EXT_HEADER *)((CONST UINT8 *)Volume + Volume->ExtHeaderOffset))->ExtHeaderSize;
  }

  for (Offset = ALIGN_VALUE (Offset, 8); Offset + sizeof (*File) <= Volume->FvLength; Offset += ALIGN_VALUE (Length, 8)) {
    File   = (CONST VOID *)((CONST UINT8 *)Volume + Offset);
    Length = IS_FFS_FILE2 (File) ? FFS_FILE2_SIZE (File) : FFS_FILE_SIZE (File);
    if ((Length < sizeof (*File)) || (Length > Volume->FvLength - Offset)) {
      return NULL;
    }

    if (File->Type == Type) {
      *Size = Length - FileHeaderSize (File);
      return File;
    }
  }

  return NULL;
}

EFI_STATUS
UnpackFirmware (
  VOID
  )
{
  EFI_STATUS                        Status;
  CONST EFI_FIRMWARE_VOLUME_HEADER  *Compact;
  CONST EFI_FFS_FILE_HEADER         *File;
  CONST EFI_COMMON_SECTION_HEADER   *Section;
  UINTN                             Size;
  UINT32                            OutputSize;
  UINT32                            ScratchSize;
  UINT16                            Attribute;
  UINT32                            Authentication;
  VOID                              *Output;
  VOID                              *Scratch;

  Compact = (CONST VOID *)gMrmFirmwareVolume;
  if (  ((UINTN)(gMrmFirmwareVolumeEnd - gMrmFirmwareVolume) < sizeof (*Compact))
     || (Compact->Signature != EFI_FVH_SIGNATURE)
     || (Compact->FvLength > (UINTN)(gMrmFirmwareVolumeEnd - gMrmFirmwareVolume)))
  {
    return EFI_VOLUME_CORRUPTED;
  }

  File    = FindFile (Compact, EFI_FV_FILETYPE_FIRMWARE_VOLUME_IMAGE, &Size);
  Section = (File == NULL) ? NULL : FindSection ((CONST UINT8 *)File + FileHeaderSize (File), Size, EFI_SECTION_GUID_DEFINED);
  if (Section == NULL) {
    return EFI_NOT_FOUND;
  }

  Status = ExtractGuidedSectionGetInfo (Section, &OutputSize, &ScratchSize, &Attribute);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Output  = AllocatePages (EFI_SIZE_TO_PAGES (OutputSize));
  Scratch = AllocatePages (EFI_SIZE_TO_PAGES (ScratchSize));
  if ((Output == NULL) || (Scratch == NULL)) {
    return EFI_OUT_OF_RESOURCES;
  }

  Status = ExtractGuidedSectionDecode (Section, &Output, Scratch, &Authentication);
  FreePages (Scratch, EFI_SIZE_TO_PAGES (ScratchSize));
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Section = FindSection (Output, OutputSize, EFI_SECTION_FIRMWARE_VOLUME_IMAGE);
  if (Section == NULL) {
    return EFI_NOT_FOUND;
  }

  mVolume = SectionData (Section);
  return (mVolume->Signature == EFI_FVH_SIGNATURE) ? EFI_SUCCESS : EFI_VOLUME_CORRUPTED;
}

CONST EFI_FIRMWARE_VOLUME_HEADER *
FirmwareVolume (
  VOID
  )
{
  return mVolume;
}

EFI_STATUS
OpenModule (
  IN  EFI_FV_FILETYPE  Type,
  OUT MRM_MODULE       *Module
  )
{
  CONST EFI_FFS_FILE_HEADER        *File;
  CONST EFI_COMMON_SECTION_HEADER  *Section;
  UINTN                            Size;

  File    = FindFile (mVolume, Type, &Size);
  Section = (File == NULL) ? NULL : FindSection ((CONST UINT8 *)File + FileHeaderSize (File), Size, EFI_SECTION_PE32);
  if (Section == NULL) {
    return EFI_NOT_FOUND;
  }

  ZeroMem (Module, sizeof (*Module));
  CopyGuid (&Module->Name, &File->Name);
  Module->Context.Handle    = (VOID *)SectionData (Section);
  Module->Context.ImageRead = PeCoffLoaderImageReadFromMemory;
  return PeCoffLoaderGetImageInfo (&Module->Context);
}

EFI_STATUS
LoadModule (
  IN OUT MRM_MODULE  *Module,
  IN     UINT64      Address,
  OUT    UINT64      *Entry
  )
{
  EFI_STATUS  Status;

  Module->Context.ImageAddress = Address;
  Status                       = PeCoffLoaderLoadImage (&Module->Context);
  if (!EFI_ERROR (Status)) {
    Status = PeCoffLoaderRelocateImage (&Module->Context);
  }

  *Entry = Module->Context.EntryPoint;
  return Status;
}
