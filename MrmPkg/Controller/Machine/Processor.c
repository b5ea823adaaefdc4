/** @file
  Processors of partitions: taken from the PC's firmware, stopped, parked.

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
  Refuse a partition whose processors were not found.

  @param[in,out] Partition  The partition.
  @param[in]     Found      What is wrong.
**/
STATIC
VOID
RefuseProcessors (
  IN OUT MRM_PARTITION                *Partition,
  IN     CONST MRM_PROCESSORS_RESULT  *Found
  )
{
  switch (Found->Verdict) {
    case MrmProcessorsMissing:
      Refuse (Partition, MRM_RULE_PROCESSOR_EXISTS, "promised the processor with APIC ID %d, found none", Found->ApicId);
      break;
    case MrmProcessorsBsp:
      Refuse (
        Partition,
        MRM_RULE_PROCESSOR_BSP,
        "promised the processor with APIC ID %d, which is the boot processor here",
        Found->ApicId
        );
      break;
    case MrmProcessorsUnusable:
      Refuse (
        Partition,
        MRM_RULE_PROCESSOR_USABLE,
        "promised the processor with APIC ID %d, found it disabled or unhealthy",
        Found->ApicId
        );
      break;
    case MrmProcessorsOwned:
      Refuse (
        Partition,
        MRM_RULE_PROCESSOR_OWNED,
        "promised the processor with APIC ID %d, found it given to another partition",
        Found->ApicId
        );
      break;
    case MrmProcessorsCore:
      Refuse (
        Partition,
        MRM_RULE_PROCESSOR_CORE,
        "promised whole cores, found that APIC ID %d shares one with APIC ID %d, which is somebody else's",
        Found->ApicId,
        Found->Sibling
        );
      break;
    default:
      Refuse (
        Partition,
        MRM_RULE_PROCESSOR_ENOUGH,
        "promised %d processors, found %d free%a",
        Partition->Plan->ProcessorCount,
        Found->Found,
        Partition->Plan->SharedCores ? "" : " in whole cores"
        );
      break;
  }
}

VOID
BindProcessors (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_PROCESSORS_RESULT  Found;
  UINTN                  Chosen[MRM_MAX_PROCESSORS];
  UINTN                  Number;
  UINTN                  Index;
  UINT32                 Domain;
  BOOLEAN                Near;

  Number = (UINTN)(Partition->Plan - gPlan->Partitions);
  Near   = MrmDomainOfMemory (gMachine.Srat, gMachine.SratSize, Partition->Plan, &Domain);
  MrmProcessorsChoose (
    gMachine.ProcessorFacts,
    gMachine.ProcessorCount,
    gPlan,
    Number,
    Near ? &Domain : NULL,
    Chosen,
    &Found
    );
  if (Found.Verdict != MrmProcessorsFound) {
    RefuseProcessors (Partition, &Found);
    return;
  }

  for (Index = 0; Index < Partition->Plan->ProcessorCount; Index++) {
    gMachine.ProcessorFacts[Chosen[Index]].Owner = Number;
    Partition->ApicIds[Index]                    = gMachine.ProcessorFacts[Chosen[Index]].ApicId;
    Keep (
      Partition,
      MRM_RULE_PROCESSOR_EXISTS,
      "processor %d of %d: APIC ID %d",
      Index + 1,
      Partition->Plan->ProcessorCount,
      Partition->ApicIds[Index]
      );
  }
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
  Take one processor from the PC's MP services.

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
  Give a processor back to the PC's MP services.

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
  Give the processors of one owner back to the PC's MP services.

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

BOOLEAN
ChooseWorker (
  OUT UINTN  *Processor
  )
{
  MRM_PROCESSORS_RESULT  Found;
  UINT32                 First;
  UINT32                 Domain;
  BOOLEAN                Near;

  if (!gPlan->ChannelProcessor) {
    return FALSE;
  }

  for (First = 0; (First < gPlan->PartitionCount) && (gPlan->Partitions[First].CardCount == 0); First++) {
  }

  Near = (First < gPlan->PartitionCount)
         && MrmDomainOfMemory (gMachine.Srat, gMachine.SratSize, &gPlan->Partitions[First], &Domain);
  MrmProcessorsChoose (
    gMachine.ProcessorFacts,
    gMachine.ProcessorCount,
    gPlan,
    MRM_CONTROLLER,
    Near ? &Domain : NULL,
    Processor,
    &Found
    );
  if (Found.Verdict != MrmProcessorsFound) {
    Say (
      "channels: warning: no processor is free for them, planned was the one with APIC ID %d: the boot processor serves them",
      gPlan->ChannelApicId
      );
    return FALSE;
  }

  gMachine.ProcessorFacts[*Processor].Owner = MRM_CONTROLLER;
  Say ("channels: served by the processor with APIC ID %d", gMachine.ProcessorFacts[*Processor].ApicId);
  return TRUE;
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
ReturnWorker (
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
RenumberOwners (
  IN CONST UINT32  *Numbers,
  IN UINTN         Count
  )
{
  UINTN  Index;
  UINTN  Owner;

  for (Index = 0; Index < gMachine.ProcessorCount; Index++) {
    Owner = gMachine.ProcessorFacts[Index].Owner;
    if ((Owner != MRM_NOBODY) && (Owner < Count)) {
      gMachine.ProcessorFacts[Index].Owner = (Numbers[Owner] == MRM_PLAN_NOBODY) ? MRM_NOBODY : Numbers[Owner];
    }
  }
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
