/** @file
  Everything a partition starts with, built in its memory from pristine copies: the
  same for the first start and each restart.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Firmware.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/CpuPageTableLib.h>
#include <Library/MrmAcpiLib.h>
#include <Library/MrmHobLib.h>
#include <Library/MrmSmbiosLib.h>
#include <Library/MtrrLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiRuntimeServicesTableLib.h>
#include <Register/Intel/ArchitecturalMsr.h>
#include <Register/Intel/Cpuid.h>

#define STACK_SIZE         SIZE_128KB
#define PAGE_TABLES_SIZE   SIZE_512KB   ///< checked: PageTableMap() says when it is too small
#define DESCRIPTORS_SIZE   SIZE_8KB     ///< GDT page, IDT page
#define START_SIZE         SIZE_4KB
#define OPTIONS_SPARE      SIZE_4KB     ///< for what {tsc_khz} grows to
#define SMBIOS_SIZE        SIZE_8KB
#define TSC_PLACEHOLDER    L"{tsc_khz}"

STATIC_ASSERT (sizeof (MRM_START) <= START_SIZE, "the start block is one page");

///
/// Where everything lies in the partition's memory.
///
typedef struct {
  MRM_RANGE    FirmwareVolume;
  MRM_RANGE    Sec;
  MRM_RANGE    DxeCore;
  MRM_RANGE    Stack;
  MRM_RANGE    Descriptors;
  MRM_RANGE    PageTables;
  MRM_RANGE    Start;
  MRM_RANGE    Mailbox;
  MRM_RANGE    Acpi;
  MRM_RANGE    Smbios;
  MRM_RANGE    Loader;
  MRM_RANGE    Initrd;
  MRM_RANGE    Options;
  MRM_RANGE    Free;          ///< largest rest: HOB list and first heap of the DXE core
} MRM_LAYOUT;

///
/// State of laying out one partition.
///
typedef struct {
  MRM_RANGE_SET         Rest;                            ///< memory not given to anything yet
  MRM_RANGE             Ranges[MRM_MAX_PIECES + 16];
  MRM_HOB_ALLOCATION    Allocations[16];
  UINTN                 AllocationCount;
} MRM_LAYOUT_STATE;

/**
  Give memory of the partition a purpose.

  @param[in,out] State       The layout so far.
  @param[in]     Size        Bytes; zero gives an empty range.
  @param[in]     MemoryType  What the partition's memory map says; EfiMaxMemoryType when the
                             HOB list describes it by other means.
  @param[out]    Range       Receives the range, whole pages.

  @retval EFI_SUCCESS           Given.
  @retval EFI_OUT_OF_RESOURCES  The partition has not that much memory in one piece.
**/
STATIC
EFI_STATUS
Give (
  IN OUT MRM_LAYOUT_STATE  *State,
  IN     UINT64            Size,
  IN     EFI_MEMORY_TYPE   MemoryType,
  OUT    MRM_RANGE         *Range
  )
{
  EFI_STATUS  Status;
  UINTN       Count;

  ZeroMem (Range, sizeof (*Range));
  if (Size == 0) {
    return EFI_SUCCESS;
  }

  Status = MrmRangeAllocate (&State->Rest, ALIGN_VALUE (Size, SIZE_4KB), SIZE_4KB, 0, MAX_UINT64, 1, Range, &Count);
  if (EFI_ERROR (Status)) {
    return EFI_OUT_OF_RESOURCES;
  }

  if (MemoryType != EfiMaxMemoryType) {
    State->Allocations[State->AllocationCount].MemoryType = MemoryType;
    State->Allocations[State->AllocationCount].Range      = *Range;
    State->AllocationCount++;
  }

  return EFI_SUCCESS;
}

/**
  Lay a partition's memory out: from the top of its memory down, the low slice untouched.

  @param[in]  Partition  The partition.
  @param[in]  SecSize    Bytes of the SEC image.
  @param[in]  CoreSize   Bytes of the DXE core image.
  @param[in]  AcpiSize   Bytes of ACPI tables.
  @param[out] State      Receives allocations and the rest.
  @param[out] Layout     Receives the layout.

  @retval EFI_SUCCESS           Done.
  @retval EFI_OUT_OF_RESOURCES  Too little memory.
**/
STATIC
EFI_STATUS
LayOut (
  IN  CONST MRM_PARTITION  *Partition,
  IN  UINT64               SecSize,
  IN  UINT64               CoreSize,
  IN  UINT64               AcpiSize,
  OUT MRM_LAYOUT_STATE     *State,
  OUT MRM_LAYOUT           *Layout
  )
{
  EFI_STATUS  Status;
  UINTN       Index;

  CONST struct {
    UINT64             Size;
    EFI_MEMORY_TYPE    MemoryType;
    MRM_RANGE          *Range;
  } Needs[] = {
    { Partition->Initrd.Size,                                  EfiBootServicesData,    &Layout->Initrd         },
    { Partition->Loader.Size,                                  EfiBootServicesData,    &Layout->Loader         },
    { StrSize (Partition->Plan->Boot.Options) + OPTIONS_SPARE, EfiBootServicesData,    &Layout->Options        },
    { FirmwareVolume ()->FvLength,                             EfiMaxMemoryType,       &Layout->FirmwareVolume },
    { SecSize,                                                 EfiBootServicesCode,    &Layout->Sec            },
    { CoreSize,                                                EfiMaxMemoryType,       &Layout->DxeCore        },
    { STACK_SIZE,                                              EfiMaxMemoryType,       &Layout->Stack          },
    { DESCRIPTORS_SIZE,                                        EfiBootServicesData,    &Layout->Descriptors    },
    { PAGE_TABLES_SIZE,                                        EfiBootServicesData,    &Layout->PageTables     },
    { START_SIZE,                                              EfiBootServicesData,    &Layout->Start          },
    { AcpiSize,                                                EfiACPIReclaimMemory,   &Layout->Acpi           },
    { SMBIOS_SIZE,                                             EfiRuntimeServicesData, &Layout->Smbios         },
    { MRM_MAILBOX_SIZE,                                        EfiRuntimeServicesData, &Layout->Mailbox        },
  };

  ZeroMem (State, sizeof (*State));
  State->Rest.Ranges   = State->Ranges;
  State->Rest.Capacity = ARRAY_SIZE (State->Ranges);
  for (Index = 1; Index < Partition->PieceCount; Index++) {
    Status = MrmRangeAdd (&State->Rest, Partition->Pieces[Index].Base, Partition->Pieces[Index].Size);
    if (EFI_ERROR (Status)) {
      return Status;
    }
  }

  for (Index = 0; Index < ARRAY_SIZE (Needs); Index++) {
    Status = Give (State, Needs[Index].Size, Needs[Index].MemoryType, Needs[Index].Range);
    if (EFI_ERROR (Status)) {
      return Status;
    }
  }

  ZeroMem (&Layout->Free, sizeof (Layout->Free));
  for (Index = 0; Index < State->Rest.Count; Index++) {
    if (State->Rest.Ranges[Index].Size > Layout->Free.Size) {
      Layout->Free = State->Rest.Ranges[Index];
    }
  }

  return (Layout->Free.Size == 0) ? EFI_OUT_OF_RESOURCES : EFI_SUCCESS;
}

/**
  Map a range one-to-one in the partition's page tables.

  @param[in,out] PageTable  Root; created by the first call.
  @param[in]     Layout     Where page tables go.
  @param[in,out] Left       Bytes left there.
  @param[in]     Range      What to map; nothing when empty.
  @param[in]     Cached     FALSE: uncacheable.

  @return  Status of PageTableMap().
**/
STATIC
EFI_STATUS
Map (
  IN OUT UINTN             *PageTable,
  IN     CONST MRM_LAYOUT  *Layout,
  IN OUT UINTN             *Left,
  IN     CONST MRM_RANGE   *Range,
  IN     BOOLEAN           Cached
  )
{
  IA32_MAP_ATTRIBUTE               Attribute;
  IA32_MAP_ATTRIBUTE               Mask;
  CPUID_EXTENDED_CPU_SIG_EDX       Features;

  if (Range->Size == 0) {
    return EFI_SUCCESS;
  }

  AsmCpuid (CPUID_EXTENDED_CPU_SIG, NULL, NULL, NULL, &Features.Uint32);
  Attribute.Uint64             = Range->Base;
  Attribute.Bits.Present       = 1;
  Attribute.Bits.ReadWrite     = 1;
  Attribute.Bits.CacheDisabled = Cached ? 0 : 1;
  Attribute.Bits.WriteThrough  = Cached ? 0 : 1;
  Mask.Uint64                  = MAX_UINT64;
  return PageTableMap (
           PageTable,
           (Features.Bits.Page1GB != 0) ? Paging4Level1GB : Paging4Level,
           (VOID *)(UINTN)Layout->PageTables.Base,
           Left,
           Range->Base,
           Range->Size,
           &Attribute,
           &Mask,
           NULL
           );
}

/**
  The ECAM range of an owned bus range.

  @param[in] Bus  The bus range.
**/
STATIC
MRM_RANGE
EcamRange (
  IN CONST MRM_PCI_BUS  *Bus
  )
{
  MRM_RANGE  Range;

  Range.Base = Bus->EcamBase + (UINT64)Bus->FirstBus * SIZE_1MB;
  Range.Size = (UINT64)(Bus->LastBus - Bus->FirstBus + 1) * SIZE_1MB;
  return Range;
}

/**
  Build page tables that hold the partition's memory, local APIC and PCI, nothing else.

  @param[in]  Partition  The partition.
  @param[in]  Layout     Its layout.
  @param[out] Cr3        Receives the root.

  @return  Status of PageTableMap().
**/
STATIC
EFI_STATUS
BuildPageTables (
  IN  CONST MRM_PARTITION  *Partition,
  IN  CONST MRM_LAYOUT     *Layout,
  OUT UINT64               *Cr3
  )
{
  EFI_STATUS  Status;
  UINTN       PageTable;
  UINTN       Left;
  UINTN       Index;
  MRM_RANGE   Range;

  PageTable = 0;
  Left      = (UINTN)Layout->PageTables.Size;
  Status    = EFI_SUCCESS;
  for (Index = 0; !EFI_ERROR (Status) && Index < Partition->PieceCount; Index++) {
    Status = Map (&PageTable, Layout, &Left, &Partition->Pieces[Index], TRUE);
  }

  if (!EFI_ERROR (Status)) {
    Range.Base = gMachine.LocalApicAddress;
    Range.Size = SIZE_4KB;
    Status     = Map (&PageTable, Layout, &Left, &Range, FALSE);
  }

  for (Index = 0; !EFI_ERROR (Status) && Index < Partition->PciBusCount; Index++) {
    Range  = EcamRange (&Partition->PciBuses[Index]);
    Status = Map (&PageTable, Layout, &Left, &Range, FALSE);
    if (!EFI_ERROR (Status)) {
      Status = Map (&PageTable, Layout, &Left, &Partition->PciBuses[Index].Memory, FALSE);
    }

    if (!EFI_ERROR (Status)) {
      Status = Map (&PageTable, Layout, &Left, &Partition->PciBuses[Index].Prefetchable, FALSE);
    }
  }

  *Cr3 = PageTable;
  return Status;
}

/**
  Copy load options, "{tsc_khz}" replaced by the measured frequency.

  @param[in]     Options  Options of the plan.
  @param[in,out] Range    Where they go; Size becomes the bytes of the string.
**/
STATIC
VOID
CopyOptions (
  IN     CONST CHAR16  *Options,
  IN OUT MRM_RANGE     *Range
  )
{
  CONST CHAR16  *Placeholder;
  CHAR16        *Text;

  Text        = (CHAR16 *)(UINTN)Range->Base;
  Placeholder = StrStr (Options, TSC_PLACEHOLDER);
  if (Placeholder == NULL) {
    StrCpyS (Text, (UINTN)Range->Size / sizeof (CHAR16), Options);
  } else {
    StrnCpyS (Text, (UINTN)Range->Size / sizeof (CHAR16), Options, Placeholder - Options);
    UnicodeSPrint (
      Text + (Placeholder - Options),
      (UINTN)Range->Size - (Placeholder - Options) * sizeof (CHAR16),
      L"%ld%s",
      DivU64x32 (gMachine.TscFrequency, 1000),
      Placeholder + StrLen (TSC_PLACEHOLDER)
      );
  }

  Range->Size = StrSize (Text);
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
  Facts->PciBusCount      = Partition->PciBusCount;
  Facts->PciBuses         = Partition->PciBuses;
  Facts->PmTimerPort      = gMachine.PmTimerPort;
  Facts->PmTimer32Bit     = gMachine.PmTimer32Bit;
  Facts->Headless         = TRUE;
  Facts->Plan             = Partition->Plan;
  Facts->MemoryCount      = Partition->PieceCount;
  Facts->Memory           = Partition->Pieces;
  Facts->Srat             = gMachine.Srat;
  Facts->SratSize         = TableSize (gMachine.Srat);
  Facts->Slit             = gMachine.Slit;
  Facts->SlitSize         = TableSize (gMachine.Slit);
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
  Facts.ReleaseDate     = MRM_RELEASE_DATE;
  Facts.ProcessorCount  = Partition->Plan->ProcessorCount;
  Facts.ProcessorVendor = (CHAR8 *)Vendor;
  Facts.ProcessorName   = (CHAR8 *)Name;
  Facts.TscFrequency    = gMachine.TscFrequency;
  Facts.MemoryCount     = Partition->PieceCount;
  Facts.Memory          = Partition->Pieces;
  return MrmSmbiosBuild (&Facts, Layout->Smbios.Base, (VOID *)(UINTN)Layout->Smbios.Base, (UINTN)Layout->Smbios.Size);
}

/**
  Fill in the hand-off.

  @param[in]  Partition  The partition.
  @param[in]  Layout     Its layout; boot files are in place.
  @param[out] HandOff    Receives the hand-off.
**/
STATIC
VOID
FillHandOff (
  IN  CONST MRM_PARTITION  *Partition,
  IN  CONST MRM_LAYOUT     *Layout,
  OUT MRM_HAND_OFF         *HandOff
  )
{
  ZeroMem (HandOff, sizeof (*HandOff));
  HandOff->Version                 = MRM_HAND_OFF_VERSION;
  HandOff->Size                    = sizeof (*HandOff);
  HandOff->TscFrequency            = gMachine.TscFrequency;
  HandOff->LocalApicTimerFrequency = Partition->LocalApicTimerFrequency;
  HandOff->Mailbox                 = Layout->Mailbox.Base;
  HandOff->Rsdp                    = Layout->Acpi.Base;
  HandOff->Smbios                  = Layout->Smbios.Base;
  HandOff->Console                 = Partition->Plan->Console;
  HandOff->PmTimerPort             = gMachine.PmTimerPort;
  HandOff->BootProcessorApicId     = Partition->ApicIds[0];
  HandOff->ProcessorCount          = Partition->Plan->ProcessorCount;
  HandOff->Loader.Base             = Layout->Loader.Base;
  HandOff->Loader.Size             = Partition->Loader.Size;
  HandOff->Initrd.Base             = Layout->Initrd.Base;
  HandOff->Initrd.Size             = Partition->Initrd.Size;
  HandOff->LoadOptions             = Layout->Options;
  HandOff->PciBusCount             = Partition->PciBusCount;
  AsciiStrCpyS (HandOff->PartitionName, sizeof (HandOff->PartitionName), Partition->Plan->Name);
  CopyMem (HandOff->PciBuses, Partition->PciBuses, sizeof (HandOff->PciBuses));
  gRT->GetTime (&HandOff->WallTime, NULL);
  HandOff->WallTimeTsc = AsmReadTsc ();
}

/**
  Build the HOB list at the start of the layout's free range.

  @param[in] Partition  The partition.
  @param[in] State      Allocations made.
  @param[in] Layout     The layout.
  @param[in] Core       The DXE core.
  @param[in] CoreEntry  Its entry point.
  @param[in] HandOff    The hand-off.

  @return  Status of MrmHobBuild().
**/
STATIC
EFI_STATUS
BuildHobs (
  IN CONST MRM_PARTITION     *Partition,
  IN CONST MRM_LAYOUT_STATE  *State,
  IN CONST MRM_LAYOUT        *Layout,
  IN CONST MRM_MODULE        *Core,
  IN UINT64                  CoreEntry,
  IN CONST MRM_HAND_OFF      *HandOff
  )
{
  MRM_HOB_FACTS     Facts;
  MRM_HOB_RESOURCE  Resources[MRM_MAX_PIECES + MRM_MAX_PCI_BUSES + 1];
  UINTN             Count;
  UINTN             Index;
  UINTN             Used;

  Count = 0;
  for (Index = 0; Index < Partition->PieceCount; Index++) {
    Resources[Count].ResourceType = EFI_RESOURCE_SYSTEM_MEMORY;
    Resources[Count++].Range      = Partition->Pieces[Index];
  }

  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    Resources[Count].ResourceType = EFI_RESOURCE_MEMORY_RESERVED;
    Resources[Count++].Range      = EcamRange (&Partition->PciBuses[Index]);
  }

  Resources[Count].ResourceType = EFI_RESOURCE_MEMORY_MAPPED_IO;
  Resources[Count].Range.Base   = gMachine.LocalApicAddress;
  Resources[Count++].Range.Size = SIZE_4KB;

  ZeroMem (&Facts, sizeof (Facts));
  Facts.PhysicalAddressBits = gMachine.PhysicalAddressBits;
  Facts.ResourceCount       = Count;
  Facts.Resources           = Resources;
  Facts.AllocationCount     = State->AllocationCount;
  Facts.Allocations         = State->Allocations;
  Facts.Free                = Layout->Free;
  Facts.Stack               = Layout->Stack;
  Facts.FirmwareVolume      = Layout->FirmwareVolume;
  Facts.DxeCore             = Layout->DxeCore;
  Facts.DxeCoreEntry        = CoreEntry;
  Facts.HandOff             = HandOff;
  CopyGuid (&Facts.DxeCoreName, &Core->Name);
  return MrmHobBuild (&Facts, (VOID *)(UINTN)Layout->Free.Base, (UINTN)Layout->Free.Size, &Used);
}

EFI_STATUS
BuildPartition (
  IN OUT MRM_PARTITION  *Partition,
  OUT    UINT32         *Trampoline
  )
{
  EFI_STATUS        Status;
  MRM_MODULE        Sec;
  MRM_MODULE        Core;
  MRM_ACPI_FACTS    AcpiFacts;
  MRM_LAYOUT_STATE  State;
  MRM_LAYOUT        Layout;
  MRM_HAND_OFF      HandOff;
  MRM_START         *Start;
  UINT64            SecEntry;
  UINT64            CoreEntry;
  UINT64            Cr3;

  Status = OpenModule (EFI_FV_FILETYPE_SECURITY_CORE, &Sec);
  if (!EFI_ERROR (Status)) {
    Status = OpenModule (EFI_FV_FILETYPE_DXE_CORE, &Core);
  }

  CollectAcpiFacts (Partition, &AcpiFacts);
  if (!EFI_ERROR (Status)) {
    Status = LayOut (Partition, Sec.Context.ImageSize, Core.Context.ImageSize, MrmAcpiSize (&AcpiFacts), &State, &Layout);
  }

  if (!EFI_ERROR (Status)) {
    CopyMem ((VOID *)(UINTN)Layout.FirmwareVolume.Base, FirmwareVolume (), (UINTN)FirmwareVolume ()->FvLength);
    CopyMem ((VOID *)(UINTN)Layout.Loader.Base, (VOID *)(UINTN)Partition->Loader.Base, (UINTN)Partition->Loader.Size);
    CopyMem ((VOID *)(UINTN)Layout.Initrd.Base, (VOID *)(UINTN)Partition->Initrd.Base, (UINTN)Partition->Initrd.Size);
    CopyOptions (Partition->Plan->Boot.Options, &Layout.Options);
    Status = LoadModule (&Sec, Layout.Sec.Base, &SecEntry);
  }

  if (!EFI_ERROR (Status)) {
    Status = LoadModule (&Core, Layout.DxeCore.Base, &CoreEntry);
  }

  if (!EFI_ERROR (Status)) {
    Status = MrmAcpiBuild (&AcpiFacts, Layout.Acpi.Base, (VOID *)(UINTN)Layout.Acpi.Base, (UINTN)Layout.Acpi.Size);
  }

  if (!EFI_ERROR (Status)) {
    Status = BuildSmbios (Partition, &Layout);
  }

  if (!EFI_ERROR (Status)) {
    FillHandOff (Partition, &Layout, &HandOff);
    HandOff.DxeCoreEntry = CoreEntry;
    Status               = BuildHobs (Partition, &State, &Layout, &Core, CoreEntry, &HandOff);
  }

  if (!EFI_ERROR (Status)) {
    Status = BuildPageTables (Partition, &Layout, &Cr3);
  }

  if (EFI_ERROR (Status)) {
    return Status;
  }

  Partition->Mailbox = (MRM_MAILBOX *)(UINTN)Layout.Mailbox.Base;
  MrmMailboxInitialize (Partition->Mailbox);

  Start               = (MRM_START *)(UINTN)Layout.Start.Base;
  Start->Version      = MRM_START_VERSION;
  Start->Size         = sizeof (*Start);
  Start->HobList      = Layout.Free.Base;
  Start->DxeCoreEntry = CoreEntry;
  Start->Mailbox      = Layout.Mailbox.Base;
  Start->Pat          = AsmReadMsr64 (MSR_IA32_PAT);
  ZeroMem (&Start->Mtrrs, sizeof (Start->Mtrrs));
  if (IsMtrrSupported ()) {
    MtrrGetAllMtrrs (&Start->Mtrrs);
  }

  ZeroMem ((VOID *)(UINTN)Layout.Descriptors.Base, (UINTN)Layout.Descriptors.Size);
  WriteTrampoline (
    &Partition->Pieces[0],
    Cr3,
    Layout.Descriptors.Base,
    Layout.Descriptors.Base + SIZE_4KB,
    Layout.Stack.Base + Layout.Stack.Size,
    SecEntry,
    Layout.Start.Base
    );
  *Trampoline = (UINT32)Partition->Pieces[0].Base;
  return EFI_SUCCESS;
}
