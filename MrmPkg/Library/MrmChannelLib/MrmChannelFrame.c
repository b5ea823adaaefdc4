/** @file
  Frames, wherever they come from: how long they may be, and how a card is given one.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

#define ETHERTYPE_OFFSET   12
#define ETHERTYPE_VLAN     0x8100
#define ETHERTYPE_SERVICE  0x88A8

BOOLEAN
MrmChannelIsTagged (
  IN CONST UINT8  *Frame
  )
{
  UINT32  Type;

  Type = ((UINT32)Frame[ETHERTYPE_OFFSET] << 8) | Frame[ETHERTYPE_OFFSET + 1];
  return (Type == ETHERTYPE_VLAN) || (Type == ETHERTYPE_SERVICE);
}

BOOLEAN
MrmChannelFits (
  IN CONST UINT8  *Frame,
  IN UINT32       Length,
  IN UINT16       Mtu
  )
{
  return Length <= (UINT32)Mtu + ETHERNET_HEADER + (MrmChannelIsTagged (Frame) ? VLAN_TAG : 0);
}

BOOLEAN
MrmChannelPass (
  IN OUT MRM_CHANNEL_CARD  *To,
  IN     CONST UINT8       *Frame,
  IN     UINT32            Length
  )
{
  UINT32  Pair;

  // Its driver may have taken its memory back since the last frame.
  if (To->Open && To->Attached) {
    MrmChannelNoticeDriver (To);
  }

  Pair = MrmChannelChoose (To, Frame, Length);
  return (Pair < MRM_CHANNEL_PAIRS) && (MrmChannelRoom (To, Pair) != 0) && MrmChannelGive (To, Pair, Frame, Length);
}
