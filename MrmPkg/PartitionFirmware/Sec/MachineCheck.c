/** @file
  Machine checks before the DXE core has exception handlers.

  One that is no exception shuts the processor down, which resets the PC; so does one while IA32_MCG_STATUS says that the
  last is not dealt with (Intel SDM volume 3, section 16.3.1.2).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Sec.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/CpuLib.h>
#include <Library/MachineCheckBankLib.h>
#include <Protocol/DebugSupport.h>

#define REASON  "machine check: "

STATIC MRM_MAILBOX  *mMailbox;

/**
  Where the gate of the machine-check exception leads: there is no error code, and no way back.
**/
STATIC
VOID
OnMachineCheck (
  VOID
  )
{
  CHAR8  Text[sizeof (REASON) + MRM_MACHINE_CHECK_WORDS];

  AsciiStrCpyS (Text, sizeof (Text), REASON);
  MachineCheckTell (Text + sizeof (REASON) - 1);
  mMailbox->TextLength = (UINT32)AsciiStrLen (Text);
  CopyMem (mMailbox->Text, Text, mMailbox->TextLength);
  mMailbox->Status = EFI_ABORTED;
  MemoryFence ();
  mMailbox->Request = MrmRequestFailed;
  while (TRUE) {
    CpuSleep ();
  }
}

VOID
CatchMachineChecks (
  IN MRM_MAILBOX  *Mailbox
  )
{
  IA32_DESCRIPTOR           Idtr;
  IA32_IDT_GATE_DESCRIPTOR  *Gate;
  UINTN                     Handler;

  if (!MachineCheckIsSupported ()) {
    return;
  }

  mMailbox = Mailbox;
  Handler  = (UINTN)OnMachineCheck;
  AsmReadIdtr (&Idtr);
  Gate                   = (IA32_IDT_GATE_DESCRIPTOR *)Idtr.Base + EXCEPT_X64_MACHINE_CHECK;
  Gate->Bits.OffsetLow   = (UINT32)(UINT16)Handler;
  Gate->Bits.OffsetHigh  = (UINT32)(UINT16)(Handler >> 16);
  Gate->Bits.OffsetUpper = (UINT32)RShiftU64 (Handler, 32);
  Gate->Bits.Selector    = AsmReadCs ();
  Gate->Bits.GateType    = IA32_IDT_GATE_TYPE_INTERRUPT_32;
  MachineCheckDone ();
  MachineCheckEnable ();
}
