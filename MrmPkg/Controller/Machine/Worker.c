/** @file
  The channel processor, as the boot processor steers it: claimed like a partition's, but it works for the controller.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Worker.h"
#include "Machine/Processor.h"
#include "Machine/ProcessorChoice.h"
#include "Machine/Uncached.h"
#include "Machine/WorkerLoop.h"
#include "Machine/WorkerMemory.h"
#include "Core/Clock.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/LocalApicLib.h>
#include <Library/MemoryAllocationLib.h>

#define ANSWER_LIMIT  5000   ///< milliseconds: what does nothing for so long has stopped

STATIC BOOLEAN    mBound;         ///< it is chosen
STATIC BOOLEAN    mStarted;       ///< it was claimed, and has not stopped
STATIC MRM_RANGE  mTables;        ///< its page tables
STATIC MRM_RANGE  mOldTables;     ///< those before, until it uses the new ones
STATIC UINT64     mSeenRounds;    ///< what the boot processor saw last of gWorkerLoop.Rounds
STATIC UINT64     mSeenAt;        ///< milliseconds: when it was another number last

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
    SendInitIpi (gMachine.ProcessorFacts[gWorkerLoop.Processor].ApicId);
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

  if (gWorkerLoop.Fault.Happened) {
    Say (
      "channels: exception %ld at 0x%lx on their processor, CR2 0x%lx",
      gWorkerLoop.Fault.Number,
      gWorkerLoop.Fault.Address,
      gWorkerLoop.Fault.Data
      );
    Lose ("channels: their processor has stopped: the boot processor serves those who start from now on", 0);
    return FALSE;
  }

  Rounds = gWorkerLoop.Rounds;
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
  while (gWorkerLoop.Answered != gWorkerLoop.Asked) {
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
  mBound = ChooseWorker (&gWorkerLoop.Processor);
}

/**
  Claim the channel processor from the PC's firmware, and have it begin.

  @return  Status of the boot or MP services.
**/
STATIC
EFI_STATUS
Start (
  VOID
  )
{
  EFI_STATUS  Status;

  ZeroMem (&gWorkerLoop.Fault, sizeof (gWorkerLoop.Fault));
  gWorkerLoop.Asked    = 1;
  gWorkerLoop.Answered = 0;
  mSeenAt              = Milliseconds ();
  Status               = ClaimWorker (gWorkerLoop.Processor, BeginWork);
  mStarted             = (BOOLEAN)!EFI_ERROR (Status);
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
  if (gWorkerLoop.Block == NULL) {
    gWorkerLoop.Block = AllocatePages (WORKER_BLOCK_PAGES);
  }

  if (gWorkerLoop.Block != NULL) {
    ZeroMem (Own, sizeof (Own));
    Own[0].Range.Base = (UINTN)gWorkerLoop.Block;
    Own[0].Range.Size = EFI_PAGES_TO_SIZE (WORKER_TABLES_PAGES);
    Own[1].Range.Base = (UINTN)gWorkerLoop.Block + EFI_PAGES_TO_SIZE (WORKER_BLOCK_PAGES - WORKER_STACK_PAGES);
    Own[1].Range.Size = EFI_PAGES_TO_SIZE (WORKER_STACK_PAGES);
    Status            = MakeWorkerMap (FirmwarePagingMode (), Own, ARRAY_SIZE (Own), Memory, Count, &Tables, &Root);
  }

  if (!EFI_ERROR (Status)) {
    // The tables before are in use until it goes on.
    FreeWorkerMap (&mOldTables);
    mOldTables       = mTables;
    mTables          = Tables;
    gWorkerLoop.Root = Root;
    gWorkerLoop.Work = Work;
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

  if ((gWorkerLoop.Asked & 1) == 0) {
    MemoryFence ();
    gWorkerLoop.Asked++;
  }

  return WaitForAnswer ();
}

VOID
ReleaseWorker (
  VOID
  )
{
  if (WorkerWorks () && ((gWorkerLoop.Asked & 1) != 0)) {
    MemoryFence ();
    gWorkerLoop.Asked++;
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
    SendInitIpi (gMachine.ProcessorFacts[gWorkerLoop.Processor].ApicId);
    mStarted = FALSE;
  }

  mBound = FALSE;
  ReleaseWorkerProcessor ();
  FreeWorkerMap (&mOldTables);
  FreeWorkerMap (&mTables);
  if (gWorkerLoop.Block != NULL) {
    FreePages (gWorkerLoop.Block, WORKER_BLOCK_PAGES);
    gWorkerLoop.Block = NULL;
  }
}
