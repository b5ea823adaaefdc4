/** @file
  Choosing a file in forms, of which a partition's firmware has none: RamDiskDxe is linked with
  it, and EDK2's own waits for a form browser.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiDxe.h>
#include <Library/FileExplorerLib.h>

/**
  Choose a file.

  @param[in]  RootDirectory  Where to begin.
  @param[in]  FileType       Kind of file.
  @param[in]  ChooseHandler  Called with the choice.
  @param[out] File           Would receive the choice.

  @retval EFI_UNSUPPORTED  There are no forms to choose in.
**/
EFI_STATUS
EFIAPI
ChooseFile (
  IN  EFI_DEVICE_PATH_PROTOCOL  *RootDirectory,
  IN  CHAR16                    *FileType OPTIONAL,
  IN  CHOOSE_HANDLER            ChooseHandler OPTIONAL,
  OUT EFI_DEVICE_PATH_PROTOCOL  **File OPTIONAL
  )
{
  return EFI_UNSUPPORTED;
}
