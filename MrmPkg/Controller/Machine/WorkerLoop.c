/** @file
  What runs on the channel processor.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/WorkerLoop.h"
#include "Machine/Interrupt.h"
#include "Core/Facts.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/LocalApicLib.h>
#include <Register/Intel/ArchitecturalMsr.h>

#define EXCEPTIONS       32
#define NMI_VECTOR       2
#define VECTORS          256
#define EXCEPTION_SIZE   16                        ///< bytes of an entry of MrmWorkerExceptions
#define WITH_ERROR_CODE  0x60227D00U               ///< exceptions that push one: 8, 10 to 14, 17, 21, 29, 30
#define TIMER_VECTOR     0x40
#define REST_PER_SECOND  500                       ///< it looks so often while there is nothing to do
#define SPIN             100000                    ///< looks of one that is held before it rests in between

MRM_WORKER_LOOP  gWorkerLoop;

VOID
EFIAPI
MrmWorkerNmi (
  VOID
  );

VOID
EFIAPI
MrmWorkerInterrupt (
  VOID
  );

VOID
EFIAPI
MrmWorkerExceptions (
  VOID
  );

/**
  An interrupt has come, of its own timer or from somebody who had no reason to send it.
**/
VOID
EFIAPI
MrmWorkerAcknowledge (
  VOID
  )
{
  SendApicEoi ();
}

/**
  An exception.  It does nothing any more; the boot processor says so.

  @param[in] Stack  The exception's number, its error code if it has one, and the address of the instruction.
**/
VOID
EFIAPI
MrmWorkerFault (
  IN CONST UINT64  *Stack
  )
{
  gWorkerLoop.Fault.Number   = Stack[0];
  gWorkerLoop.Fault.Address  = (((WITH_ERROR_CODE >> Stack[0]) & 1) != 0) ? Stack[2] : Stack[1];
  gWorkerLoop.Fault.Data     = AsmReadCr2 ();
  MemoryFence ();
  gWorkerLoop.Fault.Happened = TRUE;
}

/**
  Work for ever.  Interrupts are off but while it rests.

  @param[in] Context1  Not used.
  @param[in] Context2  Not used.
**/
STATIC
VOID
EFIAPI
WorkForEver (
  IN VOID  *Context1 OPTIONAL,
  IN VOID  *Context2 OPTIONAL
  )
{
  UINT32   Asked;
  UINTN    Held;
  BOOLEAN  Busy;

  // The stack of the PC's firmware is behind.
  AsmWriteCr3 (gWorkerLoop.Root);
  Held = 0;
  while (TRUE) {
    gWorkerLoop.Rounds++;
    Asked = gWorkerLoop.Asked;
    if (Asked != gWorkerLoop.Answered) {
      MemoryFence ();
      if ((Asked & 1) == 0) {
        AsmWriteCr3 (gWorkerLoop.Root);
      }

      Held      = 0;
      gWorkerLoop.Answered = Asked;
    }

    if ((gWorkerLoop.Answered & 1) != 0) {
      Busy = (BOOLEAN)(Held++ < SPIN);
    } else {
      Busy = gWorkerLoop.Work ();
    }

    if (Busy) {
      CpuPause ();
    } else {
      MrmEnableInterruptsAndHalt ();
      DisableInterrupts ();
    }
  }
}

/**
  Write the interrupt table.
**/
STATIC
VOID
BuildInterruptTable (
  VOID
  )
{
  IA32_IDT_GATE_DESCRIPTOR  *Gate;
  UINTN                     Vector;
  UINTN                     Handler;

  for (Vector = 0; Vector < VECTORS; Vector++) {
    Handler = (UINTN)MrmWorkerInterrupt;
    if (Vector == NMI_VECTOR) {
      Handler = (UINTN)MrmWorkerNmi;
    } else if (Vector < EXCEPTIONS) {
      Handler = (UINTN)MrmWorkerExceptions + Vector * EXCEPTION_SIZE;
    }

    Gate                   = (IA32_IDT_GATE_DESCRIPTOR *)gWorkerLoop.Block + Vector;
    Gate->Bits.OffsetLow   = (UINT32)(UINT16)Handler;
    Gate->Bits.Selector    = AsmReadCs ();
    Gate->Bits.Reserved_0  = 0;
    Gate->Bits.GateType    = IA32_IDT_GATE_TYPE_INTERRUPT_32;
    Gate->Bits.OffsetHigh  = (UINT32)(UINT16)(Handler >> 16);
    Gate->Bits.OffsetUpper = (UINT32)(Handler >> 32);
    Gate->Bits.Reserved_1  = 0;
  }
}

VOID
EFIAPI
BeginWork (
  VOID
  )
{
  IA32_DESCRIPTOR         Gdt;
  IA32_DESCRIPTOR         Idt;
  MSR_IA32_EFER_REGISTER  Efer;

  // Segments stay as they are, by descriptors at the same places.
  AsmReadGdtr (&Gdt);
  Gdt.Limit = (UINT16)MIN (Gdt.Limit, EFI_PAGE_SIZE - 1);
  CopyMem (gWorkerLoop.Block + EFI_PAGE_SIZE, (VOID *)Gdt.Base, (UINTN)Gdt.Limit + 1);
  Gdt.Base = (UINTN)gWorkerLoop.Block + EFI_PAGE_SIZE;
  AsmWriteGdtr (&Gdt);
  BuildInterruptTable ();
  Idt.Base  = (UINTN)gWorkerLoop.Block;
  Idt.Limit = VECTORS * sizeof (IA32_IDT_GATE_DESCRIPTOR) - 1;
  AsmWriteIdtr (&Idt);
  if (gMachine.NoExecute) {
    Efer.Uint64   = AsmReadMsr64 (MSR_IA32_EFER);
    Efer.Bits.NXE = 1;
    AsmWriteMsr64 (MSR_IA32_EFER, Efer.Uint64);
  }

  InitializeLocalApicSoftwareEnable (TRUE);
  DisableLvtInterrupts ();
  InitializeApicTimer (
    1,
    MAX ((UINT32)DivU64x32 (gMachine.Processors[gWorkerLoop.Processor].LocalApicTimer.Frequency, REST_PER_SECOND), 1),
    TRUE,
    TIMER_VECTOR
    );
  SwitchStack (WorkForEver, NULL, NULL, gWorkerLoop.Block + EFI_PAGES_TO_SIZE (WORKER_BLOCK_PAGES));
}
