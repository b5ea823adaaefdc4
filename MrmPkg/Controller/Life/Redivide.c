/** @file
  Another plan while partitions run.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Life/Redivide.h"
#include "Life/Bind.h"
#include "Life/Life.h"
#include "Talk/Channel.h"
#include "Talk/Control.h"
#include "Talk/Disk.h"
#include "Talk/Turn.h"
#include "Machine/Memory.h"
#include "Machine/ProcessorChoice.h"
#include "Machine/ResetEntry.h"
#include "Machine/Uart.h"
#include "Media/Medium.h"
#include "Partition/Partition.h"
#include "Partition/Plan.h"
#include "Partition/PlanKeep.h"
#include "Partition/Policy.h"
#include "Core/Clock.h"
#include "Core/Log.h"
#include "Core/Report.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmPlanLib.h>
#include <Library/PrintLib.h>

#define RESTART_PREFIX  "restart\n"   ///< before a plan: partitions that run and would change are asked to shut down

///
/// The plan that waits to be put in force.
///
typedef struct {
  MRM_READ_PLAN    Read;                          ///< empty: none waits
  MRM_PARTITION    *Next;                         ///< its partitions, all of them absent
  CHAR8            Who[MRM_NAME_LENGTH];          ///< asked for it
  UINT32           Same[MRM_MAX_PARTITIONS];      ///< for each of its partitions: which of gPartitions it is, or MRM_PLAN_NOBODY
  UINT32           Becomes[MRM_MAX_PARTITIONS];   ///< for each of gPartitions: which it becomes, or MRM_PLAN_NOBODY
  BOOLEAN          Ran[MRM_MAX_PARTITIONS];       ///< of gPartitions: ran when it was asked to shut down
  BOOLEAN          Stopped[MRM_MAX_PARTITIONS];   ///< of gPartitions: somebody has ordered to stop it since
  BOOLEAN          Grown;                         ///< files of its disks are as long as they are to be
} PENDING;

///
/// What a partition of the new plan is ordered.
///
typedef struct {
  CHAR8       Name[MRM_NAME_LENGTH];
  MRM_VERB    Verb;
} ORDERED;

STATIC PENDING  mPending;

BOOLEAN
MeansRedivision (
  IN CONST UINT8  *Bytes,
  IN UINTN        Size
  )
{
  if ((Size > sizeof (RESTART_PREFIX) - 1) && (CompareMem (Bytes, RESTART_PREFIX, sizeof (RESTART_PREFIX) - 1) == 0)) {
    return TRUE;
  }

  return MeansPlan (Bytes, Size);
}

/**
  Find out what of the plan that waits is in force already. A partition that was refused is bound anew.
**/
STATIC
VOID
Match (
  VOID
  )
{
  UINT32  Index;

  for (Index = 0; Index < gPartitionCount; Index++) {
    mPending.Becomes[Index] = MRM_PLAN_NOBODY;
    mPending.Ran[Index]     = FALSE;
    mPending.Stopped[Index] = FALSE;
  }

  MrmPlanMatch (gPlan, mPending.Read.Plan, mPending.Same);
  for (Index = 0; Index < mPending.Read.Plan->PartitionCount; Index++) {
    if (  (mPending.Same[Index] != MRM_PLAN_NOBODY)
       && (gPartitions[mPending.Same[Index]].Life.State == MrmStateRefused))
    {
      mPending.Same[Index] = MRM_PLAN_NOBODY;
    }

    if (mPending.Same[Index] != MRM_PLAN_NOBODY) {
      mPending.Becomes[mPending.Same[Index]] = Index;
    }
  }
}

/**
  Find a partition that runs and would change.

  @return  The first one; gPartitionCount when there is none.
**/
STATIC
UINTN
FindRunning (
  VOID
  )
{
  UINTN  Index;

  for (Index = 0; Index < gPartitionCount; Index++) {
    if ((mPending.Becomes[Index] == MRM_PLAN_NOBODY) && MrmLifecycleIsLive (&gPartitions[Index].Life)) {
      break;
    }
  }

  return Index;
}

/**
  Find a partition that would change and has a processor that did not stop.

  @return  The first one; gPartitionCount when there is none.
**/
STATIC
UINTN
FindLost (
  VOID
  )
{
  UINTN  Index;

  for (Index = 0; Index < gPartitionCount; Index++) {
    if ((mPending.Becomes[Index] == MRM_PLAN_NOBODY) && gPartitions[Index].Lost) {
      break;
    }
  }

  return Index;
}

/**
  Have partitions shut down that run and would change.
**/
STATIC
VOID
EndRunning (
  VOID
  )
{
  UINTN  Index;

  for (Index = 0; Index < gPartitionCount; Index++) {
    if (  (mPending.Becomes[Index] == MRM_PLAN_NOBODY)
       && MrmLifecycleIsLive (&gPartitions[Index].Life)
       && (gPartitions[Index].Life.State != MrmStateStopping))
    {
      mPending.Ran[Index] = TRUE;
      OrderPartition (&gPartitions[Index], MrmVerbStop, FALSE, mPending.Who);
    }
  }
}

/**
  Forget the plan that waits.
**/
STATIC
VOID
FreePending (
  VOID
  )
{
  if (mPending.Next != NULL) {
    FreePartitions (mPending.Next, mPending.Read.Plan->PartitionCount);
    mPending.Next = NULL;
  }

  FreePlan (&mPending.Read);
}

/**
  Whether a plan makes a partition the owner of the chipset.

  @param[in] Plan  The plan.
**/
STATIC
BOOLEAN
GivesChipset (
  IN CONST MRM_PLAN  *Plan
  )
{
  UINT32  Index;

  for (Index = 0; Index < Plan->PartitionCount; Index++) {
    if (Plan->Partitions[Index].Chipset) {
      return TRUE;
    }
  }

  return FALSE;
}

VOID
AskRedivision (
  IN  CONST CHAR8  *Who,
  IN  CONST UINT8  *Bytes,
  IN  UINTN        Size,
  OUT CHAR8        *Result,
  IN  UINTN        Room
  )
{
  EFI_STATUS  Status;
  MRM_TEXT    Fault;
  UINTN       Running;
  BOOLEAN     Restart;
  BOOLEAN     Lasting;

  if (mPending.Read.Plan != NULL) {
    AsciiStrCpyS (Result, Room, "refused: another plan waits for partitions to shut down");
    return;
  }

  Restart = (BOOLEAN)!MeansPlan (Bytes, Size);
  if (Restart) {
    Bytes += sizeof (RESTART_PREFIX) - 1;
    Size  -= sizeof (RESTART_PREFIX) - 1;
  }

  MrmTextBegin (&Fault, Result, Room);
  MrmTextAdd (&Fault, "refused: ");
  if (!MeansPlan (Bytes, Size)) {
    MrmTextAdd (&Fault, "expected a plan behind 'restart'");
    return;
  }

  if (!ReadGivenPlan (Bytes, Size, &mPending.Read, &Fault)) {
    return;
  }

  Match ();
  mPending.Grown = FALSE;
  Running        = FindRunning ();
  if (GivesChipset (mPending.Read.Plan) || GivesChipset (gPlan)) {
    MrmTextAdd (&Fault, "the chipset does not change hands while the controller runs: start it anew with that plan");
    FreePending ();
    return;
  }

  if ((mPending.Read.Plan->Console.Kind != gPlan->Console.Kind) || (mPending.Read.Plan->Console.IoBase != gPlan->Console.IoBase)) {
    MrmTextAdd (&Fault, "the controller's own console cannot change while it runs");
  } else if (mPending.Read.Plan->ChannelProcessor != gPlan->ChannelProcessor) {
    MrmTextAdd (&Fault, "who serves channels cannot change while the controller runs");
  } else if (FindLost () < gPartitionCount) {
    MrmTextAdd (&Fault, gPartitions[FindLost ()].Plan->Name);
    MrmTextAdd (&Fault, " would change, and has a processor that does not answer: reset the PC first");
  } else if ((Running < gPartitionCount) && !Restart) {
    MrmTextAdd (&Fault, gPartitions[Running].Plan->Name);
    MrmTextAdd (&Fault, " runs and would change: stop it first, or reload with 'restart'");
  } else if (EFI_ERROR (AllocatePartitions (mPending.Read.Plan, &mPending.Next))) {
    // Told now: partitions that have been asked to shut down must not wait in vain.
    mPending.Next = NULL;
    MrmTextAdd (&Fault, "there is no memory for its partitions");
  } else {
    // The policy in force is committed already.  If the new one cannot be committed, nothing changes.
    Status = KeepPlan (Bytes, Size, &Lasting);
    if (!EFI_ERROR (Status)) {
      AsciiStrCpyS (mPending.Who, sizeof (mPending.Who), Who);
      AsciiSPrint (
        Result,
        Room,
        "done%a%a",
        (Running < gPartitionCount) ? "; what runs and changes is asked to shut down first" : "",
        Lasting ? "" : "; until the PC is switched off, for the ESP cannot be written"
        );
      return;
    }

    AsciiSPrint (Result, Room, "refused: it cannot be committed to the ESP: %r", Status);
  }

  FreePending ();
}

BOOLEAN
RedivisionEnds (
  IN UINTN  Number
  )
{
  return (BOOLEAN)((mPending.Read.Plan != NULL) && (mPending.Becomes[Number] == MRM_PLAN_NOBODY));
}

VOID
NoteStop (
  IN UINTN  Number
  )
{
  mPending.Stopped[Number] = TRUE;
}

/**
  Move partitions that go on to where the new plan has them, and take everything from the others.

  @param[in,out] Next  The partitions of the new plan, all of them absent.
**/
STATIC
VOID
MovePartitions (
  IN OUT MRM_PARTITION  *Next
  )
{
  UINT32    Index;
  UINT32    Number;
  MRM_TEXT  Audit;

  for (Index = 0; Index < gPartitionCount; Index++) {
    Number = mPending.Becomes[Index];
    if (Number == MRM_PLAN_NOBODY) {
      Say ("%a: is given up", gPartitions[Index].Plan->Name);
      DropPartition (&gPartitions[Index], mPending.Read.Plan);
      continue;
    }

    Audit                    = Next[Number].Audit;
    Next[Number]             = gPartitions[Index];
    Next[Number].Plan        = &mPending.Read.Plan->Partitions[Number];
    gPartitions[Index].Audit = Audit;
  }
}

/**
  Claim the devices of partitions that are new, and carry out what they are ordered. A UART that was held for one that
  is refused goes back to the PC's firmware.

  @param[in] Orders  The orders.
  @param[in] Count   Their number.
**/
STATIC
VOID
LaunchNew (
  IN CONST ORDERED  *Orders,
  IN UINTN          Count
  )
{
  UINTN  Index;
  UINTN  Order;

  for (Index = 0; Index < gPartitionCount; Index++) {
    if (gPartitions[Index].Life.State == MrmStateRefused) {
      ReleaseConsole (&gPartitions[Index]);
    }

    if (gPartitions[Index].Life.State != MrmStateAbsent) {
      continue;
    }

    ClaimDevices (&gPartitions[Index]);
    for (Order = 0; Order < Count; Order++) {
      if (AsciiStrCmp (gPartitions[Index].Plan->Name, Orders[Order].Name) == 0) {
        OrderPartition (&gPartitions[Index], Orders[Order].Verb, FALSE, mPending.Who);
      }
    }
  }
}

/**
  Divide the PC anew.
**/
STATIC
VOID
Redivide (
  VOID
  )
{
  STATIC ORDERED  Orders[MRM_MAX_PARTITIONS];
  MRM_PARTITION   *Before;
  UINTN           BeforeCount;
  UINTN           Ordered;
  UINTN           Index;
  UINTN           Kept;

  Ordered = 0;
  Kept    = 0;
  for (Index = 0; Index < gPartitionCount; Index++) {
    if (mPending.Becomes[Index] != MRM_PLAN_NOBODY) {
      Kept++;
      continue;
    }

    Orders[Ordered].Verb = MrmLifecycleAnew (&gPartitions[Index].Life, mPending.Ran[Index], mPending.Stopped[Index]);
    if (Orders[Ordered].Verb != MrmVerbMax) {
      AsciiStrCpyS (Orders[Ordered++].Name, MRM_NAME_LENGTH, gPartitions[Index].Plan->Name);
    }
  }

  BeginReport ();
  Say ("plan %a for %a, reloaded by %a: %d partitions go on", mPending.Read.Plan->Title, mPending.Read.Plan->Machine, mPending.Who, Kept);
  CloseNetworks ();
  IgnoreDisks ();
  MovePartitions (mPending.Next);
  RenumberOwners (mPending.Becomes, gPartitionCount);
  RenumberTurns (mPending.Becomes, gPartitionCount);
  Before          = gPartitions;
  BeforeCount     = gPartitionCount;
  gPartitions     = mPending.Next;
  gPartitionCount = mPending.Read.Plan->PartitionCount;
  mPending.Next   = NULL;
  AdoptPlan (&mPending.Read);
  FreePartitions (Before, BeforeCount);
  EnforceBuiltIn (gPartitions, mPending.Who);
  BindPartitions (gPartitions, gPartitionCount);
  FeedFirmware ();
  OpenNetworks ();
  WatchDisks ();
  ExtendResetEntry ();
  LaunchNew (Orders, Ordered);
  SayFreeMemory ();
  WriteReport ();
  RefreshControls ();
}

BOOLEAN
PollRedivision (
  VOID
  )
{
  if (mPending.Read.Plan == NULL) {
    return FALSE;
  }

  // What takes long comes first: everybody is served meanwhile.
  if (!mPending.Grown && GrowMedia (mPending.Read.Plan)) {
    return FALSE;
  }

  mPending.Grown = TRUE;
  // Those that cannot be asked are off at once.  The PC is then divided at once, too: when all partitions are off, the
  // policy of the plan before may switch the PC off.
  EndRunning ();
  if (FindRunning () < gPartitionCount) {
    return FALSE;
  }

  if (FindLost () < gPartitionCount) {
    Say (
      "plan %a, reloaded by %a: %a has a processor that does not answer: the plan is put in force when the PC starts next",
      mPending.Read.Plan->Title,
      mPending.Who,
      gPartitions[FindLost ()].Plan->Name
      );
    FreePending ();
    return FALSE;
  }

  Redivide ();
  return TRUE;
}
