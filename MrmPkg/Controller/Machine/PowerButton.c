/** @file
  The PC's power button, as ACPI's fixed hardware has it: polled, nobody else here does.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/PowerButton.h"
#include <IndustryStandard/Acpi.h>
#include <Library/BaseLib.h>
#include <Library/IoLib.h>
#include <Library/UefiLib.h>

#define POWER_BUTTON    BIT8     ///< of PM1 status and enable (ACPI 6.5 section 4.8.3.1)

STATIC UINT16  mStatusPort;      ///< 0 = there is no such button

VOID
WatchPowerButton (
  VOID
  )
{
  CONST EFI_ACPI_6_5_FIXED_ACPI_DESCRIPTION_TABLE  *Fadt;
  UINT16                                           EnablePort;

  Fadt = (CONST VOID *)EfiLocateFirstAcpiTable (EFI_ACPI_6_5_FIXED_ACPI_DESCRIPTION_TABLE_SIGNATURE);
  if (  (Fadt == NULL)
     || (Fadt->Header.Length < OFFSET_OF (EFI_ACPI_6_5_FIXED_ACPI_DESCRIPTION_TABLE, ResetReg))
     || ((Fadt->Flags & (EFI_ACPI_6_5_PWR_BUTTON | EFI_ACPI_6_5_HW_REDUCED_ACPI)) != 0)
     || (Fadt->Pm1aEvtBlk == 0)
     || (Fadt->Pm1aEvtBlk > MAX_UINT16)
     || (Fadt->Pm1EvtLen < 4))
  {
    return;
  }

  mStatusPort = (UINT16)Fadt->Pm1aEvtBlk;
  EnablePort  = (UINT16)(mStatusPort + Fadt->Pm1EvtLen / 2);
  IoWrite16 (mStatusPort, POWER_BUTTON);
  IoWrite16 (EnablePort, (UINT16)(IoRead16 (EnablePort) | POWER_BUTTON));
}

BOOLEAN
PowerButtonPressed (
  VOID
  )
{
  if ((mStatusPort == 0) || ((IoRead16 (mStatusPort) & POWER_BUTTON) == 0)) {
    return FALSE;
  }

  IoWrite16 (mStatusPort, POWER_BUTTON);
  return TRUE;
}
