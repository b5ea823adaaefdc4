/** @file
  Whether writes to the local APIC are looked at.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Common.h"
#include <Library/BaseLib.h>

VOID
KickOthers (
  IN CONST MRM_GUARD_PROCESSOR  *Processor
  )
{
  MRM_GUARD_PROCESSOR  *Other;
  UINTN                Index;

  for (Index = 0; Index < Processor->Guard->ProcessorCount; Index++) {
    Other = MrmGuardProcessor (Processor->Guard, Index);
    if ((Other != Processor) && (Other->State != MrmHeldAway)) {
      Other->Kicks = 1;
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

  // Others may have translated the page: each drops that when it enters guest mode again.
  MrmGuardSetAccess (&Guard->Tables, Guard->LocalApic, MRM_GUARD_READ);
  MemoryFence ();
  KickOthers (Processor);
}

VOID
NoteAlive (
  IN OUT MRM_GUARD_PROCESSOR  *Processor
  )
{
  MRM_GUARD            *Guard;
  MRM_GUARD_PROCESSOR  *Other;
  UINTN                Index;

  Guard            = Processor->Guard;
  Processor->Alive = TRUE;
  MemoryFence ();
  for (Index = 0; Index < Guard->ProcessorCount; Index++) {
    Other = MrmGuardProcessor (Guard, Index);
    if (!Other->Alive || (Other->State != MrmHeldRunning)) {
      return;
    }
  }

  MrmGuardSetAccess (&Guard->Tables, Guard->LocalApic, MRM_GUARD_READ | MRM_GUARD_WRITE);
}
