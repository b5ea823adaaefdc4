/** @file
  The partition's DSDT: compiled when Mrm.efi is built, completed by what only the
  live machine knows.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmAcpiInternal.h"

/**
  Last address of a window.

  @param[in] Window  The window; it does not wrap.

  @return Its last byte, zero when it is closed.
**/
STATIC
UINT64
WindowLast (
  IN CONST MRM_RANGE  *Window
  )
{
  return (Window->Size == 0) ? 0 : Window->Base + (Window->Size - 1);
}

/**
  First address of a window.

  @param[in] Window  The window.

  @return Its first byte, zero when it is closed.
**/
STATIC
UINT64
WindowFirst (
  IN CONST MRM_RANGE  *Window
  )
{
  return (Window->Size == 0) ? 0 : Window->Base;
}

/**
  Value that a patch writes.

  @param[in]  Bus    The PCI bus it names, checked.
  @param[in]  Kind   What it is.
  @param[out] Value  Receives the value.

  @retval TRUE   Value is set.
  @retval FALSE  There is no such kind.
**/
STATIC
BOOLEAN
PatchValue (
  IN  CONST MRM_PCI_BUS  *Bus,
  IN  MRM_PATCH_KIND     Kind,
  OUT UINT64             *Value
  )
{
  UINT64  BusCount;

  BusCount = (UINT64)Bus->LastBus - Bus->FirstBus + 1;
  switch (Kind) {
    case MrmPatchBusFirst:
      *Value = Bus->FirstBus;
      break;
    case MrmPatchBusLast:
      *Value = Bus->LastBus;
      break;
    case MrmPatchBusCount:
      *Value = BusCount;
      break;
    case MrmPatchEcamBase:
      *Value = Bus->EcamBase + (UINT64)Bus->FirstBus * MRM_ACPI_ECAM_BUS_SIZE;
      break;
    case MrmPatchEcamLast:
      *Value = Bus->EcamBase + ((UINT64)Bus->LastBus + 1) * MRM_ACPI_ECAM_BUS_SIZE - 1;
      break;
    case MrmPatchEcamLength:
      *Value = BusCount * MRM_ACPI_ECAM_BUS_SIZE;
      break;
    case MrmPatchMemoryFirst:
      *Value = WindowFirst (&Bus->Memory);
      break;
    case MrmPatchMemoryLast:
      *Value = WindowLast (&Bus->Memory);
      break;
    case MrmPatchMemoryLength:
      *Value = Bus->Memory.Size;
      break;
    case MrmPatchPrefetchableFirst:
      *Value = WindowFirst (&Bus->Prefetchable);
      break;
    case MrmPatchPrefetchableLast:
      *Value = WindowLast (&Bus->Prefetchable);
      break;
    case MrmPatchPrefetchableLength:
      *Value = Bus->Prefetchable.Size;
      break;
    case MrmPatchIoFirst:
      *Value = WindowFirst (&Bus->Io);
      break;
    case MrmPatchIoLast:
      *Value = WindowLast (&Bus->Io);
      break;
    case MrmPatchIoLength:
      *Value = Bus->Io.Size;
      break;
    default:
      return FALSE;
  }

  return TRUE;
}

/**
  Value that a patch of the console writes.

  @param[in]  Console  The console.
  @param[in]  Kind     What it is.
  @param[out] Value    Receives the value.

  @retval TRUE   Value is set.
  @retval FALSE  It is no patch of the console.
**/
STATIC
BOOLEAN
ConsoleValue (
  IN  CONST MRM_CONSOLE  *Console,
  IN  MRM_PATCH_KIND     Kind,
  OUT UINT64             *Value
  )
{
  MRM_CONSOLE_KIND  Owner;

  switch (Kind) {
    case MrmPatchConsoleIoFirst:
    case MrmPatchConsoleIoLast:
      Owner = MrmConsoleUart16550Io;
      break;
    case MrmPatchConsoleMemoryFirst:
    case MrmPatchConsoleMemoryLast:
      Owner = MrmConsoleUart16550Memory;
      break;
    default:
      return FALSE;
  }

  *Value = 0;
  if (Console->Kind == Owner) {
    *Value = Console->Base;
    if ((Kind == MrmPatchConsoleIoLast) || (Kind == MrmPatchConsoleMemoryLast)) {
      *Value += MRM_ACPI_UART_REGISTERS - 1;
    }
  }

  return TRUE;
}

/**
  Value that a patch of what has its registers in the mailbox writes.

  @param[in]  Facts  The facts.
  @param[in]  Kind   What it is.
  @param[out] Value  Receives the value.

  @retval TRUE   Value is set.
  @retval FALSE  It is no such patch.
**/
STATIC
BOOLEAN
MailboxValue (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  IN  MRM_PATCH_KIND        Kind,
  OUT UINT64                *Value
  )
{
  switch (Kind) {
    case MrmPatchPanicFirst:
      *Value = Facts->Panic;
      return TRUE;
    case MrmPatchPanicLast:
      *Value = Facts->Panic + sizeof (UINT32) - 1;
      return TRUE;
    case MrmPatchThermal:
      *Value = Facts->Thermal;
      return TRUE;
    default:
      return FALSE;
  }
}

/**
  Check one patch and find its value.

  @param[in]  Facts  The facts.
  @param[in]  Patch  The patch.
  @param[out] Value  Receives the value.

  @retval TRUE   The patch lies in the table behind its header, names a PCI bus that is there and its value fits.
  @retval FALSE  It does not.
**/
STATIC
BOOLEAN
PatchIsValid (
  IN  CONST MRM_ACPI_FACTS      *Facts,
  IN  CONST MRM_PLAN_AML_PATCH  *Patch,
  OUT UINT64                    *Value
  )
{
  if ((Patch->Width != 1) && (Patch->Width != 2) && (Patch->Width != 4) && (Patch->Width != 8)) {
    return FALSE;
  }

  if (  (Patch->Offset < sizeof (EFI_ACPI_DESCRIPTION_HEADER))
     || (Patch->Offset > Facts->Plan->DsdtSize)
     || (Patch->Width > Facts->Plan->DsdtSize - Patch->Offset))
  {
    return FALSE;
  }

  if (  !ConsoleValue (&Facts->Console, Patch->Kind, Value)
     && !MailboxValue (Facts, Patch->Kind, Value)
     && (  (Patch->Index >= Facts->PciBusCount)
        || !PatchValue (&Facts->PciBuses[Patch->Index], Patch->Kind, Value)))
  {
    return FALSE;
  }

  return (BOOLEAN)((Patch->Width == 8) || ((*Value >> (8 * Patch->Width)) == 0));
}

BOOLEAN
MrmAcpiDsdtIsValid (
  IN CONST MRM_ACPI_FACTS  *Facts
  )
{
  CONST EFI_ACPI_DESCRIPTION_HEADER  *Header;
  UINT32                             Index;
  UINT64                             Value;

  if (Facts->Plan->DsdtSize < sizeof (*Header)) {
    return FALSE;
  }

  Header = (CONST VOID *)Facts->Plan->Dsdt;
  if (  (Header->Signature != EFI_ACPI_6_3_DIFFERENTIATED_SYSTEM_DESCRIPTION_TABLE_SIGNATURE)
     || (Header->Length != Facts->Plan->DsdtSize))
  {
    return FALSE;
  }

  for (Index = 0; Index < Facts->Plan->DsdtPatchCount; Index++) {
    if (!PatchIsValid (Facts, &Facts->Plan->DsdtPatches[Index], &Value)) {
      return FALSE;
    }
  }

  return TRUE;
}

UINTN
MrmAcpiDsdt (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  )
{
  CONST MRM_PLAN_AML_PATCH     *Patch;
  EFI_ACPI_DESCRIPTION_HEADER  *Header;
  UINT8                        *Bytes;
  UINT32                       Index;
  UINT8                        Byte;
  UINT64                       Value;

  if (Table == NULL) {
    return Facts->Plan->DsdtSize;
  }

  Bytes = Table;
  CopyMem (Bytes, Facts->Plan->Dsdt, Facts->Plan->DsdtSize);
  for (Index = 0; Index < Facts->Plan->DsdtPatchCount; Index++) {
    Patch = &Facts->Plan->DsdtPatches[Index];
    if (!PatchIsValid (Facts, Patch, &Value)) {
      continue;
    }

    for (Byte = 0; Byte < Patch->Width; Byte++) {
      Bytes[Patch->Offset + Byte] = (UINT8)(Value >> (8 * Byte));
    }
  }

  Header           = Table;
  Header->Checksum = 0;
  Header->Checksum = MrmAcpiChecksum (Bytes, Facts->Plan->DsdtSize);
  return Facts->Plan->DsdtSize;
}
