/** @file
  WDAT: a watchdog whose registers are words of the mailbox.  Microsoft "Hardware
  Watchdog Timers Design Specification" 1.01.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmAcpiInternal.h"
#include <IndustryStandard/WatchdogActionTable.h>
#include <MrmMailbox.h>

#define WDAT_NO_PCI  0xFF      ///< segment, bus, device and function of a watchdog that is no PCI function

///
/// One action: what is done to which register.
///
typedef struct {
  UINT8     Action;
  UINT8     Instruction;
  UINT8     Register;          ///< offset in MRM_WATCHDOG
  UINT32    Value;
} MRM_ACPI_WATCHDOG_ACTION;

STATIC CONST MRM_ACPI_WATCHDOG_ACTION  mActions[] = {
  {
    EFI_ACPI_WDAT_1_0_WATCHDOG_ACTION_RESET,
    EFI_ACPI_WDAT_1_0_WATCHDOG_INSTRUCTION_WRITE_VALUE,
    OFFSET_OF (MRM_WATCHDOG, Ping),
    1
  },
  {
    EFI_ACPI_WDAT_1_0_WATCHDOG_ACTION_QUERY_CURRENT_COUNTDOWN_PERIOD,
    EFI_ACPI_WDAT_1_0_WATCHDOG_INSTRUCTION_READ_COUNTDOWN,
    OFFSET_OF (MRM_WATCHDOG, Remaining),
    0
  },
  {
    EFI_ACPI_WDAT_1_0_WATCHDOG_ACTION_QUERY_COUNTDOWN_PERIOD,
    EFI_ACPI_WDAT_1_0_WATCHDOG_INSTRUCTION_READ_COUNTDOWN,
    OFFSET_OF (MRM_WATCHDOG, Countdown),
    0
  },
  {
    EFI_ACPI_WDAT_1_0_WATCHDOG_ACTION_SET_COUNTDOWN_PERIOD,
    EFI_ACPI_WDAT_1_0_WATCHDOG_INSTRUCTION_WRITE_COUNTDOWN,
    OFFSET_OF (MRM_WATCHDOG, Countdown),
    0
  },
  {
    EFI_ACPI_WDAT_1_0_WATCHDOG_ACTION_QUERY_RUNNING_STATE,
    EFI_ACPI_WDAT_1_0_WATCHDOG_INSTRUCTION_READ_VALUE,
    OFFSET_OF (MRM_WATCHDOG, Running),
    1
  },
  {
    EFI_ACPI_WDAT_1_0_WATCHDOG_ACTION_SET_RUNNING_STATE,
    EFI_ACPI_WDAT_1_0_WATCHDOG_INSTRUCTION_WRITE_VALUE,
    OFFSET_OF (MRM_WATCHDOG, Running),
    1
  },
  {
    EFI_ACPI_WDAT_1_0_WATCHDOG_ACTION_QUERY_STOPPED_STATE,
    EFI_ACPI_WDAT_1_0_WATCHDOG_INSTRUCTION_READ_VALUE,
    OFFSET_OF (MRM_WATCHDOG, Running),
    0
  },
  {
    EFI_ACPI_WDAT_1_0_WATCHDOG_ACTION_SET_STOPPED_STATE,
    EFI_ACPI_WDAT_1_0_WATCHDOG_INSTRUCTION_WRITE_VALUE,
    OFFSET_OF (MRM_WATCHDOG, Running),
    0
  },
  {
    EFI_ACPI_WDAT_1_0_WATCHDOG_ACTION_QUERY_WATCHDOG_STATUS,
    EFI_ACPI_WDAT_1_0_WATCHDOG_INSTRUCTION_READ_VALUE,
    OFFSET_OF (MRM_WATCHDOG, Fired),
    1
  },
  {
    EFI_ACPI_WDAT_1_0_WATCHDOG_ACTION_SET_WATCHDOG_STATUS,
    EFI_ACPI_WDAT_1_0_WATCHDOG_INSTRUCTION_WRITE_VALUE,
    OFFSET_OF (MRM_WATCHDOG, Fired),
    0
  }
};

BOOLEAN
MrmAcpiWatchdogIsValid (
  IN CONST MRM_ACPI_FACTS  *Facts
  )
{
  return (BOOLEAN)(  ((Facts->Watchdog % sizeof (UINT32)) == 0)
                  && (Facts->Watchdog <= MAX_UINT64 - (sizeof (MRM_WATCHDOG) - 1)));
}

UINTN
MrmAcpiWdat (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  )
{
  EFI_ACPI_WATCHDOG_ACTION_1_0_TABLE                              *Wdat;
  EFI_ACPI_WATCHDOG_ACTION_1_0_WATCHDOG_ACTION_INSTRUCTION_ENTRY  *Entry;
  EFI_ACPI_6_3_GENERIC_ADDRESS_STRUCTURE                          *Register;
  UINTN                                                           Length;
  UINTN                                                           Index;

  if (Facts->Watchdog == 0) {
    return 0;
  }

  Length = sizeof (*Wdat) + ARRAY_SIZE (mActions) * sizeof (*Entry);
  if (Table == NULL) {
    return Length;
  }

  Wdat = Table;
  ZeroMem (Wdat, Length);
  MrmAcpiHeader (
    &Wdat->Header,
    EFI_ACPI_6_3_WATCHDOG_ACTION_TABLE_SIGNATURE,
    EFI_ACPI_WATCHDOG_ACTION_1_0_TABLE_REVISION,
    Length
    );
  Wdat->WatchdogHeaderLength             = sizeof (*Wdat) - sizeof (Wdat->Header);
  Wdat->PCISegment                       = WDAT_NO_PCI;
  Wdat->PCIBusNumber                     = WDAT_NO_PCI;
  Wdat->PCIDeviceNumber                  = WDAT_NO_PCI;
  Wdat->PCIFunctionNumber                = WDAT_NO_PCI;
  Wdat->TimerPeriod                      = MRM_WATCHDOG_PERIOD;
  Wdat->MaxCount                         = MRM_WATCHDOG_MAXIMUM;
  Wdat->MinCount                         = MRM_WATCHDOG_MINIMUM;
  Wdat->WatchdogFlags                    = EFI_ACPI_WDAT_1_0_WATCHDOG_ENABLED;
  Wdat->NumberWatchdogInstructionEntries = ARRAY_SIZE (mActions);

  Entry = (VOID *)(Wdat + 1);
  for (Index = 0; Index < ARRAY_SIZE (mActions); Index++) {
    Entry[Index].WatchdogAction   = mActions[Index].Action;
    Entry[Index].InstructionFlags = mActions[Index].Instruction;
    Entry[Index].Value            = mActions[Index].Value;
    Entry[Index].Mask             = MAX_UINT32;
    // EDK2 has the structure of ACPI 2.0 here, in which the access size was still reserved.
    Register                   = (VOID *)&Entry[Index].RegisterRegion;
    Register->AddressSpaceId   = EFI_ACPI_6_3_SYSTEM_MEMORY;
    Register->RegisterBitWidth = 8 * sizeof (UINT32);
    Register->AccessSize       = EFI_ACPI_6_3_DWORD;
    Register->Address          = Facts->Watchdog + mActions[Index].Register;
  }

  Wdat->Header.Checksum = MrmAcpiChecksum (Wdat, Length);
  return Length;
}
