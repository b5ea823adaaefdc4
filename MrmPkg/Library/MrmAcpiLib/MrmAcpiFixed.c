/** @file
  FADT and FACS of a hardware-reduced machine: ACPI 6.3 sections 4.1, 5.2.9, 5.2.10.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmAcpiInternal.h"
#include <MrmMailbox.h>

///
/// Latencies by which a FADT says "no such power state" (ACPI 6.3 table 5-33).
///
#define MRM_ACPI_NO_C2  101
#define MRM_ACPI_NO_C3  1001

///
/// An interrupt that exists on every PC's 8259 and that no device of the partition
/// uses; with 0 Linux would make IRQ 0 level-triggered.
///
#define MRM_ACPI_SCI  9

#define MRM_ACPI_PM_TIMER_LENGTH  4

/**
  The part of an address an older 32-bit field can hold.

  @param[in] Address  Physical address.

  @return The address, or zero when it is not below 4 GiB.
**/
STATIC
UINT32
AcpiBelow4G (
  IN UINT64  Address
  )
{
  return (Address <= MAX_UINT32) ? (UINT32)Address : 0;
}

/**
  Fixed feature flags.

  @param[in] Facts  The facts.

  @return The flags.
**/
STATIC
UINT32
AcpiFadtFlags (
  IN CONST MRM_ACPI_FACTS  *Facts
  )
{
  UINT32  Flags;

  Flags = EFI_ACPI_6_3_WBINVD
          | EFI_ACPI_6_3_PROC_C1
          | EFI_ACPI_6_3_PWR_BUTTON
          | EFI_ACPI_6_3_SLP_BUTTON
          | EFI_ACPI_6_3_FIX_RTC
          | EFI_ACPI_6_3_FORCE_APIC_PHYSICAL_DESTINATION_MODE
          | EFI_ACPI_6_3_HW_REDUCED_ACPI;
  if (Facts->Headless) {
    Flags |= EFI_ACPI_6_3_HEADLESS;
  }

  if ((Facts->PmTimerPort != 0) && Facts->PmTimer32Bit) {
    Flags |= EFI_ACPI_6_3_TMR_VAL_EXT;
  }

  return Flags;
}

/**
  Describe a register of one byte in memory.

  @param[out] Register  Receives the generic address structure (ACPI 6.3 section 5.2.3.2).
  @param[in]  Address   Physical address.
**/
STATIC
VOID
AcpiMemoryByte (
  OUT EFI_ACPI_6_3_GENERIC_ADDRESS_STRUCTURE  *Register,
  IN  UINT64                                  Address
  )
{
  Register->AddressSpaceId   = EFI_ACPI_6_3_SYSTEM_MEMORY;
  Register->RegisterBitWidth = 8;
  Register->AccessSize       = EFI_ACPI_6_3_BYTE;
  Register->Address          = Address;
}

UINTN
MrmAcpiFadt (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  IN  UINT64                DsdtAddress,
  IN  UINT64                FacsAddress,
  OUT VOID                  *Table OPTIONAL
  )
{
  EFI_ACPI_6_3_FIXED_ACPI_DESCRIPTION_TABLE  *Fadt;

  if (Table == NULL) {
    return sizeof (*Fadt);
  }

  Fadt = Table;
  ZeroMem (Fadt, sizeof (*Fadt));
  MrmAcpiHeader (
    &Fadt->Header,
    EFI_ACPI_6_3_FIXED_ACPI_DESCRIPTION_TABLE_SIGNATURE,
    EFI_ACPI_6_3_FIXED_ACPI_DESCRIPTION_TABLE_REVISION,
    sizeof (*Fadt)
    );
  Fadt->MinorVersion = EFI_ACPI_6_3_FIXED_ACPI_DESCRIPTION_TABLE_MINOR_REVISION;

  Fadt->Dsdt         = AcpiBelow4G (DsdtAddress);
  Fadt->XDsdt        = DsdtAddress;
  Fadt->FirmwareCtrl = AcpiBelow4G (FacsAddress);
  if (Fadt->FirmwareCtrl == 0) {
    Fadt->XFirmwareCtrl = FacsAddress;
  }

  Fadt->PreferredPmProfile = EFI_ACPI_6_3_PM_PROFILE_UNSPECIFIED;
  Fadt->SciInt             = MRM_ACPI_SCI;
  Fadt->PLvl2Lat           = MRM_ACPI_NO_C2;
  Fadt->PLvl3Lat           = MRM_ACPI_NO_C3;
  Fadt->Flags              = AcpiFadtFlags (Facts);
  Fadt->IaPcBootArch       = EFI_ACPI_6_3_CMOS_RTC_NOT_PRESENT;
  if (Facts->Headless) {
    Fadt->IaPcBootArch |= EFI_ACPI_6_3_VGA_NOT_PRESENT;
  }

  if (Facts->PmTimerPort != 0) {
    Fadt->PmTmrBlk                    = Facts->PmTimerPort;
    Fadt->PmTmrLen                    = MRM_ACPI_PM_TIMER_LENGTH;
    Fadt->XPmTmrBlk.AddressSpaceId    = EFI_ACPI_6_3_SYSTEM_IO;
    Fadt->XPmTmrBlk.RegisterBitWidth  = 8 * MRM_ACPI_PM_TIMER_LENGTH;
    Fadt->XPmTmrBlk.RegisterBitOffset = 0;
    Fadt->XPmTmrBlk.AccessSize        = EFI_ACPI_6_3_DWORD;
    Fadt->XPmTmrBlk.Address           = Facts->PmTimerPort;
  }

  AcpiMemoryByte (&Fadt->SleepControlReg, Facts->Sleep + OFFSET_OF (MRM_SLEEP, Control));
  AcpiMemoryByte (&Fadt->SleepStatusReg, Facts->Sleep + OFFSET_OF (MRM_SLEEP, Status));
  Fadt->Header.Checksum = MrmAcpiChecksum (Fadt, sizeof (*Fadt));
  return sizeof (*Fadt);
}

UINTN
MrmAcpiFacs (
  OUT VOID  *Table OPTIONAL
  )
{
  EFI_ACPI_6_3_FIRMWARE_ACPI_CONTROL_STRUCTURE  *Facs;

  if (Table == NULL) {
    return sizeof (*Facs);
  }

  Facs = Table;
  ZeroMem (Facs, sizeof (*Facs));
  Facs->Signature = EFI_ACPI_6_3_FIRMWARE_ACPI_CONTROL_STRUCTURE_SIGNATURE;
  Facs->Length    = sizeof (*Facs);
  Facs->Version   = EFI_ACPI_6_3_FIRMWARE_ACPI_CONTROL_STRUCTURE_VERSION;
  return sizeof (*Facs);
}
