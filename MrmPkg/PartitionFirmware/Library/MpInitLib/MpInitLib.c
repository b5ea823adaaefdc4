/** @file
  One processor, and no INIT-SIPI to anybody: the other processors of a partition
  are started by its OS.

  EDK2's MpInitLib would broadcast INIT-SIPI to the whole machine, and MpInitLibUp
  programs virtual wire mode, with which this processor would answer the PC's 8259.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiDxe.h>
#include <Library/BaseMemoryLib.h>
#include <Library/LocalApicLib.h>
#include <Library/MpInitLib.h>

EFI_STATUS
EFIAPI
MpInitLibInitialize (
  VOID
  )
{
  return EFI_SUCCESS;
}

EFI_STATUS
EFIAPI
MpInitLibGetNumberOfProcessors (
  OUT UINTN  *NumberOfProcessors        OPTIONAL,
  OUT UINTN  *NumberOfEnabledProcessors OPTIONAL
  )
{
  if ((NumberOfProcessors == NULL) && (NumberOfEnabledProcessors == NULL)) {
    return EFI_INVALID_PARAMETER;
  }

  if (NumberOfProcessors != NULL) {
    *NumberOfProcessors = 1;
  }

  if (NumberOfEnabledProcessors != NULL) {
    *NumberOfEnabledProcessors = 1;
  }

  return EFI_SUCCESS;
}

EFI_STATUS
EFIAPI
MpInitLibGetProcessorInfo (
  IN  UINTN                      ProcessorNumber,
  OUT EFI_PROCESSOR_INFORMATION  *ProcessorInfoBuffer,
  OUT EFI_HEALTH_FLAGS           *HealthData  OPTIONAL
  )
{
  if (ProcessorInfoBuffer == NULL) {
    return EFI_INVALID_PARAMETER;
  }

  // Bit 24 asks for extended topology, which is not filled in (PI 1.8 volume 2, section 13.3.3).
  if ((ProcessorNumber & (BIT24 - 1)) != 0) {
    return EFI_NOT_FOUND;
  }

  ZeroMem (ProcessorInfoBuffer, sizeof (*ProcessorInfoBuffer));
  ProcessorInfoBuffer->ProcessorId = GetApicId ();
  ProcessorInfoBuffer->StatusFlag  = PROCESSOR_AS_BSP_BIT | PROCESSOR_ENABLED_BIT | PROCESSOR_HEALTH_STATUS_BIT;
  if (HealthData != NULL) {
    HealthData->Uint32 = 0;
  }

  return EFI_SUCCESS;
}

EFI_STATUS
EFIAPI
MpInitLibStartupAllAPs (
  IN  EFI_AP_PROCEDURE  Procedure,
  IN  BOOLEAN           SingleThread,
  IN  EFI_EVENT         WaitEvent               OPTIONAL,
  IN  UINTN             TimeoutInMicroseconds,
  IN  VOID              *ProcedureArgument      OPTIONAL,
  OUT UINTN             **FailedCpuList         OPTIONAL
  )
{
  // EFI_NOT_STARTED: no application processors (PI 1.8 volume 2, section 13.3.4).
  return (Procedure == NULL) ? EFI_INVALID_PARAMETER : EFI_NOT_STARTED;
}

EFI_STATUS
EFIAPI
MpInitLibStartupThisAP (
  IN  EFI_AP_PROCEDURE  Procedure,
  IN  UINTN             ProcessorNumber,
  IN  EFI_EVENT         WaitEvent               OPTIONAL,
  IN  UINTN             TimeoutInMicroseconds,
  IN  VOID              *ProcedureArgument      OPTIONAL,
  OUT BOOLEAN           *Finished               OPTIONAL
  )
{
  return (ProcessorNumber == 0) ? EFI_INVALID_PARAMETER : EFI_NOT_FOUND;
}

EFI_STATUS
EFIAPI
MpInitLibSwitchBSP (
  IN UINTN    ProcessorNumber,
  IN BOOLEAN  EnableOldBSP
  )
{
  return EFI_UNSUPPORTED;
}

EFI_STATUS
EFIAPI
MpInitLibEnableDisableAP (
  IN  UINTN    ProcessorNumber,
  IN  BOOLEAN  EnableAP,
  IN  UINT32   *HealthFlag OPTIONAL
  )
{
  return EFI_UNSUPPORTED;
}

EFI_STATUS
EFIAPI
MpInitLibWhoAmI (
  OUT UINTN  *ProcessorNumber
  )
{
  if (ProcessorNumber == NULL) {
    return EFI_INVALID_PARAMETER;
  }

  *ProcessorNumber = 0;
  return EFI_SUCCESS;
}

EFI_STATUS
EFIAPI
MpInitLibStartupAllCPUs (
  IN  EFI_AP_PROCEDURE  Procedure,
  IN  UINTN             TimeoutInMicroseconds,
  IN  VOID              *ProcedureArgument      OPTIONAL
  )
{
  if (Procedure == NULL) {
    return EFI_INVALID_PARAMETER;
  }

  Procedure (ProcedureArgument);
  return EFI_SUCCESS;
}
