/** @file
  The partition firmware inside Mrm.efi.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_FIRMWARE_H_
#define MRM_FIRMWARE_H_

#include <PiDxe.h>
#include <Pi/PiFirmwareVolume.h>
#include <Library/PeCoffLib.h>

///
/// A module of the partition firmware about to be loaded.
///
typedef struct {
  EFI_GUID                        Name;      ///< FFS file name
  PE_COFF_LOADER_IMAGE_CONTEXT    Context;   ///< Context.ImageSize: bytes it needs
} MRM_MODULE;

/**
  Unpack the partition firmware once for all partitions.

  @retval EFI_SUCCESS  Done.
  @return Other        This Mrm.efi is damaged.
**/
EFI_STATUS
UnpackFirmware (
  VOID
  );

/**
  The unpacked firmware volume; FvLength bytes.
**/
CONST EFI_FIRMWARE_VOLUME_HEADER *
FirmwareVolume (
  VOID
  );

/**
  Find a module of the partition firmware by its file type.

  @param[in]  Type    EFI_FV_FILETYPE_SECURITY_CORE or EFI_FV_FILETYPE_DXE_CORE.
  @param[out] Module  Receives the module.

  @retval EFI_SUCCESS    Found.
  @retval EFI_NOT_FOUND  There is none.
  @return Other          It is no PE image.
**/
EFI_STATUS
OpenModule (
  IN  EFI_FV_FILETYPE  Type,
  OUT MRM_MODULE       *Module
  );

/**
  Load and relocate a module.

  @param[in,out] Module   The module.
  @param[in]     Address  Where: Module->Context.ImageSize bytes, page-aligned.
  @param[out]    Entry    Receives the address of its entry point.

  @return  Status of PeCoffLib.
**/
EFI_STATUS
LoadModule (
  IN OUT MRM_MODULE  *Module,
  IN     UINT64      Address,
  OUT    UINT64      *Entry
  );

#endif
