/** @file
  The way out of a network, by the PC's own network card.

  Outside, the cards of a network look like systems behind a switch.  Nobody there can speak for one of them, and a
  frame waits for nobody: what finds no room is dropped, as in any switch.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

///
/// What is said between a switch and its neighbour, such as spanning tree, pause and LLDP, concerns that one cable: a
/// switch never passes it on (IEEE 802.1Q, "Reserved addresses").  The last byte is 0 to 15.
///
STATIC CONST UINT8  mReserved[MRM_CHANNEL_MAC_SIZE - 1] = { 0x01, 0x80, 0xC2, 0x00, 0x00 };

#define RESERVED_LAST  0x0F

/**
  Whether a frame must stay on its side of the uplink.

  @param[in] Frame  The frame.

  @retval TRUE   It must.
  @retval FALSE  It may pass.
**/
STATIC
BOOLEAN
StaysHere (
  IN CONST UINT8  *Frame
  )
{
  return (CompareMem (Frame, mReserved, sizeof (mReserved)) == 0) && (Frame[sizeof (mReserved)] <= RESERVED_LAST);
}

/**
  Put a frame into a lane.

  @param[in,out] Lane    The lane.
  @param[in]     Bytes   The frame.
  @param[in]     Length  Its bytes, MRM_CHANNEL_FRAME_SIZE at most; a short one is filled up.

  @retval TRUE   It waits there.
  @retval FALSE  There is no room.
**/
STATIC
BOOLEAN
Put (
  IN OUT MRM_CHANNEL_LANE  *Lane,
  IN     CONST UINT8       *Bytes,
  IN     UINT32            Length
  )
{
  MRM_CHANNEL_FRAME  *Frame;

  if (Lane->Put - Lane->Taken >= MRM_CHANNEL_UPLINK_FRAMES) {
    return FALSE;
  }

  Frame         = &Lane->Frames[Lane->Put % MRM_CHANNEL_UPLINK_FRAMES];
  Frame->Length = MAX (Length, ETHERNET_LEAST);
  CopyMem (Frame->Bytes, Bytes, Length);
  if (Length < ETHERNET_LEAST) {
    ZeroMem (&Frame->Bytes[Length], ETHERNET_LEAST - Length);
  }

  MemoryFence ();
  Lane->Put += 1;
  return TRUE;
}

/**
  The frame that is to be taken out of a lane next.

  @param[in] Lane  The lane.

  @return  The frame; NULL for none.
**/
STATIC
CONST MRM_CHANNEL_FRAME *
First (
  IN CONST MRM_CHANNEL_LANE  *Lane
  )
{
  if (Lane->Put == Lane->Taken) {
    return NULL;
  }

  MemoryFence ();
  return &Lane->Frames[Lane->Taken % MRM_CHANNEL_UPLINK_FRAMES];
}

/**
  Take the first frame out of a lane: it is looked at no more.

  @param[in,out] Lane  The lane, which is not empty.
**/
STATIC
VOID
Take (
  IN OUT MRM_CHANNEL_LANE  *Lane
  )
{
  MemoryFence ();
  Lane->Taken += 1;
}

CONST MRM_CHANNEL_FRAME *
EFIAPI
MrmChannelUplinkNext (
  IN CONST MRM_CHANNEL_UPLINK  *Uplink
  )
{
  return First (&Uplink->Out);
}

VOID
EFIAPI
MrmChannelUplinkSent (
  IN OUT MRM_CHANNEL_UPLINK  *Uplink
  )
{
  Take (&Uplink->Out);
}

BOOLEAN
EFIAPI
MrmChannelUplinkBring (
  IN OUT MRM_CHANNEL_UPLINK  *Uplink,
  IN     CONST UINT8         *Bytes,
  IN     UINTN               Length
  )
{
  return (Length >= ETHERNET_HEADER)
         && (Length < MRM_CHANNEL_FRAME_SIZE)
         && Put (&Uplink->In, Bytes, (UINT32)Length);
}

VOID
MrmChannelSendOut (
  IN OUT MRM_CHANNEL_NETWORK  *Network,
  IN     CONST UINT8          *Frame,
  IN     UINT32               Length
  )
{
  if ((Network->Uplink != NULL) && Network->Uplink->Up && !StaysHere (Frame)) {
    Put (&Network->Uplink->Out, Frame, Length);
  }
}

/**
  Whether the sender of a frame from outside may be there: it is one system, and none of the network's own.

  @param[in] Network  The network.
  @param[in] Frame    The frame.

  @retval TRUE   It may.
  @retval FALSE  It has the MAC of a card of the network, or a group's.
**/
STATIC
BOOLEAN
IsForeign (
  IN CONST MRM_CHANNEL_NETWORK  *Network,
  IN CONST UINT8                *Frame
  )
{
  CONST UINT8  *Sender;
  UINTN        Index;

  Sender = Frame + MRM_CHANNEL_MAC_SIZE;
  for (Index = 0; Index < Network->CardCount; Index++) {
    if (CompareMem (Sender, Network->Cards[Index]->Mac, MRM_CHANNEL_MAC_SIZE) == 0) {
      return FALSE;
    }
  }

  return (Sender[0] & GROUP_ADDRESS) == 0;
}

/**
  Give a frame from outside to those it is for.

  @param[in,out] Network  The network.
  @param[in]     Frame    The frame, ETHERNET_HEADER bytes at least.

  @retval TRUE   At least one card was given it.
  @retval FALSE  None was.
**/
STATIC
BOOLEAN
Spread (
  IN OUT MRM_CHANNEL_NETWORK      *Network,
  IN     CONST MRM_CHANNEL_FRAME  *Frame
  )
{
  MRM_CHANNEL_CARD  *To;
  UINTN             Index;
  BOOLEAN           Group;
  BOOLEAN           Given;

  if (StaysHere (Frame->Bytes) || !IsForeign (Network, Frame->Bytes)) {
    return FALSE;
  }

  Given = FALSE;
  Group = (Frame->Bytes[0] & GROUP_ADDRESS) != 0;
  for (Index = 0; Index < Network->CardCount; Index++) {
    To = Network->Cards[Index];
    if (!Group && (CompareMem (Frame->Bytes, To->Mac, MRM_CHANNEL_MAC_SIZE) != 0)) {
      continue;
    }

    if (MrmChannelFits (Frame->Bytes, Frame->Length, To->Mtu) && MrmChannelPass (To, Frame->Bytes, Frame->Length)) {
      Given = TRUE;
    } else {
      To->Dropped++;
    }
  }

  return Given;
}

BOOLEAN
MrmChannelTakeIn (
  IN OUT MRM_CHANNEL_NETWORK  *Network
  )
{
  CONST MRM_CHANNEL_FRAME  *Frame;
  UINTN                    Count;
  BOOLEAN                  Given;

  if (Network->Uplink == NULL) {
    return FALSE;
  }

  Given = FALSE;
  for (Count = 0; Count < MRM_CHANNEL_BURST; Count++) {
    Frame = First (&Network->Uplink->In);
    if (Frame == NULL) {
      break;
    }

    Given = Spread (Network, Frame) || Given;
    Take (&Network->Uplink->In);
  }

  return Given;
}
