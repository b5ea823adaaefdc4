/** @file
  Model-specific registers that are not open to a guarded partition.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include "MrmGuardInternal.h"

#define MSR_APIC_BASE       0x1B
#define MSR_X2APIC_COMMAND  0x830
#define MSR_LOCAL_FIRST     0x833   ///< local vectors of the x2APIC behind that of the timer
#define MSR_LOCAL_LAST      0x837
#define MSR_EFER            0xC0000080

//
// The mode of a local APIC (SDM 3, 11.12.1): a page, or registers (x2APIC).
//
#define BASE_X2APIC  BIT10
#define BASE_ON      BIT11
#define BASE_MODE    (BASE_X2APIC | BASE_ON)

//
// Machine checks (SDM 3, 16.3; AMD's processors have more banks, with 16 registers each, where CPUID tells of SMCA).
//
#define MSR_CHECK_STATUS       0x17A
#define MSR_CHECK_FIRST        0x400
#define MSR_CHECK_LAST         0x47F
#define CHECK_REGISTERS        4
#define CHECK_STATUS           1
#define MSR_SCALABLE_FIRST     0xC0002000
#define MSR_SCALABLE_LAST      0xC0003FFF
#define SCALABLE_REGISTERS     16
#define SCALABLE_STATUS        1
#define SCALABLE_DEFERRED      8      ///< status of errors that wait until somebody uses what is wrong

#define LAST_OF_PAGE  0xFE    ///< the last APIC ID that can be named where the local APIC is a page

//
// Bits of the command register that must be zero in x2APIC mode (SDM 3, 11.12.9): the guard writes what it is given,
// and must not meet the exception itself.
//
#define COMMAND_RESERVED  (BIT12 | BIT13 | BIT16 | BIT17 | 0xFFF00000)

//
// Bits of a local vector that the guard writes: vector, delivery mode, mask.  Those of pins have two more.
//
#define LOCAL_BITS  (0x7FF | BIT16)
#define LOCAL_PINS  (BIT13 | BIT15)
#define MSR_PIN_0   0x835
#define MSR_PIN_1   0x836

#define EFER_LME      BIT8
#define EFER_LMA      BIT10
#define EFER_SVME     BIT12
#define EFER_CHANGES  (BIT0 | EFER_LME | BIT11 | BIT13 | BIT14 | BIT15)  ///< SCE, LME, NXE, LMSLE, FFXSR, TCE
#define CR0_PG        BIT31

#define REGISTER_A  0
#define REGISTER_D  2
#define MSR_LENGTH  2
#define GENERAL_PROTECTION  13

///
/// Registers that a stock system writes by habit.  They are the PC's, and stay as they are; those of them that no map
/// has read as zero.  All others answer with an exception, as registers do that a processor has not.
///
STATIC CONST MRM_GUARD_MSRS  mIgnored[] = {
  { 0x00000010, 0x00000010, 0 },   // TSC
  { 0x0000003B, 0x0000003B, 0 },   // TSC_ADJUST
  { 0x00000079, 0x00000079, 0 },   // microcode
  { 0x0000008B, 0x0000008B, 0 },   // microcode
  { 0x00000179, 0x0000017B, 0 },   // machine checks
  { 0x000001D9, 0x000001D9, 0 },   // DEBUGCTL
  { 0x00000200, 0x000002FF, 0 },   // MTRRs; PAT is open
  { 0x00000400, 0x0000047F, 0 },   // machine checks
  { 0xC0002000, 0xC0003FFF, 0 },   // machine checks
  { 0xC0010015, 0xC0010015, 0 },   // HWCR
  { 0xC0010062, 0xC0010062, 0 },   // P-state
  { 0xC0010400, 0xC001047F, 0 },   // machine checks
  { 0xC0011000, 0xC0011FFF, 0 }    // configuration of the core
};

/**
  Let EFER be written as a processor would, but that SVM stays on.

  @param[in]     Value   What is written.
  @param[in]     More    Bits that this processor has besides EFER_CHANGES.
  @param[in,out] State   Registers.

  @retval FALSE  A processor would not take this value.
**/
STATIC
BOOLEAN
WriteEfer (
  IN     UINT64           Value,
  IN     UINT64           More,
  IN OUT MRM_GUARD_STATE  *State
  )
{
  if ((Value & ~(UINT64)(EFER_CHANGES | More | EFER_LMA | EFER_SVME)) != 0) {
    return FALSE;
  }

  if (((State->Cr0 & CR0_PG) != 0) && (((Value ^ State->Efer) & EFER_LME) != 0)) {
    return FALSE;
  }

  State->Efer = (Value & (EFER_CHANGES | More)) | (State->Efer & EFER_LMA) | EFER_SVME;
  return TRUE;
}

/**
  Check whether each processor that the partition speaks to can be named where the local APIC is a page.

  @param[in] Facts  What the guard knows.
**/
STATIC
BOOLEAN
CanBePage (
  IN CONST MRM_GUARD_FACTS  *Facts
  )
{
  UINTN  Index;

  for (Index = 0; Index < Facts->ApicIdCount; Index++) {
    if (Facts->ApicIds[Index] > LAST_OF_PAGE) {
      return FALSE;
    }
  }

  return (BOOLEAN)((Facts->WakeVector == 0) || (Facts->WakeApicId <= LAST_OF_PAGE));
}

/**
  Let the mode of the local APIC be changed, but neither its address nor which processor has booted.  A system that
  leaves x2APIC mode switches the local APIC off on the way: the guard does that when it sees the next step.

  @param[in]     Facts   What the guard knows.
  @param[in]     Value   What is written.
  @param[in,out] Answer  Receives the answer.

  @retval FALSE  A processor would not take this value.
**/
STATIC
BOOLEAN
WriteApicBase (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     UINT64                 Value,
  IN OUT MRM_GUARD_ANSWER       *Answer
  )
{
  BOOLEAN  X2Apic;

  X2Apic = (BOOLEAN)((Value & BASE_X2APIC) != 0);
  if (X2Apic && (((Value & BASE_ON) == 0) || !Facts->HasX2Apic)) {
    return FALSE;
  }

  if (  (Value == Facts->ApicBase)
     || (((Value ^ Facts->ApicBase) & ~(UINT64)BASE_MODE) != 0)
     || ((Value & BASE_ON) == 0)
     || (!X2Apic && !CanBePage (Facts)))
  {
    Answer->Denied = TRUE;
    return TRUE;
  }

  Answer->Action = MrmGuardSetApicMode;
  Answer->Value  = Value;
  return TRUE;
}

/**
  Check whether a register says that a machine check has come to this processor: its system may clear it.  If the first
  one is not, the next machine check resets the PC; and a bank that is full keeps no other.

  @param[in] Facts  What the guard knows.
  @param[in] Msr    The register.
**/
STATIC
BOOLEAN
IsCheckStatus (
  IN CONST MRM_GUARD_FACTS  *Facts,
  IN UINT32                 Msr
  )
{
  UINT32  Register;

  if ((Msr >= MSR_CHECK_FIRST) && (Msr <= MSR_CHECK_LAST)) {
    return (BOOLEAN)(  ((Msr - MSR_CHECK_FIRST) / CHECK_REGISTERS < Facts->CheckBanks)
                    && ((Msr - MSR_CHECK_FIRST) % CHECK_REGISTERS == CHECK_STATUS));
  }

  if ((Msr >= MSR_SCALABLE_FIRST) && (Msr <= MSR_SCALABLE_LAST)) {
    Register = (Msr - MSR_SCALABLE_FIRST) % SCALABLE_REGISTERS;
    return (BOOLEAN)(  Facts->ScalableChecks
                    && ((Msr - MSR_SCALABLE_FIRST) / SCALABLE_REGISTERS < Facts->CheckBanks)
                    && ((Register == SCALABLE_STATUS) || (Register == SCALABLE_DEFERRED)));
  }

  return (BOOLEAN)((Msr == MSR_CHECK_STATUS) && (Facts->CheckBanks != 0));
}

/**
  Let registers of machine checks be read that no map has, and their status be cleared.

  @param[in]     Facts   What the guard knows.
  @param[in]     Exit    The exit.
  @param[in]     Value   What is written.
  @param[in,out] Answer  Receives the answer.

  @retval FALSE  It is about something else.
**/
STATIC
BOOLEAN
DecideCheck (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     CONST MRM_GUARD_EXIT   *Exit,
  IN     UINT64                 Value,
  IN OUT MRM_GUARD_ANSWER       *Answer
  )
{
  if (Exit->Write) {
    if ((Value != 0) || !IsCheckStatus (Facts, Exit->Msr)) {
      return FALSE;
    }

    Answer->Action = MrmGuardWriteMsr;
  } else {
    if (  !Facts->ScalableChecks
       || (Exit->Msr < MSR_SCALABLE_FIRST)
       || (Exit->Msr > MSR_SCALABLE_LAST)
       || ((Exit->Msr - MSR_SCALABLE_FIRST) / SCALABLE_REGISTERS >= Facts->CheckBanks))
    {
      return FALSE;
    }

    Answer->Action = MrmGuardReadMsr;
  }

  Answer->Msr   = Exit->Msr;
  Answer->Value = 0;
  return TRUE;
}

/**
  Check whether what is written to a register is lost.

  @param[in] Msr  Its number.
**/
STATIC
BOOLEAN
IsIgnored (
  IN UINT32  Msr
  )
{
  UINTN  Index;

  for (Index = 0; Index < ARRAY_SIZE (mIgnored); Index++) {
    if ((Msr >= mIgnored[Index].First) && (Msr <= mIgnored[Index].Last)) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Let a local vector of the x2APIC be written, if it interrupts this processor only.

  @param[in]     Facts   What the guard knows.
  @param[in]     Exit    The exit.
  @param[in]     Value   What is written.
  @param[in,out] Answer  Receives the answer.

  @retval FALSE  It is no such register, or would raise an exception: the guard must not meet that itself.
**/
STATIC
BOOLEAN
WriteLocalVector (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     CONST MRM_GUARD_EXIT   *Exit,
  IN     UINT64                 Value,
  IN OUT MRM_GUARD_ANSWER       *Answer
  )
{
  UINT64  Bits;

  Bits = LOCAL_BITS | (((Exit->Msr == MSR_PIN_0) || (Exit->Msr == MSR_PIN_1)) ? LOCAL_PINS : 0);
  if (  !Facts->X2Apic
     || !Exit->Write
     || (Exit->Msr < MSR_LOCAL_FIRST)
     || (Exit->Msr > MSR_LOCAL_LAST)
     || ((Value & ~Bits) != 0))
  {
    return FALSE;
  }

  if (MrmGuardIsLocalVector ((UINT32)Value)) {
    Answer->Action = MrmGuardWriteMsr;
    Answer->Msr    = Exit->Msr;
    Answer->Value  = Value;
  } else {
    Answer->Denied = TRUE;
  }

  return TRUE;
}

VOID
EFIAPI
MrmGuardPutMsr (
  IN OUT MRM_GUARD_STATE  *State,
  IN     UINT64           Value
  )
{
  State->General[REGISTER_A] = Value & MAX_UINT32;
  State->General[REGISTER_D] = Value >> 32;
}

VOID
MrmGuardDecideMsr (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     CONST MRM_GUARD_EXIT   *Exit,
  IN OUT MRM_GUARD_STATE        *State,
  IN OUT MRM_GUARD_ANSWER       *Answer
  )
{
  UINT64  Value;

  Value          = (State->General[REGISTER_A] & MAX_UINT32) | (State->General[REGISTER_D] << 32);
  Answer->Action = MrmGuardResume;
  if (Exit->Write && (Exit->Msr == MSR_X2APIC_COMMAND) && Facts->X2Apic && ((Value & COMMAND_RESERVED) == 0)) {
    if (!MrmGuardDecideCommand (Facts, (UINT32)Value, (UINT32)(Value >> 32), Answer)) {
      Answer->Action = MrmGuardWriteMsr;
      Answer->Msr    = Exit->Msr;
      Answer->Value  = Value;
    }
  } else if (DecideCheck (Facts, Exit, Value, Answer)) {
    // The status of machine checks.
  } else if (IsIgnored (Exit->Msr)) {
    Answer->Denied = TRUE;
    if (!Exit->Write) {
      MrmGuardPutMsr (State, 0);
    }
  } else if (WriteLocalVector (Facts, Exit, Value, Answer)) {
    // Only a contained partition has to ask.
  } else if (Exit->Write && (Exit->Msr == MSR_APIC_BASE) && WriteApicBase (Facts, Value, Answer)) {
    // Another mode, or nothing.
  } else if (!Exit->Write || (Exit->Msr != MSR_EFER) || !WriteEfer (Value, Facts->EferMore, State)) {
    Answer->Action       = MrmGuardInject;
    Answer->Vector       = GENERAL_PROTECTION;
    Answer->HasErrorCode = TRUE;
    Answer->Denied       = TRUE;
    return;
  }

  MrmGuardSkip (State, MSR_LENGTH);
}
