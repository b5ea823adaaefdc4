/** @file
  The partition firmware inside Mrm.efi: unpacked once, loaded for each start.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Build/Firmware.h"
#include <Library/BaseMemoryLib.h>
#include <Library/ExtractGuidedSectionLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmBuiltInLib.h>
#include <Library/MrmVolumeLib.h>
#include <Library/PeCoffLib.h>

STATIC CONST EFI_FIRMWARE_VOLUME_HEADER  *mVolume;

EFI_STATUS
UnpackFirmware (
  VOID
  )
{
  EFI_STATUS                       Status;
  CONST EFI_COMMON_SECTION_HEADER  *Section;
  MRM_SECTIONS                     Sections;
  MRM_SECTIONS                     Data;
  UINT32                           OutputSize;
  UINT32                           ScratchSize;
  UINT16                           Attribute;
  UINT32                           Authentication;
  VOID                             *Output;
  VOID                             *Scratch;

  if (!MrmVolumeIsWhole (gMrmFirmwareVolume, (UINTN)(gMrmFirmwareVolumeEnd - gMrmFirmwareVolume))) {
    return EFI_VOLUME_CORRUPTED;
  }

  Section = NULL;
  if (MrmVolumeFindFile ((CONST VOID *)gMrmFirmwareVolume, EFI_FV_FILETYPE_FIRMWARE_VOLUME_IMAGE, &Sections) != NULL) {
    Section = MrmVolumeFindSection (&Sections, EFI_SECTION_GUID_DEFINED, &Data);
  }

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

  Sections.Start = Output;
  Sections.Size  = OutputSize;
  if (MrmVolumeFindSection (&Sections, EFI_SECTION_FIRMWARE_VOLUME_IMAGE, &Data) == NULL) {
    return EFI_NOT_FOUND;
  }

  mVolume = (CONST VOID *)Data.Start;
  return MrmVolumeIsWhole (Data.Start, Data.Size) ? EFI_SUCCESS : EFI_VOLUME_CORRUPTED;
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
  CONST EFI_FFS_FILE_HEADER  *File;
  MRM_SECTIONS               Sections;
  MRM_SECTIONS               Data;

  File = MrmVolumeFindFile (mVolume, Type, &Sections);
  if ((File == NULL) || (MrmVolumeFindSection (&Sections, EFI_SECTION_PE32, &Data) == NULL)) {
    return EFI_NOT_FOUND;
  }

  ZeroMem (Module, sizeof (*Module));
  CopyGuid (&Module->Name, &File->Name);
  Module->Context.Handle    = (VOID *)Data.Start;
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
