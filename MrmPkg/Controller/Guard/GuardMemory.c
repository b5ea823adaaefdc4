/** @file
  What a guarded partition and its guard reach.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Guard/GuardMemory.h"
#include "Build/PageTables.h"
#include "Chipset/Chipset.h"
#include "Machine/WorkerMemory.h"
#include "Pci/Messages.h"
#include "Core/Facts.h"
#include <IndustryStandard/Pci.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmMachineLib.h>
#include <Register/Intel/Cpuid.h>

#define POST_PORT   0x80    ///< firmware writes progress codes there; kernels write to it to wait
#define UART_PORTS  8

STATIC_ASSERT (MRM_GUARD_MAX_MEMORY == MRM_MAX_PIECES + MRM_MAX_SHARED + 1, "and the area of its cards and disks");
STATIC_ASSERT (
  MRM_GUARD_MAX_WINDOWS == 2 * MRM_MAX_PCI_BUSES + MRM_GUARD_MAX_FUNCTIONS * MRM_PCI_BARS + MRM_GUARD_MAX_CHIPSET,
  "two of a port, one for each register of a function, and what the owner of the chipset has"
  );
STATIC_ASSERT (MRM_GUARD_MAX_BUSES == MRM_MAX_PCI_BUSES, "one range of configuration space for each");

/**
  Configuration space of all buses of the PC.

  @param[out] Ranges  Receives MRM_GUARD_MAX_ECAM elements at most.

  @return  How many.
**/
STATIC
UINTN
CollectEcam (
  OUT MRM_RANGE  *Ranges
  )
{
  UINTN  Count;

  for (Count = 0; (Count < MRM_GUARD_MAX_ECAM) && MrmEcamRange (gMachine.Mcfg, Count, &Ranges[Count]); Count++) {
  }

  return Count;
}

/**
  Collect what a partition reaches of functions that it has by themselves.

  @param[in]     Partition  The partition.
  @param[in]     Number     Which of its buses.
  @param[in,out] Windows    Receives the pages of their registers.
  @param[in,out] Config     Receives their configuration spaces.
  @param[in,out] Count      How many elements Config has.

  @retval EFI_SUCCESS           Done.
  @retval EFI_BUFFER_TOO_SMALL  There are too many.
**/
STATIC
EFI_STATUS
CollectFunctions (
  IN     CONST MRM_PARTITION  *Partition,
  IN     UINTN                Number,
  IN OUT MRM_RANGE_SET        *Windows,
  IN OUT MRM_RANGE            *Config,
  IN OUT UINTN                *Count
  )
{
  CONST MRM_PCI_PORT      *Port;
  CONST MRM_PCI_FUNCTION  *Function;
  EFI_STATUS              Status;
  MRM_RANGE               Range;
  UINTN                   Index;
  UINTN                   Bar;

  Port = &Partition->PciPorts[Number];
  for (Index = 0; Index < Port->FunctionCount; Index++) {
    if (*Count == MRM_GUARD_MAX_FUNCTIONS) {
      return EFI_BUFFER_TOO_SMALL;
    }

    Function           = &Port->Functions[Index];
    Config[(*Count)++] = ConfigRange (
                           Partition->PciBuses[Number].EcamBase,
                           Function->Address.Bus,
                           Function->Address.Device,
                           Function->Address.Function
                           );
    for (Bar = 0; Bar < Function->BarCount; Bar++) {
      if (!Function->Bars[Bar].Io) {
        MrmPciPages (&Function->Bars[Bar], &Range);
        Status = MrmRangeAdd (Windows, Range.Base, Range.Size);
        if (EFI_ERROR (Status)) {
          return Status;
        }
      }
    }
  }

  return EFI_SUCCESS;
}

/**
  Check whether a partition has a function of a device.

  @param[in] Port      Functions of a bus that it has by themselves.
  @param[in] Count     How many of them are looked at.
  @param[in] Device    Device number.
  @param[in] Function  Function number; above 7 for any.
**/
STATIC
BOOLEAN
HasFunction (
  IN CONST MRM_PCI_PORT  *Port,
  IN UINTN               Count,
  IN UINT8               Device,
  IN UINT8               Function
  )
{
  CONST MRM_PCI_ADDRESS  *Address;
  UINTN                  Index;

  for (Index = 0; Index < Count; Index++) {
    Address = &Port->Functions[Index].Address;
    if ((Address->Device == Device) && ((Function > PCI_MAX_FUNC) || (Address->Function == Function))) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Collect where a function 0 has to stand in, as a partition has others of its device only.

  @param[in]     Partition  The partition.
  @param[in]     Number     Which of its buses.
  @param[in,out] Pages      Receives their configuration spaces.
  @param[in,out] Count      How many elements Pages has.
**/
STATIC
VOID
CollectStandIns (
  IN     CONST MRM_PARTITION  *Partition,
  IN     UINTN                Number,
  IN OUT MRM_RANGE            *Pages,
  IN OUT UINTN                *Count
  )
{
  CONST MRM_PCI_PORT  *Port;
  UINTN               Index;
  UINT8               Device;

  Port = &Partition->PciPorts[Number];
  for (Index = 0; (Index < Port->FunctionCount) && (*Count < MRM_GUARD_MAX_FUNCTIONS); Index++) {
    Device = Port->Functions[Index].Address.Device;
    if (!HasFunction (Port, Index, Device, MAX_UINT8) && !HasFunction (Port, Port->FunctionCount, Device, 0)) {
      Pages[(*Count)++] = ConfigRange (
                            Partition->PciBuses[Number].EcamBase,
                            Port->Functions[Index].Address.Bus,
                            Device,
                            0
                            );
    }
  }
}

EFI_STATUS
CollectGuardRanges (
  IN  CONST MRM_PARTITION  *Partition,
  IN  UINT64               PageZero,
  IN  UINT64               Ones,
  IN  UINT64               StandIn,
  OUT MRM_GUARD_RANGE      *Ranges,
  OUT UINTN                *Count
  )
{
  MRM_GUARD_VIEW     View;
  MRM_RANGE          Memory[MRM_GUARD_MAX_MEMORY];
  MRM_RANGE          Windows[MRM_GUARD_MAX_WINDOWS];
  MRM_RANGE          Ecam[MRM_MAX_PCI_BUSES];
  MRM_RANGE          AllEcam[MRM_GUARD_MAX_ECAM];
  MRM_RANGE          Functions[MRM_GUARD_MAX_FUNCTIONS];
  MRM_RANGE          StandIns[MRM_GUARD_MAX_FUNCTIONS];
  MRM_RANGE          Pages[MRM_GUARD_MAX_FUNCTIONS * MRM_PCI_BARS];
  MRM_RANGE          Messages[MRM_GUARD_MAX_MESSAGES];
  MRM_RANGE_SET      Registers;
  MRM_RANGE_SET      Watched;
  CONST MRM_PCI_BUS  *Bus;
  EFI_STATUS         Status;
  UINTN              Index;

  ZeroMem (&View, sizeof (View));
  View.Memory        = Memory;
  View.Windows       = Windows;
  View.Ecam          = Ecam;
  View.AllEcam       = AllEcam;
  View.Functions     = Functions;
  View.StandIns      = StandIns;
  View.StandIn       = StandIn;
  Registers.Ranges   = Pages;
  Registers.Count    = 0;
  Registers.Capacity = ARRAY_SIZE (Pages);
  for (Index = 0; Index < Partition->PieceCount; Index++) {
    Memory[View.MemoryCount++] = Partition->Pieces[Index];
  }

  for (Index = 0; Index < Partition->Plan->SharedCount; Index++) {
    Memory[View.MemoryCount++] = Partition->Shared[Index];
  }

  if (Partition->CardArea.Size != 0) {
    Memory[View.MemoryCount++] = Partition->CardArea;
  }

  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    if (Partition->PciPorts[Index].ByFunction) {
      Status = CollectFunctions (Partition, Index, &Registers, Functions, &View.FunctionCount);
      if (EFI_ERROR (Status)) {
        return Status;
      }

      CollectStandIns (Partition, Index, StandIns, &View.StandInCount);
      continue;
    }

    Bus                    = &Partition->PciBuses[Index];
    Ecam[View.EcamCount++] = EcamRange (Bus);
    if (Bus->Memory.Size != 0) {
      Windows[View.WindowCount++] = Bus->Memory;
    }

    if (Bus->Prefetchable.Size != 0) {
      Windows[View.WindowCount++] = Bus->Prefetchable;
    }
  }

  // No two of these overlap, but two functions may have registers in one page.
  CopyMem (&Windows[View.WindowCount], Pages, Registers.Count * sizeof (*Pages));
  View.WindowCount += Registers.Count;
  if (Partition->Chipset != NULL) {
    CopyMem (
      &Windows[View.WindowCount],
      Partition->Chipset->Windows,
      Partition->Chipset->WindowCount * sizeof (*Windows)
      );
    View.WindowCount += Partition->Chipset->WindowCount;
    CopyMem (StandIns, Partition->Chipset->StandIns, Partition->Chipset->StandInCount * sizeof (*StandIns));
    View.StandInCount = Partition->Chipset->StandInCount;
  }

  Watched.Ranges   = Messages;
  Watched.Count    = 0;
  Watched.Capacity = ARRAY_SIZE (Messages);
  Status           = CollectWatchedPages (Partition, FALSE, &Watched);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  View.Watched         = Messages;
  View.WatchedCount    = Watched.Count;
  View.AllEcamCount    = CollectEcam (AllEcam);
  View.LocalApic       = gMachine.LocalApicAddress;
  View.LocalApicAccess = MRM_GUARD_READ;
  View.PageZero        = PageZero;
  View.Ones            = Ones;
  return MrmGuardRanges (&View, Ranges, MRM_GUARD_MAX_RANGES, Count);
}

/**
  List the I/O ports of functions that a partition has by themselves.

  @param[in]     Partition  The partition.
  @param[in,out] Open       Receives the ports.
  @param[in,out] Count      How many elements it has.
**/
STATIC
VOID
AddFunctionPorts (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT MRM_GUARD_PORTS      *Open,
  IN OUT UINTN                *Count
  )
{
  CONST MRM_PCI_PORT      *Port;
  CONST MRM_PCI_FUNCTION  *Function;
  CONST MRM_PCI_BAR       *Bar;
  UINTN                   Bus;
  UINTN                   Index;
  UINTN                   Number;

  for (Bus = 0; Bus < Partition->PciBusCount; Bus++) {
    Port = &Partition->PciPorts[Bus];
    for (Index = 0; Port->ByFunction && (Index < Port->FunctionCount); Index++) {
      Function = &Port->Functions[Index];
      for (Number = 0; Number < Function->BarCount; Number++) {
        Bar = &Function->Bars[Number];
        if (Bar->Io && (Bar->Base + Bar->Size - 1 <= MAX_UINT16)) {
          Open[*Count].First    = (UINT16)Bar->Base;
          Open[(*Count)++].Last = (UINT16)(Bar->Base + Bar->Size - 1);
        }
      }
    }
  }
}

/**
  List the I/O ports that are forwarded to what a partition has behind its ports.

  @param[in]     Partition  The partition.
  @param[in,out] Open       Receives the ports.
  @param[in,out] Count      How many elements it has.
**/
STATIC
VOID
AddWindowPorts (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT MRM_GUARD_PORTS      *Open,
  IN OUT UINTN                *Count
  )
{
  CONST MRM_RANGE  *Io;
  UINTN            Index;

  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    // The window of functions by themselves reaches from the first to the last of them: what lies between is others'.
    Io = &Partition->PciBuses[Index].Io;
    if (!Partition->PciPorts[Index].ByFunction && (Io->Size != 0) && (Io->Base + Io->Size - 1 <= MAX_UINT16)) {
      Open[*Count].First    = (UINT16)Io->Base;
      Open[(*Count)++].Last = (UINT16)(Io->Base + Io->Size - 1);
    }
  }
}

/**
  Open the ports of a partition: the PC's PM timer, its console, port 80h, and those of its PCI functions.  The owner of
  the chipset has all but those of others, and those that would end the PC.

  @param[in]  Partition  The partition.
  @param[out] Map        MRM_GUARD_IO_MAP_SIZE bytes.
**/
STATIC
VOID
OpenPorts (
  IN  CONST MRM_PARTITION  *Partition,
  OUT UINT8                *Map
  )
{
  MRM_GUARD_PORTS        Open[3 + MRM_MAX_PCI_BUSES + MRM_GUARD_MAX_FUNCTIONS * MRM_PCI_BARS];
  CONST MRM_GUARD_PORTS  *Closed;
  UINTN                  Count;

  if (Partition->Chipset != NULL) {
    Open[0].First = 0;
    Open[0].Last  = MAX_UINT16;
    MrmGuardBuildIoMap (Open, 1, Map);
    MrmGuardClosePorts (Partition->Chipset->Closed, Partition->Chipset->ClosedCount, Map);
    Closed = MrmGuardChipsetPorts (&Count);
    MrmGuardClosePorts (Closed, Count, Map);
    return;
  }

  Open[0].First = (UINT16)gMachine.PmTimer.Port;
  Open[0].Last  = (UINT16)(gMachine.PmTimer.Port + 3);
  Open[1].First = POST_PORT;
  Open[1].Last  = POST_PORT;
  Count         = 2;
  if (Partition->Console.Kind == MrmConsoleUart16550Io) {
    Open[Count].First  = (UINT16)Partition->Console.Base;
    Open[Count++].Last = (UINT16)(Partition->Console.Base + UART_PORTS - 1);
  }

  AddWindowPorts (Partition, Open, &Count);
  AddFunctionPorts (Partition, Open, &Count);
  MrmGuardBuildIoMap (Open, Count, Map);
}

/**
  Tell the guard of functions that a partition has by themselves: what they decode, and what may be written.

  @param[in]     Partition  The partition.
  @param[in]     Number     Which of its buses.
  @param[in,out] Guard      Receives them.
**/
STATIC
VOID
TellFunctions (
  IN     CONST MRM_PARTITION  *Partition,
  IN     UINTN                Number,
  IN OUT MRM_GUARD            *Guard
  )
{
  CONST MRM_PCI_PORT      *Port;
  CONST MRM_PCI_FUNCTION  *Function;
  MRM_GUARD_FUNCTION      *Told;
  UINTN                   Index;

  Port = &Partition->PciPorts[Number];
  for (Index = 0; (Index < Port->FunctionCount) && (Guard->FunctionCount < MRM_GUARD_MAX_FUNCTIONS); Index++) {
    Function   = &Port->Functions[Index];
    Told       = &Guard->Functions[Guard->FunctionCount++];
    Told->Page = ConfigRange (
                   Partition->PciBuses[Number].EcamBase,
                   Function->Address.Bus,
                   Function->Address.Device,
                   Function->Address.Function
                   ).Base;
    Told->Place = ((UINT32)Function->Address.Bus << 8)
                  | ((UINT32)Function->Address.Device << 3)
                  | Function->Address.Function;
    CopyMem (Told->Bars, &Function->Config[PCI_BASE_ADDRESSREG_OFFSET / sizeof (UINT32)], sizeof (Told->Bars));
    MrmPciOpen (&Function->Capabilities, Function->Config, Told->Open);
    Told->PayloadRegister = (UINT32)MrmPciPayload (&Function->Capabilities, &Told->PayloadBits);
    Told->Payload         = Function->Config[Told->PayloadRegister] & Told->PayloadBits;
  }
}

/**
  Tell the guard of the chipset: where CF8 and CFC lead, and registers that it looks at.

  @param[in]     Partition  The partition.
  @param[in,out] Guard      Receives it.
**/
STATIC
VOID
TellChipset (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT MRM_GUARD            *Guard
  )
{
  MRM_GUARD_BUSES  *Bus;

  if (Partition->Chipset == NULL) {
    return;
  }

  Bus                          = &Guard->Buses[Guard->BusCount++];
  Bus->Ecam                    = Partition->Chipset->Ecam.Base;
  Bus->LastBus                 = Partition->Chipset->LastBus;
  Bus->Sparse                  = TRUE;
  Guard->Chipset.Owner         = TRUE;
  Guard->Chipset.Pm1Control[0] = Partition->Chipset->Registers.Pm1Control[0];
  Guard->Chipset.Pm1Control[1] = Partition->Chipset->Registers.Pm1Control[1];
}

STATIC_ASSERT (MRM_GUARD_CONFIG_DWORDS == MRM_PCI_CONFIG_DWORDS, "MrmPciOpen() fills what the guard looks at");
STATIC_ASSERT (MRM_GUARD_BARS == MRM_PCI_BARS, "the same registers");

VOID
TellGuard (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT MRM_GUARD            *Guard
  )
{
  CONST MRM_RANGE       *Slice;
  CONST MRM_GUARD_MSRS  *Msrs;
  MRM_GUARD_BUSES       *Bus;
  UINTN                 Count;
  UINTN                 Index;

  CopyMem (Guard->ApicIds, Partition->ApicIds, sizeof (Guard->ApicIds));
  CopyMem (Guard->Memory, Partition->Pieces, sizeof (Guard->Memory));
  Guard->ProcessorCount = Partition->Plan->ProcessorCount;
  Guard->MemoryCount    = Partition->PieceCount;
  Guard->LocalApic      = gMachine.LocalApicAddress;
  Guard->TscFrequency   = gMachine.TscFrequency;
  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    if (Partition->PciPorts[Index].ByFunction) {
      TellFunctions (Partition, Index, Guard);
      continue;
    }

    Bus           = &Guard->Buses[Guard->BusCount++];
    Bus->Ecam     = EcamRange (&Partition->PciBuses[Index]).Base;
    Bus->FirstBus = Partition->PciBuses[Index].FirstBus;
    Bus->LastBus  = Partition->PciBuses[Index].LastBus;
  }

  TellChipset (Partition, Guard);
  Guard->MessageCount    = CollectWatchedMessages (Partition, Guard->Messages);
  Slice                  = &Partition->Pieces[0];
  Guard->Ignored[0].Base = SIZE_4KB;
  Guard->Ignored[0].Size = Slice->Base - SIZE_4KB;
  Guard->Ignored[1].Base = Slice->Base + Slice->Size;
  Guard->Ignored[1].Size = SIZE_1MB - Guard->Ignored[1].Base;
  Guard->Ignored[2].Base = MRM_GUARD_RESET_STATUS;
  Guard->Ignored[2].Size = MRM_GUARD_PAGE;
  Guard->IgnoredCount    = 3 + CollectEcam (&Guard->Ignored[3]);
  OpenPorts (Partition, (UINT8 *)(UINTN)Guard->IoMap);
  Msrs = MrmGuardOpenMsrs (&Count);
  MrmGuardBuildMsrMap (Msrs, Count, (UINT8 *)(UINTN)Guard->MsrMap);
  MrmGuardCloseMsrs ((UINT8 *)(UINTN)Guard->MsrMap);
  Guard->Contained = (BOOLEAN)(Partition->Plan->Isolation == MrmIsolationContained);
  if (Guard->Contained) {
    MrmGuardConfineMsrs ((UINT8 *)(UINTN)Guard->MsrMap);
  }
}

STATIC_ASSERT (
  MRM_GUARD_MAX_IGNORED == 3 + MRM_GUARD_MAX_ECAM,
  "the first MiB without the low slice, a page of the chipset, and configuration space"
  );

EFI_STATUS
MapGuard (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_WORK_MEMORY             Own;
  MRM_WORK_MEMORY             Memory[MRM_MAX_PIECES + MRM_MAX_PCI_BUSES + 1 + MRM_GUARD_MAX_MESSAGES];
  MRM_RANGE                   Pages[MRM_GUARD_MAX_MESSAGES];
  MRM_RANGE_SET               Tables;
  EFI_STATUS                  Status;
  CPUID_EXTENDED_CPU_SIG_EDX  Features;
  UINTN                       Count;
  UINTN                       Index;

  ZeroMem (&Own, sizeof (Own));
  ZeroMem (Memory, sizeof (Memory));
  Own.Range = Partition->GuardBlock;
  for (Count = 0; Count < Partition->PieceCount; Count++) {
    Memory[Count].Range = Partition->Pieces[Count];
  }

  // A processor enters by code there, and never comes back to it.
  Memory[0].Executable = TRUE;
  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    Memory[Count].Range      = EcamRange (&Partition->PciBuses[Index]);
    Memory[Count++].Uncached = TRUE;
  }

  if (Partition->Chipset != NULL) {
    Memory[Count].Range      = Partition->Chipset->Ecam;
    Memory[Count++].Uncached = TRUE;
  }

  Tables.Ranges   = Pages;
  Tables.Count    = 0;
  Tables.Capacity = ARRAY_SIZE (Pages);
  Status          = CollectWatchedPages (Partition, TRUE, &Tables);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  for (Index = 0; Index < Tables.Count; Index++) {
    Memory[Count].Range      = Pages[Index];
    Memory[Count++].Uncached = TRUE;
  }

  AsmCpuid (CPUID_EXTENDED_CPU_SIG, NULL, NULL, NULL, &Features.Uint32);
  return MakeWorkerMap (
           (Features.Bits.Page1GB != 0) ? Paging4Level1GB : Paging4Level,
           &Own,
           1,
           Memory,
           Count,
           &Partition->GuardTables,
           &Partition->GuardRoot
           );
}
