/** @file
  The way out of a network: the PC's own network card, through the driver that the PC's firmware has for it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_UPLINK_H_
#define MRM_UPLINK_H_

#include <Uefi.h>
#include <Library/MrmChannelLib.h>

/**
  Open the way out of a network, if the plan has one for it.  This may take seconds, as ClaimNetworkCard().

  @param[in]     Network  The network's name; it must stay.
  @param[in,out] Way      What is shared with the network's switch, zeroed; it must stay until CloseUplinks().

  @retval TRUE   It is open.
  @retval FALSE  The plan has none, or the PC's card cannot be used and the log says why.
**/
BOOLEAN
OpenUplink (
  IN     CONST CHAR8         *Network,
  IN OUT MRM_CHANNEL_UPLINK  *Way
  );

/**
  Move frames between the switches and the PC's cards, a bounded number; say what has become of links.

  @retval TRUE   Frames have moved lately: more may come.
  @retval FALSE  None have, or there are no uplinks.
**/
BOOLEAN
PollUplinks (
  VOID
  );

/**
  Give the PC's cards back to the network stack of the PC's firmware.  No switch uses an uplink any more.
**/
VOID
CloseUplinks (
  VOID
  );

#endif
