/** @file
  The controller's view of the live machine and of its partitions.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_H_
#define MRM_H_

#include <PiDxe.h>
#include <MrmPlan.h>
#include <MrmStart.h>
#include <Guid/MrmHandOff.h>
#include <Library/MrmLifecycleLib.h>
#include <Library/MrmLogLib.h>
#include <Library/MrmMachineLib.h>
#include <Library/MrmPciLib.h>
#include <Library/MrmRangeLib.h>
#include <Protocol/MpService.h>
#include <Protocol/PciRootBridgeIo.h>
#include <Protocol/SimpleFileSystem.h>

#define MRM_TEXT_OF(Tokens)  #Tokens
#define MRM_TEXT_OF_MACRO(Macro)  MRM_TEXT_OF (Macro)
#define MRM_VERSION_TEXT      MRM_TEXT_OF_MACRO (MRM_VERSION)   ///< the build's: PACKAGE_VERSION of MrmPkg.dec
#define MRM_MAX_PIECES        16      ///< memory ranges one partition can be made of
#define MRM_MAX_FUNCTIONS     32      ///< PCI functions behind one port
#define MRM_REASON_SIZE       384     ///< failure text of a partition, cut to this

///
/// One processor of the machine; more is in MRM_PROCESSOR_FACTS.
///
typedef struct {
  UINTN               Number;               ///< of the PC's MP services
  BOOLEAN             Claimed;              ///< taken from them
  volatile BOOLEAN    Parked;               ///< set by the processor itself
  MRM_CLOCK_RESULT    LocalApicTimer;       ///< at divide-by-1, measured on it
} MRM_PROCESSOR;

///
/// The live machine as the PC's firmware describes it.
///
typedef struct {
  EFI_MP_SERVICES_PROTOCOL    *Mp;
  UINTN                       ProcessorCount;
  MRM_PROCESSOR               *Processors;       ///< ProcessorCount of them
  MRM_PROCESSOR_FACTS         *ProcessorFacts;   ///< as many, in the same order
  UINT32                      BspApicId;
  UINT8                       PhysicalAddressBits;
  EFI_GUID                    Uuid;              ///< of the PC, zero when unknown
  UINT64                      LocalApicAddress;
  BOOLEAN                     NoExecute;         ///< pages can be closed to code: by the firmware set-up, too
  UINT64                      TscFrequency;      ///< Hz, measured
  MRM_CLOCK_RESULT            Tsc;               ///< that measurement against the PM timer
  MRM_CLOCK_CLAIM             Claim;             ///< what the processor says of its clocks
  UINT16                      PmTimerPort;       ///< 0 = none
  BOOLEAN                     PmTimer32Bit;
  CONST VOID                  *Mcfg;             ///< table, or NULL
  CONST VOID                  *Srat;
  CONST VOID                  *Slit;
  EFI_FILE_PROTOCOL           *Esp;              ///< root of the volume Mrm.efi came from
  EFI_HANDLE                  EspDevice;         ///< that volume
  BOOLEAN                     VerifyOnly;        ///< load option "verify": judge, report, change nothing
} MRM_MACHINE;

///
/// One PCI function behind an owned port, with the configuration the PC's
/// firmware gave it, restored after each reset.
///
typedef struct {
  UINT8                   Bus;
  UINT8                   Device;
  UINT8                   Function;
  BOOLEAN                 Disabled;              ///< no way to interrupt: it stays switched off
  MRM_PCI_CAPABILITIES    Capabilities;
  UINT32                  Config[MRM_PCI_CONFIG_DWORDS];
} MRM_PCI_FUNCTION;

///
/// A root port or a downstream port of a switch, and everything behind it.
///
typedef struct {
  EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL    *RootBridge;
  UINT8                              PortBus;    ///< the port itself
  UINT8                              PortDevice;
  UINT8                              PortFunction;
  UINT16                             PortSegment;
  UINTN                              FunctionCount;
  MRM_PCI_FUNCTION                   Functions[MRM_MAX_FUNCTIONS];
} MRM_PCI_PORT;

///
/// The controller's pristine copies of what a boot source needs; empty when there is nothing.
///
typedef struct {
  MRM_RANGE    Loader;
  MRM_RANGE    Initrd;
} MRM_BOOT_FILES;

typedef struct _MRM_PARTITION_STORE    MRM_PARTITION_STORE;
typedef struct _MRM_PARTITION_CONTROL  MRM_PARTITION_CONTROL;

///
/// One partition on the live machine.
///
typedef struct {
  CONST MRM_PLAN_PARTITION    *Plan;
  CONST MRM_PLAN_POLICY       *Policy;                       ///< in force (Policy.h); what is Plan's is structural
  MRM_LIFECYCLE               Life;
  UINT32                      ApicIds[MRM_MAX_PROCESSORS];   ///< Plan->ProcessorCount of them, first boots
  UINT64                      LocalApicTimerFrequency;       ///< Hz
  UINT32                      MemoryBound;                   ///< bit n: request n of the plan was judged
  UINTN                       PieceCount;
  MRM_RANGE                   Pieces[MRM_MAX_PIECES];        ///< memory; the low slice first
  UINT32                      PciBusCount;
  MRM_PCI_BUS                 PciBuses[MRM_MAX_PCI_BUSES];
  MRM_PCI_PORT                *PciPorts;                     ///< PciBusCount elements
  MRM_CONSOLE                 Console;                       ///< as the live machine has it
  CONST MRM_PCI_PORT          *ConsolePort;                  ///< port of a console on a PCI card, or NULL
  CONST MRM_PCI_FUNCTION      *ConsoleFunction;              ///< that card
  UINT16                      ConsoleSegment;                ///< as the partition sees it
  MRM_BOOT_FILES              BootFiles[MRM_MAX_BOOT_SOURCES];
  MRM_MAILBOX                 *Mailbox;                      ///< in the partition's memory, as all below; not trusted
  MRM_RANGE                   VariableStore;
  MRM_PARTITION_STORE         *Store;                        ///< the controller's: what is committed (Store.h)
  MRM_CONTROL_AREA            *ControlArea;
  MRM_RING                    *ConsoleRing;
  UINT32                      ConsoleRingSize;               ///< bytes of its data, as the controller made it
  MRM_RING                    *EventRing;
  UINT32                      EventRingSize;                 ///< bytes of its data, as the controller made it
  MRM_PARTITION_CONTROL       *Control;                      ///< the controller's: control variables (Control.h)
  MRM_TEXT                    Audit;                         ///< what was promised and found
  CHAR8                       Words[MRM_REASON_SIZE];        ///< why it is in its state
  BOOLEAN                     Quiesced;                      ///< its devices wait for a start
  UINT64                      Scrubbed;                      ///< bytes of its memory zeroed before the next start
  UINT64                      StartTsc;
} MRM_PARTITION;

extern MRM_MACHINE    gMachine;
extern MRM_PARTITION  *gPartitions;
extern UINTN          gPartitionCount;

//
// Report.c (the rest is in Report.h)
//

/**
  Print a line of the controller on the PC's console, "MRM: " first, and add it to
  the report.

  @param[in] Format  PrintLib ASCII format string without line end.
  @param[in] ...     Its arguments.
**/
VOID
EFIAPI
Say (
  IN CONST CHAR8  *Format,
  ...
  );

//
// Uart.c
//

/**
  See that the UART promised to a partition is there; on a PCI card it is among the
  functions BindPci() found.

  @param[in,out] Partition  Receives Console, or is refused when it is not.
**/
VOID
BindConsole (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Disconnect the PC's drivers from the partition's UART; those of a PCI card go with
  ReleasePci().

  @param[in] Partition  The partition.
**/
VOID
ReleaseConsole (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Let the PC's drivers have the partition's UART again.

  @param[in] Partition  The partition; nothing of it runs.
**/
VOID
ReturnConsole (
  IN CONST MRM_PARTITION  *Partition
  );

//
// Machine.c
//

/**
  Collect what the PC's firmware says about the machine into gMachine and measure
  its TSC.

  @param[in] ImageHandle  Handle of Mrm.efi.

  @retval EFI_SUCCESS  Done.
  @return Other        The machine lacks something MRM cannot do without; it was said on the console.
**/
EFI_STATUS
SurveyMachine (
  IN EFI_HANDLE  ImageHandle
  );

/**
  Free what SurveyMachine() has collected, and close the volume Mrm.efi came from.
**/
VOID
ForgetMachine (
  VOID
  );

/**
  See that the machine has what every partition needs.

  @param[in,out] Partition  Refused when it has not.
**/
VOID
BindMachine (
  IN OUT MRM_PARTITION  *Partition
  );

//
// Processor.c
//

/**
  Take processors of the machine for a partition, as planned or, where the plan says
  "by count", any others.

  @param[in,out] Partition  Receives ApicIds, or is refused.
**/
VOID
BindProcessors (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Take the bound processors away from the PC's MP services for good and leave them
  waiting for a SIPI.

  @param[in,out] Partition  Receives LocalApicTimerFrequency, or is refused.
**/
VOID
ClaimProcessors (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Give a partition's claimed processors back to the PC's MP services.

  @param[in] Partition  The partition; nothing of it runs.
**/
VOID
ReleaseProcessors (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  INIT all processors of a partition: whatever they do, they wait for a SIPI after.

  @param[in] Partition  The partition.
**/
VOID
StopProcessors (
  IN CONST MRM_PARTITION  *Partition
  );

//
// Memory.c
//

/**
  Take memory of the machine for all partitions that are not refused.

  @param[in,out] Partitions  Receive Pieces, or are refused.
  @param[in]     Count       Their number.
**/
VOID
BindMemory (
  IN OUT MRM_PARTITION  *Partitions,
  IN     UINTN          Count
  );

/**
  Give the memory of a partition back to the PC's firmware.

  @param[in,out] Partition  Pieces become empty.
**/
VOID
ReleaseMemory (
  IN OUT MRM_PARTITION  *Partition
  );

//
// Pci.c
//

/**
  Find the ports of a partition and what is behind them.

  @param[in,out] Partition  Receives PciBuses and PciPorts, or is refused.
**/
VOID
BindPci (
  IN OUT MRM_PARTITION  *Partition
  );

//
// PciRelease.c
//

/**
  Disconnect the PC's drivers from everything behind the partition's ports, and let all bridges
  above pass on what its devices ask for.

  @param[in] Partition  The partition.
**/
VOID
ReleasePci (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Let the PC's drivers have everything behind the partition's root ports again.

  @param[in] Partition  The partition; its devices are quiesced.
**/
VOID
ReturnPci (
  IN CONST MRM_PARTITION  *Partition
  );

//
// PciQuiesce.c
//

/**
  Quiesce the partition's devices: bus master off, reset, configuration restored; the
  UART of a PCI card that is its console decodes again.

  @param[in] Partition  The partition; its processors are stopped.

  @retval EFI_SUCCESS       The partition can start.
  @retval EFI_DEVICE_ERROR  A function did not come back from its reset; it was said on the console.
**/
EFI_STATUS
QuiescePci (
  IN CONST MRM_PARTITION  *Partition
  );

//
// File.c
//

/**
  Read the boot files of a partition from the ESP.

  @param[in,out] Partition  Receives BootFiles, or is refused when no source is left to boot from.
**/
VOID
BindFiles (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Free the controller's copies of a partition's boot files.

  @param[in,out] Partition  BootFiles become empty.
**/
VOID
ReleaseFiles (
  IN OUT MRM_PARTITION  *Partition
  );

//
// Image.c
//

/**
  Unpack the partition firmware once for all partitions.

  @retval EFI_SUCCESS  Done.
  @return Other        This Mrm.efi is damaged.
**/
EFI_STATUS
UnpackFirmware (
  VOID
  );

/**
  Build everything a partition starts with in its memory, from pristine copies.

  @param[in,out] Partition   Receives Mailbox.
  @param[out]    Trampoline  Receives the address of the start-up code, page-aligned, below 1 MiB.

  @retval EFI_SUCCESS           Ready for a SIPI.
  @retval EFI_OUT_OF_RESOURCES  The partition's memory is too small for its firmware and boot files.
  @return Other                 A library refused the facts.
**/
EFI_STATUS
BuildPartition (
  IN OUT MRM_PARTITION  *Partition,
  OUT    UINT32         *Trampoline
  );

//
// Trampoline.c
//

/**
  Write the descriptor tables of a partition's first processor: code, data and a task with a stack for exceptions.  The
  gates of the IDT are for its first C code to fill in.

  @param[out] Tables  Where they lie in the partition's memory.
**/
VOID
WriteDescriptors (
  OUT MRM_DESCRIPTORS  *Tables
  );

/**
  Write the start-up code of a partition's first processor into its low slice.

  @param[in] LowSlice   Low slice of the partition: at least 16 KiB, page-aligned, below 1 MiB.
  @param[in] Cr3        Page tables of the partition.
  @param[in] Tables     Its descriptor tables.
  @param[in] Stack      Top of its stack, 16-byte aligned.
  @param[in] Entry      First C code.
  @param[in] Parameter  Its argument.
**/
VOID
WriteTrampoline (
  IN CONST MRM_RANGE        *LowSlice,
  IN UINT64                 Cr3,
  IN CONST MRM_DESCRIPTORS  *Tables,
  IN UINT64                 Stack,
  IN UINT64                 Entry,
  IN UINT64                 Parameter
  );

//
// Interrupt.c
//

/**
  Survive interrupts the PC's firmware does not know, e.g. an IPI of a partition:
  acknowledge them.

  @retval EFI_SUCCESS  Handlers are in place.
  @return Other        The firmware has no CPU architectural protocol.
**/
EFI_STATUS
CatchStrayInterrupts (
  VOID
  );

/**
  Send NMIs of the machine on to the partition that gets them; tell of stray interrupts.
**/
VOID
AttendInterrupts (
  VOID
  );

/**
  Send an NMI to a processor.

  @param[in] ApicId  Its APIC ID.
**/
VOID
SendNmi (
  IN UINT32  ApicId
  );

/**
  Send an event of the machine on as an NMI to the partition that gets them, if its OS runs, and say so: firmware and
  loaders take an NMI for an exception, and fail.

  @param[in] What  What came, for people.
**/
VOID
ForwardNmi (
  IN CONST CHAR8  *What
  );

/**
  Vector of the interrupt by which a partition asks for a look at its mailbox, from CatchStrayInterrupts() on.

  @return  The vector; 0 when the PC's firmware leaves none.
**/
UINT32
WakeVector (
  VOID
  );

/**
  How often partitions have asked for a look, modulo 2^32.
**/
UINT32
Wakes (
  VOID
  );

/**
  A look at all mailboxes begins: who has asked until now need not be waited for.
**/
VOID
BeginLook (
  VOID
  );

/**
  Wait until a timer fires or a partition has asked for a look since BeginLook(), at TPL_APPLICATION.

  @param[in] Timer  Periodic timer event.
**/
VOID
WaitForTimerOrWake (
  IN EFI_EVENT  Timer
  );

/**
  Enable interrupts and halt until one comes: one that waits already ends the halt, too.
**/
VOID
EFIAPI
MrmEnableInterruptsAndHalt (
  VOID
  );

/**
  Take the handlers of CatchStrayInterrupts() away again.
**/
VOID
ReleaseStrayInterrupts (
  VOID
  );

//
// Run.c
//

/**
  Start all partitions that were not refused and look after them, until the last one is off
  and the plan wants the PC's firmware back.

  @retval EFI_SUCCESS  That is so.
  @return Other        The PC's firmware gives no timer, which was said on the console; nothing was started.
**/
EFI_STATUS
RunPartitions (
  VOID
  );

#endif
