/** @file
  Records of SMBIOS.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Smbios.h"
#include <Library/BaseLib.h>
#include <Library/UefiBootServicesTableLib.h>

CONST EFI_SMBIOS_TABLE_HEADER *
FindSmbiosRecord (
  IN EFI_SMBIOS_TYPE  Type
  )
{
  EFI_SMBIOS_PROTOCOL      *Smbios;
  EFI_SMBIOS_HANDLE        Handle;
  EFI_SMBIOS_TABLE_HEADER  *Record;
  EFI_STATUS               Status;

  Status = gBS->LocateProtocol (&gEfiSmbiosProtocolGuid, NULL, (VOID **)&Smbios);
  if (!EFI_ERROR (Status)) {
    Handle = SMBIOS_HANDLE_PI_RESERVED;
    Status = Smbios->GetNext (Smbios, &Handle, &Type, &Record, NULL);
  }

  return EFI_ERROR (Status) ? NULL : Record;
}

CONST CHAR8 *
SmbiosText (
  IN CONST EFI_SMBIOS_TABLE_HEADER  *Record,
  IN SMBIOS_TABLE_STRING            Number
  )
{
  CONST CHAR8  *Text;

  // An empty text ends the record's texts.
  Text = (CONST CHAR8 *)Record + Record->Length;
  for ( ; (Number > 1) && (*Text != '\0'); Number--) {
    Text += AsciiStrSize (Text);
  }

  return (Number == 0) ? "" : Text;
}
