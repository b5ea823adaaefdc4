/** @file
  A processor's life in the guard.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Backend.h"
#include "Common.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MtrrLib.h>
#include <Library/SynchronizationLib.h>

#define FX_CONTROL  0x37F    ///< FCW and MXCSR after INIT (Intel SDM volume 3, table 10-1)
#define FX_MXCSR    0x1F80
#define MXCSR       24       ///< offset in an FXSAVE area

#define STACK_OFFSET  (3 * SIZE_4KB)    ///< in the part of a processor, behind its VMCB and the page for the guard's state

MRM_GUARD_PROCESSOR *
EFIAPI
MrmGuardProcessor (
  IN CONST MRM_GUARD  *Guard,
  IN UINTN            Number
  )
{
  return (MRM_GUARD_PROCESSOR *)(Guard->Processors + Number * MRM_GUARD_PROCESSOR_SIZE);
}

VOID
EFIAPI
MrmGuardPrepare (
  IN OUT MRM_GUARD  *Guard
  )
{
  MRM_GUARD_PROCESSOR  *Processor;
  UINTN                Index;

  for (Index = 0; Index < Guard->ProcessorCount; Index++) {
    Processor = MrmGuardProcessor (Guard, Index);
    // Its stack stays: it may still stand there from the life before.
    ZeroMem (Processor, STACK_OFFSET);
    Processor->Guard    = Guard;
    Processor->ApicId   = Guard->ApicIds[Index];
    Processor->Vmcb     = (UINTN)Processor + SIZE_4KB;
    Processor->HostSave = (UINTN)Processor + SIZE_8KB;

    // As after INIT, which it had.
    Guard->LogicalIds[Index] = 0;
    Guard->Formats[Index]    = MAX_UINT32;
  }

  Guard->Ended         = 0;
  Guard->RegistersBusy = 0;
  Guard->Waking        = 0;
  Guard->StartTsc      = AsmReadTsc ();
  ZeroMem (&Guard->Fatal, sizeof (Guard->Fatal));
  ZeroMem (&Guard->Devices, sizeof (Guard->Devices));

  MrmGuardSetAccess (
    &Guard->Tables,
    Guard->LocalApic,
    ((Guard->ProcessorCount == 1) && !Guard->Contained) ? MRM_GUARD_READ | MRM_GUARD_WRITE : MRM_GUARD_READ
    );
}

BOOLEAN
EFIAPI
MrmGuardStart (
  IN OUT MRM_GUARD_PROCESSOR  *Processor,
  IN     UINT32               Vector
  )
{
  if (Processor->State != MrmHeldWaiting) {
    return FALSE;
  }

  Processor->Vector = Vector;
  if (  InterlockedCompareExchange32 (&Processor->State, MrmHeldWaiting, MrmHeldStarting)
     != MrmHeldWaiting)
  {
    return FALSE;
  }

  SendGuardNmi (Processor->Guard->LocalApic, Processor->ApicId);
  return TRUE;
}

/**
  Become the partition's, as after a SIPI.

  @param[in,out] Processor  This processor's part.
**/
STATIC
VOID
Begin (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  // One processor has nobody to start: the use of its local APIC is not looked at.
  Processor->Alive   = (BOOLEAN)(Processor->Guard->ProcessorCount == 1);
  Processor->WasOn   = FALSE;
  Processor->Kicks   = 0;
  Processor->Systems = 0;
  ZeroMem (Processor->General, sizeof (Processor->General));
  ZeroMem (Processor->GuestFx, sizeof (Processor->GuestFx));
  *(UINT16 *)Processor->GuestFx           = FX_CONTROL;
  *(UINT32 *)(Processor->GuestFx + MXCSR) = FX_MXCSR;
  BackendReset (Processor);
  // What the system before has left on is not on in this one, which has no handler for an NMI yet.
  SwitchX2ApicOff ();
  InterlockedCompareExchange32 (&Processor->State, MrmHeldStarting, MrmHeldRunning);
}

VOID
EFIAPI
MrmGuardEnter (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  MRM_GUARD_EXIT  Exit;

  // INIT clears them on QEMU, and keeps what was there before on a PC.
  if (IsMtrrSupported ()) {
    MtrrSetAllMtrrs (&Processor->Guard->Mtrrs);
  }

  BackendOpen (Processor);
  InterlockedCompareExchange32 (&Processor->State, MrmHeldAway, MrmHeldWaiting);
  while (TRUE) {
    while (Processor->State != MrmHeldStarting) {
      // The controller waits for this before it touches what the partition had.
      InterlockedCompareExchange32 (&Processor->State, MrmHeldStopped, MrmHeldParked);
      BackendHalt ();
    }

    Begin (Processor);
    while (BackendRun (Processor, &Exit)) {
      AnswerExit (Processor, &Exit);
    }
  }
}

VOID
EFIAPI
MrmGuardLook (
  IN OUT MRM_GUARD  *Guard
  )
{
  // With a lock: a plain write could come after the look.
  InterlockedCompareExchange32 (&Guard->Waking, 1, 0);
}

VOID
EFIAPI
MrmGuardCount (
  IN  CONST MRM_GUARD   *Guard,
  OUT MRM_GUARD_COUNTS  *Counts
  )
{
  CONST MRM_GUARD_PROCESSOR  *Processor;
  UINTN                      Index;
  UINTN                      Kind;

  ZeroMem (Counts, sizeof (*Counts));
  for (Index = 0; Index < Guard->ProcessorCount; Index++) {
    Processor = MrmGuardProcessor (Guard, Index);
    for (Kind = 0; Kind < MrmExitKinds; Kind++) {
      Counts->Kinds[Kind] += Processor->Counts.Kinds[Kind];
    }

    Counts->Caches += Processor->Counts.Caches;
    Counts->Denied += Processor->Counts.Denied;
  }
}
