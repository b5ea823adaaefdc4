/** @file
  Frames, wherever they come from: how long they may be, and how a card is given one.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

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
