/** @file
  Everything a partition starts with, built in its memory from pristine copies: the
  same for the first start and each restart.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Build/Image.h"
#include "Build/Firmware.h"
#include "Build/PageTables.h"
#include "Build/Trampoline.h"
#include "Chipset/Chipset.h"
#include "Partition/Partition.h"
#include "Core/Facts.h"
#include "Core/Version.h"
#include <MrmStart.h>
#include <IndustryStandard/Pci.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/LocalApicLib.h>
#include <Library/MrmAcpiLib.h>
#include <Library/MrmBuiltInLib.h>
#include <Library/MrmFunctionLib.h>
#include <Library/MrmLayoutLib.h>
#include <Library/MrmSmbiosLib.h>
#include <Library/MrmTalkLib.h>
#include <Library/MtrrLib.h>
#include <Library/UefiRuntimeServicesTableLib.h>
#include <Register/Intel/ArchitecturalMsr.h>
#include <Register/Intel/Cpuid.h>

/**
  Collect the facts the partition's ACPI tables follow from.

  @param[in]  Partition  The partition.
  @param[out] Facts      Receives the facts; they point into Partition and gMachine.
**/
STATIC
VOID
CollectAcpiFacts (
  IN  CONST MRM_PARTITION  *Partition,
  OUT MRM_ACPI_FACTS       *Facts
  )
{
  ZeroMem (Facts, sizeof (*Facts));
  Facts->BspApicId        = gMachine.BspApicId;
  Facts->ProcessorCount   = Partition->Plan->ProcessorCount;
  Facts->ApicIds          = Partition->ApicIds;
  Facts->LocalApicAddress = gMachine.LocalApicAddress;
  Facts->PciBusCount      = HostBridgeCount (Partition);
  Facts->PciBuses         = Partition->PciBuses;
  Facts->PmTimerPort      = gMachine.PmTimer.Port;
  Facts->PmTimer32Bit     = gMachine.PmTimer.Is32Bit;
  Facts->Headless         = !Partition->Plan->Display;
  Facts->Console          = Partition->Console;
  Facts->Plan             = Partition->Plan;
  Facts->MemoryCount      = Partition->PieceCount;
  Facts->Memory           = Partition->Pieces;
  Facts->SharedCount      = Partition->Plan->SharedCount;
  Facts->Shared           = Partition->Shared;
  Facts->Srat             = gMachine.Srat;
  Facts->SratSize         = gMachine.SratSize;
  Facts->Slit             = gMachine.Slit;
  Facts->SlitSize         = gMachine.SlitSize;
  Facts->Chipset          = (Partition->Chipset == NULL) ? NULL : &Partition->Chipset->Tables;
  if (Partition->ConsoleFunction != NULL) {
    Facts->ConsoleFunction.Address         = Partition->ConsoleFunction->Address;
    Facts->ConsoleFunction.Address.Segment = Partition->ConsoleSegment;
    Facts->ConsoleFunction.VendorId        = (UINT16)Partition->ConsoleFunction->Config[0];
    Facts->ConsoleFunction.DeviceId        = (UINT16)(Partition->ConsoleFunction->Config[0] >> 16);
  }

  if (Partition->Plan->Policy.Watchdog) {
    // Its address is known only after the layout.  Until then any address will do: only the size of the tables counts.
    Facts->Watchdog = OFFSET_OF (MRM_MAILBOX, Watchdog);
  }
}

/**
  Lay the partition's memory out.

  @param[in]  Partition  The partition.
  @param[in]  SecSize    Bytes of the SEC image.
  @param[in]  CoreSize   Bytes of the DXE core image.
  @param[in]  AcpiSize   Bytes of ACPI tables.
  @param[out] Layout     Receives the layout.

  @return  Status of MrmLayOut().
**/
STATIC
EFI_STATUS
LayOut (
  IN  CONST MRM_PARTITION  *Partition,
  IN  UINT64               SecSize,
  IN  UINT64               CoreSize,
  IN  UINT64               AcpiSize,
  OUT MRM_LAYOUT           *Layout
  )
{
  MRM_LAYOUT_FACTS  Facts;

  Facts.Plan            = Partition->Plan;
  Facts.PieceCount      = Partition->PieceCount;
  Facts.Pieces          = Partition->Pieces;
  Facts.BootFiles       = Partition->BootFiles;
  Facts.VolumeSize      = FirmwareVolume ()->FvLength;
  Facts.SecSize         = SecSize;
  Facts.CoreSize        = CoreSize;
  Facts.DescriptorsSize = sizeof (MRM_DESCRIPTORS);
  Facts.StartSize       = sizeof (MRM_START);
  Facts.AcpiSize        = AcpiSize;
  return MrmLayOut (&Facts, Layout);
}

/**
  Build the partition's SMBIOS table.

  @param[in] Partition  The partition.
  @param[in] Layout     Its layout.

  @return  Status of MrmSmbiosBuild().
**/
STATIC
EFI_STATUS
BuildSmbios (
  IN CONST MRM_PARTITION  *Partition,
  IN CONST MRM_LAYOUT     *Layout
  )
{
  MRM_SMBIOS_FACTS  Facts;
  UINT32            Vendor[4];
  UINT32            Name[13];
  UINT32            Leaf;

  ZeroMem (&Facts, sizeof (Facts));
  ZeroMem (Vendor, sizeof (Vendor));
  ZeroMem (Name, sizeof (Name));
  AsmCpuid (CPUID_SIGNATURE, NULL, &Vendor[0], &Vendor[2], &Vendor[1]);
  for (Leaf = 0; Leaf < 3; Leaf++) {
    AsmCpuid (CPUID_BRAND_STRING1 + Leaf, &Name[Leaf * 4], &Name[Leaf * 4 + 1], &Name[Leaf * 4 + 2], &Name[Leaf * 4 + 3]);
  }

  AsmCpuid (CPUID_VERSION_INFO, &Facts.ProcessorSignature, NULL, NULL, &Facts.ProcessorFeatures);
  Facts.PartitionName   = Partition->Plan->Name;
  Facts.Version         = MRM_VERSION_TEXT;
  Facts.ReleaseDate     = gMrmReleaseDate;
  Facts.MachineUuid     = gMachine.Uuid;
  Facts.ProcessorCount  = Partition->Plan->ProcessorCount;
  Facts.ProcessorVendor = (CHAR8 *)Vendor;
  Facts.ProcessorName   = (CHAR8 *)Name;
  Facts.TscFrequency    = gMachine.TscFrequency;
  Facts.MemoryCount     = Partition->PieceCount;
  Facts.Memory          = Partition->Pieces;
  return MrmSmbiosBuild (&Facts, Layout->Smbios.Base, (VOID *)(UINTN)Layout->Smbios.Base, (UINTN)Layout->Smbios.Size);
}

/**
  Tell the firmware of the chipset's owner of bus 0, and of a display there.

  @param[in]     Partition  The partition.
  @param[in,out] HandOff    The hand-off; PciBuses and Display change.
**/
STATIC
VOID
TellOfChipset (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT MRM_HAND_OFF         *HandOff
  )
{
  CONST MRM_PCI_PORT  *Functions;
  UINTN               Index;

  if (Partition->Chipset == NULL) {
    return;
  }

  // It has no other: MrmPlanRead() refuses that.
  HandOff->PciBuses[HandOff->PciBusCount++] = Partition->Chipset->Bus;
  Functions                                 = &Partition->Chipset->Functions;
  for (Index = 0; Index < Functions->FunctionCount; Index++) {
    if ((Functions->Functions[Index].Config[PCI_REVISION_ID_OFFSET / sizeof (UINT32)] >> 24) == PCI_CLASS_DISPLAY) {
      HandOff->Display = TRUE;
    }
  }
}

/**
  Fill in the hand-off.

  @param[in]  Partition  The partition.
  @param[in]  Layout     Its layout; boot files are in place.
  @param[in,out] HandOff  The hand-off; boot sources are filled in.
**/
STATIC
VOID
FillHandOff (
  IN  CONST MRM_PARTITION  *Partition,
  IN  CONST MRM_LAYOUT     *Layout,
  IN OUT MRM_HAND_OFF      *HandOff
  )
{
  HandOff->Version                 = MRM_HAND_OFF_VERSION;
  HandOff->Size                    = sizeof (*HandOff);
  HandOff->TscFrequency            = gMachine.TscFrequency;
  HandOff->LocalApicTimerFrequency = Partition->LocalApicTimerFrequency;
  HandOff->Mailbox                 = Layout->Mailbox.Base;
  HandOff->LocalApic               = gMachine.LocalApicAddress;
  HandOff->WakeApicId              = gMachine.BspApicId;
  HandOff->WakeVector              = gMachine.WakeVector;
  HandOff->Rsdp                    = Layout->Acpi.Base;
  HandOff->Smbios                  = Layout->Smbios.Base;
  HandOff->Console                 = Partition->Console;
  HandOff->Display                 = Partition->Plan->Display;
  HandOff->BootTimeoutSeconds      = Partition->Plan->Boot.TimeoutSeconds;
  HandOff->ExpectedParameters      = Layout->Expected;
  HandOff->VariableStore           = Layout->VariableStore;
  HandOff->ControlArea             = Layout->ControlArea;
  HandOff->ConsoleRing             = Layout->ConsoleRing;
  HandOff->EventRing               = Layout->EventRing;
  HandOff->Stack                   = Layout->Stack;
  HandOff->StackGuard              = Layout->StackGuard;
  HandOff->PageTables              = Layout->PageTables;
  HandOff->Descriptors             = Layout->Descriptors;
  HandOff->Disks                   = Partition->CardArea.Base
                                     + MRM_FUNCTION_ECAM_SIZE
                                     + (UINT64)Partition->Plan->CardCount * MRM_FUNCTION_WINDOW_SIZE;
  HandOff->DiskCount               = Partition->Plan->DiskCount;
  HandOff->DiskSegment             = Partition->Plan->ChannelSegment;
  HandOff->BootSourceCount         = Partition->Plan->Boot.SourceCount;
  HandOff->PciBusCount             = Partition->PciBusCount;
  AsciiStrCpyS (HandOff->PartitionName, sizeof (HandOff->PartitionName), Partition->Plan->Name);
  CopyMem (HandOff->PciBuses, Partition->PciBuses, sizeof (HandOff->PciBuses));
  TellOfChipset (Partition, HandOff);
  gRT->GetTime (&HandOff->WallTime, NULL);
  HandOff->WallTimeTsc = AsmReadTsc ();
}

/**
  Build the HOB list at the start of the layout's free range.

  @param[in] Partition  The partition.
  @param[in] Layout     The layout.
  @param[in] Core       The DXE core.
  @param[in] CoreEntry  Its entry point.
  @param[in] HandOff    The hand-off.

  @return  Status of MrmHobBuild().
**/
STATIC
EFI_STATUS
BuildHobs (
  IN CONST MRM_PARTITION  *Partition,
  IN CONST MRM_LAYOUT     *Layout,
  IN CONST MRM_MODULE     *Core,
  IN UINT64               CoreEntry,
  IN CONST MRM_HAND_OFF   *HandOff
  )
{
  MRM_HOB_FACTS     Facts;
  MRM_HOB_RESOURCE  Resources[MRM_MAX_PIECES + MRM_MAX_PCI_BUSES + MRM_MAX_SHARED + 2];
  UINTN             Count;
  UINTN             Index;
  UINTN             Used;

  Count = 0;
  for (Index = 0; Index < Partition->PieceCount; Index++) {
    Resources[Count].ResourceType = EFI_RESOURCE_SYSTEM_MEMORY;
    Resources[Count++].Range      = Partition->Pieces[Index];
  }

  for (Index = 0; Index < HostBridgeCount (Partition); Index++) {
    Resources[Count].ResourceType = EFI_RESOURCE_MEMORY_RESERVED;
    Resources[Count++].Range      = EcamRange (&Partition->PciBuses[Index]);
  }

  for (Index = 0; Index < Partition->Plan->SharedCount; Index++) {
    Resources[Count].ResourceType = MRM_HOB_PERSISTENT_MEMORY;
    Resources[Count++].Range      = Partition->Shared[Index];
  }

  // Linux believes an MCFG only whose configuration space is reserved.
  if (Partition->Chipset != NULL) {
    Resources[Count].ResourceType = EFI_RESOURCE_MEMORY_RESERVED;
    Resources[Count++].Range      = Partition->Chipset->Ecam;
  }

  Resources[Count].ResourceType = EFI_RESOURCE_MEMORY_MAPPED_IO;
  Resources[Count].Range.Base   = gMachine.LocalApicAddress;
  Resources[Count++].Range.Size = SIZE_4KB;

  ZeroMem (&Facts, sizeof (Facts));
  Facts.PhysicalAddressBits = gMachine.PhysicalAddressBits;
  Facts.ResourceCount       = Count;
  Facts.Resources           = Resources;
  Facts.AllocationCount     = Layout->AllocationCount;
  Facts.Allocations         = Layout->Allocations;
  Facts.Free                = Layout->Free;
  Facts.Stack               = Layout->Stack;
  Facts.FirmwareVolume      = Layout->FirmwareVolume;
  Facts.DxeCore             = Layout->DxeCore;
  Facts.DxeCoreEntry        = CoreEntry;
  Facts.HandOff             = HandOff;
  CopyGuid (&Facts.DxeCoreName, &Core->Name);
  return MrmHobBuild (&Facts, (VOID *)(UINTN)Layout->Free.Base, (UINTN)Layout->Free.Size, &Used);
}

/**
  Copy what the boot sources of a partition need into its memory.

  @param[in]     Partition  The partition.
  @param[in,out] Layout     Its layout; places of options become as long as they are.
  @param[out]    Sources    Receives MRM_MAX_BOOT_SOURCES sources, all zero before.
**/
STATIC
VOID
CopyBootFiles (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT MRM_LAYOUT           *Layout,
  OUT    MRM_BOOT_SOURCE      *Sources
  )
{
  CONST MRM_PLAN_BOOT_SOURCE  *Plan;
  CONST MRM_BOOT_FILES        *Files;
  UINTN                       Index;

  for (Index = 0; Index < Partition->Plan->Boot.SourceCount; Index++) {
    Plan                       = &Partition->Plan->Boot.Sources[Index];
    Files                      = &Partition->BootFiles[Index];
    Sources[Index].Kind        = Plan->Kind;
    Sources[Index].Segment     = Plan->Segment;
    Sources[Index].Loader.Base = Layout->Loaders[Index].Base;
    Sources[Index].Loader.Size = Files->Loader.Size;
    Sources[Index].Initrd.Base = Layout->Initrds[Index].Base;
    Sources[Index].Initrd.Size = Files->Initrd.Size;
    CopyMem ((VOID *)(UINTN)Layout->Loaders[Index].Base, (VOID *)(UINTN)Files->Loader.Base, (UINTN)Files->Loader.Size);
    CopyMem ((VOID *)(UINTN)Layout->Initrds[Index].Base, (VOID *)(UINTN)Files->Initrd.Base, (UINTN)Files->Initrd.Size);
    if (Plan->Options != NULL) {
      Layout->Options[Index].Size = MrmBootOptions (
                                      Plan->Options,
                                      DivU64x32 (gMachine.TscFrequency, 1000),
                                      &Partition->Console,
                                      (CHAR16 *)(UINTN)Layout->Options[Index].Base,
                                      (UINTN)Layout->Options[Index].Size / sizeof (CHAR16)
                                      );
      Sources[Index].Options = Layout->Options[Index];
    }

    if (Plan->Loader != NULL) {
      Sources[Index].Path.Base = Layout->Paths[Index].Base;
      Sources[Index].Path.Size = StrSize (Plan->Loader);
      CopyMem ((VOID *)(UINTN)Sources[Index].Path.Base, Plan->Loader, (UINTN)Sources[Index].Path.Size);
    }
  }
}

/**
  Prepare what the controller and the partition share.

  @param[in,out] Partition  Receives the places.
  @param[in]     Layout     Its layout.
**/
STATIC
VOID
PrepareShared (
  IN OUT MRM_PARTITION     *Partition,
  IN     CONST MRM_LAYOUT  *Layout
  )
{
  Partition->Mailbox       = (MRM_MAILBOX *)(UINTN)Layout->Mailbox.Base;
  Partition->ControlArea   = (MRM_CONTROL_AREA *)(UINTN)Layout->ControlArea.Base;
  Partition->ConsoleRing   = (MRM_RING *)(UINTN)Layout->ConsoleRing.Base;
  Partition->EventRing     = (MRM_RING *)(UINTN)Layout->EventRing.Base;
  Partition->VariableStore = Layout->VariableStore;
  MrmMailboxInitialize (Partition->Mailbox, Partition->Life.Cause == MrmCauseWatchdog);
  Partition->ConsoleRingSize = MrmRingBegin (Partition->ConsoleRing, Layout->ConsoleRing.Size);
  Partition->EventRingSize   = MrmRingBegin (Partition->EventRing, Layout->EventRing.Size);
  ZeroMem (Partition->ControlArea, MRM_CONTROL_SIZE);
  AsciiStrCpyS ((CHAR8 *)(UINTN)Layout->Expected.Base, (UINTN)Layout->Expected.Size, Partition->Plan->Boot.Expected);
}

EFI_STATUS
BuildPartition (
  IN OUT MRM_PARTITION  *Partition,
  OUT    UINT32         *Trampoline
  )
{
  EFI_STATUS      Status;
  MRM_MODULE      Sec;
  MRM_MODULE      Core;
  MRM_ACPI_FACTS  AcpiFacts;
  MRM_LAYOUT      Layout;
  MRM_HAND_OFF    HandOff;
  MRM_START       *Start;
  UINT64          SecEntry;
  UINT64          CoreEntry;
  UINT64          Cr3;

  Status = OpenModule (EFI_FV_FILETYPE_SECURITY_CORE, &Sec);
  if (!EFI_ERROR (Status)) {
    Status = OpenModule (EFI_FV_FILETYPE_DXE_CORE, &Core);
  }

  CollectAcpiFacts (Partition, &AcpiFacts);
  if (!EFI_ERROR (Status)) {
    Status = LayOut (Partition, Sec.Context.ImageSize, Core.Context.ImageSize, MrmAcpiSize (&AcpiFacts), &Layout);
  }

  if (!EFI_ERROR (Status)) {
    CopyMem ((VOID *)(UINTN)Layout.FirmwareVolume.Base, FirmwareVolume (), (UINTN)FirmwareVolume ()->FvLength);
    ZeroMem (&HandOff, sizeof (HandOff));
    CopyBootFiles (Partition, &Layout, HandOff.BootSources);
    PrepareShared (Partition, &Layout);
    Status = LoadModule (&Sec, Layout.Sec.Base, &SecEntry);
  }

  if (!EFI_ERROR (Status)) {
    Status = LoadModule (&Core, Layout.DxeCore.Base, &CoreEntry);
  }

  if (!EFI_ERROR (Status)) {
    if (AcpiFacts.Watchdog != 0) {
      AcpiFacts.Watchdog = Layout.Mailbox.Base + OFFSET_OF (MRM_MAILBOX, Watchdog);
    }

    AcpiFacts.Panic   = Layout.Mailbox.Base + OFFSET_OF (MRM_MAILBOX, Panic);
    AcpiFacts.Thermal = Layout.Mailbox.Base + OFFSET_OF (MRM_MAILBOX, Thermal);
    AcpiFacts.Sleep   = Layout.Mailbox.Base + OFFSET_OF (MRM_MAILBOX, Sleep);
    Status            = MrmAcpiBuild (&AcpiFacts, Layout.Acpi.Base, (VOID *)(UINTN)Layout.Acpi.Base, (UINTN)Layout.Acpi.Size);
  }

  if (!EFI_ERROR (Status)) {
    Status = BuildSmbios (Partition, &Layout);
  }

  if (!EFI_ERROR (Status)) {
    FillHandOff (Partition, &Layout, &HandOff);
    HandOff.DxeCoreEntry = CoreEntry;
    Status               = BuildHobs (Partition, &Layout, &Core, CoreEntry, &HandOff);
  }

  if (!EFI_ERROR (Status)) {
    Status = BuildPageTables (Partition, &Layout, &Cr3);
  }

  if (EFI_ERROR (Status)) {
    return Status;
  }

  ZeroMem ((VOID *)(UINTN)Layout.LowPage.Base, (UINTN)Layout.LowPage.Size);
  Start               = (MRM_START *)(UINTN)Layout.Start.Base;
  Start->Version      = MRM_START_VERSION;
  Start->Size         = sizeof (*Start);
  Start->HobList      = Layout.Free.Base;
  Start->DxeCoreEntry = CoreEntry;
  Start->Mailbox      = Layout.Mailbox.Base;
  Start->ApicMode     = GetApicMode ();
  Start->Pat          = AsmReadMsr64 (MSR_IA32_PAT);
  ZeroMem (&Start->Mtrrs, sizeof (Start->Mtrrs));
  if (IsMtrrSupported ()) {
    MtrrGetAllMtrrs (&Start->Mtrrs);
  }

  WriteDescriptors ((MRM_DESCRIPTORS *)(UINTN)Layout.Descriptors.Base);
  WriteTrampoline (
    &Partition->Pieces[0],
    Cr3,
    (MRM_DESCRIPTORS *)(UINTN)Layout.Descriptors.Base,
    Layout.Stack.Base + Layout.Stack.Size,
    SecEntry,
    Layout.Start.Base
    );
  *Trampoline = (UINT32)Partition->Pieces[0].Base;
  return EFI_SUCCESS;
}
