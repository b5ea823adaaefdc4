/** @file
  What an OS asks of MRM by UEFI variables: who asks, may he, and what becomes of it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Life/Requests.h"
#include "Life/Life.h"
#include "Life/PcEnd.h"
#include "Life/Redivide.h"
#include "Talk/Control.h"
#include "Partition/Partition.h"
#include "Partition/Policy.h"
#include "Partition/Plan.h"
#include "Core/Clock.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>

#define REQUESTS_AT_ONCE  5
#define REQUEST_PERIOD    1000       ///< milliseconds
#define RESULT_SIZE       256

///
/// A request as an OS has made it.
///
typedef struct {
  BOOLEAN             Reload;                       ///< for another policy
  UINT32              Longest;                      ///< bytes it may have
  UINT32              Held;                         ///< bytes of it in mRequest, at most Longest
  MRM_AREA_REQUEST    Written;
} REQUEST;

STATIC UINT8  mRequest[MRM_CONTROL_REQUEST_SIZE];  ///< what an OS wrote

EFI_STATUS
ExecuteOrder (
  IN CONST MRM_ORDER  *Order,
  IN CONST CHAR8      *Who
  )
{
  EFI_STATUS  Status;

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

      if (RedivisionEnds (Order->Target) && ((Order->Verb == MrmVerbStart) || (Order->Verb == MrmVerbRestart))) {
        return EFI_ABORTED;
      }

      Status = OrderPartition (&gPartitions[Order->Target], Order->Verb, Order->AtOnce, Who);
      if ((Order->Verb == MrmVerbStop) && RedivisionEnds (Order->Target)) {
        // It may be off already, while others are waited for.
        NoteStop (Order->Target);
        return EFI_SUCCESS;
      }

      return Status;
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
    case EFI_ABORTED:
      return "refused: another plan is about to end it";
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

  switch (MrmOrderParse (Bytes, Size, gPlan, &Order)) {
    case EFI_SUCCESS:
      break;
    case EFI_NOT_FOUND:
      return "refused: no partition of that name";
    default:
      return "refused: expected start, stop, restart or nmi and a name, or pc reboot, or pc power-off; now may follow";
  }

  if (!MrmOrderIsPermitted (Partition->Policy, (UINT32)(Partition - gPartitions), &Order)) {
    return "refused: not permitted by the partition file";
  }

  return ResultText (ExecuteOrder (&Order, Partition->Plan->Name));
}

/**
  Take what a partition's OS has written; its bytes go to mRequest.

  @param[in]  Partition  The partition.
  @param[out] Request    Receives the rest of it.
**/
STATIC
VOID
CopyRequest (
  IN  CONST MRM_PARTITION  *Partition,
  OUT REQUEST              *Request
  )
{
  UINT32  Held;

  Held             = MrmAreaTake (Partition->ControlArea, &Request->Written, mRequest);
  Request->Reload  = StrCmp (Request->Written.Name, L"Reload") == 0;
  Request->Longest = MRM_ORDER_SIZE;
  if (Request->Reload) {
    Request->Longest = MeansRedivision (mRequest, Held) ? MRM_CONTROL_REQUEST_SIZE : MRM_POLICY_TEXT_SIZE;
  }

  Request->Held = MIN (Held, Request->Longest);
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

  if (!MrmRequestIsWellFormed (&Request->Written, Request->Longest, Result, RESULT_SIZE)) {
    return TRUE;
  }

  if (!Request->Reload) {
    AsciiStrCpyS (Result, RESULT_SIZE, JudgeOrder (Partition, mRequest, Request->Held));
  } else if ((Partition->Policy->PcPermits & MRM_PERMIT_RELOAD) == 0) {
    AsciiStrCpyS (Result, RESULT_SIZE, "refused: not permitted by the partition file");
  } else if (MeansRedivision (mRequest, Request->Held) && PcEnds ()) {
    AsciiStrCpyS (Result, RESULT_SIZE, ResultText (EFI_NOT_READY));
  } else if (MeansRedivision (mRequest, Request->Held)) {
    AskRedivision (Partition->Plan->Name, mRequest, Request->Held, Result, RESULT_SIZE);
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

  CopyRequest (Partition, &Request);
  Heard = JudgeRequest (Partition, &Request, Result);
  Size  = Request.Held;
  while ((Size > 0) && (mRequest[Size - 1] <= ' ')) {
    Size--;
  }

  // An order that is longer than this is not understood anyway: its beginning is enough, and the JSON stays whole.
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

BOOLEAN
PollRequest (
  IN OUT MRM_PARTITION      *Partition,
  IN     CONST MRM_MAILBOX  *Snapshot
  )
{
  if (Snapshot->Control.Sequence == Partition->Control->Answered) {
    return FALSE;
  }

  AnswerRequest (Partition);
  RefreshControls ();

  // This is success also for a refused request: Linux would keep a variable that could not be written, and protect it.
  Partition->Control->Answered = Snapshot->Control.Sequence;
  MrmCallAnswer (&Partition->Mailbox->Control, Partition->Control->Answered, EFI_SUCCESS);
  return TRUE;
}
