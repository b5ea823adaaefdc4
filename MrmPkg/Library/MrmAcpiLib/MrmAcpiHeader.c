/** @file
  What every table has: header and checksum.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmAcpiInternal.h"

#define MRM_ACPI_OEM_TABLE_ID    SIGNATURE_64 ('M', 'R', 'M', ' ', ' ', ' ', ' ', ' ')
#define MRM_ACPI_CREATOR_ID      SIGNATURE_32 ('M', 'R', 'M', ' ')
#define MRM_ACPI_REVISION        1

UINT8
MrmAcpiChecksum (
  IN CONST VOID  *Table,
  IN UINTN       Size
  )
{
  UINTN  Index;
  UINT8  Sum;

  Sum = 0;
  for (Index = 0; Index < Size; Index++) {
    Sum = (UINT8)(Sum + ((CONST UINT8 *)Table)[Index]);
  }

  return (UINT8)(0 - Sum);
}

VOID
MrmAcpiHeader (
  OUT EFI_ACPI_DESCRIPTION_HEADER  *Header,
  IN  UINT32                       Signature,
  IN  UINT8                        Revision,
  IN  UINTN                        Length
  )
{
  STATIC CONST UINT8  OemId[6] = MRM_ACPI_OEM_ID;

  ZeroMem (Header, sizeof (*Header));
  Header->Signature = Signature;
  Header->Length    = (UINT32)Length;
  Header->Revision  = Revision;
  CopyMem (Header->OemId, OemId, sizeof (OemId));
  Header->OemTableId      = MRM_ACPI_OEM_TABLE_ID;
  Header->OemRevision     = MRM_ACPI_REVISION;
  Header->CreatorId       = MRM_ACPI_CREATOR_ID;
  Header->CreatorRevision = MRM_ACPI_REVISION;
}
