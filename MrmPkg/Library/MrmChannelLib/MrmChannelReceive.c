/** @file
  Frames into a receive ring.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

#define LAST_SEQUENCE  7

UINT32
MrmChannelRoom (
  IN CONST MRM_CHANNEL_CARD  *Card
  )
{
  UINT32  Room;

  if (!Card->Rx.Live || Card->Rx.Broken) {
    return 0;
  }

  // A driver cannot post more than the ring has entries.
  Room = SwapBytes32 (Card->Doorbells[DOORBELL_RX]) - Card->Rx.Head;
  return (Room > MRM_CHANNEL_RX_ENTRIES) ? 0 : Room;
}

BOOLEAN
MrmChannelGive (
  IN OUT MRM_CHANNEL_CARD  *Card,
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

  Rx    = &Card->Rx;
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
