/** @file
  Packets out of a transmit ring.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

/**
  Copy a descriptor out of the ring.

  @param[in]  Port        The network card.
  @param[in]  Number      How many descriptors after the head.
  @param[out] Descriptor  Receives it, as it is.
**/
STATIC
VOID
CopyDescriptor (
  IN  CONST MRM_CHANNEL_PORT  *Port,
  IN  UINT32                  Number,
  OUT TX_DESCRIPTOR           *Descriptor
  )
{
  UINT32  Index;

  Index = (Port->Tx.Head + Number) % MRM_CHANNEL_TX_ENTRIES;
  CopyMem (Descriptor, (TX_DESCRIPTOR *)(UINTN)Port->Tx.Ring + Index, sizeof (*Descriptor));
}

/**
  Append what a descriptor is about to a packet.

  @param[in,out] Port        The network card; Packet and Bytes receive it.
  @param[in]     Descriptor  A copy of the descriptor.

  @retval TRUE   Appended.
  @retval FALSE  The packet gets too long, or the bytes are not in the queue's pages.
**/
STATIC
BOOLEAN
Append (
  IN OUT MRM_CHANNEL_PORT     *Port,
  IN     CONST TX_DESCRIPTOR  *Descriptor
  )
{
  UINT32  Size;

  Size = SwapBytes16 (Descriptor->SegmentLength);
  if (  (Size > MRM_CHANNEL_PACKET_SIZE - Port->Packet.Length)
     || !MrmChannelGather (
           &Port->Lists[Port->Tx.List],
           SwapBytes64 (Descriptor->Offset),
           Size,
           &Port->Bytes[Port->Packet.Length]
           ))
  {
    return FALSE;
  }

  Port->Packet.Length += Size;
  return TRUE;
}

/**
  Gather a packet.

  @param[in,out] Port   The network card; Packet and Bytes receive it.
  @param[in]     First  A copy of its first descriptor.

  @retval TRUE   Gathered, and its descriptors agree with each other.
  @retval FALSE  They do not.
**/
STATIC
BOOLEAN
Gather (
  IN OUT MRM_CHANNEL_PORT     *Port,
  IN     CONST TX_DESCRIPTOR  *First
  )
{
  MRM_CHANNEL_PACKET  *Packet;
  TX_DESCRIPTOR       Next;
  UINT32              Index;

  Packet = &Port->Packet;
  if (!Append (Port, First)) {
    return FALSE;
  }

  Packet->TransportOffset = (UINT16)(First->TransportOffset * 2);
  for (Index = 1; Index < First->Count; Index++) {
    CopyDescriptor (Port, Index, &Next);
    if ((Next.Type & TX_KIND) == TX_METADATA) {
      continue;
    }

    if (((Next.Type & TX_KIND) != TX_SEGMENT) || !Append (Port, &Next)) {
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

  @param[in,out] Port   The network card.
  @param[in]     First  A copy of the first descriptor.

  @retval TRUE   Prepared.
  @retval FALSE  The packet is not what the descriptor says.
**/
STATIC
BOOLEAN
Prepare (
  IN OUT MRM_CHANNEL_PORT     *Port,
  IN     CONST TX_DESCRIPTOR  *First
  )
{
  MRM_CHANNEL_PACKET  *Packet;
  UINT32              Start;

  Packet = &Port->Packet;
  Start  = Packet->TransportOffset;
  if ((First->Type & TX_KIND) == TX_LARGE) {
    Packet->Header = SwapBytes16 (First->SegmentLength);
    return MrmChannelCanCut (Packet, Port->Bytes, Port->Mtu);
  }

  return ((First->Type & TX_CHECKSUM) == 0)
         || MrmChannelFillChecksum (Port->Bytes, Packet->Length, Start, Start + First->ChecksumOffset * 2);
}

BOOLEAN
MrmChannelTake (
  IN OUT MRM_CHANNEL_PORT  *Port,
  IN     UINT64            Now
  )
{
  TX_DESCRIPTOR  First;
  UINT32         Posted;
  BOOLEAN        Good;

  Posted = SwapBytes32 (Port->Doorbells[DOORBELL_TX]) - Port->Tx.Head;
  if (Posted == 0) {
    return FALSE;
  }

  ZeroMem (&Port->Packet, sizeof (Port->Packet));
  CopyDescriptor (Port, 0, &First);
  Good = (Posted <= MRM_CHANNEL_TX_ENTRIES)
         && (((First.Type & TX_KIND) == TX_PACKET) || ((First.Type & TX_KIND) == TX_LARGE))
         && (First.Count != 0)
         && (First.Count <= MIN (Posted, TX_MAX_DESCRIPTORS))
         && Gather (Port, &First)
         && (Port->Packet.Length >= ETHERNET_HEADER)
         && Prepare (Port, &First);
  Port->Packet.Since       = Now;
  Port->Packet.Descriptors = Good ? First.Count : Posted;
  if (!Good) {
    Port->Refused++;
    MrmChannelFinish (Port);
  }

  return Good;
}
