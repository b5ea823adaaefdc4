/** @file
  Processors that the PC's firmware does not have any more: claimed, parked, reclaimed, released.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Processor.h"
#include "Machine/Measure.h"
#include "Partition/Partition.h"
#include "Partition/Verdict.h"
#include "Partition/Plan.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/CpuLib.h>
#include <Library/LocalApicLib.h>
#include <Library/MrmPlanLib.h>
#include <Library/UefiBootServicesTableLib.h>

///
/// Between two readings of a local APIC timer; and how long a processor may take to come from the firmware's idle loop
/// and measure.
///
#define STEP_MILLISECONDS          2
#define PARK_TIMEOUT_MICROSECONDS  5000000
#define POLL_MICROSECONDS          1000

/**
  Find a processor by APIC ID.

  @param[in] ApicId  The APIC ID; the machine has it.

  @return  Its index.
**/
STATIC
UINTN
FindProcessor (
  IN UINT32  ApicId
  )
{
  UINTN  Index;

  for (Index = 0; gMachine.ProcessorFacts[Index].ApicId != ApicId; Index++) {
  }

  return Index;
}

/**
  The local APIC timer of this processor, which counts down.
**/
STATIC
UINT64
ReadLocalApicTimer (
  VOID
  )
{
  return MAX_UINT32 - GetApicTimerCurrentCount ();
}

/**
  Runs on the processor itself, started by the PC's MP services, and never returns:
  the services then take it for busy and leave it alone for good.

  @param[in,out] Buffer  The MRM_PROCESSOR.
**/
STATIC
VOID
EFIAPI
Park (
  IN OUT VOID  *Buffer
  )
{
  MRM_PROCESSOR  *Processor;
  MRM_CLOCK      Clock;

  Processor = Buffer;
  DisableInterrupts ();

  // Periodic, so that it starts anew after a pause longer than its range instead of standing still.
  InitializeApicTimer (1, MAX_UINT32, TRUE, 0xFF);
  DisableApicTimerInterrupt ();
  Clock.Mask             = MAX_UINT32;
  Clock.CounterFrequency = 0;
  Clock.TscFrequency     = gMachine.TscFrequency;
  MeasureClock (&Clock, ReadLocalApicTimer, STEP_MILLISECONDS, &Processor->LocalApicTimer);
  InitializeApicTimer (1, 0, FALSE, 0xFF);
  DisableApicTimerInterrupt ();

  MemoryFence ();
  Processor->Parked = TRUE;
  if (Processor->Work != NULL) {
    Processor->Work ();
  }

  while (TRUE) {
    DisableInterrupts ();
    CpuSleep ();
  }
}

/**
  Claim one processor from the PC's MP services.

  @param[in] Index  The processor.

  @retval EFI_SUCCESS  It waits for a SIPI, or does its work.
  @retval EFI_TIMEOUT  It did not come.
  @return Other        Status of the boot or MP services.
**/
STATIC
EFI_STATUS
ClaimProcessor (
  IN UINTN  Index
  )
{
  MRM_PROCESSOR  *Processor;
  EFI_STATUS     Status;
  EFI_EVENT      Never;
  UINTN          Waited;

  // The MP services signal this event when the procedure ends.  The event may outlive this image, so it has no code.
  Processor = &gMachine.Processors[Index];
  if (Processor->Claimed && Processor->Parked) {
    // It was somebody else's, and waits for a SIPI already.
    return EFI_SUCCESS;
  }

  Status = gBS->CreateEvent (0, TPL_CALLBACK, NULL, NULL, &Never);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Status = gMachine.Mp->StartupThisAP (gMachine.Mp, Park, Processor->Number, Never, 0, Processor, NULL);
  if (EFI_ERROR (Status)) {
    gBS->CloseEvent (Never);
    return Status;
  }

  Processor->Claimed = TRUE;
  for (Waited = 0; !Processor->Parked && (Waited < PARK_TIMEOUT_MICROSECONDS); Waited += POLL_MICROSECONDS) {
    gBS->Stall (POLL_MICROSECONDS);
  }

  if (!Processor->Parked || (Processor->Work == NULL)) {
    // A processor in HLT would run on in memory that others use later.  After INIT only a SIPI wakes it.
    SendInitIpi (gMachine.ProcessorFacts[Index].ApicId);
  }

  return Processor->Parked ? EFI_SUCCESS : EFI_TIMEOUT;
}

/**
  See that the local APIC timers of a partition run, and at the same rate.

  @param[in,out] Partition  Receives LocalApicTimerFrequency, or is refused.
**/
STATIC
VOID
JudgeLocalApicTimers (
  IN OUT MRM_PARTITION  *Partition
  )
{
  CONST MRM_CLOCK_RESULT  *First;
  CONST MRM_CLOCK_RESULT  *Timer;
  UINT64                  Crystal;
  UINTN                   Index;

  First = &gMachine.Processors[FindProcessor (Partition->ApicIds[0])].LocalApicTimer;
  for (Index = 0; Index < Partition->Plan->ProcessorCount; Index++) {
    Timer = &gMachine.Processors[FindProcessor (Partition->ApicIds[Index])].LocalApicTimer;
    if ((Timer->Frequency == 0) || (MrmClockDistance (Timer->Frequency, First->Frequency) > MRM_CLOCK_ABSURD)) {
      Refuse (
        Partition,
        MRM_RULE_CLOCKS,
        "promised local APIC timers of one rate, found %ld kHz at APIC ID %d and %ld kHz at APIC ID %d",
        DivU64x32 (Timer->Frequency, 1000),
        Partition->ApicIds[Index],
        DivU64x32 (First->Frequency, 1000),
        Partition->ApicIds[0]
        );
      return;
    }

    if (Timer->Spread > MRM_CLOCK_CORRECTABLE) {
      Say (
        "%a: warning: the local APIC timer at APIC ID %d runs at %ld kHz, known to %d ppm only",
        Partition->Plan->Name,
        Partition->ApicIds[Index],
        DivU64x32 (Timer->Frequency, 1000),
        Timer->Spread
        );
    }

    if (MrmClockDistance (Timer->Frequency, First->Frequency) > MRM_CLOCK_EXACT) {
      Say (
        "%a: warning: the local APIC timer at APIC ID %d runs at %ld kHz, that at APIC ID %d at %ld kHz",
        Partition->Plan->Name,
        Partition->ApicIds[Index],
        DivU64x32 (Timer->Frequency, 1000),
        Partition->ApicIds[0],
        DivU64x32 (First->Frequency, 1000)
        );
    }

    Crystal = gMachine.Claim.CrystalFrequency;
    if ((Crystal != 0) && (MrmClockDistance (Timer->Frequency, Crystal) > MRM_CLOCK_EXACT)) {
      Say (
        "%a: warning: the local APIC timer at APIC ID %d runs at %ld kHz, at %ld kHz by CPUID",
        Partition->Plan->Name,
        Partition->ApicIds[Index],
        DivU64x32 (Timer->Frequency, 1000),
        DivU64x32 (Crystal, 1000)
        );
    }
  }

  Partition->LocalApicTimerFrequency = First->Frequency;
}

VOID
ClaimProcessors (
  IN OUT MRM_PARTITION  *Partition
  )
{
  EFI_STATUS  Status;
  UINTN       Index;

  for (Index = 0; Index < Partition->Plan->ProcessorCount; Index++) {
    Status = ClaimProcessor (FindProcessor (Partition->ApicIds[Index]));
    if (EFI_ERROR (Status)) {
      Refuse (
        Partition,
        MRM_RULE_PROCESSOR_USABLE,
        "promised the processor with APIC ID %d, which the PC's firmware does not give: %r",
        Partition->ApicIds[Index],
        Status
        );
      return;
    }
  }

  JudgeLocalApicTimers (Partition);
}

/**
  Release a processor to the PC's MP services.

  @param[in] Index  The processor; nothing runs on it.
**/
STATIC
VOID
ReleaseProcessor (
  IN UINTN  Index
  )
{
  MRM_PROCESSOR  *Processor;
  EFI_STATUS     Status;

  // For the MP services it is busy for good; one that is enabled anew is reset and idle.  They wait for that without
  // a limit, so one that has not come once is left alone.
  Processor = &gMachine.Processors[Index];
  Status    = EFI_TIMEOUT;
  if (Processor->Parked) {
    Status = gMachine.Mp->EnableDisableAP (gMachine.Mp, Processor->Number, FALSE, NULL);
    if (!EFI_ERROR (Status)) {
      Status = gMachine.Mp->EnableDisableAP (gMachine.Mp, Processor->Number, TRUE, NULL);
    }
  }

  Processor->Claimed = FALSE;
  Processor->Parked  = FALSE;
  if (EFI_ERROR (Status)) {
    Say (
      "the PC's firmware does not take the processor with APIC ID %d back: %r; it stands still until the PC is reset",
      gMachine.ProcessorFacts[Index].ApicId,
      Status
      );
  }
}

/**
  Release the processors of one owner to the PC's MP services.

  @param[in] Owner  Number of the partition, MRM_CONTROLLER, or MRM_NOBODY.
**/
STATIC
VOID
ReleaseOwners (
  IN UINTN  Owner
  )
{
  UINTN  Index;

  for (Index = 0; Index < gMachine.ProcessorCount; Index++) {
    if (gMachine.Processors[Index].Claimed && (gMachine.ProcessorFacts[Index].Owner == Owner)) {
      ReleaseProcessor (Index);
    }
  }
}

VOID
ReleaseProcessors (
  IN CONST MRM_PARTITION  *Partition
  )
{
  ReleaseOwners ((UINTN)(Partition->Plan - gPlan->Partitions));
}

EFI_STATUS
ClaimWorker (
  IN UINTN  Processor,
  IN VOID   (EFIAPI *Work)(VOID)
  )
{
  gMachine.Processors[Processor].Work = Work;
  return ClaimProcessor (Processor);
}

VOID
ReleaseWorkerProcessor (
  VOID
  )
{
  ReleaseOwners (MRM_CONTROLLER);
}

VOID
ReleaseHeldProcessors (
  VOID
  )
{
  ReleaseOwners (MRM_NOBODY);
}

VOID
ReclaimProcessors (
  IN CONST MRM_PARTITION  *Partition
  )
{
  UINTN  Index;

  for (Index = 0; Index < Partition->Plan->ProcessorCount; Index++) {
    SendInitIpi (Partition->ApicIds[Index]);
  }
}
