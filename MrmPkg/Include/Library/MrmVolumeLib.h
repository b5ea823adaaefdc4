/** @file
  Finds files and sections in a firmware volume (PI 1.8 volume 3).  Pure: no globals, no I/O; nothing is read beyond
  what it is given, whatever the bytes are.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_VOLUME_LIB_H_
#define MRM_VOLUME_LIB_H_

#include <PiPei.h>
#include <Pi/PiFirmwareFile.h>
#include <Pi/PiFirmwareVolume.h>

///
/// A stream of sections: those of a file, or what is in one.
///
typedef struct {
  CONST UINT8    *Start;
  UINTN          Size;      ///< bytes
} MRM_SECTIONS;

/**
  TRUE if a volume has its signature, and lies in the bytes given with all of its headers.

  @param[in] Volume  The volume, 8-byte aligned.
  @param[in] Size    Bytes that can be read.
**/
BOOLEAN
EFIAPI
MrmVolumeIsWhole (
  IN CONST VOID  *Volume,
  IN UINTN       Size
  );

/**
  Find the first file of a type in a volume.

  @param[in]  Volume    The volume, whole.
  @param[in]  Type      File type.
  @param[out] Sections  Receives the file's sections.

  @return  The file's header; NULL when there is none.
**/
CONST EFI_FFS_FILE_HEADER *
EFIAPI
MrmVolumeFindFile (
  IN  CONST EFI_FIRMWARE_VOLUME_HEADER  *Volume,
  IN  EFI_FV_FILETYPE                   Type,
  OUT MRM_SECTIONS                      *Sections
  );

/**
  Find the first section of a type in a stream.

  @param[in]  Sections  The stream.
  @param[in]  Type      Section type.
  @param[out] Data      Receives what follows the section's header.

  @return  The section; NULL when there is none.
**/
CONST EFI_COMMON_SECTION_HEADER *
EFIAPI
MrmVolumeFindSection (
  IN  CONST MRM_SECTIONS  *Sections,
  IN  EFI_SECTION_TYPE    Type,
  OUT MRM_SECTIONS        *Data
  );

#endif
