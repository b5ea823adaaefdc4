/** @file
  The guard: code of the controller beneath a guarded partition.

  Each processor of a guarded partition enters MrmGuardEnter() first and never returns from it.  It waits there until it
  is started, then runs the partition in guest mode, in real mode from its first instruction.  What the partition does
  beyond its own ends in an exit: MrmGuardLib decides, the guard carries it out.  The guard calls no firmware, and waits
  for nobody but processors of the same partition; what it uses lies in one block of the controller's memory.

  "APM" is AMD's Architecture Programmer's Manual, volume 2.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_GUARD_HOST_LIB_H_
#define MRM_GUARD_HOST_LIB_H_

#include <MrmPlan.h>
#include <Library/BaseLib.h>
#include <Library/MrmGuardCounts.h>
#include <Library/MrmGuardLib.h>
#include <Library/MrmLayoutLib.h>
#include <Library/MtrrLib.h>

#define MRM_GUARD_RING            8                    ///< exits that are remembered
#define MRM_GUARD_PROCESSOR_SIZE  SIZE_32KB            ///< of a processor's part, and its alignment
#define MRM_GUARD_MAX_IGNORED     11

///
/// What a processor of a guarded partition does.
///
typedef enum {
  MrmHeldAway,                    ///< it has not come yet
  MrmHeldWaiting,                 ///< for its start, as after INIT
  MrmHeldStarting,                ///< it is to start at Vector
  MrmHeldRunning,                 ///< in guest mode
  MrmHeldStopped,                 ///< its partition has ended: it leaves guest mode
  MrmHeldParked                   ///< it has left guest mode, and stands in the guard
} MRM_HELD_STATE;

typedef struct _MRM_GUARD MRM_GUARD;

///
/// One processor, at the start of its part of the block.  Assembler code knows the first members.
///
typedef struct {
  UINT64               General[MRM_GUARD_REGISTERS];   ///< of the partition; RAX and RSP are in Vmcb
  UINT64               Vmcb;                           ///< address of what SVM knows of it
  volatile UINT32      State;                          ///< MRM_HELD_STATE
  volatile UINT32      Kicks;                          ///< 1: another processor has an NMI on its way
  UINT8                Reserved[0x200 - 0x90];
  UINT8                GuestFx[512];                   ///< its FXSAVE area
  UINT8                HostFx[512];                    ///< that of the guard
  MRM_GUARD            *Guard;
  UINT64               HostSave;                       ///< address of the page for the guard's own state (APM 15.30.4)
  UINT32               ApicId;
  volatile UINT32      Vector;                         ///< page below 1 MiB that it starts at
  volatile BOOLEAN     Alive;                          ///< its local APIC was used since it was started or may have stopped
  BOOLEAN              WasOn;                          ///< its local APIC has been on since it was started
  BOOLEAN              NmiStepping;                    ///< the trap flag is set for the sake of Nmi ...
  BOOLEAN              NmiTraced;                      ///< ... and was set before
  UINT64               NmiDr6;                         ///< DR6 before that
  MRM_GUARD_NMI        Nmi;
  UINT32               Systems;                        ///< kernels that have begun on it since it was started
  MRM_GUARD_STATE      Registers;
  MRM_GUARD_COUNTS     Counts;
  UINT64               RingNext;                       ///< counts up
  MRM_GUARD_SVM_EXIT   Ring[MRM_GUARD_RING];
  UINT64               RingRip[MRM_GUARD_RING];
} MRM_GUARD_PROCESSOR;

STATIC_ASSERT (OFFSET_OF (MRM_GUARD_PROCESSOR, Vmcb) == 0x80, "as in SvmRun.nasm");
STATIC_ASSERT (OFFSET_OF (MRM_GUARD_PROCESSOR, State) == 0x88, "as in SvmRun.nasm");
STATIC_ASSERT (OFFSET_OF (MRM_GUARD_PROCESSOR, GuestFx) == 0x200, "as in SvmRun.nasm");
STATIC_ASSERT (OFFSET_OF (MRM_GUARD_PROCESSOR, HostFx) == 0x400, "as in SvmRun.nasm");
STATIC_ASSERT (sizeof (MRM_GUARD_PROCESSOR) <= SIZE_4KB, "a page");

///
/// One guarded partition: what the controller tells the guard, and what the guard tells the controller.
///
struct _MRM_GUARD {
  UINT8                    *Processors;                ///< ProcessorCount parts of MRM_GUARD_PROCESSOR_SIZE, first boots
  UINT32                   ProcessorCount;
  UINT32                   ApicIds[MRM_MAX_PROCESSORS];
  MRM_GUARD_TABLES         Tables;                     ///< nested page tables
  UINT64                   IoMap;                      ///< address of MRM_GUARD_IO_MAP_SIZE bytes
  UINT64                   MsrMap;                     ///< address of MRM_GUARD_MSR_MAP_SIZE bytes
  UINT64                   LocalApic;                  ///< address of its registers
  BOOLEAN                  Contained;                  ///< its interrupts are confined: that page stays looked at
  UINT32                   LogicalIds[MRM_MAX_PROCESSORS];   ///< register D0 of each local APIC, as last written
  UINT32                   Formats[MRM_MAX_PROCESSORS];      ///< register E0
  MRM_RANGE                Memory[MRM_MAX_PIECES];     ///< of the partition: instructions are read there
  UINTN                    MemoryCount;
  MRM_RANGE                Ignored[MRM_GUARD_MAX_IGNORED];
  UINTN                    IgnoredCount;
  MRM_GUARD_BUSES          Buses[MRM_MAX_PCI_BUSES];
  UINTN                    BusCount;
  MRM_GUARD_CHIPSET        Chipset;
  MRM_GUARD_FUNCTION       Functions[MRM_GUARD_MAX_FUNCTIONS];
  UINTN                    FunctionCount;
  MRM_GUARD_MESSAGES       Messages[MRM_GUARD_MAX_MESSAGES];
  UINTN                    MessageCount;
  volatile UINT32          RegistersBusy;              ///< 1: a processor writes to registers of functions
  MRM_GUARD_DEVICES        Devices;
  UINT64                   TscFrequency;               ///< Hz
  UINT64                   StartTsc;
  UINT64                   StartSeconds;               ///< since 1970 began, at StartTsc
  MTRR_SETTINGS            Mtrrs;                      ///< of the boot processor: the partition cannot write them
  UINT32                   WakeApicId;                 ///< the boot processor
  UINT32                   WakeVector;                 ///< has it look at once; 0: none
  volatile UINT32          Waking;                     ///< 1: it was woken, and has not looked since
  volatile UINT32          Opened;                     ///< how often the local APIC was opened to writes
  volatile UINT32          Ended;                      ///< 0: no; 1: Fatal is being written; 2: it has ended
  MRM_GUARD_FATAL          Fatal;
};

///
/// What a processor lacks for guest mode.
///
typedef enum {
  MrmGuardCapable,
  MrmGuardNoSvm,                  ///< CPUID 8000_0001h ECX[2]
  MrmGuardOff,                    ///< VM_CR.SVMDIS: by the firmware set-up
  MrmGuardNoNesting               ///< CPUID 8000_000Ah EDX[0]: no nested paging
} MRM_GUARD_ABILITY;

/**
  Say whether this processor can hold a partition in guest mode (APM 15.4).
**/
MRM_GUARD_ABILITY
EFIAPI
MrmGuardProbe (
  VOID
  );

/**
  Address of a processor's part.

  @param[in] Guard   The partition.
  @param[in] Number  Below ProcessorCount.
**/
MRM_GUARD_PROCESSOR *
EFIAPI
MrmGuardProcessor (
  IN CONST MRM_GUARD  *Guard,
  IN UINTN            Number
  );

/**
  Prepare all parts for processors to come, before each start of the partition.  What the controller tells in Guard is
  filled in; no processor is in the guard, or all stand there and get no NMI any more.

  @param[in,out] Guard  The partition.
**/
VOID
EFIAPI
MrmGuardPrepare (
  IN OUT MRM_GUARD  *Guard
  );

/**
  Have registers end in an exit that the guard looks at whatever else is open.

  @param[in,out] Map  MRM_GUARD_MSR_MAP_SIZE bytes, as MrmGuardBuildMsrMap() made it.
**/
VOID
EFIAPI
MrmGuardCloseMsrs (
  IN OUT UINT8  *Map
  );

/**
  Write the interrupt table of the guard: an NMI ends a wait, an exception stops the processor for good.

  @param[out] Idt       256 gates.
  @param[in]  Selector  Code segment of the guard.
**/
VOID
EFIAPI
MrmGuardWriteIdt (
  OUT IA32_IDT_GATE_DESCRIPTOR  *Idt,
  IN  UINT16                    Selector
  );

/**
  On a processor of the partition, in long mode, on the guard's page tables and the stack of its part, interrupts off:
  be its guard for ever.  Its GDT and IDT are the guard's.

  @param[in,out] Processor  Its part.
**/
VOID
EFIAPI
MrmGuardEnter (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  );

/**
  Start a processor that waits, as a SIPI does.

  @param[in,out] Processor  Its part.
  @param[in]     Vector     Page below 1 MiB that it starts at.

  @retval FALSE  It does not wait.
**/
BOOLEAN
EFIAPI
MrmGuardStart (
  IN OUT MRM_GUARD_PROCESSOR  *Processor,
  IN     UINT32               Vector
  );

/**
  Have all processors leave guest mode for good, whatever the partition does there; with interrupts off.

  @param[in,out] Guard  The partition.
**/
VOID
EFIAPI
MrmGuardStop (
  IN OUT MRM_GUARD  *Guard
  );

/**
  The controller is about to look at a partition, which may wake it again from now on.

  @param[in,out] Guard  The partition.
**/
VOID
EFIAPI
MrmGuardLook (
  IN OUT MRM_GUARD  *Guard
  );

/**
  Say whether a processor has left guest mode after MrmGuardStop(), or was never in the guard.

  @param[in] Processor  Its part.
**/
BOOLEAN
EFIAPI
MrmGuardIsParked (
  IN CONST MRM_GUARD_PROCESSOR  *Processor
  );

/**
  Add up what all processors have counted.

  @param[in]  Guard   The partition.
  @param[out] Counts  Receives the sums.
**/
VOID
EFIAPI
MrmGuardCount (
  IN  CONST MRM_GUARD   *Guard,
  OUT MRM_GUARD_COUNTS  *Counts
  );

#endif
