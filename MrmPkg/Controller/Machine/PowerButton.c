/** @file
  The PC's power button, as ACPI's fixed hardware has it: polled, nobody else here does.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/PowerButton.h"
#include <IndustryStandard/Acpi.h>
#include <Library/IoLib.h>
#include <Library/MrmMachineLib.h>
#include <Library/UefiLib.h>

#define POWER_BUTTON  BIT8   ///< of PM1 status and enable (ACPI 6.5 section 4.8.3.1)

STATIC MRM_POWER_BUTTON  mButton;

VOID
WatchPowerButton (
  VOID
  )
{
  MrmFindPowerButton (EfiLocateFirstAcpiTable (EFI_ACPI_6_5_FIXED_ACPI_DESCRIPTION_TABLE_SIGNATURE), &mButton);
  if (mButton.StatusPort != 0) {
    IoWrite16 (mButton.StatusPort, POWER_BUTTON);
    IoWrite16 (mButton.EnablePort, (UINT16)(IoRead16 (mButton.EnablePort) | POWER_BUTTON));
  }
}

BOOLEAN
PowerButtonPressed (
  VOID
  )
{
  if ((mButton.StatusPort == 0) || ((IoRead16 (mButton.StatusPort) & POWER_BUTTON) == 0)) {
    return FALSE;
  }

  IoWrite16 (mButton.StatusPort, POWER_BUTTON);
  return TRUE;
}
