/** @file
  What an OS sees of MRM and asks of it by UEFI variables, and what its firmware tells.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Control.h"
#include "Attend.h"
#include "Clock.h"
#include "PcEnd.h"
#include "Policy.h"
#include "Report.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>

#define REQUESTS_AT_ONCE  5
#define REQUEST_PERIOD    1000       ///< milliseconds
#define ORDER_SIZE        256        ///< bytes of the longest order
#define RESULT_SIZE       256
#define EVENTS_AT_ONCE    32
#define EVENT_PERIOD      500        ///< milliseconds
#define STATE_SIZE        SIZE_16KB  ///< fits MRM_MAX_PARTITIONS
#define LOG_SIZE          SIZE_8KB
#define PLAN_LIMIT        SIZE_16KB  ///< a longer plan is left out

///
/// A request as an OS has made it.
///
typedef struct {
  BOOLEAN    Reload;                                ///< for another policy
  UINT32     Longest;                               ///< bytes it may have
  UINT32     Size;                                  ///< bytes it has
  UINT32     Attributes;                            ///< it was written with
  UINT32     Held;                                  ///< bytes of it in mRequest
} REQUEST;

STATIC MRM_CONTROL_AREA  *mScratch;                ///< an area as it is built
STATIC CHAR8             *mState;
STATIC CHAR8             *mLog;
STATIC UINT8             *mRequest;                ///< MRM_CONTROL_REQUEST_SIZE bytes: what an OS wrote

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
    mRequest = AllocatePool (MRM_CONTROL_REQUEST_SIZE);
  }

  Control = AllocateZeroPool (sizeof (*Control));
  if (Control != NULL) {
    Control->Published = AllocateZeroPool (MRM_CONTROL_SIZE);
  }

  if (  (mScratch == NULL)
     || (mState == NULL)
     || (mLog == NULL)
     || (mRequest == NULL)
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
  MRM_CONTROL_AREA  *Area;
  UINTN             Rest;
  UINTN             End;

  MrmAreaBegin (mScratch);
  // Nothing to be read: so an OS can write them anew each time (docs/control.md).
  MrmAreaAdd (mScratch, L"Request", NULL, 0, ORDER_SIZE);
  MrmAreaAdd (mScratch, L"Reload", NULL, 0, MRM_POLICY_TEXT_SIZE);
  AddText (L"Version", MRM_VERSION_TEXT "\n");
  AddText (L"Name", Partition->Control->Name);
  AddText (L"State", mState);
  AddText (L"Status", Partition->Control->Status);
  AddText (L"Audit", Partition->Audit.Buffer);
  AddText (L"Log", mLog);
  AddText (L"Policy", PolicyText ());
  if ((gMrmPlan.Json != NULL) && (gMrmPlan.JsonSize <= PLAN_LIMIT)) {
    MrmAreaAdd (mScratch, L"Plan", gMrmPlan.Json, gMrmPlan.JsonSize, 0);
  }

  if (CompareMem (mScratch, Partition->Control->Published, MRM_CONTROL_SIZE) == 0) {
    return;
  }

  CopyMem (Partition->Control->Published, mScratch, MRM_CONTROL_SIZE);
  Area = Partition->ControlArea;
  Rest = sizeof (*Area);
  End  = mScratch->RequestOffset;
  Area->Sequence |= 1;
  MemoryFence ();
  Area->Count = mScratch->Count;
  CopyMem (Area->Items, mScratch->Items, sizeof (Area->Items));
  Area->RequestOffset = mScratch->RequestOffset;
  CopyMem ((UINT8 *)Area + Rest, (UINT8 *)mScratch + Rest, End - Rest);
  MemoryFence ();
  Area->Sequence++;
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
    Facts[Index].Plan  = gPartitions[Index].Plan;
    Facts[Index].Life  = &gPartitions[Index].Life;
    Facts[Index].Words = gPartitions[Index].Words;
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

EFI_STATUS
CarryOut (
  IN CONST MRM_ORDER  *Order,
  IN CONST CHAR8      *Who
  )
{
  switch (Order->Kind) {
    case MrmOrderPcReboot:
      EndPc (EfiResetCold, Order->AtOnce, Who);
      return EFI_SUCCESS;
    case MrmOrderPcPowerOff:
      EndPc (EfiResetShutdown, Order->AtOnce, Who);
      return EFI_SUCCESS;
    default:
      if (PcEnds () && ((Order->Verb == MrmVerbStart) || (Order->Verb == MrmVerbRestart))) {
        return EFI_NOT_READY;
      }

      return OrderPartition (&gPartitions[Order->Target], Order->Verb, Order->AtOnce, Who);
  }
}

CONST CHAR8 *
ResultText (
  IN EFI_STATUS  Status
  )
{
  switch (Status) {
    case EFI_SUCCESS:
      return "done";
    case EFI_ALREADY_STARTED:
      return "refused: it runs";
    case EFI_NOT_STARTED:
      return "refused: it does not run";
    case EFI_NOT_READY:
      return "refused: the PC is about to end";
    default:
      return "refused: it cannot be started on this machine";
  }
}

/**
  Judge an order and carry it out.

  @param[in] Partition  Whose OS gives it.
  @param[in] Bytes      The order; the controller's own copy.
  @param[in] Size       Bytes of it.

  @return  What became of it, for people.
**/
STATIC
CONST CHAR8 *
JudgeOrder (
  IN CONST MRM_PARTITION  *Partition,
  IN CONST UINT8          *Bytes,
  IN UINTN                Size
  )
{
  MRM_ORDER  Order;

  switch (MrmOrderParse (Bytes, Size, &gMrmPlan, &Order)) {
    case EFI_SUCCESS:
      break;
    case EFI_NOT_FOUND:
      return "refused: no partition of that name";
    default:
      return "refused: expected start, stop, restart or nmi and a name, or pc reboot, or pc power-off; now may follow";
  }

  if (!MrmOrderIsPermitted (Partition->Policy, &Order)) {
    return "refused: not permitted by the partition file";
  }

  return ResultText (CarryOut (&Order, Partition->Plan->Name));
}

/**
  Take what a partition's OS has written; its bytes go to mRequest.

  @param[in]  Partition  The partition.
  @param[out] Request    Receives the rest of it.
**/
STATIC
VOID
TakeRequest (
  IN  CONST MRM_PARTITION  *Partition,
  OUT REQUEST              *Request
  )
{
  CONST MRM_CONTROL_AREA  *Area;
  CHAR16                  Name[MRM_CONTROL_NAME_SIZE];

  Area = Partition->ControlArea;
  CopyMem (Name, Area->RequestName, sizeof (Name));
  Name[MRM_CONTROL_NAME_SIZE - 1] = L'\0';
  Request->Reload                 = StrCmp (Name, L"Reload") == 0;
  Request->Longest                = Request->Reload ? MRM_POLICY_TEXT_SIZE : ORDER_SIZE;
  Request->Size                   = *(volatile CONST UINT32 *)&Area->RequestSize;
  Request->Attributes             = *(volatile CONST UINT32 *)&Area->RequestAttributes;
  Request->Held                   = MIN (Request->Size, Request->Longest);
  CopyMem (mRequest, (CONST UINT8 *)Area + MRM_CONTROL_SIZE - MRM_CONTROL_REQUEST_SIZE, Request->Held);
}

/**
  Judge a request and carry it out.

  @param[in,out] Partition  Whose OS asks.
  @param[in]     Request    The request; its bytes are in mRequest.
  @param[out]    Result     RESULT_SIZE bytes; receives what became of it, for people.

  @retval TRUE   Heard: it is to be logged.
  @retval FALSE  One too many.
**/
STATIC
BOOLEAN
JudgeRequest (
  IN OUT MRM_PARTITION  *Partition,
  IN     CONST REQUEST  *Request,
  OUT    CHAR8          *Result
  )
{
  if (!MrmRateTake (&Partition->Control->RequestRate, Milliseconds (), REQUESTS_AT_ONCE, REQUEST_PERIOD)) {
    AsciiStrCpyS (Result, RESULT_SIZE, "refused: too many requests; wait a second");
    return FALSE;
  }

  if (!MrmRequestIsWellFormed (Request->Size, Request->Attributes, Request->Longest, Result, RESULT_SIZE)) {
    return TRUE;
  }

  if (!Request->Reload) {
    AsciiStrCpyS (Result, RESULT_SIZE, JudgeOrder (Partition, mRequest, Request->Held));
  } else if ((Partition->Policy->PcPermits & MRM_PERMIT_RELOAD) == 0) {
    AsciiStrCpyS (Result, RESULT_SIZE, "refused: not permitted by the partition file");
  } else {
    ReloadPolicy (Partition->Plan->Name, mRequest, Request->Held, Result, RESULT_SIZE);
  }

  return TRUE;
}

/**
  Answer a request.

  @param[in,out] Partition  Whose OS asks; Control->Status receives the answer.
**/
STATIC
VOID
AnswerRequest (
  IN OUT MRM_PARTITION  *Partition
  )
{
  REQUEST   Request;
  BOOLEAN   Heard;
  CHAR8     Words[MRM_NAME_LENGTH + 16];
  UINTN     Size;
  CHAR8     Result[RESULT_SIZE];
  MRM_TEXT  Text;

  TakeRequest (Partition, &Request);
  Heard = JudgeRequest (Partition, &Request, Result);
  Size  = Request.Held;
  while ((Size > 0) && (mRequest[Size - 1] <= ' ')) {
    Size--;
  }

  // No longer order is understood: the beginning tells enough, and the JSON stays whole.
  if (Request.Reload) {
    AsciiStrCpyS (Words, sizeof (Words), "reload");
  } else {
    MrmTextPrintable (Words, sizeof (Words), mRequest, Size);
  }

  Partition->Control->Requests++;
  MrmTextBegin (&Text, Partition->Control->Status, sizeof (Partition->Control->Status));
  MrmTextAdd (&Text, "{\"sequence\":");
  MrmTextAddNumber (&Text, Partition->Control->Requests, 0, ' ');
  MrmTextAdd (&Text, ",\"result\":");
  MrmTextAddJson (&Text, Result);
  MrmTextAdd (&Text, ",\"request\":");
  MrmTextAddJson (&Text, Words);
  MrmTextAdd (&Text, "}\n");
  if (Heard) {
    Say ("%a: asked: %a: %a", Partition->Plan->Name, Words, Result);
  }
}

/**
  Take the lines that a partition firmware has for the log.

  @param[in,out] Partition  The partition.
**/
STATIC
VOID
TakeEvents (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_PARTITION_CONTROL  *Control;
  MRM_RING               *Ring;

  Control = Partition->Control;
  Ring    = Partition->EventRing;
  while (MrmRingNextLine (&Control->Events, (UINT8 *)(Ring + 1), Partition->EventRingSize, Ring->Written)) {
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

BOOLEAN
AttendControl (
  IN OUT MRM_PARTITION      *Partition,
  IN     CONST MRM_MAILBOX  *Snapshot
  )
{
  TakeEvents (Partition);
  if (Snapshot->Control.Sequence == Partition->Control->Answered) {
    return FALSE;
  }

  AnswerRequest (Partition);
  RefreshControls ();

  // Refused or not: Linux would keep a variable that could not be written, and protect it.
  Partition->Mailbox->Control.Status = EFI_SUCCESS;
  MemoryFence ();
  Partition->Control->Answered         = Snapshot->Control.Sequence;
  Partition->Mailbox->Control.Answered = Snapshot->Control.Sequence;
  return TRUE;
}
