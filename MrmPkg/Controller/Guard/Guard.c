/** @file
  What lies beneath a guarded partition: the guard's memory, its start, and how a partition ended by it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Guard/Guard.h"
#include "Guard/GuardMemory.h"
#include "Build/Trampoline.h"
#include "Machine/Processor.h"
#include "Machine/WorkerMemory.h"
#include "Pci/Confine.h"
#include "Partition/Verdict.h"
#include "Core/Clock.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/LocalApicLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MtrrLib.h>
#include <Library/PrintLib.h>
#include <Library/TimeBaseLib.h>
#include <Library/UefiRuntimeServicesTableLib.h>

#define ANSWER_MILLISECONDS  5000
#define LEAVE_MILLISECONDS   1000    ///< a processor needs microseconds; an emulated one may not run for a while
#define LINE_SIZE            96
#define REGISTERS_OF_LINE    4

///
/// What a guard's block holds besides the parts of its processors, which come first, and the nested page tables, which
/// come last.
///
typedef struct {
  MRM_DESCRIPTORS    Descriptors;                      ///< of all its processors
  UINT8              IoMap[MRM_GUARD_IO_MAP_SIZE];
  UINT8              MsrMap[MRM_GUARD_MSR_MAP_SIZE];
  UINT8              PageZero[SIZE_4KB];
  UINT8              Ones[SIZE_4KB];
  UINT8              StandIn[SIZE_4KB];
  MRM_GUARD          Guard;
} BLOCK;

#define BLOCK_SIZE  ALIGN_VALUE (sizeof (BLOCK), SIZE_4KB)

STATIC CONST CHAR8  *CONST  mRegisters[MRM_GUARD_REGISTERS] = {
  "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
};

/**
  The block of a guarded partition, without the parts of its processors.

  @param[in] Partition  The partition.
**/
STATIC
BLOCK *
BlockOf (
  IN CONST MRM_PARTITION  *Partition
  )
{
  return (BLOCK *)(UINTN)(Partition->GuardBlock.Base + Partition->Plan->ProcessorCount * MRM_GUARD_PROCESSOR_SIZE);
}

/**
  Make nested page tables at the end of the block.

  @param[in,out] Partition  The partition.
  @param[in]     Ranges     What it reaches.
  @param[in]     Count      How many ranges.
  @param[in]     Pages      How many pages there are.

  @return  Status of MrmGuardBuildTables().
**/
STATIC
EFI_STATUS
BuildNested (
  IN OUT MRM_PARTITION          *Partition,
  IN     CONST MRM_GUARD_RANGE  *Ranges,
  IN     UINTN                  Count,
  IN     UINTN                  Pages
  )
{
  MRM_GUARD_TABLES  *Tables;

  Tables            = &Partition->Guard->Tables;
  Tables->Physical  = (UINTN)BlockOf (Partition) + BLOCK_SIZE;
  Tables->Pages     = (UINT64 *)(UINTN)Tables->Physical;
  Tables->PageCount = Pages;
  return MrmGuardBuildTables (Ranges, Count, Tables);
}

/**
  Allocate the block of a partition, and fill in what stays the same for all its lives.

  @param[in,out] Partition  Receives GuardBlock and Guard.

  @retval EFI_SUCCESS           Done.
  @retval EFI_OUT_OF_RESOURCES  There is no memory for it.
  @return Other                 A library refused the facts.
**/
STATIC
EFI_STATUS
MakeBlock (
  IN OUT MRM_PARTITION  *Partition
  )
{
  EFI_STATUS       Status;
  MRM_GUARD_RANGE  Ranges[MRM_GUARD_MAX_RANGES];
  BLOCK            *Block;
  UINTN            Count;
  UINTN            Pages;

  // How many pages tables need does not depend on where these pages are.
  Status = CollectGuardRanges (Partition, 0, 0, 0, Ranges, &Count);
  if (!EFI_ERROR (Status)) {
    Status = MrmGuardTablesSize (Ranges, Count, &Pages);
  }

  if (EFI_ERROR (Status)) {
    return Status;
  }

  Partition->GuardBlock.Size = Partition->Plan->ProcessorCount * MRM_GUARD_PROCESSOR_SIZE
                               + BLOCK_SIZE
                               + EFI_PAGES_TO_SIZE (Pages);
  Partition->GuardBlock.Base = (UINTN)AllocateAlignedPages (
                                        EFI_SIZE_TO_PAGES ((UINTN)Partition->GuardBlock.Size),
                                        MRM_GUARD_PROCESSOR_SIZE
                                        );
  if (Partition->GuardBlock.Base == 0) {
    Partition->GuardBlock.Size = 0;
    return EFI_OUT_OF_RESOURCES;
  }

  ZeroMem ((VOID *)(UINTN)Partition->GuardBlock.Base, (UINTN)Partition->GuardBlock.Size);
  Block = BlockOf (Partition);
  SetMem (Block->Ones, sizeof (Block->Ones), MAX_UINT8);
  MrmPciStandIn ((UINT32 *)Block->StandIn);
  WriteDescriptors (&Block->Descriptors);
  MrmGuardWriteIdt (Block->Descriptors.Idt, MRM_SELECTOR_CODE);
  Partition->Guard             = &Block->Guard;
  Partition->Guard->Processors = (UINT8 *)(UINTN)Partition->GuardBlock.Base;
  Partition->Guard->IoMap      = (UINTN)Block->IoMap;
  Partition->Guard->MsrMap     = (UINTN)Block->MsrMap;
  TellGuard (Partition, Partition->Guard);
  Status = CollectGuardRanges (
             Partition,
             (UINTN)Block->PageZero,
             (UINTN)Block->Ones,
             (UINTN)Block->StandIn,
             Ranges,
             &Count
             );
  return EFI_ERROR (Status) ? Status : BuildNested (Partition, Ranges, Count, Pages);
}

VOID
OpenGuard (
  IN OUT MRM_PARTITION  *Partition
  )
{
  EFI_STATUS  Status;

  if (Partition->Plan->Isolation == MrmIsolationCooperative) {
    return;
  }

  Status = MakeBlock (Partition);
  if (!EFI_ERROR (Status)) {
    Status = MapGuard (Partition);
  }

  if (EFI_ERROR (Status)) {
    CloseGuard (Partition);
    Refuse (Partition, MRM_RULE_CONTROLLER, "its guard cannot be made: %r", Status);
  }
}

VOID
CloseGuard (
  IN OUT MRM_PARTITION  *Partition
  )
{
  UINTN  Index;

  // Those that wait in it for a start that failed must not stand in memory that becomes something else.
  for (Index = 0; (Partition->Guard != NULL) && (Index < Partition->Guard->ProcessorCount); Index++) {
    if (MrmGuardProcessor (Partition->Guard, Index)->State != MrmHeldAway) {
      SendInitIpi (Partition->ApicIds[Index]);
    }
  }

  Partition->Guard = NULL;
  FreeWorkerMap (&Partition->GuardTables);
  if (Partition->GuardBlock.Size != 0) {
    FreeAlignedPages (
      (VOID *)(UINTN)Partition->GuardBlock.Base,
      EFI_SIZE_TO_PAGES ((UINTN)Partition->GuardBlock.Size)
      );
    Partition->GuardBlock.Size = 0;
  }
}

EFI_STATUS
EnterGuard (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_GUARD_PROCESSOR  *Processor;
  MRM_GUARD            *Guard;
  EFI_TIME             Time;
  UINT64               Until;
  UINTN                Index;

  Guard = Partition->Guard;
  if (Guard == NULL) {
    return EFI_SUCCESS;
  }

  if (!EFI_ERROR (gRT->GetTime (&Time, NULL))) {
    Guard->StartSeconds = EfiTimeToEpoch (&Time);
  }

  if (IsMtrrSupported ()) {
    MtrrGetAllMtrrs (&Guard->Mtrrs);
  }

  Guard->WakeApicId = gMachine.BspApicId;
  Guard->WakeVector = gMachine.WakeVector;
  ZeroMem (BlockOf (Partition)->PageZero, SIZE_4KB);
  MrmGuardPrepare (Guard);
  for (Index = 0; Index < Guard->ProcessorCount; Index++) {
    Processor = MrmGuardProcessor (Guard, Index);
    WriteTrampoline (
      &Partition->Pieces[0],
      Partition->GuardRoot,
      &BlockOf (Partition)->Descriptors,
      (UINTN)Processor + MRM_GUARD_PROCESSOR_SIZE,
      (UINTN)MrmGuardEnter,
      (UINTN)Processor
      );
    SendInitSipiSipi (Processor->ApicId, (UINT32)Partition->Pieces[0].Base);
    Until = Milliseconds () + ANSWER_MILLISECONDS;
    while (Processor->State == MrmHeldAway) {
      if (Milliseconds () >= Until) {
        Say ("%a: the processor with APIC ID %d does not enter the guard", Partition->Plan->Name, Processor->ApicId);
        ReclaimProcessors (Partition);
        return EFI_TIMEOUT;
      }

      CpuPause ();
    }
  }

  return EFI_SUCCESS;
}

VOID
LeaveGuest (
  IN CONST MRM_PARTITION  *Partition
  )
{
  MRM_GUARD  *Guard;
  UINT64     Until;
  UINTN      Index;
  BOOLEAN    Interrupts;

  Guard = Partition->Guard;
  if (Guard == NULL) {
    return;
  }

  // Handlers of interrupts send some, too: a command is two writes.
  Interrupts = SaveAndDisableInterrupts ();
  MrmGuardStop (Guard);
  SetInterruptState (Interrupts);
  Until = Milliseconds () + LEAVE_MILLISECONDS;
  for (Index = 0; Index < Guard->ProcessorCount; ) {
    if (MrmGuardIsParked (MrmGuardProcessor (Guard, Index))) {
      Index++;
    } else if (Milliseconds () >= Until) {
      Say (
        "%a: the processor with APIC ID %d does not leave guest mode before INIT",
        Partition->Plan->Name,
        Guard->ApicIds[Index]
        );
      break;
    } else {
      CpuPause ();
    }
  }

  // From here on its processors execute code in its low slice, outside guest mode.  No DMA must overwrite it.
  BlockDevices (Partition);
}

/**
  Say in the log what a partition did when its guard ended it.

  @param[in] Name   The partition.
  @param[in] Fatal  What the guard has written down.
**/
STATIC
VOID
SayFatal (
  IN CONST CHAR8            *Name,
  IN CONST MRM_GUARD_FATAL  *Fatal
  )
{
  CHAR8  Line[LINE_SIZE];
  UINTN  Length;
  UINTN  Index;

  Say (
    "%a: guard: exit 0x%lx, cr3 0x%lx, rflags 0x%lx",
    Name,
    Fatal->Code,
    Fatal->Cr3,
    Fatal->Rflags
    );
  for (Index = 0; Index < MRM_GUARD_REGISTERS; Index += REGISTERS_OF_LINE) {
    Say (
      "%a: guard: %a %016lx %a %016lx %a %016lx %a %016lx",
      Name,
      mRegisters[Index],
      Fatal->General[Index],
      mRegisters[Index + 1],
      Fatal->General[Index + 1],
      mRegisters[Index + 2],
      Fatal->General[Index + 2],
      mRegisters[Index + 3],
      Fatal->General[Index + 3]
      );
  }

  Length  = 0;
  Line[0] = '\0';
  for (Index = 0; Index < Fatal->InstructionSize; Index++) {
    Length += AsciiSPrint (Line + Length, sizeof (Line) - Length, " %02x", Fatal->Instruction[Index]);
  }

  if (Length != 0) {
    Say ("%a: guard: instruction%a", Name, Line);
  }
}

BOOLEAN
GuardEnded (
  IN  CONST MRM_PARTITION  *Partition,
  OUT BOOLEAN              *Reset,
  OUT CHAR8                *Words,
  IN  UINTN                Size
  )
{
  CONST MRM_GUARD_FATAL  *Fatal;

  if ((Partition->Guard == NULL) || (Partition->Guard->Ended != 2)) {
    return FALSE;
  }

  MemoryFence ();
  Fatal  = &Partition->Guard->Fatal;
  *Reset = (BOOLEAN)(Fatal->Reason == MrmReasonResetPort);
  AsciiSPrint (
    Words,
    Size,
    "ended by its guard: %a; address 0x%lx, instruction at 0x%lx, APIC ID %d",
    MrmGuardReasonText (Fatal->Reason),
    Fatal->Address,
    Fatal->Rip,
    Fatal->ApicId
    );
  if (!*Reset) {
    SayFatal (Partition->Plan->Name, Fatal);
  }

  return TRUE;
}
