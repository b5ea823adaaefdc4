/** @file
  Drivers that come and go, and their commands.

  A driver of revision 0 gives the page number of its admin queue and takes it back by writing 0; one of revision 1
  gives an address, and waits when it goes until it is told that the device is reset.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

#define DESCRIPTOR_VERSION  1
#define OPTION_GQI_QPL      3
#define FORMAT_GQI_QPL      2
#define PARAMETER_MTU       1
#define LINK_SPEED          10000   ///< Mbit/s, as a system shows it; nothing is limited to that
#define REGISTERED_PAGES    (MRM_CHANNEL_LISTS * MRM_CHANNEL_LIST_PAGES)

#pragma pack(1)

///
/// What a driver is told of the device; numbers are big endian.
///
typedef struct {
  UINT64    RegisteredPages;
  UINT16    Reserved1;
  UINT16    TxEntries;
  UINT16    RxEntries;
  UINT16    Queues;
  UINT16    Mtu;
  UINT16    Counters;
  UINT16    TxPages;
  UINT16    RxPages;
  UINT8     Mac[MRM_CHANNEL_MAC_SIZE];
  UINT16    OptionCount;
  UINT16    Length;
  UINT8     Reserved2[6];
  UINT16    OptionId;
  UINT16    OptionLength;
  UINT32    OptionRequires;
  UINT32    OptionFeatures;
} DEVICE_DESCRIPTOR;

#pragma pack()

STATIC_ASSERT (sizeof (DEVICE_DESCRIPTOR) == 52, "40 bytes and an option of 12");

/**
  Read a register.

  @param[in] Card   The network card.
  @param[in] Index  REGISTER_*.
**/
STATIC
UINT32
Read (
  IN CONST MRM_CHANNEL_CARD  *Card,
  IN UINTN                   Index
  )
{
  return SwapBytes32 (Card->Registers[Index]);
}

/**
  Write a register.

  @param[in] Card   The network card.
  @param[in] Index  REGISTER_*.
  @param[in] Value  The value.
**/
STATIC
VOID
Write (
  IN CONST MRM_CHANNEL_CARD  *Card,
  IN UINTN                   Index,
  IN UINT32                  Value
  )
{
  Card->Registers[Index] = SwapBytes32 (Value);
}

VOID
MrmChannelForgetDriver (
  IN OUT MRM_CHANNEL_CARD  *Card
  )
{
  UINTN  Index;

  for (Index = 0; Index < MRM_CHANNEL_LISTS; Index++) {
    Card->Lists[Index].Used = FALSE;
  }

  MrmChannelEndQueues (Card);
  Card->Attached        = FALSE;
  Card->Configured      = FALSE;
  Card->AdminHead       = 0;
  Card->PartingSince    = 0;
  Card->Function.Wanted = 0;
}

/**
  A driver has gone: make the registers as the next one expects them.

  @param[in,out] Card  The network card.
**/
STATIC
VOID
Detach (
  IN OUT MRM_CHANNEL_CARD  *Card
  )
{
  // A command that the next driver has posted already stays.
  if (Read (Card, REGISTER_ADMIN_BELL) == Card->AdminHead) {
    Write (Card, REGISTER_ADMIN_BELL, 0);
  }

  MrmChannelForgetDriver (Card);
  Write (Card, REGISTER_ADMIN_COUNT, 0);
  if ((Read (Card, REGISTER_DRIVER_STATUS) & DRIVER_STATUS_RUN) == 0) {
    Write (Card, REGISTER_DRIVER_STATUS, 0);
  }

  // Last: a driver of revision 1 waits for it.
  Write (Card, REGISTER_DEVICE_STATUS, DEVICE_STATUS_IS_RESET | (Card->LinkUp ? DEVICE_STATUS_LINK : 0));
}

/**
  Look whether a driver has given an admin queue, and take it.

  @param[in,out] Card  The network card, not attached.

  @retval TRUE   It has.
  @retval FALSE  There is none, or it is not the partition's memory.
**/
STATIC
BOOLEAN
Attach (
  IN OUT MRM_CHANNEL_CARD  *Card
  )
{
  UINT32  Page;
  UINT64  Queue;

  Page = Read (Card, REGISTER_ADMIN_PAGE);
  if (Page != 0) {
    Queue = (UINT64)Page * SIZE_4KB;
  } else if ((Read (Card, REGISTER_DRIVER_STATUS) & DRIVER_STATUS_RUN) != 0) {
    Queue = ((UINT64)Read (Card, REGISTER_ADMIN_HIGH) << 32) | Read (Card, REGISTER_ADMIN_LOW);
  } else {
    return FALSE;
  }

  if (  ((Queue & (SIZE_4KB - 1)) != 0)
     || (MrmFunctionReach (&Card->Function, Queue, ADMIN_ENTRIES * sizeof (ADMIN_COMMAND)) == NULL))
  {
    return FALSE;
  }

  Card->Attached       = TRUE;
  Card->AttachedByPage = Page != 0;
  Card->AdminPage      = Page;
  Card->AdminQueue     = Queue;
  Card->AdminHead      = 0;
  Write (Card, REGISTER_DEVICE_STATUS, Card->LinkUp ? DEVICE_STATUS_LINK : 0);
  return TRUE;
}

/**
  TRUE if the driver that is attached is still there.

  Commands posted run ahead of those done by the length of the ring at most; else a driver has begun anew.

  @param[in] Card  The network card, attached.
**/
STATIC
BOOLEAN
Stays (
  IN CONST MRM_CHANNEL_CARD  *Card
  )
{
  UINT32  Posted;

  Posted = Read (Card, REGISTER_ADMIN_BELL);
  if (Posted - Card->AdminHead > ADMIN_ENTRIES) {
    return FALSE;
  }

  return Card->AttachedByPage
         ? (Read (Card, REGISTER_ADMIN_PAGE) == Card->AdminPage)
         : ((Read (Card, REGISTER_DRIVER_STATUS) & DRIVER_STATUS_RUN) != 0);
}

BOOLEAN
MrmChannelDriverChanged (
  IN CONST MRM_CHANNEL_CARD  *Card
  )
{
  if (Card->Attached) {
    return !Stays (Card);
  }

  return (Read (Card, REGISTER_DRIVER_STATUS) != 0) || (Read (Card, REGISTER_ADMIN_PAGE) != 0);
}

BOOLEAN
MrmChannelNoticeDriver (
  IN OUT MRM_CHANNEL_CARD  *Card
  )
{
  if (!Card->Attached) {
    // A driver that comes and goes between two looks waits for an answer all the same.
    if (((Read (Card, REGISTER_DRIVER_STATUS) & ~DRIVER_STATUS_RUN) != 0)) {
      Write (Card, REGISTER_DRIVER_STATUS, Read (Card, REGISTER_DRIVER_STATUS) & DRIVER_STATUS_RUN);
      Write (Card, REGISTER_DEVICE_STATUS, DEVICE_STATUS_IS_RESET | (Card->LinkUp ? DEVICE_STATUS_LINK : 0));
    }

    return Attach (Card);
  }

  if (Stays (Card)) {
    return FALSE;
  }

  Detach (Card);
  return TRUE;
}

/**
  Describe the device.

  @param[in] Card     The network card.
  @param[in] Command  A copy of the command.

  @return  Its status.
**/
STATIC
UINT32
Describe (
  IN CONST MRM_CHANNEL_CARD  *Card,
  IN CONST ADMIN_COMMAND     *Command
  )
{
  DEVICE_DESCRIPTOR  Device;
  VOID               *Place;

  Place = MrmFunctionReach (&Card->Function, SwapBytes64 (Command->Body.Describe.Address), sizeof (Device));
  if (  (Place == NULL)
     || (SwapBytes32 (Command->Body.Describe.Version) != DESCRIPTOR_VERSION)
     || (SwapBytes32 (Command->Body.Describe.Length) < sizeof (Device)))
  {
    return COMMAND_INVALID;
  }

  ZeroMem (&Device, sizeof (Device));
  Device.RegisteredPages = SwapBytes64 (REGISTERED_PAGES);
  Device.TxEntries       = SwapBytes16 (MRM_CHANNEL_TX_ENTRIES);
  Device.RxEntries       = SwapBytes16 (MRM_CHANNEL_RX_ENTRIES);
  Device.Queues          = SwapBytes16 ((UINT16)Card->Pairs);
  Device.Mtu             = SwapBytes16 (Card->Mtu);
  Device.Counters        = SwapBytes16 (COUNTERS);
  Device.TxPages         = SwapBytes16 (MRM_CHANNEL_TX_PAGES);
  Device.RxPages         = SwapBytes16 (MRM_CHANNEL_RX_ENTRIES);
  Device.OptionCount     = SwapBytes16 (1);
  Device.Length          = SwapBytes16 (sizeof (Device));
  Device.OptionId        = SwapBytes16 (OPTION_GQI_QPL);
  Device.OptionLength    = SwapBytes16 (sizeof (Device.OptionFeatures));
  CopyMem (Device.Mac, Card->Mac, sizeof (Device.Mac));
  CopyMem (Place, &Device, sizeof (Device));
  return COMMAND_PASSED;
}

/**
  Take the event counters, and tell the driver which doorbells its interrupts have.

  @param[in,out] Card     The network card.
  @param[in]     Command  A copy of the command.

  @return  Its status.
**/
STATIC
UINT32
Configure (
  IN OUT MRM_CHANNEL_CARD     *Card,
  IN     CONST ADMIN_COMMAND  *Command
  )
{
  UINT64  Counters;
  UINT64  Bells;
  UINT32  CounterCount;
  UINT32  BellCount;
  UINT32  Stride;
  UINT32  Index;
  UINT32  Word;
  VOID    *Place;

  Counters     = SwapBytes64 (Command->Body.Configure.Counters);
  Bells        = SwapBytes64 (Command->Body.Configure.Doorbells);
  CounterCount = SwapBytes32 (Command->Body.Configure.CounterCount);
  BellCount    = SwapBytes32 (Command->Body.Configure.DoorbellCount);
  Stride       = SwapBytes32 (Command->Body.Configure.DoorbellStride);
  if (Card->Configured) {
    return COMMAND_EXISTS;
  }

  if (  (CounterCount < COUNTER_PAIR * Card->Pairs)
     || (CounterCount > COUNTERS)
     || ((Counters & (sizeof (UINT32) - 1)) != 0)
     || (MrmFunctionReach (&Card->Function, Counters, CounterCount * sizeof (UINT32)) == NULL)
     || (BellCount > 2 * Card->Pairs)
     || (Stride < sizeof (UINT32))
     || (Stride > SIZE_4KB)
     || (Command->Body.Configure.FirstVector != 0)
     || (Command->Body.Configure.QueueFormat != FORMAT_GQI_QPL))
  {
    return COMMAND_INVALID;
  }

  for (Index = 0; Index < BellCount; Index++) {
    Place = MrmFunctionReach (&Card->Function, Bells + (UINT64)Index * Stride, sizeof (Word));
    if (Place == NULL) {
      return COMMAND_INVALID;
    }

    Word = SwapBytes32 (DOORBELL_INTERRUPT + DOORBELL_STEP * Index);
    CopyMem (Place, &Word, sizeof (Word));
    Card->Doorbells[DOORBELL_INTERRUPT + DOORBELL_STEP * Index] = 0;
  }

  Card->Counters   = Counters;
  Card->Configured = TRUE;
  return COMMAND_PASSED;
}

/**
  Forget the event counters; nobody uses them any more.

  @param[in,out] Card  The network card.
  @param[in]     Now   Milliseconds.

  @return  The command's status.
**/
STATIC
UINT32
Deconfigure (
  IN OUT MRM_CHANNEL_CARD  *Card,
  IN     UINT64            Now
  )
{
  if (!Card->Configured) {
    return COMMAND_PRECONDITION;
  }

  MrmChannelEndQueues (Card);
  Card->Configured   = FALSE;
  Card->PartingSince = Now;
  return COMMAND_PASSED;
}

/**
  Tell the link's speed.

  @param[in] Card     The network card.
  @param[in] Address  Where the driver wants it.

  @return  The command's status.
**/
STATIC
UINT32
TellSpeed (
  IN CONST MRM_CHANNEL_CARD  *Card,
  IN UINT64                  Address
  )
{
  UINT64  Speed;
  VOID    *Place;

  Place = MrmFunctionReach (&Card->Function, Address, sizeof (Speed));
  if (Place == NULL) {
    return COMMAND_INVALID;
  }

  Speed = SwapBytes64 (LINK_SPEED);
  CopyMem (Place, &Speed, sizeof (Speed));
  return COMMAND_PASSED;
}

/**
  Carry out one command.

  @param[in,out] Card     The network card.
  @param[in]     Command  A copy of the command.
  @param[in]     Now      Milliseconds.

  @return  Its status.
**/
STATIC
UINT32
CarryOut (
  IN OUT MRM_CHANNEL_CARD     *Card,
  IN     CONST ADMIN_COMMAND  *Command,
  IN     UINT64               Now
  )
{
  switch (SwapBytes32 (Command->Opcode)) {
    case OPCODE_DESCRIBE:
      return Describe (Card, Command);
    case OPCODE_CONFIGURE:
      return Configure (Card, Command);
    case OPCODE_DECONFIGURE:
      return Deconfigure (Card, Now);
    case OPCODE_SET_PARAMETER:
      return (  (SwapBytes32 (Command->Body.Parameter.Type) == PARAMETER_MTU)
             && (SwapBytes64 (Command->Body.Parameter.Value) <= Card->Mtu)) ? COMMAND_PASSED : COMMAND_INVALID;
    case OPCODE_REPORT_STATS:
      // A report that is never written: the driver's own numbers are all there is.
    case OPCODE_COMPATIBILITY:
      return COMMAND_PASSED;
    case OPCODE_LINK_SPEED:
      return TellSpeed (Card, SwapBytes64 (Command->Body.Address));
    default:
      return MrmChannelQueueCommand (Card, Command);
  }
}

BOOLEAN
MrmChannelObey (
  IN OUT MRM_CHANNEL_CARD  *Card,
  IN     UINT64            Now
  )
{
  ADMIN_COMMAND  Command;
  ADMIN_COMMAND  *Place;
  UINT32         Posted;
  UINT32         Status;
  UINT32         Done;

  Posted = Read (Card, REGISTER_ADMIN_BELL);
  for (Done = 0; (Card->AdminHead != Posted) && (Done < MRM_CHANNEL_COMMANDS); Done++) {
    Place = (ADMIN_COMMAND *)(UINTN)Card->AdminQueue + Card->AdminHead % ADMIN_ENTRIES;
    CopyMem (&Command, Place, sizeof (Command));
    Status           = CarryOut (Card, &Command, Now);
    Card->Refused   += (Status == COMMAND_PASSED) ? 0 : 1;
    Status           = SwapBytes32 (Status);
    Card->AdminHead += 1;
    CopyMem (&Place->Status, &Status, sizeof (Status));
    MemoryFence ();
    Write (Card, REGISTER_ADMIN_COUNT, Card->AdminHead);
  }

  return Done != 0;
}
