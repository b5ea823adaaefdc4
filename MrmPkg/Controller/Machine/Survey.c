/** @file
  What the PC's firmware says about the machine.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Survey.h"
#include "Machine/Measure.h"
#include "Machine/Smbios.h"
#include "Partition/Partition.h"
#include "Partition/Verdict.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include "Core/Origin.h"
#include <IndustryStandard/Acpi.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/IoLib.h>
#include <Library/LocalApicLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmPlanLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>
#include <Protocol/LoadedImage.h>
#include <Register/Intel/Cpuid.h>

///
/// ACPI 6.5 section 4.8.3.3.
///
#define PM_TIMER_FREQUENCY  3579545
#define PM_TIMER_MASK       0x00FFFFFF

#define STEP_MILLISECONDS   10    ///< between two readings of it: a sample is 80 ms long, a tick of it 4 ppm of that
#define STALL_MILLISECONDS  100   ///< of a delay that is measured instead

#define CLOCK_WORDS_SIZE  128     ///< characters

/**
  The ACPI PM timer.
**/
STATIC
UINT64
ReadPmTimer (
  VOID
  )
{
  return IoRead32 (gMachine.PmTimer.Port);
}

/**
  Ask the processor what its clocks run at.
**/
STATIC
VOID
AskForClocks (
  VOID
  )
{
  UINT32  Leaves;
  UINT32  Denominator;
  UINT32  Numerator;
  UINT32  Crystal;
  UINT32  BaseMhz;

  Denominator = 0;
  Numerator   = 0;
  Crystal     = 0;
  BaseMhz     = 0;
  AsmCpuid (CPUID_SIGNATURE, &Leaves, NULL, NULL, NULL);
  if (Leaves >= CPUID_TIME_STAMP_COUNTER) {
    AsmCpuid (CPUID_TIME_STAMP_COUNTER, &Denominator, &Numerator, &Crystal, NULL);
  }

  if (Leaves >= CPUID_PROCESSOR_FREQUENCY) {
    AsmCpuid (CPUID_PROCESSOR_FREQUENCY, &BaseMhz, NULL, NULL, NULL);
  }

  MrmClockClaim (Denominator, Numerator, Crystal, BaseMhz, &gMachine.Claim);
}

/**
  Measure the TSC against the PM timer.  Where there is none no partition is started, and the firmware's own delay
  will do.
**/
STATIC
VOID
MeasureTsc (
  VOID
  )
{
  MRM_CLOCK  Clock;
  UINT64     Start;

  AskForClocks ();
  if (gMachine.PmTimer.Port != 0) {
    Clock.Mask             = gMachine.PmTimer.Is32Bit ? MAX_UINT32 : PM_TIMER_MASK;
    Clock.CounterFrequency = PM_TIMER_FREQUENCY;
    Clock.TscFrequency     = 0;
    MeasureClock (&Clock, ReadPmTimer, STEP_MILLISECONDS, &gMachine.Tsc);
  }

  gMachine.TscFrequency = gMachine.Tsc.Frequency;
  if (gMachine.TscFrequency == 0) {
    Start = AsmReadTsc ();
    gBS->Stall (STALL_MILLISECONDS * 1000);
    gMachine.TscFrequency = DivU64x32 (MultU64x32 (AsmReadTsc () - Start, 1000), STALL_MILLISECONDS);
  }
}

/**
  What is known of the TSC, in words.

  @param[out] Words  CLOCK_WORDS_SIZE bytes.
**/
STATIC
VOID
DescribeTsc (
  OUT CHAR8  *Words
  )
{
  UINTN  Length;

  Length = AsciiSPrint (
             Words,
             CLOCK_WORDS_SIZE,
             "%ld kHz within %d ppm by the PM timer",
             DivU64x32 (gMachine.Tsc.Frequency, 1000),
             gMachine.Tsc.Spread
             );
  if (gMachine.Claim.TscFrequency != 0) {
    AsciiSPrint (
      Words + Length,
      CLOCK_WORDS_SIZE - Length,
      ", %ld kHz by CPUID",
      DivU64x32 (gMachine.Claim.TscFrequency, 1000)
      );
  }
}

/**
  What the TSC's measurement is worth.
**/
STATIC
MRM_CLOCK_VERDICT
JudgeTsc (
  VOID
  )
{
  return MrmClockJudge (&gMachine.Tsc, gMachine.Claim.TscFrequency, gMachine.Claim.Tolerance);
}

/**
  Tell of the machine what the console and the report begin with.
**/
STATIC
VOID
ReportMachine (
  VOID
  )
{
  CHAR8  Words[CLOCK_WORDS_SIZE];

  Say (
    "machine: %d processors, boot processor %d, tsc %ld kHz",
    gMachine.ProcessorCount,
    gMachine.BspApicId,
    DivU64x32 (gMachine.TscFrequency, 1000)
    );
  if (JudgeTsc () == MrmClockDoubtful) {
    DescribeTsc (Words);
    Say (
      "warning: tsc: %a; expected within %d ppm, and both to agree: time in partitions may run wrong "
      "(docs/architecture.md, \"Clocks\")",
      Words,
      MRM_CLOCK_STEADY
      );
  }
}

/**
  Find the system UUID of the PC, its maker and its product (SMBIOS 3.3 section 7.2); zero and empty when it tells none.
**/
STATIC
VOID
FindMachineIdentity (
  VOID
  )
{
  CONST EFI_SMBIOS_TABLE_HEADER  *Record;
  CONST SMBIOS_TABLE_TYPE1       *System;

  Record = FindSmbiosRecord (SMBIOS_TYPE_SYSTEM_INFORMATION);
  if ((Record == NULL) || (Record->Length < OFFSET_OF (SMBIOS_TABLE_TYPE1, Uuid) + sizeof (EFI_GUID))) {
    return;
  }

  System = (CONST SMBIOS_TABLE_TYPE1 *)Record;
  CopyMem (&gMachine.Uuid, &System->Uuid, sizeof (gMachine.Uuid));
  MrmPlanSystem (SmbiosText (Record, System->Manufacturer), SmbiosText (Record, System->ProductName), gMachine.System);
}

/**
  List the processors (PI 1.8 volume 2, section 13.3).

  @retval EFI_SUCCESS  Listed.
  @return Other        Status of the MP services.
**/
STATIC
EFI_STATUS
ListProcessors (
  VOID
  )
{
  EFI_STATUS                 Status;
  UINTN                      Enabled;
  UINTN                      Index;
  EFI_PROCESSOR_INFORMATION  Information;
  MRM_PROCESSOR_FACTS        *Facts;

  Status = gBS->LocateProtocol (&gEfiMpServiceProtocolGuid, NULL, (VOID **)&gMachine.Mp);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Status = gMachine.Mp->GetNumberOfProcessors (gMachine.Mp, &gMachine.ProcessorCount, &Enabled);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  gMachine.Processors     = AllocateZeroPool (gMachine.ProcessorCount * sizeof (MRM_PROCESSOR));
  gMachine.ProcessorFacts = AllocateZeroPool (gMachine.ProcessorCount * sizeof (MRM_PROCESSOR_FACTS));
  if ((gMachine.Processors == NULL) || (gMachine.ProcessorFacts == NULL)) {
    return EFI_OUT_OF_RESOURCES;
  }

  for (Index = 0; Index < gMachine.ProcessorCount; Index++) {
    Status = gMachine.Mp->GetProcessorInfo (gMachine.Mp, Index, &Information);
    if (EFI_ERROR (Status)) {
      return Status;
    }

    gMachine.Processors[Index].Number = Index;
    Facts                             = &gMachine.ProcessorFacts[Index];
    Facts->ApicId                     = (UINT32)Information.ProcessorId;
    Facts->Package                    = Information.Location.Package;
    Facts->Core                       = Information.Location.Core;
    Facts->Thread                     = Information.Location.Thread;
    Facts->Owner                      = MRM_NOBODY;
    Facts->Bsp                        = (Information.StatusFlag & PROCESSOR_AS_BSP_BIT) != 0;
    Facts->Usable                     = !Facts->Bsp
                                        && ((Information.StatusFlag & PROCESSOR_ENABLED_BIT) != 0)
                                        && ((Information.StatusFlag & PROCESSOR_HEALTH_STATUS_BIT) != 0);
    if (Facts->Bsp) {
      gMachine.BspApicId = Facts->ApicId;
    }
  }

  if (!MrmProcessorsLocate (gMachine.ProcessorFacts, gMachine.ProcessorCount)) {
    Say ("warning: the PC's firmware does not tell which processors share a core: each is taken for a core of its own");
  }

  return EFI_SUCCESS;
}

/**
  Bytes of a table of the PC's firmware; 0 when there is none.

  @param[in] Table  The table, or NULL.
**/
STATIC
UINTN
TableSize (
  IN CONST VOID  *Table
  )
{
  return (Table == NULL) ? 0 : ((CONST EFI_ACPI_DESCRIPTION_HEADER *)Table)->Length;
}

/**
  Find the tables of the PC's firmware that tell where PCI buses, processors and memory are.
**/
STATIC
VOID
FindTables (
  VOID
  )
{
  gMachine.Mcfg     = EfiLocateFirstAcpiTable (EFI_ACPI_6_5_PCI_EXPRESS_MEMORY_MAPPED_CONFIGURATION_SPACE_BASE_ADDRESS_DESCRIPTION_TABLE_SIGNATURE);
  gMachine.Srat     = EfiLocateFirstAcpiTable (EFI_ACPI_6_5_SYSTEM_RESOURCE_AFFINITY_TABLE_SIGNATURE);
  gMachine.SratSize = TableSize (gMachine.Srat);
  gMachine.Slit     = EfiLocateFirstAcpiTable (EFI_ACPI_6_5_SYSTEM_LOCALITY_INFORMATION_TABLE_SIGNATURE);
  gMachine.SlitSize = TableSize (gMachine.Slit);
  gMachine.Ivrs     = EfiLocateFirstAcpiTable (EFI_ACPI_6_5_IO_VIRTUALIZATION_REPORTING_STRUCTURE_SIGNATURE);
  gMachine.IvrsSize = TableSize (gMachine.Ivrs);
  MrmDomainsOfProcessors (gMachine.Srat, gMachine.SratSize, gMachine.ProcessorFacts, gMachine.ProcessorCount);
}

/**
  Take what the load options ask for.

  @param[in] LoadedImage  Mrm.efi.
**/
STATIC
VOID
ReadLoadOptions (
  IN CONST EFI_LOADED_IMAGE_PROTOCOL  *LoadedImage
  )
{
  MRM_LOAD_OPTIONS  Options;

  MrmLoadOptionsParse (LoadedImage->LoadOptions, LoadedImage->LoadOptionsSize, &Options);
  gMachine.VerifyOnly = Options.Verify;
  gMachine.ScanOnly   = Options.Scan;
  if (Options.Unknown[0] != '\0') {
    Say ("warning: the load option \"%a\" means nothing here; expected verify, scan, or none", Options.Unknown);
  }
}

/**
  Look at how Mrm.efi was loaded: with which options, and where from.

  @param[in] ImageHandle  Handle of Mrm.efi.

  @return  Status of OpenOrigin().
**/
STATIC
EFI_STATUS
LookAtImage (
  IN EFI_HANDLE  ImageHandle
  )
{
  EFI_STATUS                 Status;
  EFI_LOADED_IMAGE_PROTOCOL  *LoadedImage;

  Status = gBS->HandleProtocol (ImageHandle, &gEfiLoadedImageProtocolGuid, (VOID **)&LoadedImage);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  ReadLoadOptions (LoadedImage);
  return OpenOrigin (LoadedImage->DeviceHandle);
}

EFI_STATUS
SurveyMachine (
  IN EFI_HANDLE  ImageHandle
  )
{
  EFI_STATUS                      Status;
  CPUID_VIR_PHY_ADDRESS_SIZE_EAX  AddressSize;
  CPUID_EXTENDED_CPU_SIG_EDX      Features;

  Status = LookAtImage (ImageHandle);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Status = ListProcessors ();
  if (EFI_ERROR (Status)) {
    Say ("the PC's firmware has no MP services: %r", Status);
    return Status;
  }

  FindTables ();
  gMachine.LocalApicAddress = GetLocalApicBaseAddress ();
  AsmCpuid (CPUID_VIR_PHY_ADDRESS_SIZE, &AddressSize.Uint32, NULL, NULL, NULL);
  gMachine.PhysicalAddressBits = (UINT8)AddressSize.Bits.PhysicalAddressBits;
  AsmCpuid (CPUID_EXTENDED_CPU_SIG, NULL, NULL, NULL, &Features.Uint32);
  gMachine.NoExecute = Features.Bits.NX != 0;

  FindMachineIdentity ();
  MrmFindPmTimer (EfiLocateFirstAcpiTable (EFI_ACPI_6_5_FIXED_ACPI_DESCRIPTION_TABLE_SIGNATURE), &gMachine.PmTimer);
  MeasureTsc ();
  ReportMachine ();
  return EFI_SUCCESS;
}

VOID
FreeMachine (
  VOID
  )
{
  if (gMachine.Processors != NULL) {
    FreePool (gMachine.Processors);
  }

  if (gMachine.ProcessorFacts != NULL) {
    FreePool (gMachine.ProcessorFacts);
  }

  if (gMachine.Esp != NULL) {
    gMachine.Esp->Close (gMachine.Esp);
  }

  CloseOrigin ();
  ZeroMem (&gMachine, sizeof (gMachine));
}

VOID
BindMachine (
  IN OUT MRM_PARTITION  *Partition
  )
{
  CHAR8  Words[CLOCK_WORDS_SIZE];

  if (gMachine.PmTimer.Port == 0) {
    Refuse (Partition, MRM_RULE_PM_TIMER, "promised an ACPI PM timer, found none");
    return;
  }

  Keep (Partition, MRM_RULE_PM_TIMER, "ACPI PM timer at I/O port 0x%x", gMachine.PmTimer.Port);
  if (gMachine.Tsc.Frequency == 0) {
    Refuse (
      Partition,
      MRM_RULE_CLOCKS,
      "promised a TSC of known rate, found that the PM timer at I/O port 0x%x stands still or jumps",
      gMachine.PmTimer.Port
      );
    return;
  }

  DescribeTsc (Words);
  if (JudgeTsc () == MrmClockWrong) {
    Refuse (Partition, MRM_RULE_CLOCKS, "promised a TSC of known rate, found %a", Words);
  } else {
    Keep (Partition, MRM_RULE_CLOCKS, "tsc %a", Words);
  }
}
