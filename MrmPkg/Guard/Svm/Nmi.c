/** @file
  NMIs of the partition.

  A processor takes no NMI between one and the next IRET.  SVM does not keep that up for one that is injected: so the
  guard does.  It has IRET end in an exit while a system deals with an NMI, and remembers one more, as a processor does.
  That is given behind the IRET, where a debug exception by the trap flag ends in an exit.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Nmi.h"
#include "Vmcb.h"
#include <Library/BaseMemoryLib.h>

#define INTERCEPT_IRET  BIT20              ///< in Intercept3
#define TRAP_FLAG       BIT8
#define SINGLE_STEP     BIT14              ///< of DR6

#define INJECT_NMI      (BIT31 | BIT9 | 2)   ///< valid, type NMI, its vector (APM 15.20)
#define EVENT_VALID     BIT31

/**
  Have the processor stop behind the next instruction, if it is to.

  @param[in,out] Processor  Its part.
**/
STATIC
VOID
Step (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  VMCB  *Vmcb;

  Vmcb = (VMCB *)(UINTN)Processor->Vmcb;
  if (Processor->Nmi.Steps && !Processor->NmiStepping) {
    Processor->NmiStepping = TRUE;
    Processor->NmiTraced   = (BOOLEAN)((Vmcb->Rflags & TRAP_FLAG) != 0);
    Processor->NmiDr6      = Vmcb->Dr6;
    Vmcb->Rflags          |= TRAP_FLAG;
  }
}

VOID
SvmGiveNmi (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  VMCB  *Vmcb;

  Vmcb = (VMCB *)(UINTN)Processor->Vmcb;
  if (MrmGuardTakeNmi (&Processor->Nmi)) {
    Vmcb->EventInjection = INJECT_NMI;
    Vmcb->Intercept3    |= INTERCEPT_IRET;
  }

  Step (Processor);
}

VOID
SvmReturnFromNmi (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  ((VMCB *)(UINTN)Processor->Vmcb)->Intercept3 &= ~(UINT32)INTERCEPT_IRET;
  MrmGuardReturnFromNmi (&Processor->Nmi, Processor->Registers.Rip);
  Step (Processor);
}

BOOLEAN
SvmNoteNmi (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  VMCB     *Vmcb;
  BOOLEAN  Stepped;

  Vmcb    = (VMCB *)(UINTN)Processor->Vmcb;
  Stepped = (BOOLEAN)(  Processor->NmiStepping
                     && (Vmcb->ExitCode == SVM_EXIT_DEBUG)
                     && ((Vmcb->Dr6 & SINGLE_STEP) != 0));
  MrmGuardNoteNmi (&Processor->Nmi, Processor->Registers.Rip, Stepped);
  if (Processor->Nmi.Steps || !Processor->NmiStepping) {
    return FALSE;
  }

  Processor->NmiStepping = FALSE;
  if (!Stepped || Processor->NmiTraced) {
    return FALSE;
  }

  // The system is not to see this; but there may be a breakpoint of its own besides.
  Vmcb->Dr6 = (Vmcb->Dr6 & ~(UINT64)SINGLE_STEP) | (Processor->NmiDr6 & SINGLE_STEP);
  return (BOOLEAN)(Vmcb->Dr6 == Processor->NmiDr6);
}

VOID
SvmGiveWaitingNmi (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  CONST VMCB  *Vmcb;

  Vmcb = (CONST VMCB *)(UINTN)Processor->Vmcb;
  if (Processor->Nmi.Waits && !Processor->Nmi.Masked && ((Vmcb->EventInjection & EVENT_VALID) == 0)) {
    SvmGiveNmi (Processor);
  }
}

VOID
SvmResetNmi (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  ZeroMem (&Processor->Nmi, sizeof (Processor->Nmi));
  Processor->NmiStepping = FALSE;
}
