/** @file
  A card in memory with a hostile driver, a neighbour on the same network that wants its frames, and an outside that
  sends anything.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Function.h"
#include <Library/MrmChannelLib.h>

#define HOSTILE  0
#define FRIEND   1
#define CARDS    2

#define PAIRS  PROCESSORS     ///< queue pairs of a card

#define DOORBELLS  0x2000     ///< in the window; those of a pair have 128 bytes

#define FROM_OUTSIDE  0xE0   ///< of 256 things that happen, so many and more are frames from outside

///
/// Pages of a driver's memory.  Both pairs have the same buffers.
///
enum {
  PageAdmin,
  PageCounters,
  PageResources,
  PageAddresses,
  PageTxRing,                ///< two
  PageRxRing   = 6,          ///< eight
  PageSlots    = 14,
  PagePair     = 11,         ///< from here to the same of the next pair
  PageTx       = 28,         ///< sixteen
  PageRx       = 44          ///< the rest
};

typedef struct {
  MRM_CHANNEL_CARD    Card;
  FUZZ_FUNCTION       Own;
  UINT32              Posted;
  UINT32              Sent[PAIRS];
} DRIVER;

STATIC
VOID
SetRegister (
  IN DRIVER  *Driver,
  IN UINTN   Offset,
  IN UINT32  Value
  )
{
  Value = __builtin_bswap32 (Value);
  memcpy (Driver->Own.Area + MRM_FUNCTION_ECAM_SIZE + Offset, &Value, sizeof (Value));
}

STATIC
VOID
Post (
  IN DRIVER       *Driver,
  IN CONST UINT8  *Command
  )
{
  memcpy (Driver->Own.Pages + (Driver->Posted % 64) * 64, Command, 64);
  SetRegister (Driver, 0x14, ++Driver->Posted);
}

STATIC
VOID
PutWord (
  IN UINT8   *Command,
  IN UINTN   Offset,
  IN UINT32  Value
  )
{
  Value = __builtin_bswap32 (Value);
  memcpy (Command + Offset, &Value, sizeof (Value));
}

STATIC
VOID
PutLong (
  IN UINT8   *Command,
  IN UINTN   Offset,
  IN UINT64  Value
  )
{
  Value = __builtin_bswap64 (Value);
  memcpy (Command + Offset, &Value, sizeof (Value));
}

STATIC
VOID
Register (
  IN DRIVER  *Driver,
  IN UINT32  Id,
  IN UINTN   First,
  IN UINTN   Count
  )
{
  UINT8  Command[64] = { 0 };
  UINTN  Index;

  for (Index = 0; Index < Count; Index++) {
    PutLong (Driver->Own.Pages + PageAddresses * SIZE_4KB, Index * 8, FuzzPage (&Driver->Own, First + Index));
  }

  PutWord (Command, 0, 3);
  PutWord (Command, 8, Id);
  PutWord (Command, 12, (UINT32)Count);
  PutLong (Command, 16, FuzzPage (&Driver->Own, PageAddresses));
  PutLong (Command, 24, SIZE_4KB);
  Post (Driver, Command);
}

/**
  Make a pair of queues.
**/
STATIC
VOID
MakePair (
  IN DRIVER               *Driver,
  IN MRM_CHANNEL_NETWORK  *Network,
  IN UINT32               Pair
  )
{
  UINT8   Command[64] = { 0 };
  UINT64  Resources;
  UINTN   First;
  UINTN   Index;

  First             = PagePair * Pair;
  Resources         = FuzzPage (&Driver->Own, PageResources) + 128 * Pair;
  Driver->Sent[Pair] = 0;
  Register (Driver, 1 + 2 * Pair, PageTx, PageRx - PageTx);
  MrmChannelServe (Network, 0);
  Register (Driver, 2 + 2 * Pair, PageRx, PAGES - PageRx);
  MrmChannelServe (Network, 0);

  PutWord (Command, 0, 5);
  PutWord (Command, 8, Pair);
  PutLong (Command, 16, Resources);
  PutLong (Command, 24, FuzzPage (&Driver->Own, PageTxRing + First));
  PutWord (Command, 32, 1 + 2 * Pair);
  PutWord (Command, 36, Pair);
  Post (Driver, Command);

  memset (Command, 0, sizeof (Command));
  PutWord (Command, 0, 6);
  PutWord (Command, 8, Pair);
  PutWord (Command, 20, PAIRS + Pair);
  PutLong (Command, 24, Resources + 64);
  PutLong (Command, 32, FuzzPage (&Driver->Own, PageRxRing + First));
  PutLong (Command, 40, FuzzPage (&Driver->Own, PageSlots + First));
  PutWord (Command, 48, 2 + 2 * Pair);
  Post (Driver, Command);
  MrmChannelServe (Network, 0);
  for (Index = 0; Index < 512; Index++) {
    PutLong (
      Driver->Own.Pages + (PageSlots + First) * SIZE_4KB,
      Index * 8,
      (Index % (PAGES - PageRx)) * SIZE_4KB
      );
  }

  SetRegister (Driver, DOORBELLS + 128 * Pair + 64, PAGES - PageRx);
}

/**
  Do what a driver does until its card works.
**/
STATIC
VOID
BringUp (
  IN DRIVER               *Driver,
  IN MRM_CHANNEL_NETWORK  *Network
  )
{
  UINT8   Command[64] = { 0 };
  UINT32  Pair;

  Driver->Posted = 0;
  SetRegister (Driver, 0x20, (UINT32)(FuzzPage (&Driver->Own, PageAdmin) >> 32));
  SetRegister (Driver, 0x24, (UINT32)FuzzPage (&Driver->Own, PageAdmin));
  SetRegister (Driver, 0x04, 1);
  MrmChannelServe (Network, 0);

  PutWord (Command, 0, 2);
  PutLong (Command, 8, FuzzPage (&Driver->Own, PageCounters));
  PutLong (Command, 16, FuzzPage (&Driver->Own, PageCounters) + 2048);
  PutWord (Command, 24, 16);
  PutWord (Command, 28, 2 * PAIRS);
  PutWord (Command, 32, 64);
  Command[40] = 2;
  Post (Driver, Command);
  MrmChannelServe (Network, 0);
  for (Pair = 0; Pair < PAIRS; Pair++) {
    MakePair (Driver, Network, Pair);
  }
}

STATIC
VOID
Descriptor (
  IN DRIVER       *Driver,
  IN UINT32       Pair,
  IN CONST UINT8  *Bytes
  )
{
  UINT8  *Ring;

  Ring = Driver->Own.Pages + (PageTxRing + PagePair * Pair) * SIZE_4KB;
  memcpy (Ring + (Driver->Sent[Pair]++ % 512) * 16, Bytes, 16);
}

STATIC
VOID
Ring (
  IN DRIVER  *Driver,
  IN UINT32  Pair
  )
{
  SetRegister (Driver, DOORBELLS + 128 * Pair, Driver->Sent[Pair]);
}

/**
  Send a frame by each queue, and require that it arrives.
**/
STATIC
VOID
Converse (
  IN DRIVER               *From,
  IN DRIVER               *To,
  IN MRM_CHANNEL_NETWORK  *Network
  )
{
  UINT8   Bytes[16] = { 0, 0, 0, 1, 0, 64, 0, 64 };
  UINT8   *Frame;
  UINT64  Before;
  UINT32  Pair;

  Before = To->Card.Frames;
  Frame  = From->Own.Pages + PageTx * SIZE_4KB;
  memset (Frame, 0, 64);
  memcpy (Frame, To->Card.Mac, 6);
  memcpy (Frame + 6, From->Card.Mac, 6);
  for (Pair = 0; Pair < PAIRS; Pair++) {
    Descriptor (From, Pair, Bytes);
    Ring (From, Pair);
  }

  MrmChannelServe (Network, 0);
  FUZZ_CHECK (To->Card.Frames == Before + PAIRS);
}

/**
  Make a function as it is at a start.
**/
STATIC
VOID
Renew (
  IN DRIVER  *Driver
  )
{
  STATIC UINT8  New[MRM_FUNCTION_AREA_SIZE] __attribute__ ((aligned (SIZE_4KB)));

  if (New[MRM_FUNCTION_ECAM_SIZE - 1] != 0xFF) {
    MrmChannelBuildArea (New, 0xC0000000, 1, PROCESSORS);
  }

  FuzzFunctionRenew (&Driver->Own, New);
  MrmChannelOpen (&Driver->Card, Driver->Own.Area, 0);
}

/**
  Bring in a frame from outside, and take out what leaves.
**/
STATIC
VOID
LookOutside (
  IN FUZZ                *Fuzz,
  IN MRM_CHANNEL_UPLINK  *Uplink
  )
{
  CONST MRM_CHANNEL_FRAME  *Frame;
  UINT8                    Bytes[MRM_CHANNEL_FRAME_SIZE + 16] = { 0 };
  UINT8                    *Exact;
  UINTN                    Length;

  // The first bytes are random; half of the frames are for somebody on the network.
  FuzzTake (Fuzz, Bytes, 16);
  Length = FuzzNumber (Fuzz, 2) % sizeof (Bytes);
  if ((Bytes[0] & 2) != 0) {
    memcpy (Bytes, (UINT8[]) { 2, 0, 0, 0, 0, Bytes[5] % CARDS }, 6);
  }

  Exact = FuzzExact (Bytes, Length);
  MrmChannelUplinkBring (Uplink, Exact, Length);
  free (Exact);
  while ((Frame = MrmChannelUplinkNext (Uplink)) != NULL) {
    FUZZ_CHECK ((Frame->Length >= 60) && (Frame->Length <= 1500 + 14 + 4));
    FUZZ_CHECK ((Frame->Bytes[0] & 1) || (memcmp (Frame->Bytes, (UINT8[]) { 2, 0, 0, 0, 0, FRIEND }, 6) != 0));
    FUZZ_CHECK (memcmp (Frame->Bytes + 6, (UINT8[]) { 2, 0, 0, 0, 0 }, 5) == 0);
    MrmChannelUplinkSent (Uplink);
  }

  Uplink->Up = (Length % 8) != 0;
}

STATIC
VOID
Act (
  IN FUZZ                *Fuzz,
  IN DRIVER              *Driver,
  IN MRM_CHANNEL_UPLINK  *Uplink
  )
{
  UINT8   Bytes[64];
  UINT32  Word;
  UINT32  Pair;
  UINTN   Offset;
  UINT64  Kind;

  Kind = FuzzNumber (Fuzz, 1);
  if (Kind >= FROM_OUTSIDE) {
    LookOutside (Fuzz, Uplink);
    return;
  }

  Pair = (UINT32)(Kind / 8) % PAIRS;
  switch (Kind % 8) {
    case 0:
      Offset = (FuzzNumber (Fuzz, 1) % 11) * 4;
      SetRegister (Driver, Offset, (UINT32)FuzzNumber (Fuzz, 4));
      break;
    case 1:
      Offset = DOORBELLS + (FuzzNumber (Fuzz, 1) % 16) * 64;
      SetRegister (Driver, Offset, (UINT32)FuzzNumber (Fuzz, 2));
      break;
    case 2:
      Word = (UINT32)FuzzNumber (Fuzz, 4);
      memcpy (Driver->Own.Area + MRM_FUNCTION_ECAM_SIZE + 0x1000 + (FuzzNumber (Fuzz, 1) % 20) * 4, &Word, sizeof (Word));
      break;
    case 3:
      Word = (UINT32)FuzzNumber (Fuzz, 4);
      memcpy (Driver->Own.Area + (FuzzNumber (Fuzz, 1) % 64) * 4, &Word, sizeof (Word));
      break;
    case 4:
      // A command; addresses may be its own.
      FuzzTake (Fuzz, Bytes, sizeof (Bytes));
      Offset = 8 + (Bytes[63] % 6) * 8;
      if ((Bytes[63] & 0x80) != 0) {
        PutLong (Bytes, Offset, FuzzPage (&Driver->Own, Bytes[62] % PAGES) + Bytes[61]);
      }

      PutWord (Bytes, 0, Bytes[3] & 0xF);
      Post (Driver, Bytes);
      break;
    case 5:
      FuzzTake (Fuzz, Bytes, 16);
      Descriptor (Driver, Pair, Bytes);
      Ring (Driver, Pair);
      break;
    case 6:
      Offset = FuzzNumber (Fuzz, 3) % (PAGES * SIZE_4KB - 16);
      FuzzTake (Fuzz, Driver->Own.Pages + Offset, 16);
      break;
    default:
      // A packet that is to be cut.
      FuzzTake (Fuzz, Bytes, 32);
      memcpy (Bytes, (UINT8[]) { 0x11, 8, 17, 2 }, 4);
      Bytes[16] = 0x20;
      Bytes[17] = 7;
      Descriptor (Driver, Pair, Bytes);
      Descriptor (Driver, Pair, Bytes + 16);
      Ring (Driver, Pair);
      break;
  }
}

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  STATIC UINT8               Areas[CARDS][MRM_FUNCTION_AREA_SIZE] __attribute__ ((aligned (SIZE_4KB)));
  STATIC DRIVER              Drivers[CARDS];
  STATIC MRM_CHANNEL_UPLINK  Uplink;
  MRM_CHANNEL_CARD           *Served[CARDS];
  MRM_CHANNEL_NETWORK        Network = { .CardCount = CARDS, .Cards = Served, .Uplink = &Uplink };
  MRM_FUNCTION_INTERRUPT     Interrupts[MRM_CHANNEL_VECTORS];
  FUZZ                       Fuzz = { Data, Size };
  DRIVER                     *Driver;
  UINTN                      Index;
  UINTN                      Count;
  UINT64                     Now;
  BOOLEAN                    Asked;

  memset (Drivers, 0, sizeof (Drivers));
  Uplink.Up      = TRUE;
  Uplink.Out.Put = Uplink.Out.Taken = 0;
  Uplink.In.Put  = Uplink.In.Taken = 0;
  for (Index = 0; Index < CARDS; Index++) {
    Driver           = &Drivers[Index];
    Served[Index]    = &Driver->Card;
    Driver->Card.Mtu = 1500;
    FuzzFunctionBegin (&Driver->Own, Index, Areas[Index], &Driver->Card.Function);
    memcpy (Driver->Card.Mac, (UINT8[]) { 2, 0, 0, 0, 0, (UINT8)Index }, 6);
    Renew (Driver);
  }

  BringUp (&Drivers[HOSTILE], &Network);
  BringUp (&Drivers[FRIEND], &Network);
  Converse (&Drivers[HOSTILE], &Drivers[FRIEND], &Network);
  for (Now = 1; Fuzz.Size != 0; Now += FuzzNumber (&Fuzz, 1)) {
    for (Count = 1 + FuzzNumber (&Fuzz, 1) % 4; Count > 0; Count--) {
      Act (&Fuzz, &Drivers[HOSTILE], &Uplink);
    }

    Asked = MrmChannelIsAsked (&Network);
    Count = MrmChannelServe (&Network, Now) ? 1 : 0;
    FUZZ_CHECK (Asked || (Count == 0));
    Count = MrmChannelInterrupts (&Drivers[HOSTILE].Card, Interrupts);
    FUZZ_CHECK (Asked || (Count == 0));
    FuzzFunctionInterrupts (&Drivers[HOSTILE].Own, Interrupts, Count, MRM_CHANNEL_VECTORS);
  }

  // The network goes on: the hostile one ends, and a new life of its own gets what the other one sends.
  MrmChannelClose (&Drivers[HOSTILE].Card);
  Renew (&Drivers[HOSTILE]);
  BringUp (&Drivers[HOSTILE], &Network);
  Converse (&Drivers[FRIEND], &Drivers[HOSTILE], &Network);
  for (Index = 0; Index < CARDS; Index++) {
    free (Drivers[Index].Own.Block);
  }

  return 0;
}
