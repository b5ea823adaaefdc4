/** @file
  Whether writes to the local APIC are looked at.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Common.h"
#include <Library/BaseLib.h>
#include <Library/SynchronizationLib.h>

VOID
KickOthers (
  IN CONST MRM_GUARD_PROCESSOR  *Processor
  )
{
  MRM_GUARD_PROCESSOR  *Other;
  UINTN                Index;

  for (Index = 0; Index < Processor->Guard->ProcessorCount; Index++) {
    Other = MrmGuardProcessor (Processor->Guard, Index);
    if ((Other == Processor) || (Other->State == MrmHeldAway)) {
      continue;
    }

    // If an NMI is on its way already, its target looks at everything after that.  A second one could come when the
    // target has taken both for one: it would be given to the system.
    if (InterlockedCompareExchange32 (&Other->Kicks, 0, 1) == 0) {
      SendGuardNmi (Processor->Guard->LocalApic, Other->ApicId);
    }
  }
}

VOID
WatchLocalApic (
  IN OUT MRM_GUARD_PROCESSOR  *Processor,
  IN     BOOLEAN              Others
  )
{
  MRM_GUARD            *Guard;
  MRM_GUARD_PROCESSOR  *Other;
  UINTN                Index;

  Guard = Processor->Guard;
  if (Guard->ProcessorCount == 1) {
    return;
  }

  for (Index = 0; Index < Guard->ProcessorCount; Index++) {
    Other = MrmGuardProcessor (Guard, Index);
    if ((Other == Processor) != Others) {
      Other->Alive = FALSE;
    }
  }

  if (Guard->Contained) {
    return;
  }

  // Others may have translated the page: each drops that when it enters guest mode again.
  MrmGuardSetAccess (&Guard->Tables, Guard->LocalApic, MRM_GUARD_READ);
  MemoryFence ();
  KickOthers (Processor);
}

/**
  Whether all processors of a partition are known to run.

  @param[in] Guard  The partition.
**/
STATIC
BOOLEAN
AllAlive (
  IN CONST MRM_GUARD  *Guard
  )
{
  CONST MRM_GUARD_PROCESSOR  *Processor;
  UINTN                      Index;

  for (Index = 0; Index < Guard->ProcessorCount; Index++) {
    Processor = MrmGuardProcessor (Guard, Index);
    if (!Processor->Alive || (Processor->State != MrmHeldRunning)) {
      return FALSE;
    }
  }

  return TRUE;
}

/**
  Note that a processor runs, if its local APIC is on.

  @param[in,out] Processor  This processor's part.
**/
STATIC
VOID
NoteOn (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  if (!Processor->Alive && IsApicOn (Processor->Guard->LocalApic)) {
    Processor->Alive = TRUE;
    Processor->WasOn = TRUE;
  }
}

VOID
NoteAlive (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  MRM_GUARD  *Guard;

  Guard = Processor->Guard;
  NoteOn (Processor);

  if (Guard->Contained || !AllAlive (Guard)) {
    return;
  }

  MrmGuardSetAccess (&Guard->Tables, Guard->LocalApic, MRM_GUARD_READ | MRM_GUARD_WRITE);

  // One that may be about to stop says so first and closes the page then.  Whoever has opened it looks again: the page
  // must not stay open because both did it at the same time.  The processor must not look before it has opened.
  InterlockedIncrement (&Guard->Opened);
  if (!AllAlive (Guard)) {
    MrmGuardSetAccess (&Guard->Tables, Guard->LocalApic, MRM_GUARD_READ);
    KickOthers (Processor);
  }
}

VOID
NoteX2Apic (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  if (IsX2Apic ()) {
    NoteOn (Processor);
  }
}
