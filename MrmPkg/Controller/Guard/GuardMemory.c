/** @file
  What a guarded partition and its guard reach.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Guard/GuardMemory.h"
#include "Build/PageTables.h"
#include "Machine/WorkerMemory.h"
#include "Core/Facts.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmMachineLib.h>
#include <Register/Intel/Cpuid.h>

#define POST_PORT   0x80    ///< firmware writes progress codes there; kernels write to it to wait
#define UART_PORTS  8
#define MAX_MEMORY  (MRM_MAX_PIECES + MRM_MAX_SHARED + 1)
#define MAX_WINDOWS (2 * MRM_MAX_PCI_BUSES + 1)
#define MAX_ECAM    8

/**
  Configuration space of all buses of the PC.

  @param[out] Ranges  Receives MAX_ECAM elements at most.

  @return  How many.
**/
STATIC
UINTN
CollectEcam (
  OUT MRM_RANGE  *Ranges
  )
{
  UINTN  Count;

  for (Count = 0; (Count < MAX_ECAM) && MrmEcamRange (gMachine.Mcfg, Count, &Ranges[Count]); Count++) {
  }

  return Count;
}

EFI_STATUS
CollectGuardRanges (
  IN  CONST MRM_PARTITION  *Partition,
  IN  UINT64               PageZero,
  IN  UINT64               Ones,
  OUT MRM_GUARD_RANGE      *Ranges,
  OUT UINTN                *Count
  )
{
  MRM_GUARD_VIEW     View;
  MRM_RANGE          Memory[MAX_MEMORY];
  MRM_RANGE          Windows[MAX_WINDOWS];
  MRM_RANGE          Ecam[MRM_MAX_PCI_BUSES];
  MRM_RANGE          AllEcam[MAX_ECAM];
  CONST MRM_PCI_BUS  *Bus;
  UINTN              Index;

  ZeroMem (&View, sizeof (View));
  View.Memory  = Memory;
  View.Windows = Windows;
  View.Ecam    = Ecam;
  View.AllEcam = AllEcam;
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
    Bus                   = &Partition->PciBuses[Index];
    Ecam[View.EcamCount++] = EcamRange (Bus);
    if (Bus->Memory.Size != 0) {
      Windows[View.WindowCount++] = Bus->Memory;
    }

    if (Bus->Prefetchable.Size != 0) {
      Windows[View.WindowCount++] = Bus->Prefetchable;
    }
  }

  View.AllEcamCount    = CollectEcam (AllEcam);
  View.LocalApic       = gMachine.LocalApicAddress;
  View.LocalApicAccess = MRM_GUARD_READ;
  View.PageZero        = PageZero;
  View.Ones            = Ones;
  return MrmGuardRanges (&View, Ranges, MRM_GUARD_MAX_RANGES, Count);
}

/**
  Open the ports of a partition: the PC's PM timer, its console, and port 80h.

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
  MRM_GUARD_PORTS  Open[3];
  UINTN            Count;

  Open[0].First = (UINT16)gMachine.PmTimer.Port;
  Open[0].Last  = (UINT16)(gMachine.PmTimer.Port + 3);
  Open[1].First = POST_PORT;
  Open[1].Last  = POST_PORT;
  Count         = 2;
  if (Partition->Console.Kind == MrmConsoleUart16550Io) {
    Open[Count].First  = (UINT16)Partition->Console.Base;
    Open[Count++].Last = (UINT16)(Partition->Console.Base + UART_PORTS - 1);
  }

  MrmGuardBuildIoMap (Open, Count, Map);
}

VOID
TellGuard (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT MRM_GUARD            *Guard
  )
{
  CONST MRM_RANGE       *Slice;
  CONST MRM_GUARD_MSRS  *Msrs;
  UINTN                 Count;
  UINTN                 Index;

  CopyMem (Guard->ApicIds, Partition->ApicIds, sizeof (Guard->ApicIds));
  CopyMem (Guard->Memory, Partition->Pieces, sizeof (Guard->Memory));
  Guard->ProcessorCount = Partition->Plan->ProcessorCount;
  Guard->MemoryCount    = Partition->PieceCount;
  Guard->LocalApic      = gMachine.LocalApicAddress;
  Guard->TscFrequency   = gMachine.TscFrequency;
  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    Guard->Buses[Index].Ecam     = EcamRange (&Partition->PciBuses[Index]).Base;
    Guard->Buses[Index].FirstBus = Partition->PciBuses[Index].FirstBus;
    Guard->Buses[Index].LastBus  = Partition->PciBuses[Index].LastBus;
  }

  Guard->BusCount        = Partition->PciBusCount;
  Slice                  = &Partition->Pieces[0];
  Guard->Ignored[0].Base = SIZE_4KB;
  Guard->Ignored[0].Size = Slice->Base - SIZE_4KB;
  Guard->Ignored[1].Base = Slice->Base + Slice->Size;
  Guard->Ignored[1].Size = SIZE_1MB - Guard->Ignored[1].Base;
  Guard->IgnoredCount    = 2 + CollectEcam (&Guard->Ignored[2]);
  OpenPorts (Partition, (UINT8 *)(UINTN)Guard->IoMap);
  Msrs = MrmGuardOpenMsrs (&Count);
  MrmGuardBuildMsrMap (Msrs, Count, (UINT8 *)(UINTN)Guard->MsrMap);
  MrmGuardCloseMsrs ((UINT8 *)(UINTN)Guard->MsrMap);
}

STATIC_ASSERT (MRM_GUARD_MAX_IGNORED == 2 + MAX_ECAM, "the first MiB without the low slice, and configuration space");

EFI_STATUS
MapGuard (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_WORK_MEMORY             Own;
  MRM_WORK_MEMORY             Memory[MRM_MAX_PIECES + MRM_MAX_PCI_BUSES];
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
