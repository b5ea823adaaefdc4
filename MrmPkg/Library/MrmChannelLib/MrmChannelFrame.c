/** @file
  Frames, wherever they come from: how long they may be, and how a card is given one.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

#define ETHERTYPE_OFFSET   12
#define ETHERTYPE_VLAN     0x8100
#define ETHERTYPE_SERVICE  0x88A8

BOOLEAN
MrmChannelFits (
  IN CONST UINT8  *Frame,
  IN UINT32       Length,
  IN UINT16       Mtu
  )
{
  UINT32  Type;
  UINT32  Most;

  Type = ((UINT32)Frame[ETHERTYPE_OFFSET] << 8) | Frame[ETHERTYPE_OFFSET + 1];
  Most = (UINT32)Mtu + ETHERNET_HEADER;
  if ((Type == ETHERTYPE_VLAN) || (Type == ETHERTYPE_SERVICE)) {
    Most += VLAN_TAG;
  }

  return Length <= Most;
}

BOOLEAN
MrmChannelPass (
  IN OUT MRM_CHANNEL_CARD  *To,
  IN     CONST UINT8       *Frame,
  IN     UINT32            Length
  )
{
  // Its driver may have taken its memory back since the last frame.
  if (To->Open && To->Attached) {
    MrmChannelNoticeDriver (To);
  }

  return (MrmChannelRoom (To) != 0) && MrmChannelGive (To, Frame, Length);
}
