/** @file
  The way out of a network: frames between its switch and a network card of the PC.

  The card's driver may be called at TPL_CALLBACK at most, and switches are served at TPL_NOTIFY: so frames wait in the
  lanes of MRM_CHANNEL_UPLINK.  The controller moves them in its rounds, and a timer event does so between them.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Talk/Uplink.h"
#include "Machine/Interrupt.h"
#include "Machine/NetworkCard.h"
#include "Machine/Tick.h"
#include "Partition/Plan.h"
#include "Core/Clock.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/UefiBootServicesTableLib.h>

#define LOOK_PERIOD  (1 * 10000)   ///< 1 ms in units of 100 ns: how often the event looks
#define LINK_PERIOD  500           ///< milliseconds after which a card that sends nothing is asked for its link
#define BURST        16            ///< frames in each direction in one look
#define LATELY       200           ///< milliseconds after the last frame: more may come
#define SENDING      16            ///< frames that a card is sending at the same time
#define LONGEST      SIZE_16KB     ///< bytes of any frame: one that found no room would stay in the card for ever

///
/// An uplink: a card of the PC, and what is on its way there and back.
///
typedef struct {
  MRM_CHANNEL_UPLINK     *Way;              ///< what is shared with the switch, which another processor may serve
  CONST CHAR8            *Network;
  NETWORK_CARD           Card;
  UINT64                 AskedAt;           ///< milliseconds: when the card was asked for its link
  BOOLEAN                ToldUp;
  BOOLEAN                Sending[SENDING];
  UINT8                  Buffers[SENDING][MRM_CHANNEL_FRAME_SIZE];   ///< the card's while Sending
} UPLINK;

STATIC UPLINK     *mUplinks[MRM_MAX_NETWORKS];
STATIC UINTN      mUplinkCount;
STATIC MRM_TICK_WATCH  mWatch;
STATIC UINT8      mReceived[LONGEST];
STATIC UINT64     mMovedAt;                  ///< milliseconds

/**
  Take back the buffers that a card has sent, and see whether it has a link.

  @param[in,out] Uplink  The card.
  @param[in]     Now     Milliseconds.
**/
STATIC
VOID
Ask (
  IN OUT UPLINK  *Uplink,
  IN     UINT64  Now
  )
{
  VOID   *Sent;
  UINTN  Index;
  UINTN  Round;

  // Each call gives one buffer back, or none.
  for (Round = 0; Round < SENDING; Round++) {
    if (EFI_ERROR (Uplink->Card.Snp->GetStatus (Uplink->Card.Snp, NULL, &Sent)) || (Sent == NULL)) {
      break;
    }

    for (Index = 0; Index < SENDING; Index++) {
      if (Sent == Uplink->Buffers[Index]) {
        Uplink->Sending[Index] = FALSE;
      }
    }
  }

  Uplink->AskedAt = Now;
  Uplink->Way->Up  = HasLink (&Uplink->Card);
}

/**
  Find a buffer of a card by whether it is being sent.

  @param[in] Uplink   The card.
  @param[in] Sending  Whether it is.

  @return  Its number; SENDING for none.
**/
STATIC
UINTN
FindBuffer (
  IN CONST UPLINK  *Uplink,
  IN BOOLEAN       Sending
  )
{
  UINTN  Index;

  for (Index = 0; (Index < SENDING) && (Uplink->Sending[Index] != Sending); Index++) {
  }

  return Index;
}

/**
  Have a card send what waits, BURST frames at most.

  @param[in,out] Uplink  The card.

  @return  How many it took.
**/
STATIC
UINTN
Send (
  IN OUT UPLINK  *Uplink
  )
{
  CONST MRM_CHANNEL_FRAME  *Frame;
  EFI_STATUS               Status;
  UINTN                    Count;
  UINTN                    Number;

  for (Count = 0; Count < BURST; Count++) {
    Frame  = MrmChannelUplinkNext (Uplink->Way);
    Number = FindBuffer (Uplink, FALSE);
    if ((Frame == NULL) || (Number == SENDING)) {
      break;
    }

    CopyMem (Uplink->Buffers[Number], Frame->Bytes, Frame->Length);
    Status = Uplink->Card.Snp->Transmit (Uplink->Card.Snp, 0, Frame->Length, Uplink->Buffers[Number], NULL, NULL, NULL);
    if (Status == EFI_NOT_READY) {
      break;
    }

    // What the card refuses, for its length for instance, is dropped.
    Uplink->Sending[Number] = (BOOLEAN)!EFI_ERROR (Status);
    MrmChannelUplinkSent (Uplink->Way);
  }

  return Count;
}

/**
  Bring in what a card has received, BURST frames at most.

  @param[in,out] Uplink  The card.

  @return  How many it had.
**/
STATIC
UINTN
Receive (
  IN OUT UPLINK  *Uplink
  )
{
  UINTN  Count;
  UINTN  Size;

  for (Count = 0; Count < BURST; Count++) {
    Size = sizeof (mReceived);
    if (EFI_ERROR (Uplink->Card.Snp->Receive (Uplink->Card.Snp, NULL, &Size, mReceived, NULL, NULL, NULL))) {
      break;
    }

    MrmChannelUplinkBring (Uplink->Way, mReceived, Size);
  }

  return Count;
}

/**
  Look at all cards once, at TPL_CALLBACK.

  @retval TRUE   Frames were moved.
  @retval FALSE  None were.
**/
STATIC
BOOLEAN
Look (
  VOID
  )
{
  UPLINK  *Uplink;
  UINT64  Now;
  UINTN   Index;
  UINTN   Moved;

  Now   = Milliseconds ();
  Moved = 0;
  for (Index = 0; Index < mUplinkCount; Index++) {
    Uplink = mUplinks[Index];
    if ((FindBuffer (Uplink, TRUE) < SENDING) || (Now - Uplink->AskedAt >= LINK_PERIOD)) {
      Ask (Uplink, Now);
    }

    Moved += Send (Uplink);
    Moved += Receive (Uplink);
  }

  if (Moved != 0) {
    mMovedAt = Now;
  }

  return (BOOLEAN)(Moved != 0);
}

/**
  Look at all cards with a tick, and have the switch look if something has moved.
**/
STATIC
VOID
LookByTick (
  VOID
  )
{
  if (Look ()) {
    RequestPoll ();
  }
}

/**
  Say whether a card has a link.

  @param[in,out] Uplink  The card.
**/
STATIC
VOID
TellLink (
  IN OUT UPLINK  *Uplink
  )
{
  Uplink->ToldUp = Uplink->Way->Up;
  Say ("network %a: the PC's card has %a", Uplink->Network, Uplink->ToldUp ? "a link" : "no link");
}

/**
  Say how far a card serves a network.

  @param[in] Network  The network's name.
  @param[in] Card     Device path text of the card.
  @param[in] Mode     What the card is like.
**/
STATIC
VOID
TellCard (
  IN CONST CHAR8                    *Network,
  IN CONST CHAR8                    *Card,
  IN CONST EFI_SIMPLE_NETWORK_MODE  *Mode
  )
{
  CONST UINT8  *Mac;

  Mac = Mode->CurrentAddress.Addr;
  Say (
    "network %a: its way out is %a, MAC %02x:%02x:%02x:%02x:%02x:%02x",
    Network,
    Card,
    Mac[0],
    Mac[1],
    Mac[2],
    Mac[3],
    Mac[4],
    Mac[5]
    );
  if ((Mode->ReceiveFilterMask & EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS) == 0) {
    Say ("network %a: its driver does not say that it receives for other MACs; some do all the same", Network);
  }
}

/**
  Find the card that the plan has for a network.

  @param[in] Network  The network's name.

  @return  Device path text; NULL for none.
**/
STATIC
CONST CHAR8 *
CardFor (
  IN CONST CHAR8  *Network
  )
{
  UINT32  Index;

  for (Index = 0; Index < gPlan->UplinkCount; Index++) {
    if (AsciiStrCmp (gPlan->Uplinks[Index].Network, Network) == 0) {
      return gPlan->Uplinks[Index].Card;
    }
  }

  return NULL;
}

BOOLEAN
OpenUplink (
  IN     CONST CHAR8         *Network,
  IN OUT MRM_CHANNEL_UPLINK  *Way
  )
{
  CONST CHAR8  *Card;
  UPLINK       *Uplink;
  EFI_STATUS   Status;

  Card = CardFor (Network);
  if (Card == NULL) {
    return FALSE;
  }

  Uplink = AllocateZeroPool (sizeof (*Uplink));
  Status = (Uplink == NULL) ? EFI_OUT_OF_RESOURCES : ClaimNetworkCard (Card, &Uplink->Card);
  if (EFI_ERROR (Status)) {
    Say (
      "network %a: it has no way out by %a: %a (%r)",
      Network,
      Card,
      (Status == EFI_NOT_FOUND) ? "no such card, or the PC's firmware has no driver for it" : "it cannot be used",
      Status
      );
    if (Uplink != NULL) {
      FreePool (Uplink);
    }

    return FALSE;
  }

  Uplink->Network = Network;
  Uplink->Way     = Way;
  TellCard (Network, Card, Uplink->Card.Snp->Mode);
  Ask (Uplink, Milliseconds ());
  TellLink (Uplink);
  mUplinks[mUplinkCount] = Uplink;
  MemoryFence ();
  mUplinkCount++;
  if (mWatch.Event == NULL) {
    mWatch.Look   = LookByTick;
    mWatch.Tpl    = TPL_CALLBACK;
    mWatch.Period = LOOK_PERIOD;
    Status        = WatchByTimer (&mWatch);
    if (EFI_ERROR (Status)) {
      Say ("networks: their way out is slow: %r", Status);
    }
  }

  return TRUE;
}

BOOLEAN
PollUplinks (
  VOID
  )
{
  EFI_TPL  Tpl;
  UINTN    Index;

  if (mUplinkCount == 0) {
    return FALSE;
  }

  Tpl = gBS->RaiseTPL (TPL_CALLBACK);
  Look ();
  gBS->RestoreTPL (Tpl);
  for (Index = 0; Index < mUplinkCount; Index++) {
    if (mUplinks[Index]->Way->Up != mUplinks[Index]->ToldUp) {
      TellLink (mUplinks[Index]);
    }
  }

  return (BOOLEAN)(Milliseconds () - mMovedAt < LATELY);
}

VOID
CloseUplinks (
  VOID
  )
{
  IgnoreTimer (&mWatch);
  while (mUplinkCount > 0) {
    mUplinkCount--;
    ReleaseNetworkCard (&mUplinks[mUplinkCount]->Card);
    FreePool (mUplinks[mUplinkCount]);
  }
}
