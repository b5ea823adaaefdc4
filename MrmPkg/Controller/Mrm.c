/** @file
  Mrm.efi: binds the plan to the live machine, splits it, starts the partitions and
  stays, inside the PC's live boot services.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Run.h"
#include "Console/Screen.h"
#include "Life/Bind.h"
#include "Scan/Scan.h"
#include "Build/Firmware.h"
#include "Media/FileAccess.h"
#include "Pci/Drives.h"
#include "Pci/Iommu.h"
#include "Pci/Volume.h"
#include "Machine/Interrupt.h"
#include "Machine/MachineCheck.h"
#include "Machine/Memory.h"
#include "Machine/Processor.h"
#include "Machine/Shared.h"
#include "Machine/Survey.h"
#include "Machine/Worker.h"
#include "Partition/Partition.h"
#include "Partition/Policy.h"
#include "Partition/Plan.h"
#include "Core/Clock.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include "Core/Origin.h"
#include "Core/Report.h"
#include "Core/Version.h"
#include <Library/BaseLib.h>
#include <Library/UefiBootServicesTableLib.h>

/**
  Judge only: say what would happen.

  @param[in] Count  Number of partitions.
  @param[in] Bound  How many of them were not refused.

  @retval EFI_SUCCESS  All of them could be started.
  @retval EFI_ABORTED  Some were refused.
**/
STATIC
EFI_STATUS
FinishVerify (
  IN UINTN  Count,
  IN UINTN  Bound
  )
{
  Say ("verify: %d of %d partitions could be started; nothing was changed", Bound, Count);
  return (Bound == Count) ? EFI_SUCCESS : EFI_ABORTED;
}

/**
  Run the partitions that are bound.

  @retval EFI_SUCCESS  All of them are off and the plan wants the PC's firmware back.
  @return Other        The PC's firmware lacks something; the console says what.
**/
STATIC
EFI_STATUS
Run (
  VOID
  )
{
  EFI_STATUS  Status;

  Status = CatchStrayInterrupts ();
  if (EFI_ERROR (Status)) {
    Say ("the PC's firmware has no CPU protocol: %r", Status);
    return Status;
  }

  CatchMachineChecks ();
  RunPartitions ();

  // This image is about to be unloaded.
  ReleaseMachineChecks ();
  ReleaseStrayInterrupts ();
  return EFI_SUCCESS;
}

/**
  Bind the plan, report, and run what can be started.

  @return  As MrmEntry().
**/
STATIC
EFI_STATUS
ExecutePlan (
  VOID
  )
{
  EFI_STATUS  Status;
  EFI_STATUS  ReportStatus;
  UINTN       Bound;

  Status = MakePartitions ();
  if (!EFI_ERROR (Status)) {
    Status = OpenPolicy (gPartitions);
  }

  if (EFI_ERROR (Status)) {
    Say ("out of memory");
    return Status;
  }

  BindWorker ();
  ConnectDrives ();
  Bound = BindPartitions (gPartitions, gPartitionCount);
  if (gMachine.VerifyOnly) {
    Status = FinishVerify (gPartitionCount, Bound);
  } else if (Bound == 0) {
    Say ("no partition can be started; back to the PC's firmware");
    Status = EFI_ABORTED;
  }

  ReportStatus = WriteReport ();
  if (EFI_ERROR (ReportStatus)) {
    Say ("the report cannot be written to the ESP: %r", ReportStatus);
  }

  return (gMachine.VerifyOnly || (Bound == 0)) ? Status : Run ();
}

/**
  Leave the machine as it was found: whichever way MrmEntry() ends, this image is about to be unloaded.
**/
STATIC
VOID
ReleaseAll (
  VOID
  )
{
  UINTN  Index;

  for (Index = 0; Index < gPartitionCount; Index++) {
    ReleasePartition (&gPartitions[Index]);
  }

  CloseIommus ();
  ReleaseWorkerForGood ();

  ReleaseShared ();
  ReleaseHeldMemory ();
  ReleaseHeldProcessors ();
  ClosePolicy ();
  FreeMachine ();
  RenewFileSystem ();
  FreeAllPartitions ();
  ReleasePlan ();
}

/**
  Entry point of Mrm.efi.

  @param[in] ImageHandle  Handle of this image.
  @param[in] SystemTable  System table of the PC's firmware.

  @retval EFI_ABORTED  No partition could be started; the console says why.
  @retval EFI_SUCCESS  All partitions are off and the plan wants the PC's firmware back, or the PC was scanned.
  @return Other        The machine or this image cannot run MRM; the console says why.
**/
EFI_STATUS
EFIAPI
MrmEntry (
  IN EFI_HANDLE        ImageHandle,
  IN EFI_SYSTEM_TABLE  *SystemTable
  )
{
  EFI_STATUS  Status;

  StartClock ();
  AddLogSink (AddToReport);
  AddLogSink (PrintLine);
  Say ("version %a", MRM_VERSION_TEXT);
  SayFreeMemory ();

  // The boot watchdog would reset the whole PC after five minutes (UEFI 2.10 section 3.1.2).
  gBS->SetWatchdogTimer (0, 0, 0, NULL);

  Status = SurveyMachine (ImageHandle);
  if (!EFI_ERROR (Status) && gMachine.ScanOnly) {
    if (CameFromServer ()) {
      ChooseVolume ();
    }

    Status = ScanMachine ();
    ReleaseAll ();
    return Status;
  }

  if (!EFI_ERROR (Status)) {
    OpenPlan ();
    if (CameFromServer () && (gPlan != NULL)) {
      ChooseVolume ();
    }

    Status = SettlePlan ();
  }

  if (!EFI_ERROR (Status)) {
    Status = UnpackFirmware ();
    if (EFI_ERROR (Status)) {
      Say ("this Mrm.efi is damaged: partition firmware: %r", Status);
    }
  }

  if (!EFI_ERROR (Status)) {
    Status = ExecutePlan ();
  }

  ReleaseAll ();
  return Status;
}
