/** @file
  Processors of partitions: taken from the PC's firmware, stopped, parked.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Report.h"
#include <Library/BaseLib.h>
#include <Library/CpuLib.h>
#include <Library/LocalApicLib.h>
#include <Library/UefiBootServicesTableLib.h>

///
/// How long a processor measures its local APIC timer, and how long it may take to
/// come from the firmware's idle loop.
///
#define TIMER_MEASUREMENT_DIVISOR  100       ///< 1/100 s
#define PARK_TIMEOUT_MICROSECONDS  2000000
#define POLL_MICROSECONDS          1000

/**
  Find a processor by APIC ID.

  @param[in] ApicId  The APIC ID.

  @return  The processor; NULL when the machine has none.
**/
STATIC
MRM_PROCESSOR *
FindProcessor (
  IN UINT32  ApicId
  )
{
  UINTN  Index;

  for (Index = 0; Index < gMachine.ProcessorCount; Index++) {
    if (gMachine.Processors[Index].ApicId == ApicId) {
      return &gMachine.Processors[Index];
    }
  }

  return NULL;
}

/**
  Find any processor that is free and that no partition names.

  @return  The processor; NULL when there is none.
**/
STATIC
MRM_PROCESSOR *
FindSpareProcessor (
  VOID
  )
{
  CONST MRM_PLAN_PARTITION  *Plan;
  UINTN                     Index;
  UINTN                     Partition;
  UINTN                     Named;
  BOOLEAN                   Spoken;

  for (Index = 0; Index < gMachine.ProcessorCount; Index++) {
    if (!gMachine.Processors[Index].Usable || gMachine.Processors[Index].Owned) {
      continue;
    }

    Spoken = FALSE;
    for (Partition = 0; Partition < gMrmPlan.PartitionCount; Partition++) {
      Plan = &gMrmPlan.Partitions[Partition];
      for (Named = 0; Named < Plan->ProcessorCount; Named++) {
        Spoken = Spoken || (Plan->ApicIds[Named] == gMachine.Processors[Index].ApicId);
      }
    }

    if (!Spoken) {
      return &gMachine.Processors[Index];
    }
  }

  return NULL;
}

VOID
BindProcessors (
  IN OUT MRM_PARTITION  *Partition
  )
{
  CONST MRM_PLAN_PARTITION  *Plan;
  MRM_PROCESSOR             *Processor;
  UINTN                     Index;

  Plan = Partition->Plan;
  for (Index = 0; Index < Plan->ProcessorCount; Index++) {
    Processor = FindProcessor (Plan->ApicIds[Index]);
    if (((Processor == NULL) || !Processor->Usable || Processor->Owned) && Plan->ProcessorsByCount) {
      Processor = FindSpareProcessor ();
    }

    if (Processor == NULL) {
      if (Plan->ProcessorsByCount) {
        Refuse (Partition, MRM_RULE_PROCESSOR_ENOUGH, "promised %d processors, found %d free", Plan->ProcessorCount, Index);
      } else {
        Refuse (Partition, MRM_RULE_PROCESSOR_EXISTS, "promised the processor with APIC ID %d, found none", Plan->ApicIds[Index]);
      }
    } else if (Processor->Bsp) {
      Refuse (Partition, MRM_RULE_PROCESSOR_BSP, "promised the processor with APIC ID %d, which is the boot processor here", Processor->ApicId);
    } else if (!Processor->Usable) {
      Refuse (Partition, MRM_RULE_PROCESSOR_USABLE, "promised the processor with APIC ID %d, found it disabled or unhealthy", Processor->ApicId);
    } else if (Processor->Owned) {
      Refuse (Partition, MRM_RULE_PROCESSOR_OWNED, "promised the processor with APIC ID %d, found it given to another partition", Processor->ApicId);
    } else {
      Processor->Owned          = TRUE;
      Partition->ApicIds[Index] = Processor->ApicId;
      Keep (Partition, MRM_RULE_PROCESSOR_EXISTS, "processor %d of %d: APIC ID %d", Index + 1, Plan->ProcessorCount, Processor->ApicId);
      continue;
    }

    // Give back what was taken: a refused partition owns nothing.
    while (Index-- > 0) {
      FindProcessor (Partition->ApicIds[Index])->Owned = FALSE;
    }

    return;
  }
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
  UINT64         Start;
  UINT64         Ticks;
  UINT64         Elapsed;

  Processor = Buffer;
  DisableInterrupts ();

  InitializeApicTimer (1, MAX_UINT32, FALSE, 0xFF);
  DisableApicTimerInterrupt ();
  Ticks = DivU64x32 (gMachine.TscFrequency, TIMER_MEASUREMENT_DIVISOR);
  Start = AsmReadTsc ();
  do {
    Elapsed = AsmReadTsc () - Start;
  } while (Elapsed < Ticks);

  Processor->LocalApicTimerFrequency = DivU64x64Remainder (
                                         MultU64x64 (MAX_UINT32 - GetApicTimerCurrentCount (), gMachine.TscFrequency),
                                         AsmReadTsc () - Start,
                                         NULL
                                         );
  InitializeApicTimer (1, 0, FALSE, 0xFF);
  DisableApicTimerInterrupt ();

  Processor->Parked = TRUE;
  while (TRUE) {
    DisableInterrupts ();
    CpuSleep ();
  }
}

/**
  WaitEvent of a procedure that never ends.

  @param[in] Event    Not used.
  @param[in] Context  Not used.
**/
STATIC
VOID
EFIAPI
NeverSignalled (
  IN EFI_EVENT  Event,
  IN VOID       *Context
  )
{
}

/**
  Take one processor from the PC's MP services.

  @param[in,out] Processor  The processor.

  @retval EFI_SUCCESS  It waits for a SIPI.
  @retval EFI_TIMEOUT  It did not come.
  @return Other        Status of the boot or MP services.
**/
STATIC
EFI_STATUS
ClaimProcessor (
  IN OUT MRM_PROCESSOR  *Processor
  )
{
  EFI_STATUS  Status;
  UINTN       Waited;

  Status = gBS->CreateEvent (EVT_NOTIFY_SIGNAL, TPL_CALLBACK, NeverSignalled, NULL, &Processor->Event);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Status = gMachine.Mp->StartupThisAP (gMachine.Mp, Park, Processor->Number, Processor->Event, 0, Processor, NULL);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  for (Waited = 0; !Processor->Parked; Waited += POLL_MICROSECONDS) {
    if (Waited >= PARK_TIMEOUT_MICROSECONDS) {
      return EFI_TIMEOUT;
    }

    gBS->Stall (POLL_MICROSECONDS);
  }

  // In HLT it would run whatever its memory becomes; after INIT only a SIPI wakes it.
  SendInitIpi (Processor->ApicId);
  return EFI_SUCCESS;
}

VOID
ClaimProcessors (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_PROCESSOR  *Processor;
  EFI_STATUS     Status;
  UINTN          Index;

  for (Index = 0; Index < Partition->Plan->ProcessorCount; Index++) {
    Processor = FindProcessor (Partition->ApicIds[Index]);
    Status    = ClaimProcessor (Processor);
    if (EFI_ERROR (Status)) {
      Refuse (
        Partition,
        MRM_RULE_PROCESSOR_USABLE,
        "the PC's firmware does not give the processor with APIC ID %d: %r",
        Processor->ApicId,
        Status
        );
      return;
    }
  }

  Partition->LocalApicTimerFrequency = FindProcessor (Partition->ApicIds[0])->LocalApicTimerFrequency;
}

VOID
StopProcessors (
  IN CONST MRM_PARTITION  *Partition
  )
{
  UINTN  Index;

  for (Index = 0; Index < Partition->Plan->ProcessorCount; Index++) {
    SendInitIpi (Partition->ApicIds[Index]);
  }
}
