/** @file
  Tables of the partition that owns the chipset, made by MrmAcpiBuild() from those of the PC: refused or sound.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Acpi.h"

#define SOURCES  5

/**
  Take a table of the input: mode, signature and size, then bytes.

  @param[in,out] Fuzz    The input.
  @param[out]    Source  Receives it, for free(); its length and checksum are made right when the mode says so.
**/
STATIC
VOID
TakeSource (
  IN OUT FUZZ             *Fuzz,
  OUT    MRM_ACPI_SOURCE  *Source
  )
{
  STATIC CONST CHAR8  Signatures[][5] = { "FACP", "APIC", "DSDT", "SSDT", "HPET" };
  STATIC UINT8        Bytes[0x400];
  UINT8               Mode;
  UINT8               Sum;
  UINTN               Index;
  UINTN               Size;

  Mode = (UINT8)FuzzNumber (Fuzz, 1);
  Size = FuzzNumber (Fuzz, 2) % sizeof (Bytes);
  FuzzTake (Fuzz, Bytes, Size);
  if (((Mode & 1) != 0) && (Size >= 36)) {
    memcpy (Bytes, Signatures[(Mode >> 1) % ARRAY_SIZE (Signatures)], 4);
    memcpy (Bytes + 4, &Size, 4);
    Bytes[9] = 0;
    for (Sum = 0, Index = 0; Index < Size; Index++) {
      Sum = (UINT8)(Sum + Bytes[Index]);
    }

    Bytes[9] = (UINT8)-Sum;
  }

  Source->Table = FuzzExact (Bytes, Size);
  Source->Size  = Size;
}

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  STATIC CONST UINT32  Processors[] = { 2, 1, 300 };
  FUZZ                 Fuzz         = { Data, Size };
  MRM_PLAN_PARTITION   Plan         = { 0 };
  MRM_ACPI_FACTS       Facts        = { 0 };
  MRM_ACPI_CHIPSET     Chipset      = { 0 };
  MRM_ACPI_SOURCE      Sources[SOURCES];
  UINT8                Dsdt[36];
  UINTN                Index;
  BOOLEAN              Fits;

  memset (Dsdt, 0, sizeof (Dsdt));
  memcpy (Dsdt, "DSDT\x24", 5);
  Plan.Dsdt              = Dsdt;
  Plan.DsdtSize          = sizeof (Dsdt);
  Facts.ProcessorCount   = 1 + (UINT32)FuzzNumber (&Fuzz, 1) % ARRAY_SIZE (Processors);
  Facts.ApicIds          = Processors;
  Facts.LocalApicAddress = 0xFEE00000;
  Facts.Plan             = &Plan;
  Facts.Chipset          = &Chipset;
  for (Index = 0; Index < SOURCES; Index++) {
    TakeSource (&Fuzz, &Sources[Index]);
  }

  Chipset.Fadt        = Sources[0];
  Chipset.Madt        = Sources[1];
  Chipset.Dsdt        = Sources[2];
  Chipset.Copied[0]   = Sources[3];
  Chipset.Copied[1]   = Sources[4];
  Chipset.CopiedCount = 2;
  if (FuzzNumber (&Fuzz, 1) % 2 != 0) {
    Chipset.WithheldCount = (UINTN)FuzzNumber (&Fuzz, 1) % (MRM_ACPI_MAX_WITHHELD + 2);
    for (Index = 0; Index < MIN (Chipset.WithheldCount, MRM_ACPI_MAX_WITHHELD); Index++) {
      Chipset.Withheld[Index].Base = FuzzNumber (&Fuzz, 8);
      Chipset.Withheld[Index].Size = FuzzNumber (&Fuzz, 8);
    }

    Chipset.WithheldPortCount     = 1;
    Chipset.WithheldPorts[0].Base = FuzzNumber (&Fuzz, 2);
    Chipset.WithheldPorts[0].Size = FuzzNumber (&Fuzz, 2);
  }

  Fits                = MrmAcpiChipsetFits (&Chipset, 0, Processors, Facts.ProcessorCount);
  FUZZ_CHECK ((BuildTables (&Facts) == RETURN_SUCCESS) == Fits);
  for (Index = 0; Index < SOURCES; Index++) {
    free ((VOID *)Sources[Index].Table);
  }

  return 0;
}
