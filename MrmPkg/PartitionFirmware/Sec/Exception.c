/** @file
  Exceptions before the partition's drivers can tell of them.

  One without a handler shuts the processor down, which resets the PC.  So does one that finds no room on the stack.  So
  does a machine check while IA32_MCG_STATUS says that the one before is not dealt with (Intel SDM volume 3, section
  16.3.1.2).

  The gates made here stay until PlatformDxe has its own.  The handlers of the DXE core and of its drivers come before
  them (EFI_VECTOR_HANDOFF_HOOK_BEFORE in the HOB list): they say what they can on the console, and then go on here.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Sec.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/CpuLib.h>
#include <Library/MachineCheckBankLib.h>
#include <Protocol/DebugSupport.h>

#define WORDS_SIZE  192   ///< of a reason

STATIC MRM_MAILBOX  *mMailbox;

VOID
EFIAPI
OnEarlyException (
  IN UINT64  Vector,
  IN UINT64  ErrorCode,
  IN UINT64  Rip,
  IN UINT64  Cr2
  )
{
  CHAR8     Words[WORDS_SIZE];
  CHAR8     Banks[MRM_MACHINE_CHECK_WORDS];
  MRM_TEXT  Text;

  MrmTextBegin (&Text, Words, sizeof (Words));
  if (Vector == EXCEPT_X64_MACHINE_CHECK) {
    MachineCheckTell (Banks);
    MachineCheckDone ();
    MrmTextAdd (&Text, "machine check: ");
    MrmTextAdd (&Text, Banks);
  } else {
    MrmTextAdd (&Text, "exception ");
    MrmTextAddNumber (&Text, Vector, 0, ' ');
    MrmTextAdd (&Text, " at ");
    MrmTextAddHex (&Text, Rip);
    MrmTextAdd (&Text, " before the partition firmware's drivers, error code ");
    MrmTextAddHex (&Text, ErrorCode);
    MrmTextAdd (&Text, ", cr2 ");
    MrmTextAddHex (&Text, Cr2);
  }

  mMailbox->TextLength = (UINT32)Text.Length;
  CopyMem (mMailbox->Text, Words, Text.Length);
  mMailbox->Status = EFI_ABORTED;
  MemoryFence ();
  mMailbox->Request = MrmRequestFailed;
  while (TRUE) {
    CpuSleep ();
  }
}

VOID
CatchExceptions (
  IN MRM_MAILBOX  *Mailbox
  )
{
  IA32_DESCRIPTOR           Idtr;
  IA32_IDT_GATE_DESCRIPTOR  *Gate;
  UINTN                     Vector;
  UINTN                     Handler;

  mMailbox = Mailbox;
  AsmReadIdtr (&Idtr);
  for (Vector = 0; Vector < EXCEPTIONS; Vector++) {
    Handler                = (UINTN)MrmExceptionEntries + Vector * EXCEPTION_ENTRY_SIZE;
    Gate                   = (IA32_IDT_GATE_DESCRIPTOR *)Idtr.Base + Vector;
    Gate->Bits.OffsetLow   = (UINT32)(UINT16)Handler;
    Gate->Bits.OffsetHigh  = (UINT32)(UINT16)(Handler >> 16);
    Gate->Bits.OffsetUpper = (UINT32)RShiftU64 (Handler, 32);
    Gate->Bits.Selector    = MRM_SELECTOR_CODE;
    Gate->Bits.Reserved_0  = MRM_FAULT_STACK;
    Gate->Bits.GateType    = IA32_IDT_GATE_TYPE_INTERRUPT_32;
  }

  AsmWriteTr (MRM_SELECTOR_TASK);
  if (MachineCheckIsSupported ()) {
    MachineCheckDone ();
    MachineCheckEnable ();
  }
}
