/** @file
  The volume that is written to: the one Mrm.efi came from, or the one that is chosen when it came from a server.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_ESP_H_
#define MRM_CONTROLLER_ESP_H_

#include <Library/MrmRangeLib.h>
#include <Uefi.h>
#include <Protocol/SimpleFileSystem.h>

#define MRM_FOLDER  L"\\EFI\\MRM"   ///< where MRM's own files are

/**
  Open a file.

  @param[in]  Path        Its path on the ESP.
  @param[in]  Mode        EFI_FILE_MODE_….
  @param[in]  Attributes  Of a file that is made.
  @param[out] File        Receives the file.

  @retval EFI_SUCCESS   Open.
  @retval EFI_NO_MEDIA  There is no volume.
  @return Other         Status of the file system.
**/
EFI_STATUS
OpenEspFile (
  IN  CONST CHAR16       *Path,
  IN  UINT64             Mode,
  IN  UINT64             Attributes,
  OUT EFI_FILE_PROTOCOL  **File
  );

/**
  Make sure a folder exists on the ESP.

  @param[in] Path  The folder; what it lies in exists.

  @return  Status of the file system.
**/
EFI_STATUS
MakeFolder (
  IN CHAR16  *Path
  );

/**
  Read a whole file.

  @param[in]  Path  Path on the ESP.
  @param[out] File  Receives address and size; the memory belongs to the controller.

  @retval EFI_SUCCESS           Read.
  @retval EFI_NOT_FOUND         There is no such file.
  @retval EFI_END_OF_FILE       It is empty, or shorter than its file system says.
  @retval EFI_OUT_OF_RESOURCES  No memory for it.
  @return Other                 Status of the file system.
**/
EFI_STATUS
ReadEspFile (
  IN  CONST CHAR16  *Path,
  OUT MRM_RANGE     *File
  );

/**
  Free what ReadEspFile() gave.

  @param[in,out] File  Becomes empty; may be empty.
**/
VOID
FreeEspFile (
  IN OUT MRM_RANGE  *File
  );

/**
  Write a whole file in MRM_FOLDER, which is made if need be, instead of an older one.

  @param[in] Path  Path on the ESP.
  @param[in] Data  What the file is to hold.
  @param[in] Size  Bytes of it.

  @retval EFI_SUCCESS      Written, and on the disk.
  @retval EFI_VOLUME_FULL  There is no room for it.
  @return Other            Status of the file system.
**/
EFI_STATUS
WriteEspFile (
  IN CONST CHAR16  *Path,
  IN CONST VOID    *Data,
  IN UINTN         Size
  );

/**
  Take note of a file in a folder.

  @param[in] Name  Its name, without the folder.
**/
typedef
VOID
(*MRM_ESP_VISITOR)(
  IN CONST CHAR16  *Name
  );

/**
  Go over the files of a folder on the ESP, in the order in which its file system lists them.

  @param[in] Folder  The folder; nothing happens when there is none.
  @param[in] Visit   Called for each file that is no folder.

  @retval EFI_SUCCESS           All were visited.
  @retval EFI_NOT_FOUND         There is no such folder.
  @retval EFI_OUT_OF_RESOURCES  No memory.
  @return Other                 Status of the file system, after which there may be more files.
**/
EFI_STATUS
VisitEspFiles (
  IN CONST CHAR16     *Folder,
  IN MRM_ESP_VISITOR  Visit
  );

#endif
