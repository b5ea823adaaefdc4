/** @file
  What an OS sees of MRM by UEFI variables, and what its firmware tells.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Talk/Control.h"
#include "Talk/Cards.h"
#include "Talk/Disk.h"
#include "Talk/Variables.h"
#include "Pci/Confine.h"
#include "Partition/Partition.h"
#include "Partition/Policy.h"
#include "Partition/Verdict.h"
#include "Partition/Plan.h"
#include "Core/Clock.h"
#include "Core/Log.h"
#include "Core/Version.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>

#define EVENTS_AT_ONCE  32
#define EVENT_PERIOD    500              ///< milliseconds
#define STATE_SIZE      (80 * SIZE_1KB)  ///< fits MRM_MAX_PARTITIONS, each with the longest cause and all counts
#define LOG_SIZE        SIZE_8KB
#define PLAN_LIMIT      SIZE_16KB        ///< a longer plan is left out

STATIC MRM_CONTROL_AREA  *mScratch;                ///< an area as it is built
STATIC CHAR8             *mState;
STATIC CHAR8             *mLog;

VOID
OpenControl (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_PARTITION_CONTROL  *Control;

  if (mScratch == NULL) {
    mScratch = AllocatePool (MRM_CONTROL_SIZE);
    mState   = AllocateZeroPool (STATE_SIZE);
    mLog     = AllocateZeroPool (LOG_SIZE);
  }

  Control = AllocateZeroPool (sizeof (*Control));
  if (Control != NULL) {
    Control->Published = AllocateZeroPool (MRM_CONTROL_SIZE);
  }

  if (  (mScratch == NULL)
     || (mState == NULL)
     || (mLog == NULL)
     || (Control == NULL)
     || (Control->Published == NULL))
  {
    Refuse (Partition, MRM_RULE_CONTROLLER, "no memory for its control variables");
    return;
  }

  AsciiSPrint (Control->Name, sizeof (Control->Name), "%a\n", Partition->Plan->Name);
  AsciiStrCpyS (Control->Status, sizeof (Control->Status), "{\"sequence\":0,\"result\":\"\",\"request\":\"\"}\n");
  Partition->Control = Control;
}

VOID
CloseControl (
  IN OUT MRM_PARTITION  *Partition
  )
{
  if (Partition->Control != NULL) {
    FreePool (Partition->Control->Published);
    FreePool (Partition->Control);
    Partition->Control = NULL;
  }
}

/**
  Add a text to the area that is built; what does not fit is left out.

  @param[in] Name  Name of the variable.
  @param[in] Text  Its data.
**/
STATIC
VOID
AddText (
  IN CONST CHAR16  *Name,
  IN CONST CHAR8   *Text
  )
{
  MrmAreaAdd (mScratch, Name, Text, AsciiStrLen (Text), 0);
}

/**
  Bring the control area of a partition up to date.

  @param[in,out] Partition  The partition.
**/
STATIC
VOID
Publish (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MrmAreaBegin (mScratch);
  // They have no data to be read, so an OS can create them anew with each write (docs/control.md).
  MrmAreaAdd (mScratch, L"Request", NULL, 0, MRM_ORDER_SIZE);
  MrmAreaAdd (mScratch, L"Reload", NULL, 0, MRM_CONTROL_REQUEST_SIZE);
  AddText (L"Version", MRM_VERSION_TEXT "\n");
  AddText (L"Name", Partition->Control->Name);
  AddText (L"State", mState);
  AddText (L"Status", Partition->Control->Status);
  AddText (L"Audit", Partition->Audit.Buffer);
  AddText (L"Log", mLog);
  AddText (L"Policy", PolicyText ());
  if ((gPlan->Json != NULL) && (gPlan->JsonSize <= PLAN_LIMIT)) {
    MrmAreaAdd (mScratch, L"Plan", gPlan->Json, gPlan->JsonSize, 0);
  }

  if (CompareMem (mScratch, Partition->Control->Published, MRM_CONTROL_SIZE) == 0) {
    return;
  }

  CopyMem (Partition->Control->Published, mScratch, MRM_CONTROL_SIZE);
  MrmAreaPublish (Partition->ControlArea, mScratch);
}

VOID
CollectStates (
  OUT MRM_STATE_FACTS  *Facts
  )
{
  UINTN  Index;
  UINTN  Piece;

  ZeroMem (Facts, gPartitionCount * sizeof (*Facts));
  for (Index = 0; Index < gPartitionCount; Index++) {
    Facts[Index].Plan    = gPartitions[Index].Plan;
    Facts[Index].Life    = &gPartitions[Index].Life;
    Facts[Index].Words   = gPartitions[Index].Words;
    Facts[Index].Lasting = IsStoreLasting (&gPartitions[Index]);
    if (gPartitions[Index].Guard != NULL) {
      MrmGuardCount (gPartitions[Index].Guard, &gPartitions[Index].Exits);
      Facts[Index].Exits = &gPartitions[Index].Exits;
    }

    if (ConfinementFaults (&gPartitions[Index], &gPartitions[Index].Denied)) {
      Facts[Index].Denied = &gPartitions[Index].Denied;
    }

    Facts[Index].Cards = CountCards (&gPartitions[Index]);
    AddCardCounts (&gPartitions[Index], &Facts[Index].Moved);
    Facts[Index].Disks = AddDiskCounts (&gPartitions[Index], &Facts[Index].Moved);
    for (Piece = 0; Piece < gPartitions[Index].PieceCount; Piece++) {
      Facts[Index].Memory += gPartitions[Index].Pieces[Piece].Size;
    }
  }
}

/**
  Write down what all partitions are told.
**/
STATIC
VOID
RenderShared (
  VOID
  )
{
  MRM_STATE_FACTS  Facts[MRM_MAX_PARTITIONS];
  MRM_TEXT         Text;

  CollectStates (Facts);
  MrmTextBegin (&Text, mState, STATE_SIZE);
  MrmStateRender (Facts, gPartitionCount, Milliseconds (), &Text);
  MrmTextBegin (&Text, mLog, LOG_SIZE);
  MrmLogRender (GetLog (), &Text);
}

VOID
LoadControl (
  IN OUT MRM_PARTITION  *Partition
  )
{
  Partition->Control->Answered = 0;
  ZeroMem (&Partition->Control->Events, sizeof (Partition->Control->Events));
  ZeroMem (Partition->Control->Published, MRM_CONTROL_SIZE);
  RenderShared ();
  Publish (Partition);
}

VOID
RefreshControls (
  VOID
  )
{
  UINTN  Index;

  RenderShared ();
  for (Index = 0; Index < gPartitionCount; Index++) {
    if (MrmLifecycleIsLive (&gPartitions[Index].Life)) {
      Publish (&gPartitions[Index]);
    }
  }
}

VOID
PollEvents (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_PARTITION_CONTROL  *Control;

  Control = Partition->Control;
  while (MrmRingNextLine (&Control->Events, Partition->EventRing, Partition->EventRingSize)) {
    if (!MrmRateTake (&Control->EventRate, Milliseconds (), EVENTS_AT_ONCE, EVENT_PERIOD)) {
      Control->EventsDropped++;
      continue;
    }

    if (Control->EventsDropped > 0) {
      Say ("%a: %d lines of its firmware were left out: too many", Partition->Plan->Name, Control->EventsDropped);
      Control->EventsDropped = 0;
    }

    Say ("%a: says: %a", Partition->Plan->Name, Control->Events.Line);
  }
}
