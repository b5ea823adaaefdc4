/** @file
  Carries out what MrmGuardLib answers to an exit.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Backend.h"
#include "Common.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/IoLib.h>
#include <Library/SynchronizationLib.h>
#include <Register/Intel/ArchitecturalMsr.h>
#include <Register/Intel/Cpuid.h>

#define APIC_LOGICAL_ID    0xD0
#define APIC_FORMAT        0xE0
#define FORMAT_AFTER_INIT  MAX_UINT32

#define CPUID_POWER      0x80000007U
#define SCALABLE_CHECKS  BIT3           ///< in EBX: SMCA

/**
  Have a processor wait for its start, as after INIT.

  @param[in,out] Target  Its part.
**/
STATIC
VOID
Init (
  IN OUT MRM_GUARD_PROCESSOR  *Target
  )
{
  Target->Alive = FALSE;
  if (InterlockedCompareExchange32 (&Target->State, MrmHeldRunning, MrmHeldWaiting) == MrmHeldRunning) {
    Target->Kicks = 1;
    SendGuardNmi (Target->Guard->LocalApic, Target->ApicId);
  }
}

/**
  Do to each target what an answer says.

  @param[in] Processor  This processor's part.
  @param[in] Answer     MrmGuardSend, MrmGuardInitProcessors or MrmGuardStartProcessors.
**/
STATIC
VOID
ReachTargets (
  IN CONST MRM_GUARD_PROCESSOR  *Processor,
  IN CONST MRM_GUARD_ANSWER     *Answer
  )
{
  CONST MRM_GUARD  *Guard;
  UINTN            Index;

  Guard = Processor->Guard;
  for (Index = 0; Index < Guard->ProcessorCount; Index++) {
    if ((Answer->Targets[Index / 8] & (1 << (Index % 8))) == 0) {
      continue;
    }

    switch (Answer->Action) {
      case MrmGuardSend:
        SendCommand (Guard->LocalApic, Guard->ApicIds[Index], (UINT32)Answer->Value);
        break;
      case MrmGuardInitProcessors:
        Init (MrmGuardProcessor (Guard, Index));
        break;
      default:
        MrmGuardStart (MrmGuardProcessor (Guard, Index), Answer->Vector);
        break;
    }
  }
}

/**
  Write a register of the local APIC, and remember what the guard needs to know of it.

  @param[in,out] Processor  This processor's part.
  @param[in]     Address    Of the register.
  @param[in]     Value      What is written.
**/
STATIC
VOID
WriteApic (
  IN OUT MRM_GUARD_PROCESSOR  *Processor,
  IN     UINT64               Address,
  IN     UINT32               Value
  )
{
  MRM_GUARD  *Guard;
  UINTN      Index;

  Guard = Processor->Guard;
  Index = ((UINTN)Processor - (UINTN)Guard->Processors) / MRM_GUARD_PROCESSOR_SIZE;
  if (Address - Guard->LocalApic == APIC_LOGICAL_ID) {
    Guard->LogicalIds[Index] = Value;
  } else if (Address - Guard->LocalApic == APIC_FORMAT) {
    Guard->Formats[Index] = Value;
  }

  MmioWrite32 ((UINTN)Address, Value);
  NoteAlive (Processor);
}

/**
  Bring the local APIC into another mode.

  @param[in,out] Processor  This processor's part.
  @param[in]     Base       The value of APIC_BASE.
**/
STATIC
VOID
SetApicMode (
  IN OUT MRM_GUARD_PROCESSOR  *Processor,
  IN     UINT64               Base
  )
{
  MRM_GUARD  *Guard;
  UINTN      Index;
  BOOLEAN    Cleared;

  Guard   = Processor->Guard;
  Index   = ((UINTN)Processor - (UINTN)Guard->Processors) / MRM_GUARD_PROCESSOR_SIZE;
  Cleared = SetApicBase (Base);

  Guard->LogicalIds[Index] = 0;
  Guard->Formats[Index]    = FORMAT_AFTER_INIT;
  if (!Cleared) {
    return;
  }

  // An NMI may have been lost meanwhile.  Whatever it was for is looked at before guest mode is entered again; and the
  // next one must be sent.
  BackendTakeNmi ();
  InterlockedCompareExchange32 (&Processor->Kicks, 1, 0);
  Processor->WasOn = FALSE;
  WatchLocalApic (Processor, FALSE);
}

/**
  Carry out an answer.

  @param[in,out] Processor  This processor's part.
  @param[in]     Facts      What the guard knows.
  @param[in]     Answer     The answer; not MrmGuardEnd.
**/
STATIC
VOID
CarryOut (
  IN OUT MRM_GUARD_PROCESSOR     *Processor,
  IN     CONST MRM_GUARD_FACTS   *Facts,
  IN     CONST MRM_GUARD_ANSWER  *Answer
  )
{
  UINT64  Value;

  switch (Answer->Action) {
    case MrmGuardInject:
      BackendInject (Processor, Answer->Vector, Answer->HasErrorCode, Answer->ErrorCode);
      break;
    case MrmGuardReadConfig:
      Value = (Answer->Width == 1) ? MmioRead8 ((UINTN)Answer->Address)
              : (Answer->Width == 2) ? MmioRead16 ((UINTN)Answer->Address) : MmioRead32 ((UINTN)Answer->Address);
      MrmGuardPutResult (&Processor->Registers, Answer->Width, Value);
      break;
    case MrmGuardWriteConfig:
      WriteOnce (Answer->Address, Answer->Width, Answer->Value);
      break;
    case MrmGuardReadPort:
      Value = (Answer->Width == 1) ? IoRead8 ((UINTN)Answer->Address) : IoRead16 ((UINTN)Answer->Address);
      MrmGuardPutResult (&Processor->Registers, Answer->Width, Value);
      break;
    case MrmGuardWritePort:
      IoWrite8 ((UINTN)Answer->Address, (UINT8)Answer->Value);
      break;
    case MrmGuardWriteFunction:
      WriteFunction (Processor, Facts, Answer);
      break;
    case MrmGuardWriteMessage:
      WriteMessage (Processor, Facts, Answer);
      break;
    case MrmGuardWriteApic:
      WriteApic (Processor, Answer->Address, (UINT32)Answer->Value);
      break;
    case MrmGuardReadMsr:
      MrmGuardPutMsr (&Processor->Registers, BackendReadMsr (Answer->Msr));
      break;
    case MrmGuardWriteMsr:
      AsmWriteMsr64 (Answer->Msr, Answer->Value);
      break;
    case MrmGuardSetApicMode:
      SetApicMode (Processor, Answer->Value);
      break;
    case MrmGuardSend:
    case MrmGuardInitProcessors:
    case MrmGuardStartProcessors:
      ReachTargets (Processor, Answer);
      break;
    case MrmGuardWakeController:
      // With a lock: a plain write could come after the look that follows.
      InterlockedCompareExchange32 (&Processor->Guard->Waking, 0, 1);
      WakeController (Processor->Guard);
      break;
    default:
      break;
  }
}

/**
  Collect what decisions about registers want to know.

  @param[out] Facts  Receives it.
**/
STATIC
VOID
CollectMsrFacts (
  OUT MRM_GUARD_FACTS  *Facts
  )
{
  CPUID_VERSION_INFO_EDX  Features;
  UINT32                  Most;
  UINT32                  Checks;

  Facts->EferMore  = BackendEferMore ();
  Facts->HasX2Apic = HasX2Apic ();
  Facts->ApicBase  = AsmReadMsr64 (MSR_IA32_APIC_BASE);
  AsmCpuid (CPUID_VERSION_INFO, NULL, NULL, NULL, &Features.Uint32);
  if (Features.Bits.MCA == 0) {
    return;
  }

  Facts->CheckBanks = (UINT8)AsmReadMsr64 (MSR_IA32_MCG_CAP);
  AsmCpuid (CPUID_EXTENDED_FUNCTION, &Most, NULL, NULL, NULL);
  if (Most >= CPUID_POWER) {
    AsmCpuid (CPUID_POWER, NULL, &Checks, NULL, NULL);
    Facts->ScalableChecks = (BOOLEAN)((Checks & SCALABLE_CHECKS) != 0);
  }
}

/**
  Collect what MrmGuardDecide() wants to know.

  @param[in]  Processor  This processor's part.
  @param[in]  Exit       The exit.
  @param[out] Facts      Receives it.
**/
STATIC
VOID
CollectFacts (
  IN  CONST MRM_GUARD_PROCESSOR  *Processor,
  IN  CONST MRM_GUARD_EXIT       *Exit,
  OUT MRM_GUARD_FACTS            *Facts
  )
{
  CONST MRM_GUARD  *Guard;

  ZeroMem (Facts, sizeof (*Facts));
  Guard               = Processor->Guard;
  Facts->ApicId       = Processor->ApicId;
  Facts->ApicIds      = Guard->ApicIds;
  Facts->ApicIdCount  = Guard->ProcessorCount;
  Facts->LocalApic    = Guard->LocalApic;
  Facts->IcrHigh      = CommandHigh (Guard->LocalApic);
  Facts->Ignored      = Guard->Ignored;
  Facts->IgnoredCount = Guard->IgnoredCount;
  Facts->Buses        = Guard->Buses;
  Facts->BusCount     = Guard->BusCount;
  Facts->LogicalIds   = Guard->LogicalIds;
  Facts->Formats      = Guard->Formats;
  Facts->X2Apic       = IsX2Apic ();
  Facts->Contained    = Guard->Contained;
  Facts->WakeApicId   = Guard->WakeApicId;
  Facts->WakeVector   = Guard->WakeVector;
  Facts->Waking       = (BOOLEAN)(Guard->Waking != 0);
  Facts->Seconds      = Guard->StartSeconds + DivU64x64Remainder (AsmReadTsc () - Guard->StartTsc, Guard->TscFrequency, NULL);

  Facts->Tables  = &Guard->Tables;
  Facts->Chipset = Guard->Chipset;

  Facts->Functions     = Guard->Functions;
  Facts->FunctionCount = Guard->FunctionCount;
  Facts->Messages      = Guard->Messages;
  Facts->MessageCount  = Guard->MessageCount;
  if (Exit->Kind == MrmExitMsr) {
    CollectMsrFacts (Facts);
  }
}

/**
  A processor was called out of guest mode.  If its system had stopped it, it stands in the guard until it is started: the
  call has ended its HLT, and it would run on in what is another system's memory by now (kexec).  One that has switched
  its local APIC off to begin another system itself is Alive: nobody starts that one.

  @param[in,out] Processor  This processor's part.
**/
STATIC
VOID
StandStill (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  while (  (Processor->State == MrmHeldRunning)
        && !Processor->Alive
        && MrmGuardHasStopped (&Processor->Registers, Processor->WasOn, IsApicOn (Processor->Guard->LocalApic)))
  {
    Processor->Kicks = 0;
    BackendHalt ();
  }
}

VOID
AnswerExit (
  IN OUT MRM_GUARD_PROCESSOR   *Processor,
  IN     CONST MRM_GUARD_EXIT  *Exit
  )
{
  MRM_GUARD_FACTS   Facts;
  MRM_GUARD_ANSWER  Answer;
  MRM_GUARD_STATE   Before;
  UINT8             Code[MRM_GUARD_INSTRUCTION];
  UINTN             CodeSize;

  NoteX2Apic (Processor);
  if (Exit->Kind == MrmExitKick) {
    // Before a system uses its local APIC it has no handler: then it is one of ours that was late.
    BackendTakeNmi ();
    // With a lock: what a caller has changed before it saw Kicks set is seen after this.
    if ((InterlockedCompareExchange32 (&Processor->Kicks, 1, 0) != 0) || !Processor->Alive) {
      StandStill (Processor);
      BackendResume (Processor, FALSE);
      return;
    }
  }

  if (BackendAnswer (Processor, Exit)) {
    return;
  }

  CodeSize = 0;
  if (Exit->Kind == MrmExitNestedFault) {
    CodeSize = FetchCode (Processor, Code);
  }

  CollectFacts (Processor, Exit, &Facts);
  CopyMem (&Before, &Processor->Registers, sizeof (Before));
  ZeroMem (&Answer, sizeof (Answer));
  MrmGuardDecide (&Facts, Exit, Code, CodeSize, &Processor->Guard->Devices, &Processor->Registers, &Answer);
  if (Answer.Denied) {
    Processor->Counts.Denied++;
  }

  if (Answer.Action == MrmGuardEnd) {
    // What is told is what the partition had, not what the answer has changed.
    CopyMem (&Processor->Registers, &Before, sizeof (Before));
    if (CodeSize == 0) {
      CodeSize = FetchCode (Processor, Code);
    }

    EndPartition (Processor, Answer.Reason, Exit, Code, CodeSize);
    return;
  }

  CarryOut (Processor, &Facts, &Answer);
  BackendResume (Processor, (BOOLEAN)(Processor->Registers.Rip != Before.Rip));
}
