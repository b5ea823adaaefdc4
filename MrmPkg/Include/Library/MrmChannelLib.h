/** @file
  What is decided about channels: network cards that exist in memory only.  Pure: no globals, no I/O, no waiting.

  A network card is a PCI function in RAM.  Its configuration space, its registers and its MSI-X table are memory that
  a partition writes as it likes; its rings are in the partition's own memory.  The function is a gVNIC in its GQI-QPL
  form, which stock kernels drive (gve).  Nothing a partition writes is believed: a descriptor is copied first and
  judged then, and an address is used only when all of what it stands for lies in that partition's own memory.

  The function is one of MrmFunctionLib: device n of the partition's area is its n-th network.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CHANNEL_LIB_H_
#define MRM_CHANNEL_LIB_H_

#include <Library/MrmFunctionLib.h>

#define MRM_CHANNEL_MAX_FUNCTIONS   8          ///< networks of one partition

#define MRM_CHANNEL_MAC_SIZE        6
#define MRM_CHANNEL_MTU_LEAST       1280       ///< what IPv6 asks for
#define MRM_CHANNEL_MTU_MOST        2028       ///< buffers have 2048 bytes: padding, header, VLAN tag

#define MRM_CHANNEL_PAIRS           4          ///< queue pairs of one card at most: one for each processor
#define MRM_CHANNEL_VECTORS         9          ///< at most: one for each queue, and management

#define MRM_CHANNEL_TX_ENTRIES      512        ///< descriptors of a transmit ring
#define MRM_CHANNEL_TX_PAGES        256        ///< pages of a transmit queue's page list
#define MRM_CHANNEL_RX_ENTRIES      512        ///< descriptors of a receive ring, and pages of its list
#define MRM_CHANNEL_LIST_PAGES      512        ///< pages of one page list at most
#define MRM_CHANNEL_LISTS           8          ///< one for each queue
#define MRM_CHANNEL_PACKET_SIZE     SIZE_64KB  ///< what a driver hands over in one piece, to be cut into frames
#define MRM_CHANNEL_FRAME_SIZE      2048       ///< a frame with header and VLAN tag is smaller

#define MRM_CHANNEL_BURST           64         ///< frames of one card in one round, at most
#define MRM_CHANNEL_GATHER          SIZE_128KB ///< bytes of one card in one round, after which no packet is begun with
#define MRM_CHANNEL_COMMANDS        8          ///< commands of one card in one round, at most
#define MRM_CHANNEL_PATIENCE        200        ///< milliseconds that frames wait for a receiver's buffers, at most
#define MRM_CHANNEL_PARTING         100        ///< milliseconds a driver that goes is looked at without a pause

#define MRM_CHANNEL_UPLINK_FRAMES   64         ///< frames that wait in each direction of an uplink, a power of two
#define MRM_CHANNEL_UPLINK_MTU      1500       ///< of the PC's own network card, by which an uplink leads out

///
/// Pages a driver has registered; each lies in the partition's memory.
///
typedef struct {
  BOOLEAN    Used;
  UINT32     Id;                               ///< as the driver calls it
  UINT32     Count;
  UINT64     Pages[MRM_CHANNEL_LIST_PAGES];    ///< addresses
} MRM_CHANNEL_LIST;

///
/// A queue as the driver has made it.
///
typedef struct {
  BOOLEAN    Live;
  BOOLEAN    Broken;                           ///< it named something that is not there: nothing more is received
  UINT8      Notifier;                         ///< vector it is told by
  UINT8      Sequence;                         ///< receive: 1 to 7
  UINT32     Head;                             ///< descriptors used, counted without end
  UINT32     List;                             ///< index of its page list
  UINT64     Ring;                             ///< address of the descriptors
  UINT64     Slots;                            ///< receive: address of the buffers' offsets
} MRM_CHANNEL_QUEUE;

///
/// A packet on its way: whole, or to be cut into frames.
///
typedef struct {
  UINT32     Length;                           ///< bytes; 0 = there is none
  UINT32     Pair;                             ///< whose transmit queue it is from
  UINT32     Header;                           ///< bytes repeated in each frame; 0 = it is one frame
  UINT32     Sent;                             ///< bytes behind the header that are on their way
  UINT32     Descriptors;                      ///< it took so many
  UINT16     SegmentSize;                      ///< bytes behind the header in each frame
  UINT16     NetworkOffset;                    ///< of the IP header
  UINT16     TransportOffset;                  ///< of the TCP header
  BOOLEAN    Ipv6;
  UINT64     Since;                            ///< milliseconds: it waits for its receiver since then
} MRM_CHANNEL_PACKET;

///
/// One network card: what the controller knows of it.  A partition reaches nothing of this.
///
typedef struct {
  MRM_FUNCTION           Function;             ///< Memory, ApicIds and ApicIdCount are the caller's
  BOOLEAN                Open;                 ///< its partition runs: the area is looked at
  BOOLEAN                Attached;             ///< a driver has an admin queue
  BOOLEAN                AttachedByPage;       ///< by its page number, as drivers of revision 0 do
  BOOLEAN                Configured;
  BOOLEAN                LinkUp;               ///< as the driver was told
  UINT32                 Pairs;                ///< queue pairs that a driver may have
  UINT32                 Turn;                 ///< pair whose transmit queue is looked at next
  UINT32                 Patience[MRM_CHANNEL_PAIRS];      ///< milliseconds that others wait for a receive queue's
                                                           ///< buffers before they go on
  UINT8                  Mac[MRM_CHANNEL_MAC_SIZE];
  UINT16                 Mtu;
  volatile UINT32        *Registers;           ///< BAR 0
  volatile UINT32        *Doorbells;           ///< BAR 2
  UINT32                 AdminPage;            ///< page number of the admin queue
  UINT32                 AdminHead;            ///< commands done, counted without end
  UINT64                 AdminQueue;           ///< address
  UINT64                 PartingSince;         ///< milliseconds: its driver is about to go; 0 = it is not
  UINT64                 Counters;             ///< address of the event counters
  MRM_CHANNEL_LIST       Lists[MRM_CHANNEL_LISTS];
  MRM_CHANNEL_QUEUE      Tx[MRM_CHANNEL_PAIRS];
  MRM_CHANNEL_QUEUE      Rx[MRM_CHANNEL_PAIRS];
  MRM_CHANNEL_PACKET     Packet;               ///< of all queues one at a time
  UINT64                 Frames;               ///< delivered
  UINT64                 FrameBytes;           ///< of these
  UINT64                 Dropped;              ///< for want of buffers or of a receiver
  UINT64                 Refused;              ///< commands, descriptors, frames and interrupts that must not be
  UINT8                  Bytes[MRM_CHANNEL_PACKET_SIZE];   ///< of Packet
} MRM_CHANNEL_CARD;

///
/// A frame as it is on the wire, without its check sequence.
///
typedef struct {
  UINT32    Length;                            ///< bytes
  UINT8     Bytes[MRM_CHANNEL_FRAME_SIZE];
} MRM_CHANNEL_FRAME;

///
/// Frames in one direction of an uplink.  One side puts, the other takes; either may interrupt the other, for each
/// writes its own counter only, and last.
///
typedef struct {
  volatile UINT32      Put;                    ///< counted without end
  volatile UINT32      Taken;                  ///< counted without end
  MRM_CHANNEL_FRAME    Frames[MRM_CHANNEL_UPLINK_FRAMES];
} MRM_CHANNEL_LANE;

///
/// The way out of a network: the PC's own network card, which the caller drives.
///
typedef struct {
  BOOLEAN             Up;                      ///< the caller's: the PC's card works and has a link
  MRM_CHANNEL_LANE    Out;                     ///< the switch puts, the caller takes; what finds no room is dropped
  MRM_CHANNEL_LANE    In;                      ///< the caller puts, the switch takes
} MRM_CHANNEL_UPLINK;

///
/// A network: a switch that knows the MAC of each of its cards.
///
typedef struct {
  UINTN                 CardCount;
  MRM_CHANNEL_CARD      **Cards;
  UINTN                 Turn;                            ///< which of them is the first in the next round
  MRM_CHANNEL_UPLINK    *Uplink;                         ///< or NULL: it ends at its cards
  UINT8                 Frame[MRM_CHANNEL_FRAME_SIZE];   ///< the frame being delivered
} MRM_CHANNEL_NETWORK;

/**
  Make the area of a partition with its network cards, as its system finds it: nothing attached, no other function.

  @param[out] Area           MRM_FUNCTION_AREA_SIZE bytes, at a multiple of 1 MiB below 4 GiB as the partition sees it.
  @param[in]  Base           That address.
  @param[in]  FunctionCount  Network cards, at most MRM_CHANNEL_MAX_FUNCTIONS.
  @param[in]  ApicIdCount    Processors of the partition, as Function has them when a card is opened: each card has a
                             queue pair for each, MRM_CHANNEL_PAIRS at most.
**/
VOID
EFIAPI
MrmChannelBuildArea (
  OUT UINT8   *Area,
  IN  UINT64  Base,
  IN  UINTN   FunctionCount,
  IN  UINT32  ApicIdCount
  );

/**
  Begin to look at a network card: its partition is about to start, its area is new.

  @param[in,out] Card      Mac, Mtu and what Function has of the partition are the caller's; the rest is begun anew.
  @param[in]     Area      The area.
  @param[in]     Function  Which of its functions.
**/
VOID
EFIAPI
MrmChannelOpen (
  IN OUT MRM_CHANNEL_CARD  *Card,
  IN     UINT8             *Area,
  IN     UINTN             Function
  );

/**
  Take the link from a network card that is about to be closed while its partition runs on, and reset it: a driver that
  sees no link does not wait for frames to leave, and one that gives the card back does not wait for its reset.  After it
  the caller asks MrmChannelInterrupts().

  @param[in,out] Card  The network card; nothing is done if it is not open.
**/
VOID
EFIAPI
MrmChannelUnplug (
  IN OUT MRM_CHANNEL_CARD  *Card
  );

/**
  Look at a network card no more: nothing in its partition's memory or area is touched from here on.

  @param[in,out] Card  The network card.
**/
VOID
EFIAPI
MrmChannelClose (
  IN OUT MRM_CHANNEL_CARD  *Card
  );

/**
  One round over a network: obey drivers, move frames, tell of links.  The work of a round is bounded by
  MRM_CHANNEL_COMMANDS and MRM_CHANNEL_BURST for each card, whatever partitions write.

  After it, and after a fence that makes what was written visible, the caller asks MrmChannelInterrupts() for each card.

  @param[in,out] Network  The network.
  @param[in]     Now      Milliseconds.

  @retval TRUE   Something was done that partitions had asked for rightly: more may follow at once.
  @retval FALSE  Nothing was, or only what was refused.
**/
BOOLEAN
EFIAPI
MrmChannelServe (
  IN OUT MRM_CHANNEL_NETWORK  *Network,
  IN     UINT64               Now
  );

/**
  Whether MrmChannelServe() may have something to do; cheap, for most looks find nothing.

  @param[in] Network  The network.

  @retval TRUE   It may.
  @retval FALSE  It would do nothing and change nothing, and no card is to give an interrupt.
**/
BOOLEAN
EFIAPI
MrmChannelIsAsked (
  IN CONST MRM_CHANNEL_NETWORK  *Network
  );

/**
  Decide which interrupts a partition is sent now.  What its system masks is kept for later.

  @param[in,out] Card        The network card.
  @param[out]    Interrupts  MRM_CHANNEL_VECTORS elements.

  @return  How many there are.
**/
UINTN
EFIAPI
MrmChannelInterrupts (
  IN OUT MRM_CHANNEL_CARD        *Card,
  OUT    MRM_FUNCTION_INTERRUPT  *Interrupts
  );

/**
  TRUE while a driver is about to go: one of revision 0 does not wait to be noticed, and the next may come at once.

  @param[in] Network  The network.
  @param[in] Now      Milliseconds.
**/
BOOLEAN
EFIAPI
MrmChannelIsParting (
  IN CONST MRM_CHANNEL_NETWORK  *Network,
  IN UINT64                     Now
  );

/**
  Make the MAC of a card that was given none: the same at each start, another one for each machine, partition and
  network.

  @param[in]  Machine    UUID of the PC.
  @param[in]  Partition  Name of the partition.
  @param[in]  Network    Name of the network.
  @param[out] Mac        Receives MRM_CHANNEL_MAC_SIZE bytes: a locally administered address of one card.
**/
VOID
EFIAPI
MrmChannelMac (
  IN  CONST GUID   *Machine,
  IN  CONST CHAR8  *Partition,
  IN  CONST CHAR8  *Network,
  OUT UINT8        *Mac
  );

/**
  TRUE while a driver is attached to any card: the network needs looks soon.

  @param[in] Network  The network.
**/
BOOLEAN
EFIAPI
MrmChannelIsUsed (
  IN CONST MRM_CHANNEL_NETWORK  *Network
  );

/**
  The frame that is to leave next by an uplink.

  @param[in] Uplink  The uplink.

  @return  The frame, until MrmChannelUplinkSent(); it has at least the 60 bytes that Ethernet asks for.  NULL: there
           is none.
**/
CONST MRM_CHANNEL_FRAME *
EFIAPI
MrmChannelUplinkNext (
  IN CONST MRM_CHANNEL_UPLINK  *Uplink
  );

/**
  The frame that was to leave next has left, or is given up.

  @param[in,out] Uplink  The uplink; MrmChannelUplinkNext() has returned a frame.
**/
VOID
EFIAPI
MrmChannelUplinkSent (
  IN OUT MRM_CHANNEL_UPLINK  *Uplink
  );

/**
  Bring a frame in from outside.  Nothing is believed of it: the switch judges it in its next round.

  @param[in,out] Uplink  The uplink.
  @param[in]     Bytes   The frame, as the PC's card received it.
  @param[in]     Length  Its bytes, any number.

  @retval TRUE   It waits for the switch.
  @retval FALSE  It is dropped: it is too short or too long for a frame, or as many wait as there can be.
**/
BOOLEAN
EFIAPI
MrmChannelUplinkBring (
  IN OUT MRM_CHANNEL_UPLINK  *Uplink,
  IN     CONST UINT8         *Bytes,
  IN     UINTN               Length
  );

#endif
