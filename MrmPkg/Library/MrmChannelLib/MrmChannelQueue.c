/** @file
  Commands of a driver about page lists and queues.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

///
/// What one kind of queue is like, as drivers are told.
///
typedef struct {
  UINT16    Entries;
  UINT32    EntrySize;   ///< bytes
  UINT32    Doorbell;    ///< of the first pair
  UINT32    Counter;     ///< of the first pair
} QUEUE_KIND;

STATIC CONST QUEUE_KIND  mTx = { MRM_CHANNEL_TX_ENTRIES, sizeof (TX_DESCRIPTOR), DOORBELL_TX, COUNTER_TX };
STATIC CONST QUEUE_KIND  mRx = { MRM_CHANNEL_RX_ENTRIES, sizeof (RX_DESCRIPTOR), DOORBELL_RX, COUNTER_RX };

///
/// What a driver says of a queue, whatever its kind; Resources is big endian.
///
typedef struct {
  UINT32    Pair;
  UINT32    List;
  UINT32    Notifier;
  UINT16    Entries;
  UINT64    Ring;
  UINT64    Resources;
} WANTED_QUEUE;

/**
  Tell a driver where the doorbell and the event counter of a queue are.

  @param[in] Card       The network card.
  @param[in] Resources  What the driver names for it, big endian.
  @param[in] Doorbell   Index of the doorbell.
  @param[in] Counter    Index of the event counter.

  @retval TRUE   Told.
  @retval FALSE  The address is not the partition's.
**/
STATIC
BOOLEAN
TellResources (
  IN CONST MRM_CHANNEL_CARD  *Card,
  IN UINT64                  Resources,
  IN UINT32                  Doorbell,
  IN UINT32                  Counter
  )
{
  UINT32  Words[2];
  VOID    *Place;

  Place = MrmFunctionReach (&Card->Function, SwapBytes64 (Resources), sizeof (Words));
  if (Place == NULL) {
    return FALSE;
  }

  Words[0] = SwapBytes32 (Doorbell);
  Words[1] = SwapBytes32 (Counter);
  CopyMem (Place, Words, sizeof (Words));
  return TRUE;
}

/**
  Set an event counter.

  @param[in] Card   The network card, configured.
  @param[in] Index  Which.
  @param[in] Value  The value.
**/
STATIC
VOID
SetCounter (
  IN CONST MRM_CHANNEL_CARD  *Card,
  IN UINT32                  Index,
  IN UINT32                  Value
  )
{
  ((volatile UINT32 *)(UINTN)Card->Counters)[Index] = SwapBytes32 (Value);
}

/**
  Register a page list.

  @param[in,out] Card     The network card.
  @param[in]     Command  A copy of the command.

  @return  Its status.
**/
STATIC
UINT32
RegisterList (
  IN OUT MRM_CHANNEL_CARD     *Card,
  IN     CONST ADMIN_COMMAND  *Command
  )
{
  MRM_CHANNEL_LIST  *List;
  CONST UINT8       *Addresses;
  UINT64            PageSize;
  UINT32            Id;
  UINT32            Count;
  UINT32            Index;

  // Older drivers do not say how large a page is: as they have them.
  PageSize = SwapBytes64 (Command->Body.Register.PageSize);
  Id       = SwapBytes32 (Command->Body.Register.Id);
  Count    = SwapBytes32 (Command->Body.Register.Count);
  if (MrmChannelFindList (Card, Id, &Index)) {
    return COMMAND_EXISTS;
  }

  for (Index = 0; (Index < MRM_CHANNEL_LISTS) && Card->Lists[Index].Used; Index++) {
  }

  if ((Index == MRM_CHANNEL_LISTS) || (Count > MRM_CHANNEL_LIST_PAGES)) {
    return COMMAND_EXHAUSTED;
  }

  List      = &Card->Lists[Index];
  Addresses = MrmFunctionReach (
                &Card->Function,
                SwapBytes64 (Command->Body.Register.Addresses),
                Count * sizeof (UINT64)
                );
  if ((Addresses == NULL) || ((PageSize != 0) && (PageSize != SIZE_4KB))) {
    return COMMAND_INVALID;
  }

  // All are copied before the first is judged.
  CopyMem (List->Pages, Addresses, Count * sizeof (UINT64));
  for (Index = 0; Index < Count; Index++) {
    List->Pages[Index] = SwapBytes64 (List->Pages[Index]);
    if (  ((List->Pages[Index] & (SIZE_4KB - 1)) != 0)
       || (MrmFunctionReach (&Card->Function, List->Pages[Index], SIZE_4KB) == NULL))
    {
      return COMMAND_INVALID;
    }
  }

  List->Id    = Id;
  List->Count = Count;
  List->Used  = TRUE;
  return COMMAND_PASSED;
}

/**
  TRUE if a live queue uses a page list.

  @param[in] Card  The network card.
  @param[in] List  Index of the list.
**/
STATIC
BOOLEAN
ListInUse (
  IN CONST MRM_CHANNEL_CARD  *Card,
  IN UINT32                  List
  )
{
  UINT32  Pair;

  for (Pair = 0; Pair < Card->Pairs; Pair++) {
    if (  (Card->Tx[Pair].Live && (Card->Tx[Pair].List == List))
       || (Card->Rx[Pair].Live && (Card->Rx[Pair].List == List)))
    {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Forget a page list.

  @param[in,out] Card  The network card.
  @param[in]     Id    The driver's number.

  @return  The command's status.
**/
STATIC
UINT32
UnregisterList (
  IN OUT MRM_CHANNEL_CARD  *Card,
  IN     UINT32            Id
  )
{
  UINT32  Index;

  if (!MrmChannelFindList (Card, Id, &Index)) {
    return COMMAND_NOT_FOUND;
  }

  if (ListInUse (Card, Index)) {
    return COMMAND_PRECONDITION;
  }

  Card->Lists[Index].Used = FALSE;
  return COMMAND_PASSED;
}

/**
  Judge what both kinds of queues have in common, and make one.

  @param[in,out] Card    The network card.
  @param[in]     Kind    What the queue is like.
  @param[in]     Wanted  What the driver says.
  @param[in,out] Queues  The queues of its kind, one for each pair.

  @return  The command's status.
**/
STATIC
UINT32
MakeQueue (
  IN OUT MRM_CHANNEL_CARD    *Card,
  IN     CONST QUEUE_KIND    *Kind,
  IN     CONST WANTED_QUEUE  *Wanted,
  IN OUT MRM_CHANNEL_QUEUE   *Queues
  )
{
  MRM_CHANNEL_QUEUE  *Queue;
  UINT32             List;
  UINT32             Doorbell;
  UINT32             Counter;

  if (Wanted->Pair >= Card->Pairs) {
    return COMMAND_INVALID;
  }

  Queue    = &Queues[Wanted->Pair];
  Doorbell = Kind->Doorbell + DOORBELL_PAIR * Wanted->Pair;
  Counter  = Kind->Counter + COUNTER_PAIR * Wanted->Pair;
  if (!Card->Configured || Queue->Live) {
    return COMMAND_PRECONDITION;
  }

  // Older drivers do not say how long the ring is: as they were told.
  if (  ((Wanted->Entries != 0) && (Wanted->Entries != Kind->Entries))
     || !MrmChannelFindList (Card, Wanted->List, &List)
     || (Wanted->Notifier >= 2 * Card->Pairs)
     || (MrmFunctionReach (&Card->Function, Wanted->Ring, (UINT64)Kind->Entries * Kind->EntrySize) == NULL)
     || !TellResources (Card, Wanted->Resources, Doorbell, Counter))
  {
    return COMMAND_INVALID;
  }

  ZeroMem (Queue, sizeof (*Queue));
  Queue->List     = List;
  Queue->Notifier = (UINT8)Wanted->Notifier;
  Queue->Ring     = Wanted->Ring;

  // Both may have values of a queue that was there before.
  Card->Doorbells[Doorbell] = 0;
  SetCounter (Card, Counter, 0);
  Queue->Live = TRUE;
  return COMMAND_PASSED;
}

/**
  Make a transmit queue.

  @param[in,out] Card     The network card.
  @param[in]     Command  A copy of the command.

  @return  Its status.
**/
STATIC
UINT32
CreateTx (
  IN OUT MRM_CHANNEL_CARD     *Card,
  IN     CONST ADMIN_COMMAND  *Command
  )
{
  WANTED_QUEUE  Wanted;

  Wanted.Pair      = SwapBytes32 (Command->Body.CreateTx.Queue);
  Wanted.List      = SwapBytes32 (Command->Body.CreateTx.List);
  Wanted.Notifier  = SwapBytes32 (Command->Body.CreateTx.Notifier);
  Wanted.Entries   = SwapBytes16 (Command->Body.CreateTx.Entries);
  Wanted.Ring      = SwapBytes64 (Command->Body.CreateTx.Ring);
  Wanted.Resources = Command->Body.CreateTx.Resources;
  return MakeQueue (Card, &mTx, &Wanted, Card->Tx);
}

/**
  Make a receive queue.

  @param[in,out] Card     The network card.
  @param[in]     Command  A copy of the command.

  @return  Its status.
**/
STATIC
UINT32
CreateRx (
  IN OUT MRM_CHANNEL_CARD     *Card,
  IN     CONST ADMIN_COMMAND  *Command
  )
{
  WANTED_QUEUE  Wanted;
  UINT64        Slots;
  UINT16        BufferSize;
  UINT32        Status;

  Slots      = SwapBytes64 (Command->Body.CreateRx.Slots);
  BufferSize = SwapBytes16 (Command->Body.CreateRx.BufferSize);
  if (  ((BufferSize != 0) && (BufferSize != RX_BUFFER_SIZE))
     || (MrmFunctionReach (&Card->Function, Slots, MRM_CHANNEL_RX_ENTRIES * sizeof (UINT64)) == NULL))
  {
    return COMMAND_INVALID;
  }

  Wanted.Pair      = SwapBytes32 (Command->Body.CreateRx.Queue);
  Wanted.List      = SwapBytes32 (Command->Body.CreateRx.List);
  Wanted.Notifier  = SwapBytes32 (Command->Body.CreateRx.Notifier);
  Wanted.Entries   = SwapBytes16 (Command->Body.CreateRx.Entries);
  Wanted.Ring      = SwapBytes64 (Command->Body.CreateRx.Ring);
  Wanted.Resources = Command->Body.CreateRx.Resources;
  Status           = MakeQueue (Card, &mRx, &Wanted, Card->Rx);
  if (Status == COMMAND_PASSED) {
    Card->Rx[Wanted.Pair].Slots    = Slots;
    Card->Rx[Wanted.Pair].Sequence = 1;
  }

  return Status;
}

/**
  End a queue.

  @param[in]     Card    The network card.
  @param[in]     Pair    The driver's number of it.
  @param[in,out] Queues  The queues of its kind, one for each pair.

  @return  The command's status.
**/
STATIC
UINT32
Destroy (
  IN     CONST MRM_CHANNEL_CARD  *Card,
  IN     UINT32                  Pair,
  IN OUT MRM_CHANNEL_QUEUE       *Queues
  )
{
  if ((Pair >= Card->Pairs) || !Queues[Pair].Live) {
    return COMMAND_NOT_FOUND;
  }

  Queues[Pair].Live = FALSE;
  return COMMAND_PASSED;
}

/**
  End a transmit queue, and what is on its way from it.

  @param[in,out] Card  The network card.
  @param[in]     Pair  The driver's number of it.

  @return  The command's status.
**/
STATIC
UINT32
DestroyTx (
  IN OUT MRM_CHANNEL_CARD  *Card,
  IN     UINT32            Pair
  )
{
  if (Card->Packet.Pair == Pair) {
    Card->Packet.Length = 0;
  }

  return Destroy (Card, Pair, Card->Tx);
}

VOID
MrmChannelEndQueues (
  IN OUT MRM_CHANNEL_CARD  *Card
  )
{
  UINT32  Pair;

  for (Pair = 0; Pair < MRM_CHANNEL_PAIRS; Pair++) {
    Card->Tx[Pair].Live = FALSE;
    Card->Rx[Pair].Live = FALSE;
  }

  Card->Packet.Length = 0;
}

UINT32
MrmChannelQueueCommand (
  IN OUT MRM_CHANNEL_CARD     *Card,
  IN     CONST ADMIN_COMMAND  *Command
  )
{
  switch (SwapBytes32 (Command->Opcode)) {
    case OPCODE_REGISTER_LIST:
      return RegisterList (Card, Command);
    case OPCODE_UNREGISTER_LIST:
      return UnregisterList (Card, SwapBytes32 (Command->Body.Id));
    case OPCODE_CREATE_TX:
      return CreateTx (Card, Command);
    case OPCODE_CREATE_RX:
      return CreateRx (Card, Command);
    case OPCODE_DESTROY_TX:
      return DestroyTx (Card, SwapBytes32 (Command->Body.Id));
    case OPCODE_DESTROY_RX:
      return Destroy (Card, SwapBytes32 (Command->Body.Id), Card->Rx);
    default:
      return COMMAND_UNIMPLEMENTED;
  }
}

VOID
MrmChannelFinish (
  IN OUT MRM_CHANNEL_CARD  *Card
  )
{
  MRM_CHANNEL_QUEUE  *Tx;

  Tx                     = &Card->Tx[Card->Packet.Pair];
  Tx->Head              += Card->Packet.Descriptors;
  Card->Packet.Length    = 0;
  Card->Function.Wanted |= 1U << Tx->Notifier;
  SetCounter (Card, COUNTER_TX + COUNTER_PAIR * Card->Packet.Pair, Tx->Head);
}
