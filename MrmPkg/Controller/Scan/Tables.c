/** @file
  Tables of the PC's firmware, for a scan.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Scan/Tables.h"
#include "Scan/Archive.h"
#include "Machine/Smbios.h"
#include "Core/Facts.h"
#include <IndustryStandard/Acpi.h>
#include <Library/BaseMemoryLib.h>
#include <Library/UefiLib.h>

///
/// The tables that generator/collect.sh collects, too.
///
STATIC CONST UINT32  mWanted[] = {
  SIGNATURE_32 ('A', 'P', 'I', 'C'),
  SIGNATURE_32 ('F', 'A', 'C', 'P'),
  SIGNATURE_32 ('M', 'C', 'F', 'G'),
  SIGNATURE_32 ('S', 'R', 'A', 'T'),
  SIGNATURE_32 ('S', 'L', 'I', 'T'),
  SIGNATURE_32 ('S', 'P', 'C', 'R'),
  SIGNATURE_32 ('D', 'B', 'G', '2'),
  SIGNATURE_32 ('H', 'P', 'E', 'T'),
  SIGNATURE_32 ('D', 'M', 'A', 'R'),
  SIGNATURE_32 ('I', 'V', 'R', 'S'),
  SIGNATURE_32 ('W', 'D', 'A', 'T')
};

#define MOST_OF_A_KIND  999   ///< tables with one signature: what a name has digits for

///
/// A text of SMBIOS, and what Linux calls it.
///
typedef struct {
  SMBIOS_TYPE    Type;
  UINTN          Offset;   ///< of its number in the record
  CONST CHAR8    *Name;
} TEXT_OF_SMBIOS;

STATIC CONST TEXT_OF_SMBIOS  mTexts[] = {
  { SMBIOS_TYPE_BIOS_INFORMATION,   OFFSET_OF (SMBIOS_TABLE_TYPE0, Vendor),       "bios_vendor"  },
  { SMBIOS_TYPE_BIOS_INFORMATION,   OFFSET_OF (SMBIOS_TABLE_TYPE0, BiosVersion),  "bios_version" },
  { SMBIOS_TYPE_SYSTEM_INFORMATION, OFFSET_OF (SMBIOS_TABLE_TYPE1, Manufacturer), "sys_vendor"   },
  { SMBIOS_TYPE_SYSTEM_INFORMATION, OFFSET_OF (SMBIOS_TABLE_TYPE1, ProductName),  "product_name" }
};

VOID
AddTables (
  VOID
  )
{
  UINTN                         Index;
  UINTN                         Number;
  CONST EFI_ACPI_COMMON_HEADER  *Table;
  CHAR8                         Signature[sizeof (UINT32) + 1];

  ZeroMem (Signature, sizeof (Signature));
  for (Index = 0; Index < ARRAY_SIZE (mWanted); Index++) {
    Table = NULL;
    for (Number = 1; Number <= MOST_OF_A_KIND; Number++) {
      Table = EfiLocateNextAcpiTable (mWanted[Index], (EFI_ACPI_COMMON_HEADER *)Table);
      if (Table == NULL) {
        break;
      }

      // The second one is 2, as acpidump counts.
      CopyMem (Signature, &mWanted[Index], sizeof (mWanted[Index]));
      if (Number == 1) {
        BeginFile ("sys/firmware/acpi/tables/%a", Signature);
      } else {
        BeginFile ("sys/firmware/acpi/tables/%a%d", Signature, Number);
      }

      AddBytes (Table, Table->Length);
      EndFile ();
    }
  }
}

VOID
AddIdentity (
  VOID
  )
{
  UINTN                          Index;
  CONST EFI_SMBIOS_TABLE_HEADER  *Record;

  for (Index = 0; Index < ARRAY_SIZE (mTexts); Index++) {
    Record = FindSmbiosRecord (mTexts[Index].Type);
    if ((Record != NULL) && (mTexts[Index].Offset < Record->Length)) {
      BeginFile ("sys/class/dmi/id/%a", mTexts[Index].Name);
      AddLine ("%a", SmbiosText (Record, ((CONST UINT8 *)Record)[mTexts[Index].Offset]));
      EndFile ();
    }
  }

  BeginFile ("sys/class/dmi/id/product_uuid");
  AddLine ("%g", &gMachine.Uuid);
  EndFile ();
}
