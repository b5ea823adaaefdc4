/** @file
  Facts, plan tables and DSDT patches through MrmAcpiBuild(): refused, or tables that are sound.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Acpi.h"

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  FUZZ                Fuzz  = { Data, Size };
  MRM_PLAN_PARTITION  Plan  = { 0 };
  MRM_ACPI_FACTS      Facts = { 0 };
  MRM_PLAN_AML_PATCH  Patches[8];
  MRM_PCI_BUS         Buses[4];
  MRM_RANGE           Memory[4];
  MRM_RANGE           Shared[4];
  UINT32              Processors[4];
  UINT8               Dsdt[255];
  UINTN               Index;

  Facts.BspApicId        = (UINT32)FuzzNumber (&Fuzz, 1);
  Facts.ProcessorCount   = (UINT32)FuzzNumber (&Fuzz, 1) % (ARRAY_SIZE (Processors) + 1);
  Facts.PciBusCount      = (UINT32)FuzzNumber (&Fuzz, 1) % (ARRAY_SIZE (Buses) + 1);
  Facts.MemoryCount      = (UINTN)FuzzNumber (&Fuzz, 1) % (ARRAY_SIZE (Memory) + 1);
  Plan.DsdtPatchCount    = (UINT32)FuzzNumber (&Fuzz, 1) % (ARRAY_SIZE (Patches) + 1);
  Plan.DsdtSize          = (UINT32)FuzzNumber (&Fuzz, 1);
  Facts.LocalApicAddress = FuzzNumber (&Fuzz, 8);
  Facts.PmTimerPort      = (UINT16)FuzzNumber (&Fuzz, 2);
  Facts.Headless         = (BOOLEAN)(FuzzNumber (&Fuzz, 1) & 1);
  Facts.Console.Kind     = (MRM_CONSOLE_KIND)FuzzNumber (&Fuzz, 1);
  Facts.Console.BaudRate = (UINT32)FuzzNumber (&Fuzz, 4);
  Facts.Console.Base     = FuzzNumber (&Fuzz, 8);
  Facts.Watchdog         = FuzzNumber (&Fuzz, 8);
  Facts.Panic            = FuzzNumber (&Fuzz, 8);
  Facts.Thermal          = FuzzNumber (&Fuzz, 8);
  FuzzTake (&Fuzz, &Facts.ConsoleFunction, sizeof (Facts.ConsoleFunction));
  for (Index = 0; Index < Facts.ProcessorCount; Index++) {
    Processors[Index] = (UINT32)FuzzNumber (&Fuzz, 4);
  }

  FuzzTake (&Fuzz, Dsdt, Plan.DsdtSize);
  for (Index = 0; Index < Plan.DsdtPatchCount; Index++) {
    Patches[Index].Offset = (UINT32)FuzzNumber (&Fuzz, 1);
    if (Patches[Index].Offset == 0xFF) {
      Patches[Index].Offset = (UINT32)FuzzNumber (&Fuzz, 4);
    }

    Patches[Index].Width = (UINT8)FuzzNumber (&Fuzz, 1);
    Patches[Index].Index = (UINT8)FuzzNumber (&Fuzz, 1);
    Patches[Index].Kind  = (MRM_PATCH_KIND)FuzzNumber (&Fuzz, 1);
  }

  FuzzTake (&Fuzz, Buses, Facts.PciBusCount * sizeof (Buses[0]));
  FuzzTake (&Fuzz, Memory, Facts.MemoryCount * sizeof (Memory[0]));
  Facts.SharedCount = (UINT32)FuzzNumber (&Fuzz, 1) % (ARRAY_SIZE (Shared) + 1);
  FuzzTake (&Fuzz, Shared, Facts.SharedCount * sizeof (Shared[0]));
  Facts.Plan       = &Plan;
  Facts.ApicIds    = FuzzExact (Processors, Facts.ProcessorCount * sizeof (Processors[0]));
  Facts.PciBuses   = FuzzExact (Buses, Facts.PciBusCount * sizeof (Buses[0]));
  Facts.Memory     = FuzzExact (Memory, Facts.MemoryCount * sizeof (Memory[0]));
  Facts.Shared     = FuzzExact (Shared, Facts.SharedCount * sizeof (Shared[0]));
  Plan.Dsdt        = FuzzExact (Dsdt, Plan.DsdtSize);
  Plan.DsdtPatches = FuzzExact (Patches, Plan.DsdtPatchCount * sizeof (Patches[0]));
  BuildTables (&Facts);
  free ((VOID *)Facts.ApicIds);
  free ((VOID *)Facts.PciBuses);
  free ((VOID *)Facts.Memory);
  free ((VOID *)Facts.Shared);
  free ((VOID *)Plan.Dsdt);
  free ((VOID *)Plan.DsdtPatches);
  return 0;
}
