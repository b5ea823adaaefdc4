/** @file
  The channel processor: taken like a partition's, but it works for the controller.

  The boot processor asks by a number: an odd one means stand still, an even one means go on.  The channel processor
  answers between two rounds by writing the same number.  So an answer cannot be mistaken for an older one.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Worker.h"
#include "Machine/Interrupt.h"
#include "Machine/Processor.h"
#include "Machine/Uncached.h"
#include "Machine/WorkerMemory.h"
#include "Core/Clock.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/LocalApicLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Register/Intel/ArchitecturalMsr.h>

#define EXCEPTIONS         32
#define NMI_VECTOR         2
#define VECTORS            256
#define EXCEPTION_SIZE     16                      ///< bytes of an entry of MrmWorkerExceptions
#define WITH_ERROR_CODE    0x60227D00U             ///< exceptions that push one: 8, 10 to 14, 17, 21, 29, 30
#define TIMER_VECTOR       0x40
#define REST_PER_SECOND    500                     ///< it looks so often while there is nothing to do
#define ANSWER_LIMIT       5000                    ///< milliseconds: what does nothing for so long has stopped
#define TABLES_PAGES       2                       ///< of descriptor tables; a page without memory follows
#define STACK_PAGES        16
#define SPIN               100000                  ///< looks of one that is held before it rests in between
#define BLOCK_PAGES        (TABLES_PAGES + 1 + STACK_PAGES)

///
/// What an exception leaves.
///
typedef struct {
  volatile BOOLEAN    Happened;
  UINT64              Number;
  UINT64              Address;     ///< of the instruction
  UINT64              Data;        ///< CR2
} FAULT;

STATIC MRM_WORK         mWork;
STATIC BOOLEAN          mBound;       ///< it is chosen
STATIC BOOLEAN          mStarted;     ///< it was taken, and has not stopped
STATIC UINTN            mProcessor;   ///< which one
STATIC UINT8            *mBlock;      ///< BLOCK_PAGES: descriptor tables, nothing, stack
STATIC MRM_RANGE        mTables;      ///< its page tables
STATIC MRM_RANGE        mOldTables;   ///< those before, until it uses the new ones
STATIC volatile UINTN   mRoot;        ///< the first of them
STATIC volatile UINT32  mAsked;       ///< written by the boot processor
STATIC volatile UINT32  mAnswered;    ///< written by the channel processor
STATIC volatile UINT64  mRounds;      ///< counted by the channel processor
STATIC UINT64           mSeenRounds;  ///< what the boot processor saw of that last
STATIC UINT64           mSeenAt;      ///< milliseconds: when it was another number last
STATIC FAULT            mFault;

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
  On the channel processor: an interrupt has come, of its own timer or from somebody who had no reason to send it.
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
  On the channel processor: an exception.  It does nothing any more; the boot processor says so.

  @param[in] Stack  The exception's number, its error code if it has one, and the address of the instruction.
**/
VOID
EFIAPI
MrmWorkerFault (
  IN CONST UINT64  *Stack
  )
{
  mFault.Number   = Stack[0];
  mFault.Address  = (((WITH_ERROR_CODE >> Stack[0]) & 1) != 0) ? Stack[2] : Stack[1];
  mFault.Data     = AsmReadCr2 ();
  MemoryFence ();
  mFault.Happened = TRUE;
}

/**
  On the channel processor: work for ever.  Interrupts are off but while it rests.

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
  AsmWriteCr3 (mRoot);
  Held = 0;
  while (TRUE) {
    mRounds++;
    Asked = mAsked;
    if (Asked != mAnswered) {
      MemoryFence ();
      if ((Asked & 1) == 0) {
        AsmWriteCr3 (mRoot);
      }

      Held      = 0;
      mAnswered = Asked;
    }

    if ((mAnswered & 1) != 0) {
      Busy = (BOOLEAN)(Held++ < SPIN);
    } else {
      Busy = mWork ();
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
  On the channel processor: write the interrupt table.
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

    Gate                   = (IA32_IDT_GATE_DESCRIPTOR *)mBlock + Vector;
    Gate->Bits.OffsetLow   = (UINT32)(UINT16)Handler;
    Gate->Bits.Selector    = AsmReadCs ();
    Gate->Bits.Reserved_0  = 0;
    Gate->Bits.GateType    = IA32_IDT_GATE_TYPE_INTERRUPT_32;
    Gate->Bits.OffsetHigh  = (UINT32)(UINT16)(Handler >> 16);
    Gate->Bits.OffsetUpper = (UINT32)(Handler >> 32);
    Gate->Bits.Reserved_1  = 0;
  }
}

/**
  On the channel processor: leave the PC's firmware for good.
**/
STATIC
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
  CopyMem (mBlock + EFI_PAGE_SIZE, (VOID *)Gdt.Base, (UINTN)Gdt.Limit + 1);
  Gdt.Base = (UINTN)mBlock + EFI_PAGE_SIZE;
  AsmWriteGdtr (&Gdt);
  BuildInterruptTable ();
  Idt.Base  = (UINTN)mBlock;
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
    MAX ((UINT32)DivU64x32 (gMachine.Processors[mProcessor].LocalApicTimer.Frequency, REST_PER_SECOND), 1),
    TRUE,
    TIMER_VECTOR
    );
  SwitchStack (WorkForEver, NULL, NULL, mBlock + EFI_PAGES_TO_SIZE (BLOCK_PAGES));
}

/**
  The channel processor works no more: say why, and have it touch nothing.

  @param[in] Format  Why.
  @param[in] Status  For %r in Format.
**/
STATIC
VOID
Lose (
  IN CONST CHAR8  *Format,
  IN EFI_STATUS   Status
  )
{
  if (mStarted) {
    SendInitIpi (gMachine.ProcessorFacts[mProcessor].ApicId);
  }

  mStarted = FALSE;
  mBound   = FALSE;
  Say (Format, Status);
}

BOOLEAN
WorkerWorks (
  VOID
  )
{
  UINT64  Rounds;

  if (!mStarted) {
    return FALSE;
  }

  if (mFault.Happened) {
    Say (
      "channels: exception %ld at 0x%lx on their processor, CR2 0x%lx",
      mFault.Number,
      mFault.Address,
      mFault.Data
      );
    Lose ("channels: their processor has stopped: the boot processor serves those who start from now on", 0);
    return FALSE;
  }

  Rounds = mRounds;
  if (Rounds != mSeenRounds) {
    mSeenRounds = Rounds;
    mSeenAt     = Milliseconds ();
  } else if (Milliseconds () - mSeenAt >= ANSWER_LIMIT) {
    Lose ("channels: their processor stands still: the boot processor serves those who start from now on", 0);
  }

  return mStarted;
}

/**
  Wait for an answer.

  @retval TRUE   It came.
  @retval FALSE  The channel processor has stopped.
**/
STATIC
BOOLEAN
WaitForAnswer (
  VOID
  )
{
  while (mAnswered != mAsked) {
    if (!WorkerWorks ()) {
      return FALSE;
    }

    CpuPause ();
  }

  MemoryFence ();
  return TRUE;
}

BOOLEAN
WantsWorker (
  VOID
  )
{
  return (BOOLEAN)(mBound && (!mStarted || WorkerWorks ()));
}

VOID
BindWorker (
  VOID
  )
{
  mBound = ChooseWorker (&mProcessor);
}

/**
  Take the channel processor from the PC's firmware, and have it begin.

  @return  Status of the boot or MP services.
**/
STATIC
EFI_STATUS
Start (
  VOID
  )
{
  EFI_STATUS  Status;

  ZeroMem (&mFault, sizeof (mFault));
  mAsked    = 1;
  mAnswered = 0;
  mSeenAt   = Milliseconds ();
  Status   = ClaimWorker (mProcessor, BeginWork);
  mStarted = (BOOLEAN)!EFI_ERROR (Status);
  return Status;
}

BOOLEAN
EmployWorker (
  IN MRM_WORK               Work,
  IN CONST MRM_WORK_MEMORY  *Memory,
  IN UINTN                  Count
  )
{
  MRM_WORK_MEMORY  Own[2];
  EFI_STATUS       Status;
  MRM_RANGE        Tables;
  UINTN            Root;

  if (!mBound || (mStarted && !WorkerWorks ())) {
    return FALSE;
  }

  Status = EFI_OUT_OF_RESOURCES;
  if (mBlock == NULL) {
    mBlock = AllocatePages (BLOCK_PAGES);
  }

  if (mBlock != NULL) {
    ZeroMem (Own, sizeof (Own));
    Own[0].Range.Base = (UINTN)mBlock;
    Own[0].Range.Size = EFI_PAGES_TO_SIZE (TABLES_PAGES);
    Own[1].Range.Base = (UINTN)mBlock + EFI_PAGES_TO_SIZE (BLOCK_PAGES - STACK_PAGES);
    Own[1].Range.Size = EFI_PAGES_TO_SIZE (STACK_PAGES);
    Status            = MakeWorkerMap (FirmwarePagingMode (), Own, ARRAY_SIZE (Own), Memory, Count, &Tables, &Root);
  }

  if (!EFI_ERROR (Status)) {
    // The tables before are in use until it goes on.
    FreeWorkerMap (&mOldTables);
    mOldTables = mTables;
    mTables    = Tables;
    mRoot      = Root;
    mWork      = Work;
    if (!mStarted) {
      Status = Start ();
    }
  }

  if (EFI_ERROR (Status)) {
    Lose ("channels: their processor cannot be had: %r; the boot processor serves them", Status);
    return FALSE;
  }

  return WaitForAnswer ();
}

BOOLEAN
HoldWorker (
  VOID
  )
{
  if (!WorkerWorks ()) {
    return FALSE;
  }

  if ((mAsked & 1) == 0) {
    MemoryFence ();
    mAsked++;
  }

  return WaitForAnswer ();
}

VOID
ReleaseWorker (
  VOID
  )
{
  if (WorkerWorks () && ((mAsked & 1) != 0)) {
    MemoryFence ();
    mAsked++;
    WaitForAnswer ();
    FreeWorkerMap (&mOldTables);
  }
}

VOID
ReleaseWorkerForGood (
  VOID
  )
{
  if (mStarted) {
    // After INIT it touches nothing, and waits for the PC's firmware.
    SendInitIpi (gMachine.ProcessorFacts[mProcessor].ApicId);
    mStarted = FALSE;
  }

  mBound = FALSE;
  ReturnWorker ();
  FreeWorkerMap (&mOldTables);
  FreeWorkerMap (&mTables);
  if (mBlock != NULL) {
    FreePages (mBlock, BLOCK_PAGES);
    mBlock = NULL;
  }
}
