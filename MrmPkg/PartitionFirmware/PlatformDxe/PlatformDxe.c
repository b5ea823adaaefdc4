/** @file
  Publishes what the controller handed over: timer frequency, ACPI and SMBIOS tables, and
  which runtime services there are; shows the controller signs of life, exceptions and
  ExitBootServices.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformDxe.h"
#include <Guid/Acpi.h>
#include <Guid/EventGroup.h>
#include <Guid/RtPropertiesTable.h>
#include <Guid/SmBios.h>
#include <Library/BaseLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PcdLib.h>
#include <Library/UefiBootServicesTableLib.h>

#define HEARTBEAT_PERIOD  1000000   ///< 100 ms in units of 100 ns

///
/// Neither wake-up time nor capsules (UEFI 2.10 section 4.6.2).
///
STATIC CONST EFI_RT_PROPERTIES_TABLE  mRuntimeServices = {
  EFI_RT_PROPERTIES_TABLE_VERSION,
  sizeof (EFI_RT_PROPERTIES_TABLE),
  EFI_RT_SUPPORTED_GET_TIME | EFI_RT_SUPPORTED_SET_TIME |
  EFI_RT_SUPPORTED_GET_VARIABLE | EFI_RT_SUPPORTED_GET_NEXT_VARIABLE_NAME | EFI_RT_SUPPORTED_SET_VARIABLE |
  EFI_RT_SUPPORTED_SET_VIRTUAL_ADDRESS_MAP | EFI_RT_SUPPORTED_CONVERT_POINTER |
  EFI_RT_SUPPORTED_GET_NEXT_HIGH_MONOTONIC_COUNT | EFI_RT_SUPPORTED_RESET_SYSTEM |
  EFI_RT_SUPPORTED_QUERY_VARIABLE_INFO
};

/**
  A sign of life.

  @param[in] Event    Not used.
  @param[in] Context  The mailbox.
**/
STATIC
VOID
EFIAPI
OnHeartbeat (
  IN EFI_EVENT  Event,
  IN VOID       *Context
  )
{
  ((MRM_MAILBOX *)Context)->Heartbeat++;
}

/**
  Begin to give signs of life.

  @retval EFI_SUCCESS  Begun.
  @return Other        Status of the event services.
**/
STATIC
EFI_STATUS
StartHeartbeat (
  VOID
  )
{
  EFI_STATUS  Status;
  EFI_EVENT   Event;

  Status = gBS->CreateEvent (EVT_TIMER | EVT_NOTIFY_SIGNAL, TPL_CALLBACK, OnHeartbeat, MrmGetMailbox (), &Event);
  return EFI_ERROR (Status) ? Status : gBS->SetTimer (Event, TimerPeriodic, HEARTBEAT_PERIOD);
}

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
  CONST MRM_HAND_OFF  *HandOff;
  CONST CHAR8         *Expected;

  HandOff  = MrmGetHandOff ();
  Expected = (HandOff->ExpectedParameters.Size == 0) ? "" : (CONST CHAR8 *)(UINTN)HandOff->ExpectedParameters.Base;
  JudgeSystem (Expected, &HandOff->Console);
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
  VOID                *Table;

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

  // It is read after SetVirtualAddressMap, at its physical address.
  Table = AllocateRuntimeCopyPool (sizeof (mRuntimeServices), &mRuntimeServices);
  if (Table == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  Status = gBS->InstallConfigurationTable (&gEfiRtPropertiesTableGuid, Table);
  if (!EFI_ERROR (Status)) {
    Status = StartHeartbeat ();
  }

  if (!EFI_ERROR (Status)) {
    Status = CatchExceptions ();
  }

  if (!EFI_ERROR (Status)) {
    Status = NameImages ();
  }

  if (!EFI_ERROR (Status)) {
    Status = PrepareCommandLine ();
  }

  if (!EFI_ERROR (Status)) {
    Status = PrepareTurn ();
  }

  if (!EFI_ERROR (Status)) {
    Status = OfferOptionRoms ();
  }

  if (!EFI_ERROR (Status)) {
    Status = OfferDisks ();
  }

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
