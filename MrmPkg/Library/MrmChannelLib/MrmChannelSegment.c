/** @file
  Checksums, and packets that are cut into frames: what a driver leaves to its network card (RFC 1071, RFC 9293).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

#define IPV4_HEADER     20
#define IPV6_HEADER     40
#define TCP_HEADER      20
#define PROTOCOL_TCP    6

#define IPV4_LENGTH     2      ///< offsets within the headers
#define IPV4_ID         4
#define IPV4_PROTOCOL   9
#define IPV4_CHECKSUM   10
#define IPV4_ADDRESSES  12
#define IPV6_LENGTH     4
#define IPV6_ADDRESSES  8
#define TCP_SEQUENCE    4
#define TCP_OFFSET      12
#define TCP_FLAGS       13
#define TCP_CHECKSUM    16

#define TCP_FIN         BIT0
#define TCP_PUSH        BIT3
#define TCP_REDUCED     BIT7   ///< CWR: only the first frame has it

/**
  Read a number of a header.

  @param[in] Bytes  Where it is.
**/
STATIC
UINT16
Get16 (
  IN CONST UINT8  *Bytes
  )
{
  return (UINT16)((Bytes[0] << 8) | Bytes[1]);
}

/**
  Write a number of a header.

  @param[out] Bytes  Where it is.
  @param[in]  Value  The number.
**/
STATIC
VOID
Put16 (
  OUT UINT8   *Bytes,
  IN  UINT32  Value
  )
{
  Bytes[0] = (UINT8)(Value >> 8);
  Bytes[1] = (UINT8)Value;
}

/**
  Add bytes to a sum of 16-bit words.

  @param[in] Sum    The sum, not folded.
  @param[in] Bytes  The bytes; an odd one at the end counts as if 0 followed.
  @param[in] Size   Bytes, less than 64 KiB.

  @return  The new sum, not folded.
**/
STATIC
UINT64
Add (
  IN UINT64       Sum,
  IN CONST UINT8  *Bytes,
  IN UINT32       Size
  )
{
  UINT64  Words;

  // Added as the processor reads them; the sum of swapped words is the swapped sum (RFC 1071 section 2B).
  for (Words = 0; Size >= sizeof (UINT32); Size -= sizeof (UINT32)) {
    Words += ReadUnaligned32 ((CONST UINT32 *)Bytes);
    Bytes += sizeof (UINT32);
  }

  if (Size >= sizeof (UINT16)) {
    Words += ReadUnaligned16 ((CONST UINT16 *)Bytes);
    Bytes += sizeof (UINT16);
    Size  -= sizeof (UINT16);
  }

  Words += (Size != 0) ? Bytes[0] : 0;
  while ((Words >> 16) != 0) {
    Words = (Words & 0xFFFF) + (Words >> 16);
  }

  return Sum + SwapBytes16 ((UINT16)Words);
}

/**
  The checksum of a sum.

  @param[in] Sum  The sum.
**/
STATIC
UINT16
Fold (
  IN UINT64  Sum
  )
{
  while ((Sum >> 16) != 0) {
    Sum = (Sum & 0xFFFF) + (Sum >> 16);
  }

  return (UINT16)~Sum;
}

BOOLEAN
MrmChannelFillChecksum (
  IN OUT UINT8   *Bytes,
  IN     UINT32  Length,
  IN     UINT32  Start,
  IN     UINT32  Place
  )
{
  UINT16  Checksum;

  if ((Place < Start) || (Place >= Length) || (Length - Place < sizeof (UINT16))) {
    return FALSE;
  }

  // 0 would say that there is none (RFC 768); all ones is the same number.
  Checksum = Fold (Add (0, Bytes + Start, Length - Start));
  Put16 (Bytes + Place, (Checksum == 0) ? MAX_UINT16 : Checksum);
  return TRUE;
}

BOOLEAN
MrmChannelCanCut (
  IN CONST MRM_CHANNEL_PACKET  *Packet,
  IN CONST UINT8               *Bytes,
  IN UINT16                    Mtu
  )
{
  UINT32       Least;
  CONST UINT8  *Ip;

  Least = Packet->Ipv6 ? IPV6_HEADER : IPV4_HEADER;
  if (  (Packet->SegmentSize == 0)
     || (Packet->NetworkOffset < ETHERNET_HEADER)
     || (Packet->NetworkOffset > ETHERNET_HEADER + VLAN_TAG)
     || (Packet->TransportOffset < Packet->NetworkOffset + Least)
     || (Packet->Header < (UINT32)Packet->TransportOffset + TCP_HEADER)
     || (Packet->Header >= Packet->Length)
     || (Packet->Header - Packet->NetworkOffset + Packet->SegmentSize > Mtu))
  {
    return FALSE;
  }

  Ip = Bytes + Packet->NetworkOffset;
  if (  (Packet->Header - Packet->TransportOffset != (UINT32)(Bytes[Packet->TransportOffset + TCP_OFFSET] >> 4) * 4)
     || ((Ip[0] >> 4) != (Packet->Ipv6 ? 6 : 4)))
  {
    return FALSE;
  }

  return Packet->Ipv6
         || (  ((UINT32)(Ip[0] & 0xF) * 4 == (UINT32)Packet->TransportOffset - Packet->NetworkOffset)
            && (Ip[IPV4_PROTOCOL] == PROTOCOL_TCP));
}

UINT32
MrmChannelCut (
  IN  CONST MRM_CHANNEL_PACKET  *Packet,
  IN  CONST UINT8               *Bytes,
  OUT UINT8                     *Frame
  )
{
  UINT8   *Ip;
  UINT8   *Tcp;
  UINT64  Sum;
  UINT32  Rest;
  UINT32  Payload;
  UINT32  Length;
  UINT32  Transport;
  UINT32  Sequence;

  Rest      = Packet->Length - Packet->Header - Packet->Sent;
  Payload   = MIN (Rest, Packet->SegmentSize);
  Length    = Packet->Header + Payload;
  Transport = Length - Packet->TransportOffset;
  Ip        = Frame + Packet->NetworkOffset;
  Tcp       = Frame + Packet->TransportOffset;
  CopyMem (Frame, Bytes, Packet->Header);
  CopyMem (Frame + Packet->Header, Bytes + Packet->Header + Packet->Sent, Payload);

  Sequence = SwapBytes32 (ReadUnaligned32 ((UINT32 *)(Tcp + TCP_SEQUENCE))) + Packet->Sent;
  WriteUnaligned32 ((UINT32 *)(Tcp + TCP_SEQUENCE), SwapBytes32 (Sequence));
  if (Packet->Sent != 0) {
    Tcp[TCP_FLAGS] &= (UINT8) ~TCP_REDUCED;
  }

  if (Payload < Rest) {
    Tcp[TCP_FLAGS] &= (UINT8) ~(TCP_FIN | TCP_PUSH);
  }

  if (Packet->Ipv6) {
    Put16 (Ip + IPV6_LENGTH, Length - Packet->NetworkOffset - IPV6_HEADER);
    Sum = Add (0, Ip + IPV6_ADDRESSES, 32);
  } else {
    Put16 (Ip + IPV4_LENGTH, Length - Packet->NetworkOffset);
    Put16 (Ip + IPV4_ID, Get16 (Ip + IPV4_ID) + Packet->Sent / Packet->SegmentSize);
    Put16 (Ip + IPV4_CHECKSUM, 0);
    Put16 (Ip + IPV4_CHECKSUM, Fold (Add (0, Ip, (UINT32)Packet->TransportOffset - Packet->NetworkOffset)));
    Sum = Add (0, Ip + IPV4_ADDRESSES, 8);
  }

  // The pseudo header: addresses, protocol, length.
  Put16 (Tcp + TCP_CHECKSUM, 0);
  Put16 (Tcp + TCP_CHECKSUM, Fold (Add (Sum + PROTOCOL_TCP + Transport, Tcp, Transport)));
  return Length;
}
