/** @file
  The volume that Mrm.efi came from.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Esp.h"
#include "Core/Facts.h"

EFI_STATUS
MakeFolder (
  IN CHAR16  *Path
  )
{
  EFI_STATUS         Status;
  EFI_FILE_PROTOCOL  *Folder;

  Status = gMachine.Esp->Open (
                           gMachine.Esp,
                           &Folder,
                           Path,
                           EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE,
                           EFI_FILE_DIRECTORY
                           );
  return EFI_ERROR (Status) ? Status : Folder->Close (Folder);
}
