/** @file
  The switch of a network, and its rounds.

  Each card has the one MAC that it was given: a frame that says to come from another is refused, and where a frame
  goes needs not be learned.  What is for none of them leaves by the uplink, if there is one.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

/**
  Judge a frame.

  @param[in] Card    Who sends it.
  @param[in] Frame   The frame.
  @param[in] Length  Bytes, ETHERNET_HEADER at least.

  @retval TRUE   It may be delivered.
  @retval FALSE  It is too long for the network, or has another's address as its own.
**/
STATIC
BOOLEAN
IsProper (
  IN CONST MRM_CHANNEL_CARD  *Card,
  IN CONST UINT8             *Frame,
  IN UINT32                  Length
  )
{
  return MrmChannelFits (Frame, Length, Card->Mtu)
         && (CompareMem (Frame + MRM_CHANNEL_MAC_SIZE, Card->Mac, MRM_CHANNEL_MAC_SIZE) == 0);
}

/**
  Make the frame that is to go next.

  @param[in,out] Network  Frame receives it if it is cut out of a packet.
  @param[in]     Card     Who sends it.
  @param[out]    Frame    Receives where it is.

  @return  Its bytes.
**/
STATIC
UINT32
NextFrame (
  IN OUT MRM_CHANNEL_NETWORK     *Network,
  IN     CONST MRM_CHANNEL_CARD  *Card,
  OUT    CONST UINT8             **Frame
  )
{
  if (Card->Packet.Header == 0) {
    *Frame = Card->Bytes;
    return Card->Packet.Length;
  }

  *Frame = Network->Frame;
  return MrmChannelCut (&Card->Packet, Card->Bytes, Network->Frame);
}

/**
  Give a frame to a network card, or drop it, or wait for buffers.

  Waiting uses the patience with a receive queue up, and each frame that it takes gives a millisecond of it back.  So
  one that stands still, or is slow on purpose, costs a sender MRM_CHANNEL_PATIENCE once, and not with every frame.

  @param[in,out] To      Who is to have it.
  @param[in]     Frame   The frame.
  @param[in]     Length  Its bytes.
  @param[in]     Group   It is for others, too: nobody waits.
  @param[in]     Waited  Milliseconds that its sender has waited with it.

  @retval TRUE   It was dealt with.
  @retval FALSE  Its receiver has no buffers, and is waited for.
**/
STATIC
BOOLEAN
GiveOrWait (
  IN OUT MRM_CHANNEL_CARD  *To,
  IN     CONST UINT8       *Frame,
  IN     UINT32            Length,
  IN     BOOLEAN           Group,
  IN     UINT64            Waited
  )
{
  UINT32   Pair;
  BOOLEAN  Given;

  Given = MrmChannelPass (To, Frame, Length);
  Pair  = MrmChannelChoose (To, Frame, Length);
  if (Given) {
    To->Patience[Pair] -= (UINT32)MIN (Waited, To->Patience[Pair]);
    To->Patience[Pair]  = MIN (To->Patience[Pair] + 1, MRM_CHANNEL_PATIENCE);
    return TRUE;
  }

  if (!Group && (Pair < MRM_CHANNEL_PAIRS) && !To->Rx[Pair].Broken) {
    if (Waited < To->Patience[Pair]) {
      return FALSE;
    }

    To->Patience[Pair] = 0;
  }

  To->Dropped++;
  return TRUE;
}

/**
  Give a frame to those it is for.

  @param[in,out] Network  The network.
  @param[in]     From     Who sends it.
  @param[in]     Frame    The frame, which IsProper() has judged.
  @param[in]     Length   Its bytes.
  @param[in]     Waited   Milliseconds that it has waited for its receiver.

  @retval TRUE   It was dealt with.
  @retval FALSE  Its receiver has no buffers, and is waited for.
**/
STATIC
BOOLEAN
Deliver (
  IN OUT MRM_CHANNEL_NETWORK     *Network,
  IN     CONST MRM_CHANNEL_CARD  *From,
  IN     CONST UINT8             *Frame,
  IN     UINT32                  Length,
  IN     UINT64                  Waited
  )
{
  MRM_CHANNEL_CARD  *To;
  BOOLEAN           Group;
  BOOLEAN           Known;
  UINTN             Index;

  Group = (Frame[0] & GROUP_ADDRESS) != 0;
  Known = FALSE;
  for (Index = 0; Index < Network->CardCount; Index++) {
    To = Network->Cards[Index];
    if (!Group && (CompareMem (Frame, To->Mac, MRM_CHANNEL_MAC_SIZE) != 0)) {
      continue;
    }

    Known = TRUE;
    if ((To != From) && !GiveOrWait (To, Frame, Length, Group, Waited)) {
      return FALSE;
    }
  }

  if (Group || !Known) {
    MrmChannelSendOut (Network, Frame, Length);
  }

  return TRUE;
}

/**
  Send the next frame of the packet that is on its way.

  @param[in,out] Network  The network.
  @param[in,out] Card     Who sends it.
  @param[in]     Now      Milliseconds.

  @retval TRUE   It was dealt with.
  @retval FALSE  Its receiver has no buffers, and is waited for.
**/
STATIC
BOOLEAN
SendFrame (
  IN OUT MRM_CHANNEL_NETWORK  *Network,
  IN OUT MRM_CHANNEL_CARD     *Card,
  IN     UINT64               Now
  )
{
  CONST UINT8  *Frame;
  UINT32       Length;

  Length = NextFrame (Network, Card, &Frame);
  if (!IsProper (Card, Frame, Length)) {
    Card->Refused++;
    MrmChannelFinish (Card);
    return TRUE;
  }

  if (!Deliver (Network, Card, Frame, Length, Now - Card->Packet.Since)) {
    return FALSE;
  }

  Card->Packet.Since = Now;
  if (Card->Packet.Header != 0) {
    Card->Packet.Sent += Card->Packet.SegmentSize;
  }

  if ((Card->Packet.Header == 0) || (Card->Packet.Sent >= Card->Packet.Length - Card->Packet.Header)) {
    MrmChannelFinish (Card);
  }

  return TRUE;
}

/**
  Send frames of a card, MRM_CHANNEL_BURST at most.  Packets that are as large as can be and then refused are work, too:
  so the bytes count as well, and so many frames of any network have less.

  @param[in,out] Network  The network.
  @param[in,out] Card     The card.
  @param[in]     Now      Milliseconds.

  @retval TRUE   At least one was.
  @retval FALSE  There was none, none that was good, or its receiver is waited for.
**/
STATIC
BOOLEAN
SendFrames (
  IN OUT MRM_CHANNEL_NETWORK  *Network,
  IN OUT MRM_CHANNEL_CARD     *Card,
  IN     UINT64               Now
  )
{
  UINTN   Count;
  UINT32  Gathered;
  UINT64  Refused;

  Gathered = 0;
  Refused  = Card->Refused;
  for (Count = 0; Count < MRM_CHANNEL_BURST; Count++) {
    if ((Count != 0) && MrmChannelNoticeDriver (Card)) {
      break;
    }

    if (Card->Packet.Length == 0) {
      if ((Gathered >= MRM_CHANNEL_GATHER) || !MrmChannelTake (Card, Now)) {
        break;
      }

      Gathered += Card->Packet.Length;
    }

    if (!SendFrame (Network, Card, Now)) {
      break;
    }
  }

  return Count > Card->Refused - Refused;
}

/**
  How many there are on a network that can be reached: drivers that receive, and the uplink if it is up.

  @param[in] Network  The network.
**/
STATIC
UINTN
CountLive (
  IN CONST MRM_CHANNEL_NETWORK  *Network
  )
{
  UINTN  Index;
  UINTN  Live;

  Live = ((Network->Uplink != NULL) && Network->Uplink->Up) ? 1 : 0;
  for (Index = 0; Index < Network->CardCount; Index++) {
    Live += MrmChannelReceives (Network->Cards[Index]) ? 1 : 0;
  }

  return Live;
}

/**
  Whether the link of a card is to be up: somebody else can be reached.

  @param[in] Card  The card.
  @param[in] Live  How many can be reached on its network.

  @retval TRUE   It is to be up.
  @retval FALSE  It is not.
**/
STATIC
BOOLEAN
WantsLink (
  IN CONST MRM_CHANNEL_CARD  *Card,
  IN UINTN                   Live
  )
{
  return (BOOLEAN)(Live > (UINTN)(MrmChannelReceives (Card) ? 1 : 0));
}

/**
  Tell the driver of a card that its link goes up or down.

  @param[in,out] Card  The card, open.
  @param[in]     Up    Whether it is up from now on.
**/
STATIC
VOID
SetLink (
  IN OUT MRM_CHANNEL_CARD  *Card,
  IN     BOOLEAN           Up
  )
{
  Card->LinkUp                            = Up;
  Card->Registers[REGISTER_DEVICE_STATUS] = SwapBytes32 (
                                              (Up ? DEVICE_STATUS_LINK : 0)
                                              | (Card->Attached ? 0 : DEVICE_STATUS_IS_RESET)
                                              );
  Card->Function.Wanted |= Card->Configured ? (1U << (2 * Card->Pairs)) : 0;
}

/**
  Tell drivers when their link goes up or down.

  @param[in,out] Network  The network.
**/
STATIC
VOID
TellLinks (
  IN OUT MRM_CHANNEL_NETWORK  *Network
  )
{
  MRM_CHANNEL_CARD  *Card;
  UINTN             Index;
  UINTN             Live;
  BOOLEAN           Up;

  Live = CountLive (Network);
  for (Index = 0; Index < Network->CardCount; Index++) {
    Card = Network->Cards[Index];
    Up   = WantsLink (Card, Live);
    if (Card->Open && (Up != Card->LinkUp)) {
      SetLink (Card, Up);
    }
  }
}

VOID
EFIAPI
MrmChannelUnplug (
  IN OUT MRM_CHANNEL_CARD  *Card
  )
{
  if (Card->Open) {
    // A driver that gives the card back waits without end until it is reset.
    Card->Attached = FALSE;
    SetLink (Card, FALSE);
  }
}

/**
  Whether a card's driver has asked for something that is not done yet, or is to be told something.

  @param[in] Card  The card, open.

  @retval TRUE   There may be something.
  @retval FALSE  There is not.
**/
STATIC
BOOLEAN
IsCardAsked (
  IN CONST MRM_CHANNEL_CARD  *Card
  )
{
  UINT32  Pair;

  if ((Card->Function.Wanted != 0) || MrmChannelDriverChanged (Card)) {
    return TRUE;
  }

  if (!Card->Attached) {
    return FALSE;
  }

  for (Pair = 0; Pair < Card->Pairs; Pair++) {
    if (MrmChannelPosted (Card, Pair) != 0) {
      return TRUE;
    }
  }

  return (Card->Packet.Length != 0)
         || (SwapBytes32 (Card->Registers[REGISTER_ADMIN_BELL]) != Card->AdminHead);
}

BOOLEAN
EFIAPI
MrmChannelIsAsked (
  IN CONST MRM_CHANNEL_NETWORK  *Network
  )
{
  CONST MRM_CHANNEL_CARD  *Card;
  UINTN                   Index;
  UINTN                   Live;

  if ((Network->Uplink != NULL) && (Network->Uplink->In.Put != Network->Uplink->In.Taken)) {
    return TRUE;
  }

  Live = CountLive (Network);
  for (Index = 0; Index < Network->CardCount; Index++) {
    Card = Network->Cards[Index];
    if (Card->Open && (IsCardAsked (Card) || (WantsLink (Card, Live) != Card->LinkUp))) {
      return TRUE;
    }
  }

  return FALSE;
}

BOOLEAN
EFIAPI
MrmChannelServe (
  IN OUT MRM_CHANNEL_NETWORK  *Network,
  IN     UINT64               Now
  )
{
  MRM_CHANNEL_CARD  *Card;
  UINTN             Index;
  UINT64            Refused;
  BOOLEAN           Busy;

  Busy = FALSE;
  for (Index = 0; Index < Network->CardCount; Index++) {
    // Whoever is the first takes the room that a receiver has made: so each is the first in its turn.
    Card = Network->Cards[(Network->Turn + Index) % Network->CardCount];
    if (!Card->Open) {
      continue;
    }

    MrmChannelNoticeDriver (Card);
    if (Card->Attached) {
      Refused = Card->Refused;
      Busy    = (MrmChannelObey (Card, Now) && (Card->Refused == Refused)) || Busy;
      Busy    = SendFrames (Network, Card, Now) || Busy;
    }
  }

  if (Busy) {
    Network->Turn = (Network->Turn + 1) % Network->CardCount;
  }

  Busy = MrmChannelTakeIn (Network) || Busy;
  TellLinks (Network);
  return Busy;
}

BOOLEAN
EFIAPI
MrmChannelIsUsed (
  IN CONST MRM_CHANNEL_NETWORK  *Network
  )
{
  UINTN  Index;

  for (Index = 0; Index < Network->CardCount; Index++) {
    if (Network->Cards[Index]->Open && Network->Cards[Index]->Attached) {
      return TRUE;
    }
  }

  return FALSE;
}

BOOLEAN
EFIAPI
MrmChannelIsParting (
  IN CONST MRM_CHANNEL_NETWORK  *Network,
  IN UINT64                     Now
  )
{
  CONST MRM_CHANNEL_CARD  *Card;
  UINTN                   Index;

  for (Index = 0; Index < Network->CardCount; Index++) {
    Card = Network->Cards[Index];
    if (  Card->Attached
       && !Card->Configured
       && (Card->PartingSince != 0)
       && (Now - Card->PartingSince < MRM_CHANNEL_PARTING))
    {
      return TRUE;
    }
  }

  return FALSE;
}
