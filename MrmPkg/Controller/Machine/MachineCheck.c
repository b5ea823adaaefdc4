/** @file
  Machine checks that reach the boot processor.  Those of other processors are their OS's.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/MachineCheck.h"
#include "Machine/Interrupt.h"
#include "Partition/Partition.h"
#include "Core/Clock.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/CpuLib.h>
#include <Library/MachineCheckBankLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/Cpu.h>

#define POLL_PERIOD  1000   ///< milliseconds between two looks for corrected errors, which interrupt nobody
#define LINE_SIZE    192

STATIC EFI_CPU_ARCH_PROTOCOL  *mCpu;                              ///< NULL: nothing is caught
STATIC MRM_MACHINE_CHECK      mChecks[MRM_MACHINE_CHECK_BANKS];   ///< of the last exception
STATIC volatile UINTN         mCount;                             ///< of those; 0 = told
STATIC UINT64                 mPolledAt;                          ///< milliseconds

/**
  Say what happened, and in whose memory.

  @param[in] Check  The bank.
**/
STATIC
VOID
ReportCheck (
  IN CONST MRM_MACHINE_CHECK  *Check
  )
{
  CHAR8                Line[LINE_SIZE];
  MRM_TEXT             Text;
  CONST MRM_PARTITION  *Partition;
  UINTN                Index;
  UINTN                Piece;

  MrmTextBegin (&Text, Line, sizeof (Line));
  MrmMachineCheckRender (Check, MrmMachineCheckJudge (Check->Status), &Text);
  for (Index = 0; (Check->Address != 0) && (Index < gPartitionCount); Index++) {
    Partition = &gPartitions[Index];
    for (Piece = 0; Piece < Partition->PieceCount; Piece++) {
      // One comparison is enough: an address below the piece wraps round to a large number.
      if (Check->Address - Partition->Pieces[Piece].Base < Partition->Pieces[Piece].Size) {
        MrmTextAdd (&Text, ", memory of ");
        MrmTextAdd (&Text, Partition->Plan->Name);
      }
    }

    for (Piece = 0; Piece < Partition->Plan->SharedCount; Piece++) {
      if (Check->Address - Partition->Shared[Piece].Base < Partition->Shared[Piece].Size) {
        MrmTextAdd (&Text, ", shared memory of ");
        MrmTextAdd (&Text, Partition->Plan->Name);
      }
    }
  }

  Say ("machine check on the boot processor: %a", Line);
}

/**
  Remember a machine check for PollMachineChecks(); halt if the controller cannot go on.

  @param[in] InterruptType  Not used.
  @param[in] Context        Not used.
**/
STATIC
VOID
EFIAPI
OnMachineCheck (
  IN CONST EFI_EXCEPTION_TYPE  InterruptType,
  IN CONST EFI_SYSTEM_CONTEXT  Context
  )
{
  MRM_MACHINE_CHECK_SEVERITY  Severity;
  UINTN                       Index;

  mCount   = MachineCheckTake (mChecks);
  Severity = MrmMachineCheckJudgeException (MachineCheckGlobalStatus (), mChecks, mCount);
  if (Severity != MrmMachineCheckFatal) {
    MachineCheckDone ();
    return;
  }

  // This may have interrupted the firmware's own output, so the text may not appear.  Nothing is lost by trying.
  for (Index = 0; Index < mCount; Index++) {
    ReportCheck (&mChecks[Index]);
  }

  Say ("machine check on the boot processor: the controller stops; partitions that run go on without it");
  while (TRUE) {
    DisableInterrupts ();
    CpuSleep ();
  }
}

VOID
CatchMachineChecks (
  VOID
  )
{
  EFI_CPU_ARCH_PROTOCOL  *Cpu;

  if (  !MachineCheckIsSupported ()
     || EFI_ERROR (gBS->LocateProtocol (&gEfiCpuArchProtocolGuid, NULL, (VOID **)&Cpu))
     || EFI_ERROR (Cpu->RegisterInterruptHandler (Cpu, EXCEPT_X64_MACHINE_CHECK, OnMachineCheck)))
  {
    return;
  }

  mCpu = Cpu;
  MachineCheckEnable ();
}

VOID
PollMachineChecks (
  VOID
  )
{
  MRM_MACHINE_CHECK           Checks[MRM_MACHINE_CHECK_BANKS];
  MRM_MACHINE_CHECK_SEVERITY  Worst;
  UINTN                       Count;
  UINTN                       Index;

  if ((mCpu == NULL) || ((mCount == 0) && (Milliseconds () - mPolledAt < POLL_PERIOD))) {
    return;
  }

  mPolledAt = Milliseconds ();
  Worst     = MrmMachineCheckNone;
  for (Index = 0; Index < mCount; Index++) {
    ReportCheck (&mChecks[Index]);
    Worst = MAX (Worst, MrmMachineCheckJudge (mChecks[Index].Status));
  }

  mCount = 0;
  Count  = MachineCheckTake (Checks);
  for (Index = 0; Index < Count; Index++) {
    ReportCheck (&Checks[Index]);
  }

  if (Worst > MrmMachineCheckCorrected) {
    ForwardNmi ("machine check on the boot processor");
  }
}

VOID
ReleaseMachineChecks (
  VOID
  )
{
  if (mCpu != NULL) {
    mCpu->RegisterInterruptHandler (mCpu, EXCEPT_X64_MACHINE_CHECK, NULL);
    mCpu = NULL;
  }
}
