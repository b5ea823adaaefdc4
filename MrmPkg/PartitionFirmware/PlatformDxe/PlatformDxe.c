/** @file
  Publishes what the controller handed over: timer frequency, ACPI and SMBIOS tables,
  and reports ExitBootServices back.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiDxe.h>
#include <Guid/Acpi.h>
#include <Guid/EventGroup.h>
#include <Guid/SmBios.h>
#include <Library/BaseLib.h>
#include <Library/MrmHandOffLib.h>
#include <Library/PcdLib.h>
#include <Library/UefiBootServicesTableLib.h>

/**
  The OS takes the partition over.

  @param[in] Event    Not used.
  @param[in] Context  Not used.
**/
STATIC
VOID
EFIAPI
OnExitBootServices (
  IN EFI_EVENT  Event,
  IN VOID       *Context
  )
{
  MrmEnterPhase (MrmPhaseRunning);
}

/**
  Entry point.

  @param[in] ImageHandle  Not used.
  @param[in] SystemTable  Not used.

  @retval EFI_SUCCESS    Everything is published.
  @retval EFI_NOT_FOUND  There is no hand-off: this firmware was not started by Mrm.efi.
  @return Other          Status of the boot service that failed.
**/
EFI_STATUS
EFIAPI
PlatformDxeEntry (
  IN EFI_HANDLE        ImageHandle,
  IN EFI_SYSTEM_TABLE  *SystemTable
  )
{
  CONST MRM_HAND_OFF  *HandOff;
  EFI_EVENT           Event;
  EFI_STATUS          Status;

  HandOff = MrmGetHandOff ();
  if (HandOff == NULL) {
    return EFI_NOT_FOUND;
  }

  // LocalApicTimerDxe counts in units of this clock.
  Status = PcdSet32S (PcdFSBClock, (UINT32)MIN (HandOff->LocalApicTimerFrequency, MAX_UINT32));
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Status = gBS->InstallConfigurationTable (&gEfiAcpi20TableGuid, (VOID *)(UINTN)HandOff->Rsdp);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Status = gBS->InstallConfigurationTable (&gEfiSmbios3TableGuid, (VOID *)(UINTN)HandOff->Smbios);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  return gBS->CreateEventEx (
                EVT_NOTIFY_SIGNAL,
                TPL_CALLBACK,
                OnExitBootServices,
                NULL,
                &gEfiEventExitBootServicesGuid,
                &Event
                );
}
