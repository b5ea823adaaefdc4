/** @file
  First C code on a partition's first processor: makes the processor what a PC's
  firmware would have made it, then enters the DXE core.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Sec.h"
#include <Library/BaseLib.h>
#include <Library/LocalApicLib.h>
#include <Library/MtrrLib.h>
#include <Register/Intel/ArchitecturalMsr.h>
#include <Register/Intel/LocalApic.h>

typedef
VOID
(EFIAPI *DXE_CORE_ENTRY)(
  IN VOID  *HobList
  );

/**
  Entered from the trampoline in long mode with the partition's own page tables,
  GDT and stack, interrupts off.

  @param[in] Start  The start block.
**/
VOID
EFIAPI
_ModuleEntryPoint (
  IN MRM_START  *Start
  )
{
  MRM_MAILBOX  *Mailbox;

  Mailbox = (MRM_MAILBOX *)(UINTN)Start->Mailbox;
  CatchExceptions (Mailbox);
  Mailbox->PhaseTsc[MrmPhaseEntry] = AsmReadTsc ();
  MemoryFence ();
  Mailbox->Phase = MrmPhaseEntry;

  // INIT keeps PAT and MTRRs on real processors and clears MTRRs on QEMU: make both the boot processor's.
  AsmWriteMsr64 (MSR_IA32_PAT, Start->Pat);
  if (IsMtrrSupported ()) {
    MtrrSetAllMtrrs (&Start->Mtrrs);
  }

  // INIT keeps x2APIC mode, which an OS may have left behind (Intel SDM volume 3, section 11.12.5.1).
  SetApicMode ((UINTN)Start->ApicMode);

  // No PIC exists here: LINT0 stays masked, or this processor would answer the PC's 8259.
  InitializeLocalApicSoftwareEnable (TRUE);
  DisableLvtInterrupts ();

  Mailbox->PhaseTsc[MrmPhaseDxe] = AsmReadTsc ();
  MemoryFence ();
  Mailbox->Phase = MrmPhaseDxe;
  ((DXE_CORE_ENTRY)(UINTN)Start->DxeCoreEntry)((VOID *)(UINTN)Start->HobList);
  CpuDeadLoop ();
}
