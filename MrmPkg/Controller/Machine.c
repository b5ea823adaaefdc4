/** @file
  What the PC's firmware says about the machine.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Report.h"
#include <IndustryStandard/Acpi.h>
#include <IndustryStandard/MemoryMappedConfigurationSpaceAccessTable.h>
#include <IndustryStandard/SmBios.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/IoLib.h>
#include <Library/LocalApicLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/TimerLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>
#include <Protocol/LoadedImage.h>
#include <Protocol/Smbios.h>
#include <Register/Intel/Cpuid.h>

///
/// ACPI 6.5 section 4.8.3.3.
///
#define PM_TIMER_FREQUENCY  3579545
#define PM_TIMER_MASK       0x00FFFFFF

///
/// Long enough for 1 part in 10^5, short against a boot.
///
#define TSC_MEASUREMENT_MILLISECONDS  100

#define VERIFY_OPTION  L"verify"

MRM_MACHINE  gMachine;

/**
  Find the PM timer in the FADT (ACPI 6.5 section 5.2.9).
**/
STATIC
VOID
FindPmTimer (
  VOID
  )
{
  CONST EFI_ACPI_6_5_FIXED_ACPI_DESCRIPTION_TABLE  *Fadt;
  UINT64                                           Port;

  Fadt = (CONST VOID *)EfiLocateFirstAcpiTable (EFI_ACPI_6_5_FIXED_ACPI_DESCRIPTION_TABLE_SIGNATURE);
  if ((Fadt == NULL) || (Fadt->Header.Length < OFFSET_OF (EFI_ACPI_6_5_FIXED_ACPI_DESCRIPTION_TABLE, Gpe0Blk))) {
    return;
  }

  Port = Fadt->PmTmrBlk;
  if (  (Fadt->Header.Length >= OFFSET_OF (EFI_ACPI_6_5_FIXED_ACPI_DESCRIPTION_TABLE, XGpe0Blk))
     && (Fadt->XPmTmrBlk.AddressSpaceId == EFI_ACPI_6_5_SYSTEM_IO)
     && (Fadt->XPmTmrBlk.Address != 0))
  {
    Port = Fadt->XPmTmrBlk.Address;
  }

  if ((Fadt->PmTmrLen == 4) && (Port <= MAX_UINT16)) {
    gMachine.PmTimerPort  = (UINT16)Port;
    gMachine.PmTimer32Bit = (Fadt->Flags & EFI_ACPI_6_5_TMR_VAL_EXT) != 0;
  }
}

/**
  Measure the TSC against the PM timer, or where there is none against the
  firmware's own delay.
**/
STATIC
VOID
MeasureTsc (
  VOID
  )
{
  EFI_TPL  Tpl;
  UINT32   Start;
  UINT32   Elapsed;
  UINT32   Target;
  UINT64   StartTsc;
  UINT64   EndTsc;

  if (gMachine.PmTimerPort == 0) {
    StartTsc = AsmReadTsc ();
    gBS->Stall (TSC_MEASUREMENT_MILLISECONDS * 1000);
    gMachine.TscFrequency = DivU64x32 (MultU64x32 (AsmReadTsc () - StartTsc, 1000), TSC_MEASUREMENT_MILLISECONDS);
    return;
  }

  Target   = PM_TIMER_FREQUENCY / 1000 * TSC_MEASUREMENT_MILLISECONDS;
  Tpl      = gBS->RaiseTPL (TPL_HIGH_LEVEL);
  Start    = IoRead32 (gMachine.PmTimerPort) & PM_TIMER_MASK;
  StartTsc = AsmReadTsc ();
  do {
    Elapsed = (IoRead32 (gMachine.PmTimerPort) - Start) & PM_TIMER_MASK;
    EndTsc  = AsmReadTsc ();
  } while (Elapsed < Target);

  gBS->RestoreTPL (Tpl);
  gMachine.TscFrequency = DivU64x64Remainder (MultU64x32 (EndTsc - StartTsc, PM_TIMER_FREQUENCY), Elapsed, NULL);
}

/**
  Find the system UUID of the PC (SMBIOS 3.3 section 7.2.1); zero when it tells none.
**/
STATIC
VOID
FindMachineUuid (
  VOID
  )
{
  EFI_SMBIOS_PROTOCOL      *Smbios;
  EFI_SMBIOS_HANDLE        Handle;
  EFI_SMBIOS_TYPE          Type;
  EFI_SMBIOS_TABLE_HEADER  *Record;
  EFI_STATUS               Status;

  Status = gBS->LocateProtocol (&gEfiSmbiosProtocolGuid, NULL, (VOID **)&Smbios);
  if (EFI_ERROR (Status)) {
    return;
  }

  Handle = SMBIOS_HANDLE_PI_RESERVED;
  Type   = SMBIOS_TYPE_SYSTEM_INFORMATION;
  Status = Smbios->GetNext (Smbios, &Handle, &Type, &Record, NULL);
  if (  !EFI_ERROR (Status)
     && (Record->Length >= OFFSET_OF (SMBIOS_TABLE_TYPE1, Uuid) + sizeof (EFI_GUID)))
  {
    CopyMem (&gMachine.Uuid, &((SMBIOS_TABLE_TYPE1 *)Record)->Uuid, sizeof (gMachine.Uuid));
  }
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
  MRM_PROCESSOR              *Processor;

  Status = gBS->LocateProtocol (&gEfiMpServiceProtocolGuid, NULL, (VOID **)&gMachine.Mp);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Status = gMachine.Mp->GetNumberOfProcessors (gMachine.Mp, &gMachine.ProcessorCount, &Enabled);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  gMachine.Processors = AllocateZeroPool (gMachine.ProcessorCount * sizeof (MRM_PROCESSOR));
  if (gMachine.Processors == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  for (Index = 0; Index < gMachine.ProcessorCount; Index++) {
    Status = gMachine.Mp->GetProcessorInfo (gMachine.Mp, Index, &Information);
    if (EFI_ERROR (Status)) {
      return Status;
    }

    Processor         = &gMachine.Processors[Index];
    Processor->Number = Index;
    Processor->ApicId = (UINT32)Information.ProcessorId;
    Processor->Bsp    = (Information.StatusFlag & PROCESSOR_AS_BSP_BIT) != 0;
    Processor->Usable = !Processor->Bsp
                        && ((Information.StatusFlag & PROCESSOR_ENABLED_BIT) != 0)
                        && ((Information.StatusFlag & PROCESSOR_HEALTH_STATUS_BIT) != 0);
    if (Processor->Bsp) {
      gMachine.BspApicId = Processor->ApicId;
    }
  }

  return EFI_SUCCESS;
}

/**
  TRUE if the load options are or contain the word "verify", as after the image's
  name in a command line of the UEFI Shell.

  @param[in] LoadedImage  Mrm.efi.
**/
STATIC
BOOLEAN
IsVerifyRequested (
  IN CONST EFI_LOADED_IMAGE_PROTOCOL  *LoadedImage
  )
{
  CONST CHAR16  *Options;
  UINTN         Length;
  UINTN         Index;

  Options = LoadedImage->LoadOptions;
  Length  = LoadedImage->LoadOptionsSize / sizeof (CHAR16);
  for (Index = 0; Index + StrLen (VERIFY_OPTION) <= Length; Index++) {
    if (StrnCmp (&Options[Index], VERIFY_OPTION, StrLen (VERIFY_OPTION)) == 0) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Open the volume Mrm.efi came from.

  @param[in] ImageHandle  Handle of Mrm.efi.

  @retval EFI_SUCCESS  gMachine.Esp is its root.
  @return Other        Mrm.efi did not come from a file system.
**/
STATIC
EFI_STATUS
OpenVolume (
  IN EFI_HANDLE  ImageHandle
  )
{
  EFI_STATUS                       Status;
  EFI_LOADED_IMAGE_PROTOCOL        *LoadedImage;
  EFI_SIMPLE_FILE_SYSTEM_PROTOCOL  *FileSystem;

  Status = gBS->HandleProtocol (ImageHandle, &gEfiLoadedImageProtocolGuid, (VOID **)&LoadedImage);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  gMachine.VerifyOnly = IsVerifyRequested (LoadedImage);
  gMachine.EspDevice  = LoadedImage->DeviceHandle;

  Status = gBS->HandleProtocol (LoadedImage->DeviceHandle, &gEfiSimpleFileSystemProtocolGuid, (VOID **)&FileSystem);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  return FileSystem->OpenVolume (FileSystem, &gMachine.Esp);
}

EFI_STATUS
SurveyMachine (
  IN EFI_HANDLE  ImageHandle
  )
{
  EFI_STATUS                      Status;
  CPUID_VIR_PHY_ADDRESS_SIZE_EAX  AddressSize;

  Status = OpenVolume (ImageHandle);
  if (EFI_ERROR (Status)) {
    Say ("Mrm.efi was not loaded from a file system: %r", Status);
    return Status;
  }

  Status = ListProcessors ();
  if (EFI_ERROR (Status)) {
    Say ("the PC's firmware has no MP services: %r", Status);
    return Status;
  }

  gMachine.Mcfg = EfiLocateFirstAcpiTable (EFI_ACPI_6_5_PCI_EXPRESS_MEMORY_MAPPED_CONFIGURATION_SPACE_BASE_ADDRESS_DESCRIPTION_TABLE_SIGNATURE);
  gMachine.Srat = EfiLocateFirstAcpiTable (EFI_ACPI_6_5_SYSTEM_RESOURCE_AFFINITY_TABLE_SIGNATURE);
  gMachine.Slit = EfiLocateFirstAcpiTable (EFI_ACPI_6_5_SYSTEM_LOCALITY_INFORMATION_TABLE_SIGNATURE);

  gMachine.LocalApicAddress = GetLocalApicBaseAddress ();
  AsmCpuid (CPUID_VIR_PHY_ADDRESS_SIZE, &AddressSize.Uint32, NULL, NULL, NULL);
  gMachine.PhysicalAddressBits = (UINT8)AddressSize.Bits.PhysicalAddressBits;

  FindMachineUuid ();
  FindPmTimer ();
  MeasureTsc ();
  Say (
    "machine: %d processors, boot processor %d, tsc %ld kHz",
    gMachine.ProcessorCount,
    gMachine.BspApicId,
    DivU64x32 (gMachine.TscFrequency, 1000)
    );
  return EFI_SUCCESS;
}

VOID
BindMachine (
  IN OUT MRM_PARTITION  *Partition
  )
{
  if (gMachine.PmTimerPort == 0) {
    Refuse (Partition, MRM_RULE_PM_TIMER, "promised an ACPI PM timer, found none");
  } else {
    Keep (Partition, MRM_RULE_PM_TIMER, "ACPI PM timer at I/O port 0x%x", gMachine.PmTimerPort);
  }
}
