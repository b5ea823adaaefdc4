/** @file
  The PC's chipset changes hands.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Chipset/Chipset.h"
#include "Chipset/Share.h"
#include "Machine/OwnTick.h"
#include "Machine/WallClock.h"
#include "Pci/Confine.h"
#include "Pci/Quiesce.h"
#include "Partition/Verdict.h"
#include "Core/Drivers.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include "Core/Origin.h"
#include <IndustryStandard/Acpi63.h>
#include <IndustryStandard/DmaRemappingReportingTable.h>
#include <IndustryStandard/HighPrecisionEventTimerTable.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmMachineLib.h>
#include <Library/UefiLib.h>
#include <Protocol/SuperIo.h>

#define KEYBOARD_PORT  0x60
#define IVRS           SIGNATURE_32 ('I', 'V', 'R', 'S')
#define WAET           SIGNATURE_32 ('W', 'A', 'E', 'T')

///
/// Tables about devices that the owner gets as they are.
///
STATIC CONST UINT32  mCopied[] = {
  EFI_ACPI_6_3_PCI_EXPRESS_MEMORY_MAPPED_CONFIGURATION_SPACE_BASE_ADDRESS_DESCRIPTION_TABLE_SIGNATURE,
  EFI_ACPI_6_3_HIGH_PRECISION_EVENT_TIMER_TABLE_SIGNATURE,
  WAET
};

/**
  Take a table of the PC's firmware into account.

  @param[out] Source  Receives it.
  @param[in]  Table   The table, or NULL.
**/
STATIC
VOID
Take (
  OUT MRM_ACPI_SOURCE  *Source,
  IN  CONST VOID       *Table
  )
{
  Source->Table = Table;
  Source->Size  = (Table == NULL) ? 0 : ((CONST EFI_ACPI_DESCRIPTION_HEADER *)Table)->Length;
}

/**
  Find the PC's tables.

  @param[out] Tables  Receives them.
**/
STATIC
VOID
FindTables (
  OUT MRM_ACPI_CHIPSET  *Tables
  )
{
  EFI_ACPI_COMMON_HEADER  *Next;
  UINTN                   Index;

  Take (&Tables->Fadt, EfiLocateFirstAcpiTable (EFI_ACPI_6_3_FIXED_ACPI_DESCRIPTION_TABLE_SIGNATURE));
  Take (&Tables->Madt, EfiLocateFirstAcpiTable (EFI_ACPI_6_3_MULTIPLE_APIC_DESCRIPTION_TABLE_SIGNATURE));
  Take (&Tables->Dsdt, EfiLocateFirstAcpiTable (EFI_ACPI_6_3_DIFFERENTIATED_SYSTEM_DESCRIPTION_TABLE_SIGNATURE));
  for (Index = 0; Index < ARRAY_SIZE (mCopied); Index++) {
    Take (&Tables->Copied[Tables->CopiedCount++], EfiLocateFirstAcpiTable (mCopied[Index]));
  }

  Next = NULL;
  do {
    Next = EfiLocateNextAcpiTable (EFI_ACPI_6_3_SECONDARY_SYSTEM_DESCRIPTION_TABLE_SIGNATURE, Next);
    if (Next != NULL) {
      Take (&Tables->Copied[Tables->CopiedCount++], Next);
    }
  } while ((Next != NULL) && (Tables->CopiedCount < MRM_ACPI_MAX_COPIED));
}

/**
  Say what the PC lacks to have an owner of its chipset.

  @param[in] Partition  The owner.

  @return  What it lacks, or NULL.
**/
STATIC
CONST CHAR8 *
Lacks (
  IN CONST MRM_PARTITION  *Partition
  )
{
  CONST MRM_ACPI_CHIPSET  *Tables;

  Tables = &Partition->Chipset->Tables;
  if (!MrmAcpiChipsetFits (Tables, gMachine.BspApicId, Partition->ApicIds, Partition->Plan->ProcessorCount)) {
    return "ACPI tables (FADT, MADT, DSDT) that cannot be read, are hardware-reduced, or lack a processor of the partition";
  }

  if (  (EfiLocateFirstAcpiTable (EFI_ACPI_6_3_DMA_REMAPPING_TABLE_SIGNATURE) != NULL)
     || (EfiLocateFirstAcpiTable (IVRS) != NULL))
  {
    return "an IOMMU, which MRM cannot keep from the owner yet: switch it off in the firmware set-up";
  }

  if (!TicksByLocalApic ()) {
    return "firmware that ticks by a timer of the chipset (8254, HPET)";
  }

  if (CameFromServer ()) {
    return "Mrm.efi loaded from a server, whose network card would be the owner's";
  }

  return NULL;
}

VOID
BindChipset (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_PARTITION_CHIPSET  *Chipset;
  CONST CHAR8            *What;
  CONST VOID             *Hpet;

  if (!Partition->Plan->Chipset) {
    return;
  }

  Chipset = AllocateZeroPool (sizeof (*Chipset));
  if (Chipset == NULL) {
    Refuse (Partition, MRM_RULE_CONTROLLER, "the controller is out of memory");
    return;
  }

  Partition->Chipset = Chipset;
  FindTables (&Chipset->Tables);
  What = Lacks (Partition);
  if (What != NULL) {
    Refuse (Partition, MRM_RULE_CHIPSET, "promised the chipset, found %a", What);
    return;
  }

  Hpet = EfiLocateFirstAcpiTable (EFI_ACPI_6_3_HIGH_PRECISION_EVENT_TIMER_TABLE_SIGNATURE);
  FindRegisters (Chipset->Tables.Fadt.Table, Chipset->Tables.Madt.Table, Hpet, &Chipset->Registers);
  CollectShare (Partition);
  Partition->Rest = &Chipset->Functions;
  if (Partition->Life.State != MrmStateRefused) {
    Keep (
      Partition,
      MRM_RULE_CHIPSET,
      "the chipset: %d PCI functions, %d I/O APICs, %d tables",
      Chipset->Functions.FunctionCount,
      Chipset->Registers.IoApicCount,
      Chipset->Tables.CopiedCount
      );
  }
}

/**
  TRUE if a device is a PS/2 keyboard or mouse.

  @param[in] Interface  Its EFI_SIO_PROTOCOL.
  @param[in] Context    Not used.
**/
STATIC
BOOLEAN
IsKeyboard (
  IN VOID        *Interface,
  IN CONST VOID  *Context
  )
{
  EFI_SIO_PROTOCOL          *Sio;
  ACPI_RESOURCE_HEADER_PTR  Resources;

  Sio = Interface;
  return (BOOLEAN)(!EFI_ERROR (Sio->GetResources (Sio, &Resources)) && MrmUsesIoBase (Resources.SmallHeader, KEYBOARD_PORT));
}

/**
  Copy between the memory of ACPI's interpreter and what was saved of it.

  @param[in,out] Chipset  What the owner has; nothing happens if there is no copy.
  @param[in]     Back     TRUE: write back what was saved; FALSE: save what there is.
**/
STATIC
VOID
CopyNvs (
  IN OUT MRM_PARTITION_CHIPSET  *Chipset,
  IN     BOOLEAN                Back
  )
{
  UINT8  *Copy;
  VOID   *Memory;
  UINTN  Index;

  Copy = Chipset->NvsCopy;
  for (Index = 0; (Copy != NULL) && (Index < Chipset->NvsCount); Index++) {
    Memory = (VOID *)(UINTN)Chipset->Nvs[Index].Base;
    CopyMem (Back ? Memory : Copy, Back ? Copy : Memory, (UINTN)Chipset->Nvs[Index].Size);
    Copy += Chipset->Nvs[Index].Size;
  }
}

/**
  Save the memory of ACPI's interpreter: the owner's writes there, and what it has left in the middle of something, as
  ACPI's global lock, would be the next start's.

  @param[in,out] Chipset  What the owner has.
**/
STATIC
VOID
SaveNvs (
  IN OUT MRM_PARTITION_CHIPSET  *Chipset
  )
{
  UINT64  Size;
  UINTN   Index;

  Size = 0;
  for (Index = 0; Index < Chipset->NvsCount; Index++) {
    Size += Chipset->Nvs[Index].Size;
  }

  Chipset->NvsCopy = (Size == 0) ? NULL : AllocatePool ((UINTN)Size);
  if ((Size != 0) && (Chipset->NvsCopy == NULL)) {
    Say ("warning: no memory to save ACPI's NVS, %ld bytes: starts find it as the one before has left it", Size);
  }

  CopyNvs (Chipset, FALSE);
}

VOID
ClaimChipset (
  IN OUT MRM_PARTITION  *Partition
  )
{
  EFI_STATUS  Status;

  if (Partition->Chipset == NULL) {
    return;
  }

  MoveDrivers (&gEfiSioProtocolGuid, IsKeyboard, NULL, FALSE);
  Status = KeepTime ();
  if (EFI_ERROR (Status)) {
    Say ("warning: the PC's firmware does not tell the time: %r", Status);
  }

  CloseLegacyInterrupts ();
  if (!SaveRegisters (&Partition->Chipset->Registers)) {
    Say ("warning: the PC does not go into ACPI mode: '%a' will see no events such as its power button", Partition->Plan->Name);
  }

  SaveNvs (Partition->Chipset);
}

EFI_STATUS
QuiesceDevices (
  IN CONST MRM_PARTITION  *Partition
  )
{
  EFI_STATUS  Status;
  EFI_STATUS  PciStatus;

  if (Partition->Chipset == NULL) {
    return QuiescePci (Partition);
  }

  RestoreRegisters (&Partition->Chipset->Registers);
  Status    = QuiescePorts (Partition, &Partition->Chipset->Functions, 1);
  PciStatus = QuiescePci (Partition);
  // A device may have interrupted amid its reset.
  RestoreRegisters (&Partition->Chipset->Registers);
  CopyNvs (Partition->Chipset, TRUE);
  return EFI_ERROR (PciStatus) ? PciStatus : Status;
}

EFI_STATUS
ReadyDevices (
  IN CONST MRM_PARTITION  *Partition
  )
{
  EFI_STATUS  Status;

  Status = Partition->Quiesced ? EFI_SUCCESS : QuiesceDevices (Partition);
  return EFI_ERROR (Status) ? Status : ConfineDevices (Partition);
}

VOID
ReleaseChipset (
  IN CONST MRM_PARTITION  *Partition
  )
{
  if (Partition->Chipset == NULL) {
    return;
  }

  LeaveAcpiMode (&Partition->Chipset->Registers);
  ReopenLegacyInterrupts ();
  ReleaseTime ();
  MoveDrivers (&gEfiSioProtocolGuid, IsKeyboard, NULL, TRUE);
}

VOID
FreeChipset (
  IN OUT MRM_PARTITION  *Partition
  )
{
  if (Partition->Chipset != NULL) {
    // Whatever became of its devices: this image is about to be unloaded.
    ReopenLegacyInterrupts ();
    ReleaseTime ();
    if (Partition->Chipset->NvsCopy != NULL) {
      FreePool (Partition->Chipset->NvsCopy);
    }

    FreePool (Partition->Chipset);
    Partition->Chipset = NULL;
    Partition->Rest    = NULL;
  }
}

BOOLEAN
IsChipsetOwned (
  VOID
  )
{
  UINTN  Index;

  for (Index = 0; Index < gPartitionCount; Index++) {
    if (gPartitions[Index].Chipset != NULL) {
      return TRUE;
    }
  }

  return FALSE;
}
