/** @file
  The volume that Mrm.efi came from.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_ESP_H_
#define MRM_CONTROLLER_ESP_H_

#include <Uefi.h>

/**
  Make sure a folder exists on the ESP.

  @param[in] Path  The folder; what it lies in exists.

  @return  Status of the file system.
**/
EFI_STATUS
MakeFolder (
  IN CHAR16  *Path
  );

#endif
