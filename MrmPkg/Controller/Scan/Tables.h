/** @file
  Tables of the PC's firmware, for a scan.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_TABLES_H_
#define MRM_CONTROLLER_TABLES_H_

#include <Uefi.h>

/**
  Add the ACPI tables that a scan reads: some others hold licence keys.
**/
VOID
AddTables (
  VOID
  );

/**
  Add what SMBIOS tells of who the PC is, without its serial numbers.
**/
VOID
AddIdentity (
  VOID
  );

#endif
