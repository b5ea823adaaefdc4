/** @file
  Exits of a guarded partition, and what the guard answers.  Part of MrmGuardLib.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_GUARD_EXIT_H_
#define MRM_GUARD_EXIT_H_

#include <Guid/MrmHandOff.h>
#include <Library/MrmGuardConfig.h>

#define MRM_GUARD_REGISTERS    16      ///< RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 to R15
#define MRM_GUARD_INSTRUCTION  15      ///< bytes of the longest instruction
#define MRM_GUARD_CMOS_SIZE    128     ///< bytes of clock and CMOS memory

///
/// Why a processor left guest mode, whatever the processor's own numbers are.
///
typedef enum {
  MrmExitUnknown,
  MrmExitKick,             ///< an NMI: the controller wants the processor, or the machine has one for the partition
  MrmExitShutdown,         ///< triple fault
  MrmExitIo,               ///< a port that is not open
  MrmExitMsr,              ///< a model-specific register that is not open
  MrmExitNestedFault,      ///< memory that it does not reach, or may not write or execute
  MrmExitVirtualization,   ///< an instruction of SVM or VT-x
  MrmExitEntryFailed,      ///< the processor refused to enter guest mode
  MrmExitException,        ///< a debug exception or an alignment check: their delivery can go on for ever
  MrmExitKinds             ///< how many there are
} MRM_GUARD_EXIT_KIND;

///
/// An exit.  Only what belongs to its kind is set.
///
typedef struct {
  MRM_GUARD_EXIT_KIND    Kind;
  UINT32                 Access;     ///< nested fault: MRM_GUARD_READ, _WRITE or _EXECUTE that was tried
  UINT64                 Code;       ///< the processor's own number of the exit
  UINT64                 Address;    ///< nested fault: as the partition sees it
  UINT64                 NextRip;    ///< where the next instruction is; 0: not known
  UINT32                 Msr;
  UINT16                 Port;
  UINT8                  Width;      ///< I/O: 1, 2 or 4 bytes
  UINT8                  Vector;     ///< exception
  BOOLEAN                Write;      ///< I/O, MSR: to it
  BOOLEAN                String;     ///< I/O: INS or OUTS ...
  BOOLEAN                Repeat;     ///< ... RCX times
  BOOLEAN                Walk;       ///< nested fault: on one of the partition's own page tables
} MRM_GUARD_EXIT;

///
/// What SVM says about an exit (APM appendix C): fields of the VMCB.
///
typedef struct {
  UINT64    Code;                    ///< EXITCODE
  UINT64    Info1;                   ///< EXITINFO1
  UINT64    Info2;                   ///< EXITINFO2
  UINT64    NextRip;                 ///< nRIP; 0 where the processor does not save it
} MRM_GUARD_SVM_EXIT;

///
/// Registers of a processor at its exit.  The guard loads back what may change: General, Rip, Efer.
///
typedef struct {
  UINT64    General[MRM_GUARD_REGISTERS];
  UINT64    Rip;
  UINT64    Rflags;
  UINT64    Cr0;
  UINT64    Cr3;
  UINT64    Cr4;
  UINT64    Efer;
  UINT64    CsBase;
  UINT16    CsAttributes;            ///< as in the VMCB: bit 9 is L, bit 10 is D
} MRM_GUARD_STATE;

///
/// The devices that a partition has instead of the PC's.  One for each partition; begins with all zero.
/// Its processors share it: two that use one port at once disturb nobody else.
///
typedef struct {
  UINT32    ConfigAddress;           ///< what was written to port CF8
  UINT8     CmosIndex;               ///< what was written to port 70
  UINT8     Cmos[MRM_GUARD_CMOS_SIZE];
  INT64     CmosOffset;              ///< seconds that its clock is ahead of the PC's
} MRM_GUARD_DEVICES;

///
/// Nested page tables in the format of SVM: four levels (APM 15.25).  The host's EFER.NXE must be set.
///
typedef struct {
  UINT64    *Pages;                  ///< the tables, a multiple of 4 KiB; the caller's
  UINT64    Physical;                ///< where they lie for the processor
  UINTN     PageCount;               ///< how many pages there are
  UINTN     Used;                    ///< how many of them are tables; the first one is the root
} MRM_GUARD_TABLES;

///
/// Buses of a partition, where CF8 and CFC lead.
///
typedef struct {
  UINT64     Ecam;                   ///< of the first bus
  UINT8      FirstBus;
  UINT8      LastBus;
  BOOLEAN    Sparse;                 ///< others have functions there, too: only what it reaches by memory, it reaches so
} MRM_GUARD_BUSES;

typedef struct _MRM_GUARD_MESSAGES  MRM_GUARD_MESSAGES;   ///< MrmGuardMessage.h

#define MRM_GUARD_PM1_BLOCKS  2      ///< PM1a, PM1b

///
/// Registers of the chipset that its owner reaches through the guard only.
///
typedef struct {
  BOOLEAN    Owner;                  ///< the partition owns the chipset; else nothing of this counts
  UINT16     Pm1Control[MRM_GUARD_PM1_BLOCKS];   ///< I/O ports; 0: there is none
} MRM_GUARD_CHIPSET;

///
/// What the guard knows when it answers.
///
typedef struct {
  UINT32                   ApicId;          ///< of this processor
  CONST UINT32             *ApicIds;        ///< of all processors of the partition
  UINTN                    ApicIdCount;
  UINT64                   LocalApic;       ///< address of the local APIC page
  UINT64                   EferMore;        ///< bits of EFER that this processor has besides those that all have
  UINT32                   IcrHigh;         ///< what register 310 of the local APIC holds, where it is a page
  CONST MRM_RANGE          *Ignored;        ///< memory that reads as all ones: what is written there is lost
  UINTN                    IgnoredCount;
  CONST MRM_GUARD_BUSES    *Buses;          ///< that CF8 and CFC lead to
  UINTN                    BusCount;
  CONST MRM_GUARD_TABLES   *Tables;         ///< what it reaches by memory; only buses that are Sparse need it
  MRM_GUARD_CHIPSET        Chipset;
  CONST MRM_GUARD_FUNCTION *Functions;      ///< that it has by themselves
  UINTN                    FunctionCount;
  CONST MRM_GUARD_MESSAGES *Messages;       ///< registers that hold messages; their pages can be read only
  UINTN                    MessageCount;
  UINT64                   Seconds;         ///< now, since 1970 began, UTC
  CONST UINT32             *LogicalIds;     ///< what register D0 of each local APIC holds, where it is a page
  CONST UINT32             *Formats;        ///< the same of register E0
  BOOLEAN                  X2Apic;          ///< its local APIC is in x2APIC mode
  BOOLEAN                  HasX2Apic;       ///< this processor has that mode
  UINT32                   CheckBanks;      ///< banks of machine checks that it has; 0: none, or it has no such checks
  BOOLEAN                  ScalableChecks;  ///< they are AMD's, with registers from C000_2000h on
  UINT64                   ApicBase;        ///< what its register APIC_BASE holds
  BOOLEAN                  Contained;       ///< its interrupts are confined: the level contained
  UINT32                   WakeApicId;      ///< the boot processor ...
  UINT32                   WakeVector;      ///< ... and the vector that has the controller look; 0: none
  BOOLEAN                  Waking;          ///< it was woken, and has not looked at the partition since
} MRM_GUARD_FACTS;

///
/// What the guard does.
///
typedef enum {
  MrmGuardResume,          ///< go on with the registers in MRM_GUARD_STATE
  MrmGuardInject,          ///< give it exception Vector, with ErrorCode if HasErrorCode; vector 2 is an NMI
  MrmGuardReadConfig,      ///< read Width bytes at Address, give them to MrmGuardPutResult(), go on
  MrmGuardWriteConfig,     ///< write Width bytes of Value to Address, go on
  MrmGuardReadPort,        ///< read Width bytes, 1 or 2, of I/O port Address, give them to MrmGuardPutResult(), go on
  MrmGuardWritePort,       ///< write Width bytes, 1, of Value to I/O port Address, go on
  MrmGuardWriteFunction,   ///< have MrmGuardJudgeConfig() judge Width bytes of Value for Address; what it lets through
                           ///< is as of MrmGuardWriteMessage
  MrmGuardWriteMessage,    ///< write Width bytes, 1 to 8, of Value to Address; if that is in a message, have
                           ///< MrmGuardJudgeMessage() judge it; go on
  MrmGuardWriteApic,       ///< write the 32 bits of Value to Address in the local APIC page, go on
  MrmGuardReadMsr,         ///< read Msr of this processor, 0 if it has none, give it to MrmGuardPutMsr(), go on
  MrmGuardWriteMsr,        ///< write Value to Msr of this processor, go on: a register of the x2APIC, or 0 to one that
                           ///< says that a machine check has come
  MrmGuardSetApicMode,     ///< bring the local APIC of this processor into the mode that Value has, for APIC_BASE; go on
  MrmGuardSend,            ///< send each of Targets the interrupt command Value, go on
  MrmGuardInitProcessors,  ///< let each of Targets wait for its start, go on
  MrmGuardStartProcessors, ///< start each of Targets that waits in real mode at Vector << 12; go on
  MrmGuardWakeController,  ///< have the controller look at the partition, go on
  MrmGuardEnd              ///< the partition has failed, or ends itself: Reason
} MRM_GUARD_ACTION;

///
/// Why the guard ends a partition.
///
typedef enum {
  MrmReasonNone,
  MrmReasonMemory,             ///< foreign memory
  MrmReasonTripleFault,
  MrmReasonResetPort,          ///< it asked for a reset of the PC
  MrmReasonVirtualization,     ///< an instruction of SVM or VT-x
  MrmReasonInstruction,        ///< the guard does not know the instruction
  MrmReasonStringIo,           ///< INS or OUTS with a port that is not open
  MrmReasonEntryFailed,        ///< the processor refused to enter guest mode
  MrmReasonExit                ///< the guard does not know the exit
} MRM_GUARD_REASON;

///
/// NMIs of a processor of a partition.  Begins with all zero.
///
typedef struct {
  BOOLEAN    Masked;                 ///< its system has got one, and has not returned from it
  BOOLEAN    Waits;                  ///< another one came meanwhile; a third is none
  BOOLEAN    Returns;                ///< its system is about to execute the IRET at Rip
  BOOLEAN    Steps;                  ///< ... behind which the processor stops, for the one that waits
  UINT64     Rip;
} MRM_GUARD_NMI;

///
/// An answer.  Only what belongs to its action is set.
///
typedef struct {
  MRM_GUARD_ACTION    Action;
  MRM_GUARD_REASON    Reason;
  UINT64              Address;
  UINT64              Value;
  UINT32              Msr;
  UINT32              ErrorCode;
  UINT8               Targets[MRM_MAX_PROCESSORS / 8];   ///< bit n: processor ApicIds[n] of the facts
  UINT8               Vector;
  UINT8               Width;
  BOOLEAN             HasErrorCode;
  BOOLEAN             Denied;        ///< what was tried has no effect: counted
} MRM_GUARD_ANSWER;

///
/// What is left of a partition that the guard ended.
///
typedef struct {
  UINT32              ApicId;
  MRM_GUARD_REASON    Reason;
  UINT64              Code;          ///< the processor's own number of the exit
  UINT64              Address;       ///< memory: as the partition sees it; I/O: the port; MSR: its number
  UINT64              Rip;
  UINT64              Rflags;
  UINT64              Cr3;
  UINT64              General[MRM_GUARD_REGISTERS];
  UINT8               Instruction[MRM_GUARD_INSTRUCTION];
  UINT8               InstructionSize;
} MRM_GUARD_FATAL;

/**
  Read memory of a partition.

  @param[in]  Context  The caller's.
  @param[in]  Address  As the partition sees it.
  @param[out] Buffer   Receives the bytes.
  @param[in]  Size     Bytes, within one page.

  @retval FALSE  It does not reach that.
**/
typedef
BOOLEAN
(EFIAPI *MRM_GUARD_READ_MEMORY)(
  IN  VOID    *Context,
  IN  UINT64  Address,
  OUT VOID    *Buffer,
  IN  UINTN   Size
  );

/**
  Say what an exit of SVM is.

  @param[in]  Raw   What the VMCB says.
  @param[in]  State Registers at the exit.
  @param[out] Exit  The same, for MrmGuardDecide().
**/
VOID
EFIAPI
MrmGuardDecodeSvm (
  IN  CONST MRM_GUARD_SVM_EXIT  *Raw,
  IN  CONST MRM_GUARD_STATE     *State,
  OUT MRM_GUARD_EXIT            *Exit
  );

/**
  Read the instruction at which a processor stands, through the partition's own page tables.  At most two pages are
  translated, each through five levels at most.

  @param[in]  State    Registers.
  @param[in]  Read     Reads memory of the partition.
  @param[in]  Context  Handed to Read.
  @param[out] Code     MRM_GUARD_INSTRUCTION bytes.

  @return  How many bytes could be read.
**/
UINTN
EFIAPI
MrmGuardFetch (
  IN  CONST MRM_GUARD_STATE  *State,
  IN  MRM_GUARD_READ_MEMORY  Read,
  IN  VOID                   *Context,
  OUT UINT8                  *Code
  );

/**
  Say what the guard answers to an exit.

  @param[in]     Facts     What the guard knows.
  @param[in]     Exit      The exit.
  @param[in]     Code      The instruction, from MrmGuardFetch(); only a nested fault needs it.
  @param[in]     CodeSize  How many bytes there are.
  @param[in,out] Devices   What the partition has instead of the PC's devices.
  @param[in,out] State     Registers; changed as the answer wants it, Rip included.
  @param[out]    Answer    What is done.
**/
VOID
EFIAPI
MrmGuardDecide (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     CONST MRM_GUARD_EXIT   *Exit,
  IN     CONST UINT8            *Code,
  IN     UINTN                  CodeSize,
  IN OUT MRM_GUARD_DEVICES      *Devices,
  IN OUT MRM_GUARD_STATE        *State,
  OUT    MRM_GUARD_ANSWER       *Answer
  );

/**
  Give a processor what MrmGuardReadConfig has read: into its register A.

  @param[in,out] State  Registers.
  @param[in]     Width  Bytes: 1, 2 or 4.
  @param[in]     Value  What was read.
**/
VOID
EFIAPI
MrmGuardPutResult (
  IN OUT MRM_GUARD_STATE  *State,
  IN     UINT8            Width,
  IN     UINT64           Value
  );

/**
  Give a processor what MrmGuardReadMsr has read: into its registers A and D.

  @param[in,out] State  Registers.
  @param[in]     Value  What was read.
**/
VOID
EFIAPI
MrmGuardPutMsr (
  IN OUT MRM_GUARD_STATE  *State,
  IN     UINT64           Value
  );

/**
  Check whether a system has stopped a processor for good: it takes no interrupts, and has switched its local APIC off.

  @param[in] State   Registers.
  @param[in] WasOn   Whether its local APIC has been on since it was started.
  @param[in] IsOn    Whether it is on.
**/
BOOLEAN
EFIAPI
MrmGuardHasStopped (
  IN CONST MRM_GUARD_STATE  *State,
  IN BOOLEAN                WasOn,
  IN BOOLEAN                IsOn
  );

/**
  An NMI has come for a partition.

  @param[in,out] Nmi  Of the processor.

  @retval TRUE   It is given to the system now: the next IRET ends in an exit.
  @retval FALSE  It waits until the system has returned from the one before.  If Steps is set, the processor stops behind
                 the instruction that it stands at.
**/
BOOLEAN
EFIAPI
MrmGuardTakeNmi (
  IN OUT MRM_GUARD_NMI  *Nmi
  );

/**
  A system is about to execute the IRET that returns from an NMI.  If Steps is set then, the processor stops behind it.

  @param[in,out] Nmi  Of the processor.
  @param[in]     Rip  Where the IRET is.
**/
VOID
EFIAPI
MrmGuardReturnFromNmi (
  IN OUT MRM_GUARD_NMI  *Nmi,
  IN     UINT64         Rip
  );

/**
  Note at an exit whether a system has returned from an NMI.  Then Masked and Steps are clear, and one that Waits can be
  given.

  @param[in,out] Nmi      Of the processor.
  @param[in]     Rip      Where it stands.
  @param[in]     Stepped  It has stopped because Steps was set.
**/
VOID
EFIAPI
MrmGuardNoteNmi (
  IN OUT MRM_GUARD_NMI  *Nmi,
  IN     UINT64         Rip,
  IN     BOOLEAN        Stepped
  );

/**
  Write down what a partition did that the guard ended.

  @param[in]  ApicId    Which processor it was.
  @param[in]  Reason    Why it was ended.
  @param[in]  Exit      The exit.
  @param[in]  State     Registers at the exit.
  @param[in]  Code      The instruction; NULL if it was not read.
  @param[in]  CodeSize  How many bytes there are.
  @param[out] Fatal     Receives it.
**/
VOID
EFIAPI
MrmGuardRecord (
  IN  UINT32                 ApicId,
  IN  MRM_GUARD_REASON       Reason,
  IN  CONST MRM_GUARD_EXIT   *Exit,
  IN  CONST MRM_GUARD_STATE  *State,
  IN  CONST UINT8            *Code,
  IN  UINTN                  CodeSize,
  OUT MRM_GUARD_FATAL        *Fatal
  );

/**
  Say a reason in words, as they end a sentence: "ended by the guard: …".

  @param[in] Reason  Why a partition was ended.
**/
CONST CHAR8 *
EFIAPI
MrmGuardReasonText (
  IN MRM_GUARD_REASON  Reason
  );

#endif
