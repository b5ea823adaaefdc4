/** @file
  What the parts of the guard share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_GUARD_COMMON_H_
#define MRM_GUARD_COMMON_H_

#include <Library/MrmGuardHostLib.h>

/**
  Send an NMI to another processor.

  @param[in] LocalApic  Address of this processor's local APIC.
  @param[in] ApicId     The other one.
**/
VOID
SendGuardNmi (
  IN UINT64  LocalApic,
  IN UINT32  ApicId
  );

/**
  Send an interrupt to another processor, or to this one.

  @param[in] LocalApic  Address of this processor's local APIC.
  @param[in] ApicId     The one.
  @param[in] Command    Lower half of the interrupt command register, with a physical destination.
**/
VOID
SendCommand (
  IN UINT64  LocalApic,
  IN UINT32  ApicId,
  IN UINT32  Command
  );

/**
  Say whether this processor's local APIC is in x2APIC mode.
**/
BOOLEAN
IsX2Apic (
  VOID
  );

/**
  Say whether this processor's local APIC has x2APIC mode.
**/
BOOLEAN
HasX2Apic (
  VOID
  );

/**
  Bring this processor's local APIC into another mode.

  @param[in] Base  The value of APIC_BASE: as it is, but for the mode.

  @retval TRUE   It is as after a reset: it has left x2APIC mode, which it can only by way of being off.
  @retval FALSE  It has kept what it had.
**/
BOOLEAN
SetApicBase (
  IN UINT64  Base
  );

/**
  What the upper half of this processor's interrupt command register holds.

  @param[in] LocalApic  Address of its local APIC.

  @return  It; 0 in x2APIC mode, where a command is one write.
**/
UINT32
CommandHigh (
  IN UINT64  LocalApic
  );

/**
  Say whether the system has this processor's local APIC on.

  @param[in] LocalApic  Address of its local APIC.
**/
BOOLEAN
IsApicOn (
  IN UINT64  LocalApic
  );

/**
  Switch this processor's local APIC off if it is in x2APIC mode, as INIT does.
**/
VOID
SwitchX2ApicOff (
  VOID
  );

/**
  Have the boot processor look at the partition.

  @param[in] Guard  The partition.
**/
VOID
WakeController (
  IN CONST MRM_GUARD  *Guard
  );

/**
  Read the instruction at which a processor stands.

  @param[in]  Processor  Its part.
  @param[out] Code       MRM_GUARD_INSTRUCTION bytes.

  @return  How many bytes could be read.
**/
UINTN
FetchCode (
  IN  CONST MRM_GUARD_PROCESSOR  *Processor,
  OUT UINT8                      *Code
  );

/**
  Have all other processors that run leave guest mode for a moment.

  @param[in] Processor  This processor's part.
**/
VOID
KickOthers (
  IN CONST MRM_GUARD_PROCESSOR  *Processor
  );

/**
  A processor has written to its local APIC: if that is on, it runs.  When all do, nobody is left to be started, and the
  page is opened.

  @param[in,out] Processor  This processor's part.
**/
VOID
NoteAlive (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  );

/**
  Notice that a processor runs whose local APIC is in x2APIC mode: no write to it but commands ends in an exit.  So each
  exit is an occasion to look whether it is on.

  @param[in,out] Processor  This processor's part.
**/
VOID
NoteX2Apic (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  );

/**
  End the partition: no processor of it enters guest mode any more.  The first one that has a reason tells it.

  @param[in,out] Processor  This processor's part.
  @param[in]     Reason     Why.
  @param[in]     Exit       The exit.
  @param[in]     Code       The instruction.
  @param[in]     CodeSize   How many bytes of it there are.
**/
VOID
EndPartition (
  IN OUT MRM_GUARD_PROCESSOR   *Processor,
  IN     MRM_GUARD_REASON      Reason,
  IN     CONST MRM_GUARD_EXIT  *Exit,
  IN     CONST UINT8           *Code,
  IN     UINTN                 CodeSize
  );

/**
  Look at writes to the local APIC from now on: a processor may be about to stop, or a new kernel begins.

  @param[in,out] Processor  The one that may stop, or on which a kernel begins.
  @param[in]     Others     TRUE: all others may have stopped.
**/
VOID
WatchLocalApic (
  IN OUT MRM_GUARD_PROCESSOR  *Processor,
  IN     BOOLEAN              Others
  );

/**
  Write to a register by one access.

  @param[in] Address  Of the register.
  @param[in] Width    Bytes: 1, 2, 4 or 8.
  @param[in] Value    What is written.
**/
VOID
WriteOnce (
  IN UINT64  Address,
  IN UINT32  Width,
  IN UINT64  Value
  );

/**
  Wait until no other processor of the partition writes to registers that are looked at.

  @param[in,out] Processor  This processor's part.

  @retval TRUE   None does until UnlockRegisters().
  @retval FALSE  The partition ends: nothing is to be written.
**/
BOOLEAN
LockRegisters (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  );

/**
  Let other processors of the partition write to registers that are looked at.

  @param[in,out] Guard  The partition.
**/
VOID
UnlockRegisters (
  IN OUT MRM_GUARD  *Guard
  );

/**
  Write to a register, between LockRegisters() and UnlockRegisters(); to one in a message as MrmGuardJudgeMessage() lets it.

  @param[in] Facts    What the guard knows.
  @param[in] Address  Of the register.
  @param[in] Width    Bytes: 1, 2, 4 or 8.
  @param[in] Value    What is written.

  @retval FALSE  It was in a message that leads nowhere.
**/
BOOLEAN
WriteLocked (
  IN CONST MRM_GUARD_FACTS  *Facts,
  IN UINT64                 Address,
  IN UINT32                 Width,
  IN UINT64                 Value
  );

/**
  Write to a page with registers that hold messages.

  @param[in,out] Processor  This processor's part.
  @param[in]     Facts      What the guard knows.
  @param[in]     Answer     Address, Width and Value of the write.
**/
VOID
WriteMessage (
  IN OUT MRM_GUARD_PROCESSOR     *Processor,
  IN     CONST MRM_GUARD_FACTS   *Facts,
  IN     CONST MRM_GUARD_ANSWER  *Answer
  );

/**
  Write to configuration space of a function that the partition has by itself, as MrmGuardJudgeConfig() lets it.

  @param[in,out] Processor  This processor's part.
  @param[in]     Facts      What the guard knows.
  @param[in]     Answer     Address, Width and Value of the write.
**/
VOID
WriteFunction (
  IN OUT MRM_GUARD_PROCESSOR     *Processor,
  IN     CONST MRM_GUARD_FACTS   *Facts,
  IN     CONST MRM_GUARD_ANSWER  *Answer
  );

/**
  Answer an exit.

  @param[in,out] Processor  This processor's part.
  @param[in]     Exit       The exit.
**/
VOID
AnswerExit (
  IN OUT MRM_GUARD_PROCESSOR   *Processor,
  IN     CONST MRM_GUARD_EXIT  *Exit
  );

#endif
