/** @file
  Which processors partitions and the channels get.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/ProcessorChoice.h"
#include "Partition/Partition.h"
#include "Partition/Verdict.h"
#include "Partition/Plan.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include <Library/MrmPlanLib.h>

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
