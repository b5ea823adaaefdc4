/** @file
  Which frames belong together: a flow goes to one receive queue, so that nothing of it overtakes the rest.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

#define ETHERTYPE_OFFSET   12
#define ETHERTYPE_IPV4     0x0800
#define ETHERTYPE_VLAN     0x8100
#define ETHERTYPE_IPV6     0x86DD
#define ETHERTYPE_SERVICE  0x88A8

#define IPV4_HEADER       20
#define IPV4_FRAGMENT     6        ///< offsets within the headers
#define IPV4_PROTOCOL     9
#define IPV4_ADDRESSES    12
#define IPV6_HEADER       40
#define IPV6_PROTOCOL     6
#define IPV6_ADDRESSES    8
#define PORTS_SIZE        4

#define FRAGMENT_MASK     0x3FFF   ///< more follow, or it is not the first
#define PROTOCOL_TCP      6
#define PROTOCOL_UDP      17

#define MULTIPLIER        0x9E3779B1U   ///< 2^32 divided by the golden ratio: near numbers end far from each other

/**
  Read a number of a header.

  @param[in] Bytes  Where it is.
**/
STATIC
UINT32
Get16 (
  IN CONST UINT8  *Bytes
  )
{
  return ((UINT32)Bytes[0] << 8) | Bytes[1];
}

/**
  Fold addresses into a number that is the same if they change places.

  @param[in] Addresses  Both of them, one behind the other.
  @param[in] Size       Bytes of both, a multiple of 8.
**/
STATIC
UINT32
FoldAddresses (
  IN CONST UINT8  *Addresses,
  IN UINT32       Size
  )
{
  UINT32  Number;
  UINT32  Offset;

  Number = 0;
  for (Offset = 0; Offset < Size; Offset += sizeof (UINT32)) {
    Number ^= SwapBytes32 (ReadUnaligned32 ((CONST UINT32 *)(Addresses + Offset)));
  }

  return Number;
}

/**
  Fold the ports into a number, if there are any.

  @param[in] Protocol   Of the IP packet.
  @param[in] Transport  What follows the IP header.
  @param[in] Rest       Bytes of it.

  @return  The number, which is the same if they change places; 0 if there are none.
**/
STATIC
UINT32
FoldPorts (
  IN UINT8        Protocol,
  IN CONST UINT8  *Transport,
  IN UINT32       Rest
  )
{
  if ((Rest < PORTS_SIZE) || ((Protocol != PROTOCOL_TCP) && (Protocol != PROTOCOL_UDP))) {
    return 0;
  }

  return Get16 (Transport) ^ Get16 (Transport + sizeof (UINT16));
}

BOOLEAN
MrmChannelIsTagged (
  IN CONST UINT8  *Frame
  )
{
  UINT32  Type;

  Type = Get16 (Frame + ETHERTYPE_OFFSET);
  return (Type == ETHERTYPE_VLAN) || (Type == ETHERTYPE_SERVICE);
}

UINT32
MrmChannelFlow (
  IN CONST UINT8  *Frame,
  IN UINT32       Length
  )
{
  CONST UINT8  *Ip;
  UINT32       Type;
  UINT32       Rest;
  UINT32       Header;
  UINT32       Number;

  Type = Get16 (Frame + ETHERTYPE_OFFSET);
  Ip   = Frame + ETHERNET_HEADER;
  Rest = Length - ETHERNET_HEADER;
  if (MrmChannelIsTagged (Frame)) {
    if (Rest < VLAN_TAG) {
      return 0;
    }

    Type  = Get16 (Ip + VLAN_TAG - sizeof (UINT16));
    Ip   += VLAN_TAG;
    Rest -= VLAN_TAG;
  }

  if ((Type == ETHERTYPE_IPV4) && (Rest >= IPV4_HEADER)) {
    Header = (UINT32)(Ip[0] & 0xF) * 4;
    Number = FoldAddresses (Ip + IPV4_ADDRESSES, 8);
    if ((Header >= IPV4_HEADER) && (Header <= Rest) && ((Get16 (Ip + IPV4_FRAGMENT) & FRAGMENT_MASK) == 0)) {
      Number ^= FoldPorts (Ip[IPV4_PROTOCOL], Ip + Header, Rest - Header);
    }
  } else if ((Type == ETHERTYPE_IPV6) && (Rest >= IPV6_HEADER)) {
    Number = FoldAddresses (Ip + IPV6_ADDRESSES, 32) ^ FoldPorts (Ip[IPV6_PROTOCOL], Ip + IPV6_HEADER, Rest - IPV6_HEADER);
  } else {
    return 0;
  }

  return (Number ^ (Number >> 16)) * MULTIPLIER;
}
