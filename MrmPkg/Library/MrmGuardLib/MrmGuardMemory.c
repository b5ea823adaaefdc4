/** @file
  Memory that a guarded partition does not reach, or may not write.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include "MrmGuardInternal.h"
#include "MrmGuardMove.h"

/**
  Check whether what is written at an address is lost, and what is read there all ones.

  @param[in] Facts    What the guard knows.
  @param[in] Address  As the partition sees it.
**/
STATIC
BOOLEAN
IsIgnored (
  IN CONST MRM_GUARD_FACTS  *Facts,
  IN UINT64                 Address
  )
{
  UINTN  Index;

  for (Index = 0; Index < Facts->IgnoredCount; Index++) {
    if ((Address >= Facts->Ignored[Index].Base) &&
        (Address - Facts->Ignored[Index].Base < Facts->Ignored[Index].Size))
    {
      return TRUE;
    }
  }

  return FALSE;
}

VOID
MrmGuardDecideMemory (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     CONST MRM_GUARD_EXIT   *Exit,
  IN     CONST UINT8            *Code,
  IN     UINTN                  CodeSize,
  IN OUT MRM_GUARD_STATE        *State,
  IN OUT MRM_GUARD_ANSWER       *Answer
  )
{
  MRM_GUARD_MOVE  Move;
  BOOLEAN         Apic;
  BOOLEAN         Function;
  BOOLEAN         Watched;
  UINT64          Value;
  UINT32          Register;

  Apic    = (BOOLEAN)((Exit->Address >= Facts->LocalApic) && (Exit->Address - Facts->LocalApic < MRM_GUARD_PAGE));
  Watched = MrmGuardIsWatched (Facts, Exit->Address);
  if (Exit->Walk || (Exit->Access == MRM_GUARD_EXECUTE) || (!Apic && !Watched && !IsIgnored (Facts, Exit->Address))) {
    MrmGuardEndFor (Answer, MrmReasonMemory);
    return;
  }

  // These can always be read; and what XCHG reads there the guard does not know.
  Function = (BOOLEAN)(MrmGuardFindFunction (Facts->Functions, Facts->FunctionCount, Exit->Address) != NULL);
  if (!MrmGuardDecodeMove (State, Code, CodeSize, &Move) || ((Apic || Function || Watched) && Move.Read)) {
    MrmGuardEndFor (Answer, MrmReasonInstruction);
    return;
  }

  Answer->Action = MrmGuardResume;
  if (Move.Write) {
    Value = Move.IsConstant ? Move.Constant & MrmGuardMask (Move.Width)
                            : MrmGuardGet (State, Move.Register, Move.Width, Move.High);
    Register = (UINT32)(Exit->Address - Facts->LocalApic);
    if (Apic && (Move.Width == sizeof (UINT32)) && (Register % 16 == 0)) {
      MrmGuardWriteApicPage (Facts, Register, (UINT32)Value, Answer);
    } else if (Function || (Watched && (Exit->Address % Move.Width == 0))) {
      Answer->Action  = Function ? MrmGuardWriteFunction : MrmGuardWriteMessage;
      Answer->Address = Exit->Address;
      Answer->Width   = (UINT8)Move.Width;
      Answer->Value   = Value;
    } else {
      // No register of the local APIC takes anything else (SDM 3, 11.4.1); nor do messages (PCI 6.8.2).
      Answer->Denied = TRUE;
    }
  }

  if (Move.Read) {
    MrmGuardSet (State, Move.Register, Move.Target, Move.High, MrmGuardMask (Move.Width));
  }

  MrmGuardSkip (State, Move.Length);
}
