/** @file
  Frames into receive rings.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

#define LAST_SEQUENCE  7

/**
  How many receive queues of a network card are live.

  @param[in] Card  The network card.
**/
STATIC
UINT32
CountQueues (
  IN CONST MRM_CHANNEL_CARD  *Card
  )
{
  UINT32  Pair;
  UINT32  Live;

  Live = 0;
  for (Pair = 0; Pair < Card->Pairs; Pair++) {
    Live += Card->Rx[Pair].Live ? 1 : 0;
  }

  return Live;
}

BOOLEAN
MrmChannelReceives (
  IN CONST MRM_CHANNEL_CARD  *Card
  )
{
  return CountQueues (Card) != 0;
}

UINT32
MrmChannelChoose (
  IN CONST MRM_CHANNEL_CARD  *Card,
  IN CONST UINT8             *Frame,
  IN UINT32                  Length
  )
{
  UINT32  Pair;
  UINT32  Live;
  UINT32  Before;

  // The number of a flow, scaled to the queues there are.
  Live   = CountQueues (Card);
  Before = (Live < 2) ? 0 : (UINT32)(((UINT64)Live * MrmChannelFlow (Frame, Length)) >> 32);
  for (Pair = 0; Pair < Card->Pairs; Pair++) {
    if (Card->Rx[Pair].Live && (Before-- == 0)) {
      return Pair;
    }
  }

  return MRM_CHANNEL_PAIRS;
}

UINT32
MrmChannelRoom (
  IN CONST MRM_CHANNEL_CARD  *Card,
  IN UINT32                  Pair
  )
{
  CONST MRM_CHANNEL_QUEUE  *Rx;
  UINT32                   Room;

  Rx = &Card->Rx[Pair];
  if (!Rx->Live || Rx->Broken) {
    return 0;
  }

  // A driver cannot post more than the ring has entries.
  Room = SwapBytes32 (Card->Doorbells[DOORBELL_RX + DOORBELL_PAIR * Pair]) - Rx->Head;
  return (Room > MRM_CHANNEL_RX_ENTRIES) ? 0 : Room;
}

BOOLEAN
MrmChannelGive (
  IN OUT MRM_CHANNEL_CARD  *Card,
  IN     UINT32            Pair,
  IN     CONST UINT8       *Frame,
  IN     UINT32            Length
  )
{
  MRM_CHANNEL_QUEUE  *Rx;
  MRM_CHANNEL_LIST   *List;
  RX_DESCRIPTOR      Descriptor;
  UINT8              *Place;
  UINT64             Offset;
  UINT32             Index;

  Rx    = &Card->Rx[Pair];
  List  = &Card->Lists[Rx->List];
  Index = Rx->Head % MRM_CHANNEL_RX_ENTRIES;
  CopyMem (&Offset, (UINT64 *)(UINTN)Rx->Slots + Index, sizeof (Offset));
  Offset = SwapBytes64 (Offset);
  if (  !List->Used
     || ((Offset & (RX_BUFFER_SIZE - 1)) != 0)
     || (Offset >= (UINT64)List->Count * SIZE_4KB)
     || (Length > RX_BUFFER_SIZE - RX_PADDING))
  {
    Rx->Broken = TRUE;
    Card->Refused++;
    return FALSE;
  }

  Place = (UINT8 *)(UINTN)(List->Pages[Offset / SIZE_4KB] + (Offset & (SIZE_4KB - 1)));
  CopyMem (Place + RX_PADDING, Frame, Length);
  ZeroMem (&Descriptor, sizeof (Descriptor));
  Descriptor.Length           = SwapBytes16 ((UINT16)(Length + RX_PADDING));
  Descriptor.FlagsAndSequence = SwapBytes16 (Rx->Sequence);
  Place                       = (UINT8 *)((RX_DESCRIPTOR *)(UINTN)Rx->Ring + Index);
  CopyMem (Place, &Descriptor, OFFSET_OF (RX_DESCRIPTOR, FlagsAndSequence));
  MemoryFence ();
  *(volatile UINT16 *)(Place + OFFSET_OF (RX_DESCRIPTOR, FlagsAndSequence)) = Descriptor.FlagsAndSequence;

  Rx->Sequence      = (Rx->Sequence == LAST_SEQUENCE) ? 1 : Rx->Sequence + 1;
  Rx->Head         += 1;
  Card->Frames     += 1;
  Card->FrameBytes += Length;
  Card->Function.Wanted |= 1U << Rx->Notifier;
  return TRUE;
}
