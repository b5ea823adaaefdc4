/** @file
  Inside of MrmChannelLib: the gVNIC as its driver sees it, and what the files share.

  All numbers of more than one byte are big endian.  The driver reads and writes; nothing here can trap, so each
  register is either constant or one that the driver waits for.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CHANNEL_INTERNAL_H_
#define MRM_CHANNEL_INTERNAL_H_

#include <Base.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmChannelLib.h>

///
/// Registers of BAR 0, as indices of 32-bit words.
///
#define REGISTER_DEVICE_STATUS  0
#define REGISTER_DRIVER_STATUS  1
#define REGISTER_MAX_TX         2
#define REGISTER_MAX_RX         3
#define REGISTER_ADMIN_PAGE     4    ///< page number of the admin queue, revision 0
#define REGISTER_ADMIN_BELL     5    ///< commands posted
#define REGISTER_ADMIN_COUNT    6    ///< commands done
#define REGISTER_ADMIN_HIGH     8    ///< address of the admin queue, revision 1
#define REGISTER_ADMIN_LOW      9

#define DEVICE_STATUS_LINK      BIT2
#define DEVICE_STATUS_IS_RESET  BIT4
#define DRIVER_STATUS_RUN       BIT0

///
/// Doorbells of BAR 2, as indices of 32-bit words: each has a cache line.
///
#define DOORBELL_TX           0     ///< of pair n: + 32 * n
#define DOORBELL_RX           16    ///< the same
#define DOORBELL_PAIR         32
#define DOORBELL_INTERRUPT    128   ///< of notifier n: + 16 * n
#define DOORBELL_STEP         16
#define INTERRUPT_MASKED      BIT30

///
/// Places of the BARs within a function's part of the window.
///
#define REGISTERS_OFFSET      0x0000
#define TABLE_OFFSET          0x1000
#define DOORBELLS_OFFSET      0x2000

#define ADMIN_ENTRIES         64
#define COUNTER_TX            0      ///< of pair n: + 2 * n
#define COUNTER_RX            1      ///< the same
#define COUNTER_PAIR          2
#define COUNTERS              16     ///< event counters a driver is told to have

#define RX_BUFFER_SIZE        2048
#define RX_PADDING            2      ///< before the frame
#define ETHERNET_HEADER       14
#define ETHERNET_LEAST        60     ///< bytes of the shortest frame, without its check sequence
#define VLAN_TAG              4
#define GROUP_ADDRESS         BIT0   ///< of the first byte of a MAC: it stands for several cards

#pragma pack(1)

///
/// A command of the admin queue; numbers are big endian.
///
typedef struct {
  UINT32    Opcode;
  UINT32    Status;
  union {
    struct {
      UINT64    Address;
      UINT32    Version;
      UINT32    Length;
    } Describe;
    struct {
      UINT64    Counters;
      UINT64    Doorbells;
      UINT32    CounterCount;
      UINT32    DoorbellCount;
      UINT32    DoorbellStride;
      UINT32    FirstVector;
      UINT8     QueueFormat;
    } Configure;
    struct {
      UINT32    Id;
      UINT32    Count;
      UINT64    Addresses;
      UINT64    PageSize;
    } Register;
    struct {
      UINT32    Queue;
      UINT32    Reserved;
      UINT64    Resources;
      UINT64    Ring;
      UINT32    List;
      UINT32    Notifier;
      UINT64    CompletionRing;
      UINT16    Entries;
    } CreateTx;
    struct {
      UINT32    Queue;
      UINT32    Index;
      UINT32    Reserved;
      UINT32    Notifier;
      UINT64    Resources;
      UINT64    Ring;
      UINT64    Slots;
      UINT32    List;
      UINT16    Entries;
      UINT16    BufferSize;
    } CreateRx;
    struct {
      UINT32    Type;
      UINT32    Reserved;
      UINT64    Value;
    } Parameter;
    struct {
      UINT64    Length;
      UINT64    Address;
    } Buffer;
    UINT32    Id;
    UINT64    Address;
    UINT8     Bytes[56];
  } Body;
} ADMIN_COMMAND;

STATIC_ASSERT (sizeof (ADMIN_COMMAND) == 64, "a command has 64 bytes");

///
/// A descriptor of the transmit ring: of a packet, or of a segment of one.
///
typedef struct {
  UINT8     Type;                ///< kind in the high nibble, flags in the low one
  UINT8     ChecksumOffset;      ///< packet: of the checksum within the transport header, 16-bit words
                                 ///< segment: offset of the IP header, 16-bit words
  UINT8     TransportOffset;     ///< packet: 16-bit words
  UINT8     Count;               ///< packet: descriptors it takes
  UINT16    Length;              ///< packet: bytes of all of it; segment: size of the frames' payload
  UINT16    SegmentLength;       ///< bytes this descriptor is about
  UINT64    Offset;              ///< of these bytes, within the pages of the list
} TX_DESCRIPTOR;

#define TX_KIND           0xF0
#define TX_PACKET         0x00
#define TX_LARGE          0x10   ///< to be cut into frames
#define TX_SEGMENT        0x20
#define TX_METADATA       0x30
#define TX_CHECKSUM       BIT0   ///< packet: the checksum is the device's to write
#define TX_SEGMENT_IPV6   BIT1
#define TX_MAX_DESCRIPTORS  64   ///< of one packet; a Linux needs 21

///
/// A descriptor of the receive ring.
///
typedef struct {
  UINT8     Padding[48];
  UINT32    Hash;
  UINT16    SegmentSize;
  UINT16    Reserved;
  UINT8     HeaderLength;
  UINT8     HeaderOffset;
  UINT16    Checksum;            ///< 0: the system verifies it
  UINT16    Length;              ///< bytes, RX_PADDING included
  UINT16    FlagsAndSequence;    ///< written last
} RX_DESCRIPTOR;

#pragma pack()

STATIC_ASSERT (sizeof (TX_DESCRIPTOR) == 16, "a transmit descriptor has 16 bytes");
STATIC_ASSERT (sizeof (RX_DESCRIPTOR) == 64, "a receive descriptor has 64 bytes");

/**
  Copy bytes out of the pages of a list.

  @param[in]  List    The list.
  @param[in]  Offset  Of the bytes, within the pages.
  @param[in]  Size    Bytes.
  @param[out] Bytes   Receives them.

  @retval TRUE   Copied.
  @retval FALSE  They are not all within the pages.
**/
BOOLEAN
MrmChannelGather (
  IN  CONST MRM_CHANNEL_LIST  *List,
  IN  UINT64                  Offset,
  IN  UINT32                  Size,
  OUT UINT8                   *Bytes
  );

/**
  The page list a driver has registered under a number.

  @param[in]  Card   The network card.
  @param[in]  Id     The driver's number.
  @param[out] Index  Receives its index.

  @retval TRUE   There is one.
  @retval FALSE  There is none.
**/
BOOLEAN
MrmChannelFindList (
  IN  CONST MRM_CHANNEL_CARD  *Card,
  IN  UINT32                  Id,
  OUT UINT32                  *Index
  );

/**
  Carry out a command about page lists or queues.

  @param[in,out] Card     The network card.
  @param[in]     Command  A copy of the command.

  @return  Its status, MRM_COMMAND_*.
**/
UINT32
MrmChannelQueueCommand (
  IN OUT MRM_CHANNEL_CARD     *Card,
  IN     CONST ADMIN_COMMAND  *Command
  );

#define OPCODE_DESCRIBE         0x1
#define OPCODE_CONFIGURE        0x2
#define OPCODE_REGISTER_LIST    0x3
#define OPCODE_UNREGISTER_LIST  0x4
#define OPCODE_CREATE_TX        0x5
#define OPCODE_CREATE_RX        0x6
#define OPCODE_DESTROY_TX       0x7
#define OPCODE_DESTROY_RX       0x8
#define OPCODE_DECONFIGURE      0x9
#define OPCODE_SET_PARAMETER    0xB
#define OPCODE_REPORT_STATS     0xC
#define OPCODE_LINK_SPEED       0xD
#define OPCODE_COMPATIBILITY    0xF

#define COMMAND_PASSED          0x1
#define COMMAND_EXISTS          0xFFFFFFF1
#define COMMAND_PRECONDITION    0xFFFFFFF5
#define COMMAND_INVALID         0xFFFFFFF7
#define COMMAND_NOT_FOUND       0xFFFFFFF8
#define COMMAND_EXHAUSTED       0xFFFFFFFC
#define COMMAND_UNIMPLEMENTED   0xFFFFFFFE

/**
  End all queues of a driver, and what is on its way from them.

  @param[in,out] Card  The network card.
**/
VOID
MrmChannelEndQueues (
  IN OUT MRM_CHANNEL_CARD  *Card
  );

/**
  Forget all a driver has told of its queues.

  @param[in,out] Card  The network card.
**/
VOID
MrmChannelForgetDriver (
  IN OUT MRM_CHANNEL_CARD  *Card
  );

/**
  TRUE if a driver has come or gone, or waits for an answer to that: MrmChannelNoticeDriver() may have to do something.

  @param[in] Card  The network card.
**/
BOOLEAN
MrmChannelDriverChanged (
  IN CONST MRM_CHANNEL_CARD  *Card
  );

/**
  Notice a driver that comes, goes, or begins anew.

  @param[in,out] Card  The network card, open.

  @retval TRUE   It came or went.
  @retval FALSE  All is as it was.
**/
BOOLEAN
MrmChannelNoticeDriver (
  IN OUT MRM_CHANNEL_CARD  *Card
  );

/**
  Carry out commands of a driver, MRM_CHANNEL_COMMANDS at most.

  @param[in,out] Card  The network card, attached.
  @param[in]     Now   Milliseconds.

  @retval TRUE   At least one was.
  @retval FALSE  There was none.
**/
BOOLEAN
MrmChannelObey (
  IN OUT MRM_CHANNEL_CARD  *Card,
  IN     UINT64            Now
  );

/**
  How many descriptors a driver says are posted in a transmit ring that nobody has taken yet.

  @param[in] Card  The network card.
  @param[in] Pair  The pair of the ring.

  @return  Any number if the driver contradicts itself; 0 if there is no such queue.
**/
UINT32
MrmChannelPosted (
  IN CONST MRM_CHANNEL_CARD  *Card,
  IN UINT32                  Pair
  );

/**
  Take the next packet of the transmit rings into Packet and Bytes; the rings have it in turn.  What is wrong with a
  ring costs its owner all that is posted there.

  @param[in,out] Card  The network card; no packet is on its way.
  @param[in]     Now   Milliseconds.

  @retval TRUE   There is one on its way.
  @retval FALSE  None was posted, or it was refused.
**/
BOOLEAN
MrmChannelTake (
  IN OUT MRM_CHANNEL_CARD  *Card,
  IN     UINT64            Now
  );

/**
  A packet has been dealt with: tell its driver.

  @param[in,out] Card  The network card.
**/
VOID
MrmChannelFinish (
  IN OUT MRM_CHANNEL_CARD  *Card
  );

/**
  Judge a packet that is to be cut into frames.

  @param[in] Packet  The packet.
  @param[in] Bytes   Its bytes.
  @param[in] Mtu     Of the network.

  @retval TRUE   MrmChannelCut() can cut it.
  @retval FALSE  It is not TCP over IP, or contradicts itself.
**/
BOOLEAN
MrmChannelCanCut (
  IN CONST MRM_CHANNEL_PACKET  *Packet,
  IN CONST UINT8               *Bytes,
  IN UINT16                    Mtu
  );

/**
  Make the next frame of a packet, with its checksums.

  @param[in]  Packet  The packet, which MrmChannelCanCut() has judged.
  @param[in]  Bytes   Its bytes.
  @param[out] Frame   Receives the frame, MRM_CHANNEL_FRAME_SIZE bytes.

  @return  Bytes of the frame.
**/
UINT32
MrmChannelCut (
  IN  CONST MRM_CHANNEL_PACKET  *Packet,
  IN  CONST UINT8               *Bytes,
  OUT UINT8                     *Frame
  );

/**
  Write the checksum a driver has left to the device.

  @param[in,out] Bytes   The packet; the field has the sum of what the header stands for.
  @param[in]     Length  Bytes.
  @param[in]     Start   Where summing begins.
  @param[in]     Place   Where the field is.

  @retval TRUE   Written.
  @retval FALSE  The field is not in the packet, or not behind where summing begins.
**/
BOOLEAN
MrmChannelFillChecksum (
  IN OUT UINT8   *Bytes,
  IN     UINT32  Length,
  IN     UINT32  Start,
  IN     UINT32  Place
  );

/**
  TRUE if the driver of a network card receives, by any queue.

  @param[in] Card  The network card.
**/
BOOLEAN
MrmChannelReceives (
  IN CONST MRM_CHANNEL_CARD  *Card
  );

/**
  Tell flows from each other: frames of one, in both directions, have one number.

  @param[in] Frame   The frame.
  @param[in] Length  Its bytes, ETHERNET_HEADER at least.

  @return  A number made of the IP addresses, and of the ports of TCP or UDP if it is no fragment; 0 if it is not IP.
**/
UINT32
MrmChannelFlow (
  IN CONST UINT8  *Frame,
  IN UINT32       Length
  );

/**
  Choose the receive queue of a network card for a frame: the same one for all of its flow, as long as the driver has
  the same queues; the first one if it is not IP.

  @param[in] Card    The network card.
  @param[in] Frame   The frame.
  @param[in] Length  Its bytes, ETHERNET_HEADER at least.

  @return  The pair of the queue, which is live; MRM_CHANNEL_PAIRS if none is.
**/
UINT32
MrmChannelChoose (
  IN CONST MRM_CHANNEL_CARD  *Card,
  IN CONST UINT8             *Frame,
  IN UINT32                  Length
  );

/**
  How many frames a receive queue can be given.

  @param[in] Card  The network card.
  @param[in] Pair  The pair of the queue.
**/
UINT32
MrmChannelRoom (
  IN CONST MRM_CHANNEL_CARD  *Card,
  IN UINT32                  Pair
  );

/**
  Give a receive queue a frame.

  @param[in,out] Card    The network card.
  @param[in]     Pair    The pair of the queue, which has room.
  @param[in]     Frame   The frame.
  @param[in]     Length  Bytes, less than MRM_CHANNEL_FRAME_SIZE.

  @retval TRUE   Given.
  @retval FALSE  The driver named a buffer that is none: this queue is given nothing more until the driver makes a new
                 one.
**/
BOOLEAN
MrmChannelGive (
  IN OUT MRM_CHANNEL_CARD  *Card,
  IN     UINT32            Pair,
  IN     CONST UINT8       *Frame,
  IN     UINT32            Length
  );

/**
  TRUE if a frame has a VLAN tag behind its addresses.

  @param[in] Frame  The frame, ETHERNET_HEADER bytes at least.
**/
BOOLEAN
MrmChannelIsTagged (
  IN CONST UINT8  *Frame
  );

/**
  Whether a frame is as long as a network permits.

  @param[in] Frame   The frame.
  @param[in] Length  Its bytes, ETHERNET_HEADER at least.
  @param[in] Mtu     Of the network.

  @retval TRUE   It is not longer.
  @retval FALSE  It is.
**/
BOOLEAN
MrmChannelFits (
  IN CONST UINT8  *Frame,
  IN UINT32       Length,
  IN UINT16       Mtu
  );

/**
  Give a frame to a card that it is for.

  @param[in,out] To      The network card.
  @param[in]     Frame   The frame.
  @param[in]     Length  Its bytes, less than MRM_CHANNEL_FRAME_SIZE.

  @retval TRUE   Its driver has room for it, and is given it.
  @retval FALSE  There is no room, or no driver; nothing is counted.
**/
BOOLEAN
MrmChannelPass (
  IN OUT MRM_CHANNEL_CARD  *To,
  IN     CONST UINT8       *Frame,
  IN     UINT32            Length
  );

/**
  Let a frame of a card leave by the uplink of its network, if it has one.

  @param[in,out] Network  The network.
  @param[in]     Frame    The frame; it is for nobody on the network, or for a group.
  @param[in]     Length   Its bytes, ETHERNET_HEADER at least.
**/
VOID
MrmChannelSendOut (
  IN OUT MRM_CHANNEL_NETWORK  *Network,
  IN     CONST UINT8          *Frame,
  IN     UINT32               Length
  );

/**
  Give cards what has come in by the uplink, MRM_CHANNEL_BURST frames at most.

  @param[in,out] Network  The network.

  @retval TRUE   At least one card was given a frame.
  @retval FALSE  None was, or there is no uplink.
**/
BOOLEAN
MrmChannelTakeIn (
  IN OUT MRM_CHANNEL_NETWORK  *Network
  );

#endif
