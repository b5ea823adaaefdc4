/** @file
  SRAT and SLIT of the PC, cut down by MrmAcpiBuild(): never an error, never an unsound table; and read for the NUMA
  nodes of processors and memory.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Acpi.h"
#include <Library/MrmMachineLib.h>

/**
  Take a table of the input: mode and size, then bytes.

  @param[in,out] Fuzz  The input.
  @param[out]    Size  Receives its size.

  @return  The table, its length and checksum made right when the mode says so.
**/
STATIC
VOID *
TakeTable (
  IN OUT FUZZ   *Fuzz,
  OUT    UINTN  *Size
  )
{
  STATIC UINT8  Bytes[0x1000];
  UINT8         Mode;
  UINT8         Sum;
  UINTN         Index;

  Mode  = (UINT8)FuzzNumber (Fuzz, 1);
  *Size = FuzzNumber (Fuzz, 2) % sizeof (Bytes);
  FuzzTake (Fuzz, Bytes, *Size);
  if (((Mode & 1) != 0) && (*Size >= 10)) {
    memcpy (Bytes + 4, Size, 4);
    Bytes[9] = 0;
    for (Sum = 0, Index = 0; Index < *Size; Index++) {
      Sum = (UINT8)(Sum + Bytes[Index]);
    }

    Bytes[9] = (UINT8)-Sum;
  }

  return FuzzExact (Bytes, *Size);
}

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  STATIC CONST UINT32     Processors[] = { 2, 1, 300 };
  STATIC CONST MRM_RANGE  Memory[]     = {
    { 0x10000, 0x10000 }, { 0x7FE00000, 0x200000 }, { 0x100000000, 0x100000 }
  };
  FUZZ                    Fuzz  = { Data, Size };
  MRM_PLAN_PARTITION      Plan  = { 0 };
  MRM_ACPI_FACTS          Facts = { 0 };
  MRM_PLAN_MEMORY         Request = { .Minimum = SIZE_1MB, .Limit = SIZE_4GB };
  MRM_PROCESSOR_FACTS     Known[] = { { .ApicId = 2 }, { .ApicId = 300 } };
  UINT32                  Domain;
  UINT8                   Dsdt[36];
  VOID                    *Srat;
  VOID                    *Slit;

  memset (Dsdt, 0, sizeof (Dsdt));
  memcpy (Dsdt, "DSDT\x24", 5);
  Plan.Dsdt              = Dsdt;
  Plan.DsdtSize          = sizeof (Dsdt);
  Facts.ProcessorCount   = ARRAY_SIZE (Processors);
  Facts.ApicIds          = Processors;
  Facts.LocalApicAddress = 0xFEE00000;
  Facts.Plan             = &Plan;
  Facts.MemoryCount      = ARRAY_SIZE (Memory);
  Facts.Memory           = Memory;
  Srat                   = TakeTable (&Fuzz, &Facts.SratSize);
  Slit                   = TakeTable (&Fuzz, &Facts.SlitSize);
  Facts.Srat             = Srat;
  Facts.Slit             = Slit;
  FUZZ_CHECK (BuildTables (&Facts) == RETURN_SUCCESS);
  Plan.MemoryCount = 1;
  Plan.Memory      = &Request;
  MrmDomainsOfProcessors (Facts.Srat, Facts.SratSize, Known, ARRAY_SIZE (Known));
  MrmDomainOfMemory (Facts.Srat, Facts.SratSize, &Plan, &Domain);
  free (Srat);
  free (Slit);
  return 0;
}
