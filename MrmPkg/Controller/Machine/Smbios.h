/** @file
  Records of SMBIOS.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_SMBIOS_H_
#define MRM_CONTROLLER_SMBIOS_H_

#include <PiDxe.h>
#include <IndustryStandard/SmBios.h>
#include <Protocol/Smbios.h>

/**
  Find the first record of a type.

  @param[in] Type  The type (SMBIOS 3.3 section 7).

  @return  The record, which is the firmware's; NULL when there is none.
**/
CONST EFI_SMBIOS_TABLE_HEADER *
FindSmbiosRecord (
  IN EFI_SMBIOS_TYPE  Type
  );

/**
  Find a text of a record: texts follow the record (SMBIOS 3.3 section 6.1.3).

  @param[in] Record  The record.
  @param[in] Number  Number of the text, from 1 on; 0 means none.

  @return  The text; empty when there is no such text.
**/
CONST CHAR8 *
SmbiosText (
  IN CONST EFI_SMBIOS_TABLE_HEADER  *Record,
  IN SMBIOS_TABLE_STRING            Number
  );

#endif
