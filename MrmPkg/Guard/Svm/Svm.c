/** @file
  AMD's SVM: the partition's side of a processor, in its VMCB.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Nmi.h"
#include "Vmcb.h"
#include "../Common/Backend.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>

//
// What ends in an exit (APM 15.9, appendix B): Intercept3 and Intercept4.  Interrupts, CPUID and HLT do not.  Of the
// exceptions only #DB and #AC do: a system can have the processor deliver them again and again, which no NMI ends.
// Nor does VMMCALL, which any program could execute: without an intercept it is an undefined instruction (APM 15.13.2).
//
#define INTERCEPT_EXCEPTIONS  (BIT1 | BIT17)
#define INTERCEPT3  (BIT1 | BIT22 | BIT26 | BIT27 | BIT28 | BIT31)   ///< NMI, INVD, INVLPGA, ports, MSRs, shutdown
#define INTERCEPT4  (BIT0 | BIT2 | BIT3 | BIT4 | BIT5 | BIT6 | BIT9)   ///< SVM's instructions of the kernel, WBINVD

#define NESTED_PAGING  BIT0
#define FLUSH_ALL      1                       ///< TLB control: every processor knows this one

#define CR0_AFTER_INIT   0x60000010U
#define PAT_AFTER_RESET  0x0007040600070406ULL
#define DR6_AFTER_INIT   0xFFFF0FF0U
#define DR7_AFTER_INIT   0x400
#define RFLAGS_ALWAYS    BIT1

//
// Attributes of segments: bits 0 to 7 are those of the descriptor's byte 5.
//
#define CODE_16   0x9B
#define DATA_16   0x93
#define LDT       0x82
#define TSS_BUSY  0x8B

#define NMI_VECTOR        2
#define EVENT_EXCEPTION   (3 << 8)
#define EVENT_ERROR_CODE  BIT11
#define EVENT_VALID       BIT31

/**
  Enter guest mode once, unless State says otherwise (SvmRun.nasm).

  @param[in,out] Processor  Its part.

  @retval FALSE  It was not entered.
**/
BOOLEAN
EFIAPI
MrmGuardSvmRun (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  );

/**
  Fill in a segment.

  @param[out] Segment     The segment.
  @param[in]  Selector    Its selector; the base is what that means in real mode.
  @param[in]  Attributes  Its attributes.
**/
STATIC
VOID
SetSegment (
  OUT VMCB_SEGMENT  *Segment,
  IN  UINT16        Selector,
  IN  UINT16        Attributes
  )
{
  Segment->Selector   = Selector;
  Segment->Attributes = Attributes;
  Segment->Limit      = MAX_UINT16;
  Segment->Base       = (UINT32)Selector << 4;
}

VOID
BackendOpen (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  AsmWriteMsr64 (MSR_EFER, AsmReadMsr64 (MSR_EFER) | EFER_SVME | EFER_NXE);
  AsmWriteMsr64 (MSR_VM_HSAVE_PA, Processor->HostSave);

  // From here on NMIs wait until the guard takes one: none is lost between a look at State and the halt.
  BackendTakeNmi ();
}

/**
  The address space identifier of a processor's partition side: threads of one core may share what they have translated,
  so each has another one (APM 15.16).

  @param[in] ApicId  Of the processor.
**/
STATIC
UINT32
AsidOf (
  IN UINT32  ApicId
  )
{
  UINT32  Asids;

  // 0 is the host's.
  AsmCpuid (CPUID_SVM, NULL, &Asids, NULL, NULL);
  return 1 + ApicId % (MAX (Asids, 2) - 1);
}

VOID
BackendReset (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  VMCB  *Vmcb;

  Vmcb = (VMCB *)(UINTN)Processor->Vmcb;
  ZeroMem (Vmcb, SIZE_4KB);
  Vmcb->InterceptExceptions = INTERCEPT_EXCEPTIONS;
  Vmcb->Intercept3          = INTERCEPT3;
  Vmcb->Intercept4          = INTERCEPT4;
  Vmcb->IoMap               = Processor->Guard->IoMap;
  Vmcb->MsrMap              = Processor->Guard->MsrMap;
  Vmcb->Asid                = AsidOf (Processor->ApicId);
  Vmcb->TlbControl          = FLUSH_ALL;
  Vmcb->NestedControl       = NESTED_PAGING;
  Vmcb->NestedCr3           = Processor->Guard->Tables.Physical;
  Vmcb->Efer                = EFER_SVME;
  Vmcb->Cr0                 = CR0_AFTER_INIT;
  Vmcb->Dr6                 = DR6_AFTER_INIT;
  Vmcb->Dr7                 = DR7_AFTER_INIT;
  Vmcb->Rflags              = RFLAGS_ALWAYS;
  Vmcb->Pat                 = PAT_AFTER_RESET;
  SetSegment (&Vmcb->Cs, (UINT16)(Processor->Vector << 8), CODE_16);
  SetSegment (&Vmcb->Ds, 0, DATA_16);
  SetSegment (&Vmcb->Es, 0, DATA_16);
  SetSegment (&Vmcb->Ss, 0, DATA_16);
  SetSegment (&Vmcb->Fs, 0, DATA_16);
  SetSegment (&Vmcb->Gs, 0, DATA_16);
  SetSegment (&Vmcb->Gdtr, 0, 0);
  SetSegment (&Vmcb->Idtr, 0, 0);
  SetSegment (&Vmcb->Ldtr, 0, LDT);
  SetSegment (&Vmcb->Tr, 0, TSS_BUSY);

  SvmResetNmi (Processor);

  // RDX holds the processor's signature after INIT (Intel SDM volume 3, table 10-1).
  AsmCpuid (1, (UINT32 *)&Processor->General[2], NULL, NULL, NULL);
}

/**
  Copy the registers that decisions look at out of the VMCB.

  @param[in,out] Processor  Its part.
**/
STATIC
VOID
TakeRegisters (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  CONST VMCB       *Vmcb;
  MRM_GUARD_STATE  *State;

  Vmcb  = (CONST VMCB *)(UINTN)Processor->Vmcb;
  State = &Processor->Registers;
  CopyMem (State->General, Processor->General, sizeof (State->General));
  State->General[0]   = Vmcb->Rax;
  State->General[4]   = Vmcb->Rsp;
  State->Rip          = Vmcb->Rip;
  State->Rflags       = Vmcb->Rflags;
  State->Cr0          = Vmcb->Cr0;
  State->Cr3          = Vmcb->Cr3;
  State->Cr4          = Vmcb->Cr4;
  State->Efer         = Vmcb->Efer;
  State->CsBase       = Vmcb->Cs.Base;
  State->CsAttributes = Vmcb->Cs.Attributes;
}

BOOLEAN
BackendRun (
  IN OUT MRM_GUARD_PROCESSOR  *Processor,
  OUT    MRM_GUARD_EXIT       *Exit
  )
{
  VMCB                *Vmcb;
  MRM_GUARD_SVM_EXIT  *Raw;
  UINTN               Slot;

  if (!MrmGuardSvmRun (Processor)) {
    return FALSE;
  }

  Vmcb         = (VMCB *)(UINTN)Processor->Vmcb;
  Slot         = (UINTN)(Processor->RingNext % MRM_GUARD_RING);
  Raw          = &Processor->Ring[Slot];
  Raw->Code    = Vmcb->ExitCode;
  Raw->Info1   = Vmcb->ExitInfo1;
  Raw->Info2   = Vmcb->ExitInfo2;
  Raw->NextRip = Vmcb->NextRip;
  TakeRegisters (Processor);
  Vmcb->EventInjection     = 0;
  Processor->RingRip[Slot] = Processor->Registers.Rip;
  Processor->RingNext++;
  ZeroMem (Exit, sizeof (*Exit));
  MrmGuardDecodeSvm (Raw, &Processor->Registers, Exit);
  if ((Raw->Code == SVM_EXIT_WBINVD) || (Raw->Code == SVM_EXIT_INVD)) {
    Processor->Counts.Caches++;
  } else if (Raw->Code == SVM_EXIT_IRET) {
    // The end of what began with an NMI.
    Processor->Counts.Kinds[MrmExitKick]++;
  } else {
    Processor->Counts.Kinds[Exit->Kind]++;
  }

  return TRUE;
}

VOID
BackendResume (
  IN OUT MRM_GUARD_PROCESSOR  *Processor,
  IN     BOOLEAN              Advanced
  )
{
  VMCB             *Vmcb;
  MRM_GUARD_STATE  *State;

  Vmcb  = (VMCB *)(UINTN)Processor->Vmcb;
  State = &Processor->Registers;
  CopyMem (Processor->General, State->General, sizeof (State->General));
  Vmcb->Rax  = State->General[0];
  Vmcb->Rsp  = State->General[4];
  Vmcb->Rip  = State->Rip;
  Vmcb->Efer = State->Efer;
  if (Advanced) {
    Vmcb->InterruptShadow = 0;
  } else if (((Vmcb->ExitIntInfo & EVENT_VALID) != 0) && (Vmcb->EventInjection == 0)) {
    // An event that was being delivered is delivered anew (APM 15.7.2).
    Vmcb->EventInjection = Vmcb->ExitIntInfo;
  }

  SvmGiveWaitingNmi (Processor);
}

VOID
BackendInject (
  IN OUT MRM_GUARD_PROCESSOR  *Processor,
  IN     UINT8                Vector,
  IN     BOOLEAN              HasErrorCode,
  IN     UINT32               ErrorCode
  )
{
  VMCB  *Vmcb;

  if (Vector == NMI_VECTOR) {
    SvmGiveNmi (Processor);
    return;
  }

  Vmcb                 = (VMCB *)(UINTN)Processor->Vmcb;
  Vmcb->EventInjection = EVENT_VALID
                         | Vector
                         | EVENT_EXCEPTION
                         | (HasErrorCode ? EVENT_ERROR_CODE : 0)
                         | LShiftU64 (ErrorCode, 32);
}
