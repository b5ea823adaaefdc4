/** @file
  Packets out of transmit rings.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

/**
  Copy a descriptor out of the ring that Packet is from.

  @param[in]  Card        The network card.
  @param[in]  Number      How many descriptors after the head.
  @param[out] Descriptor  Receives it, as it is.
**/
STATIC
VOID
CopyDescriptor (
  IN  CONST MRM_CHANNEL_CARD  *Card,
  IN  UINT32                  Number,
  OUT TX_DESCRIPTOR           *Descriptor
  )
{
  CONST MRM_CHANNEL_QUEUE  *Tx;

  Tx = &Card->Tx[Card->Packet.Pair];
  CopyMem (
    Descriptor,
    (TX_DESCRIPTOR *)(UINTN)Tx->Ring + (Tx->Head + Number) % MRM_CHANNEL_TX_ENTRIES,
    sizeof (*Descriptor)
    );
}

/**
  Append what a descriptor is about to a packet.

  @param[in,out] Card        The network card; Packet and Bytes receive it.
  @param[in]     Descriptor  A copy of the descriptor.

  @retval TRUE   Appended.
  @retval FALSE  The packet gets too long, or the bytes are not in the queue's pages.
**/
STATIC
BOOLEAN
Append (
  IN OUT MRM_CHANNEL_CARD     *Card,
  IN     CONST TX_DESCRIPTOR  *Descriptor
  )
{
  UINT32  Size;

  Size = SwapBytes16 (Descriptor->SegmentLength);
  if (  (Size > MRM_CHANNEL_PACKET_SIZE - Card->Packet.Length)
     || !MrmChannelGather (
           &Card->Lists[Card->Tx[Card->Packet.Pair].List],
           SwapBytes64 (Descriptor->Offset),
           Size,
           &Card->Bytes[Card->Packet.Length]
           ))
  {
    return FALSE;
  }

  Card->Packet.Length += Size;
  return TRUE;
}

/**
  Gather a packet.

  @param[in,out] Card   The network card; Packet and Bytes receive it.
  @param[in]     First  A copy of its first descriptor.

  @retval TRUE   Gathered, and its descriptors agree with each other.
  @retval FALSE  They do not.
**/
STATIC
BOOLEAN
Gather (
  IN OUT MRM_CHANNEL_CARD     *Card,
  IN     CONST TX_DESCRIPTOR  *First
  )
{
  MRM_CHANNEL_PACKET  *Packet;
  TX_DESCRIPTOR       Next;
  UINT32              Index;

  Packet = &Card->Packet;
  if (!Append (Card, First)) {
    return FALSE;
  }

  Packet->TransportOffset = (UINT16)(First->TransportOffset * 2);
  for (Index = 1; Index < First->Count; Index++) {
    CopyDescriptor (Card, Index, &Next);
    if ((Next.Type & TX_KIND) == TX_METADATA) {
      continue;
    }

    if (((Next.Type & TX_KIND) != TX_SEGMENT) || !Append (Card, &Next)) {
      return FALSE;
    }

    Packet->SegmentSize   = SwapBytes16 (Next.Length);
    Packet->NetworkOffset = (UINT16)(Next.ChecksumOffset * 2);
    Packet->Ipv6          = (Next.Type & TX_SEGMENT_IPV6) != 0;
  }

  return Packet->Length == SwapBytes16 (First->Length);
}

/**
  Prepare a packet for being sent: whole with its checksum, or to be cut.

  @param[in,out] Card   The network card.
  @param[in]     First  A copy of the first descriptor.

  @retval TRUE   Prepared.
  @retval FALSE  The packet is not what the descriptor says.
**/
STATIC
BOOLEAN
Prepare (
  IN OUT MRM_CHANNEL_CARD     *Card,
  IN     CONST TX_DESCRIPTOR  *First
  )
{
  MRM_CHANNEL_PACKET  *Packet;
  UINT32              Start;

  Packet = &Card->Packet;
  Start  = Packet->TransportOffset;
  if ((First->Type & TX_KIND) == TX_LARGE) {
    Packet->Header = SwapBytes16 (First->SegmentLength);
    return MrmChannelCanCut (Packet, Card->Bytes, Card->Mtu);
  }

  return ((First->Type & TX_CHECKSUM) == 0)
         || MrmChannelFillChecksum (Card->Bytes, Packet->Length, Start, Start + First->ChecksumOffset * 2);
}

/**
  Find the transmit ring whose turn it is: the first one that has something.

  @param[in,out] Card  The network card; Turn goes on.
  @param[out]    Pair  Receives the pair of the ring.

  @return  How many descriptors its driver says are posted there; 0: nothing is in any ring.
**/
STATIC
UINT32
NextRing (
  IN OUT MRM_CHANNEL_CARD  *Card,
  OUT    UINT32            *Pair
  )
{
  UINT32  Count;
  UINT32  Posted;

  for (Count = 0; Count < Card->Pairs; Count++) {
    *Pair      = Card->Turn;
    Card->Turn = (Card->Turn + 1) % Card->Pairs;
    Posted     = MrmChannelPosted (Card, *Pair);
    if (Posted != 0) {
      return Posted;
    }
  }

  return 0;
}

UINT32
MrmChannelPosted (
  IN CONST MRM_CHANNEL_CARD  *Card,
  IN UINT32                  Pair
  )
{
  return Card->Tx[Pair].Live
         ? SwapBytes32 (Card->Doorbells[DOORBELL_TX + DOORBELL_PAIR * Pair]) - Card->Tx[Pair].Head
         : 0;
}

BOOLEAN
MrmChannelTake (
  IN OUT MRM_CHANNEL_CARD  *Card,
  IN     UINT64            Now
  )
{
  TX_DESCRIPTOR  First;
  UINT32         Posted;
  UINT32         Pair;
  BOOLEAN        Good;

  Posted = NextRing (Card, &Pair);
  if (Posted == 0) {
    return FALSE;
  }

  ZeroMem (&Card->Packet, sizeof (Card->Packet));
  Card->Packet.Pair = Pair;
  CopyDescriptor (Card, 0, &First);
  Good = (Posted <= MRM_CHANNEL_TX_ENTRIES)
         && (((First.Type & TX_KIND) == TX_PACKET) || ((First.Type & TX_KIND) == TX_LARGE))
         && (First.Count != 0)
         && (First.Count <= MIN (Posted, TX_MAX_DESCRIPTORS))
         && Gather (Card, &First)
         && (Card->Packet.Length >= ETHERNET_HEADER)
         && Prepare (Card, &First);
  Card->Packet.Since       = Now;
  Card->Packet.Descriptors = Good ? First.Count : Posted;
  if (!Good) {
    Card->Refused++;
    MrmChannelFinish (Card);
  }

  return Good;
}
