/** @file
  A card in memory with a hostile driver, a neighbour on the same network that wants its frames, and an outside that
  sends anything.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/MrmChannelLib.h>

#define PAGES    64
#define HOSTILE  0
#define FRIEND   1
#define CARDS    2

#define FROM_OUTSIDE  0xE0   ///< of 256 things that happen, so many and more are frames from outside

///
/// Pages of a driver's memory.
///
enum {
  PageAdmin,
  PageCounters,
  PageResources,
  PageAddresses,
  PageTxRing,                ///< two
  PageRxRing   = 6,          ///< eight
  PageSlots    = 14,
  PageTx       = 16,         ///< sixteen
  PageRx       = 32          ///< the rest
};

typedef struct {
  MRM_CHANNEL_PORT    Port;
  MRM_RANGE           Range;
  MRM_RANGE_SET       Memory;
  UINT8               *Area;
  VOID                *Block;
  UINT8               *Pages;
  UINT32              ApicId;
  UINT32              Posted;
  UINT32              Sent;
  UINT32              Filled;
} CARD;

STATIC
VOID
SetRegister (
  IN CARD    *Card,
  IN UINTN   Offset,
  IN UINT32  Value
  )
{
  Value = __builtin_bswap32 (Value);
  memcpy (Card->Area + MRM_FUNCTION_ECAM_SIZE + Offset, &Value, sizeof (Value));
}

STATIC
VOID
Post (
  IN CARD         *Card,
  IN CONST UINT8  *Command
  )
{
  memcpy (Card->Pages + (Card->Posted % 64) * 64, Command, 64);
  SetRegister (Card, 0x14, ++Card->Posted);
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
UINT64
At (
  IN CARD   *Card,
  IN UINTN  Page
  )
{
  return (UINT64)(UINTN)(Card->Pages + Page * SIZE_4KB);
}

STATIC
VOID
Register (
  IN CARD    *Card,
  IN UINT32  Id,
  IN UINTN   First,
  IN UINTN   Count
  )
{
  UINT8  Command[64] = { 0 };
  UINTN  Index;

  for (Index = 0; Index < Count; Index++) {
    PutLong (Card->Pages + PageAddresses * SIZE_4KB, Index * 8, At (Card, First + Index));
  }

  PutWord (Command, 0, 3);
  PutWord (Command, 8, Id);
  PutWord (Command, 12, (UINT32)Count);
  PutLong (Command, 16, At (Card, PageAddresses));
  PutLong (Command, 24, SIZE_4KB);
  Post (Card, Command);
}

/**
  Do what a driver does until its card works.
**/
STATIC
VOID
BringUp (
  IN CARD                 *Card,
  IN MRM_CHANNEL_NETWORK  *Network
  )
{
  UINT8  Command[64] = { 0 };
  UINTN  Index;

  Card->Posted = 0;
  Card->Sent   = 0;
  Card->Filled = PAGES - PageRx;
  SetRegister (Card, 0x20, (UINT32)(At (Card, PageAdmin) >> 32));
  SetRegister (Card, 0x24, (UINT32)At (Card, PageAdmin));
  SetRegister (Card, 0x04, 1);
  MrmChannelServe (Network, 0);

  PutWord (Command, 0, 2);
  PutLong (Command, 8, At (Card, PageCounters));
  PutLong (Command, 16, At (Card, PageCounters) + 2048);
  PutWord (Command, 24, 16);
  PutWord (Command, 28, 2);
  PutWord (Command, 32, 64);
  Command[40] = 2;
  Post (Card, Command);
  Register (Card, 1, PageTx, PageRx - PageTx);
  MrmChannelServe (Network, 0);
  Register (Card, 2, PageRx, PAGES - PageRx);
  MrmChannelServe (Network, 0);

  memset (Command, 0, sizeof (Command));
  PutWord (Command, 0, 5);
  PutLong (Command, 16, At (Card, PageResources));
  PutLong (Command, 24, At (Card, PageTxRing));
  PutWord (Command, 32, 1);
  Post (Card, Command);

  memset (Command, 0, sizeof (Command));
  PutWord (Command, 0, 6);
  PutWord (Command, 20, 1);
  PutLong (Command, 24, At (Card, PageResources) + 64);
  PutLong (Command, 32, At (Card, PageRxRing));
  PutLong (Command, 40, At (Card, PageSlots));
  PutWord (Command, 48, 2);
  Post (Card, Command);
  MrmChannelServe (Network, 0);
  for (Index = 0; Index < 512; Index++) {
    PutLong (Card->Pages + PageSlots * SIZE_4KB, Index * 8, (Index % (PAGES - PageRx)) * SIZE_4KB);
  }

  SetRegister (Card, 0x2000 + 64, Card->Filled);
}

STATIC
VOID
Descriptor (
  IN CARD         *Card,
  IN CONST UINT8  *Bytes
  )
{
  memcpy (Card->Pages + PageTxRing * SIZE_4KB + (Card->Sent++ % 512) * 16, Bytes, 16);
}

/**
  Send a frame, and require that it arrives.
**/
STATIC
VOID
Converse (
  IN CARD                 *From,
  IN CARD                 *To,
  IN MRM_CHANNEL_NETWORK  *Network
  )
{
  UINT8   Bytes[16] = { 0, 0, 0, 1, 0, 64, 0, 64 };
  UINT8   *Frame;
  UINT64  Before;

  Before = To->Port.Frames;
  Frame  = From->Pages + PageTx * SIZE_4KB;
  memset (Frame, 0, 64);
  memcpy (Frame, To->Port.Mac, 6);
  memcpy (Frame + 6, From->Port.Mac, 6);
  Descriptor (From, Bytes);
  SetRegister (From, 0x2000, From->Sent);
  MrmChannelServe (Network, 0);
  FUZZ_CHECK (To->Port.Frames == Before + 1);
}

/**
  Make an area as it is at a start: what drivers here write to is at its beginning and in the window.
**/
STATIC
VOID
Renew (
  IN CARD  *Card
  )
{
  STATIC UINT8  New[MRM_FUNCTION_AREA_SIZE] __attribute__ ((aligned (SIZE_4KB)));

  if (New[MRM_FUNCTION_ECAM_SIZE - 1] != 0xFF) {
    MrmChannelBuildArea (New, 0xC0000000, 1);
  }

  memcpy (Card->Area, New, SIZE_4KB);
  memcpy (Card->Area + MRM_FUNCTION_ECAM_SIZE, New + MRM_FUNCTION_ECAM_SIZE, MRM_FUNCTION_WINDOW_SIZE);
  MrmChannelOpen (&Card->Port, Card->Area, 0);
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
  IN CARD                *Card,
  IN MRM_CHANNEL_UPLINK  *Uplink
  )
{
  UINT8   Bytes[64];
  UINT32  Word;
  UINTN   Offset;
  UINT64  Kind;

  Kind = FuzzNumber (Fuzz, 1);
  if (Kind >= FROM_OUTSIDE) {
    LookOutside (Fuzz, Uplink);
    return;
  }

  switch (Kind % 8) {
    case 0:
      Offset = (FuzzNumber (Fuzz, 1) % 11) * 4;
      SetRegister (Card, Offset, (UINT32)FuzzNumber (Fuzz, 4));
      break;
    case 1:
      Offset = 0x2000 + (FuzzNumber (Fuzz, 1) % 5) * 64;
      SetRegister (Card, Offset, (UINT32)FuzzNumber (Fuzz, 2));
      break;
    case 2:
      Word = (UINT32)FuzzNumber (Fuzz, 4);
      memcpy (Card->Area + MRM_FUNCTION_ECAM_SIZE + 0x1000 + (FuzzNumber (Fuzz, 1) % 12) * 4, &Word, sizeof (Word));
      break;
    case 3:
      Word = (UINT32)FuzzNumber (Fuzz, 4);
      memcpy (Card->Area + (FuzzNumber (Fuzz, 1) % 64) * 4, &Word, sizeof (Word));
      break;
    case 4:
      // A command; addresses may be its own.
      FuzzTake (Fuzz, Bytes, sizeof (Bytes));
      Offset = 8 + (Bytes[63] % 6) * 8;
      if ((Bytes[63] & 0x80) != 0) {
        PutLong (Bytes, Offset, At (Card, Bytes[62] % PAGES) + Bytes[61]);
      }

      PutWord (Bytes, 0, Bytes[3] & 0xF);
      Post (Card, Bytes);
      break;
    case 5:
      FuzzTake (Fuzz, Bytes, 16);
      Descriptor (Card, Bytes);
      SetRegister (Card, 0x2000, Card->Sent);
      break;
    case 6:
      Offset = FuzzNumber (Fuzz, 3) % (PAGES * SIZE_4KB - 16);
      FuzzTake (Fuzz, Card->Pages + Offset, 16);
      break;
    default:
      // A packet that is to be cut.
      FuzzTake (Fuzz, Bytes, 32);
      memcpy (Bytes, (UINT8[]) { 0x11, 8, 17, 2 }, 4);
      Bytes[16] = 0x20;
      Bytes[17] = 7;
      Descriptor (Card, Bytes);
      Descriptor (Card, Bytes + 16);
      SetRegister (Card, 0x2000, Card->Sent);
      break;
  }
}

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  STATIC CONST UINT8         Zero[(PAGES + 1) * SIZE_4KB];
  STATIC UINT8               Areas[CARDS][MRM_FUNCTION_AREA_SIZE] __attribute__ ((aligned (SIZE_4KB)));
  STATIC CARD                Cards[CARDS];
  STATIC MRM_CHANNEL_UPLINK  Uplink;
  MRM_CHANNEL_PORT           *Ports[CARDS];
  MRM_CHANNEL_NETWORK        Network = { .PortCount = CARDS, .Ports = Ports, .Uplink = &Uplink };
  MRM_FUNCTION_INTERRUPT     Interrupts[MRM_CHANNEL_VECTORS];
  FUZZ                       Fuzz = { Data, Size };
  CARD                       *Card;
  UINTN                      Index;
  UINTN                      Count;
  UINT64                     Now;

  memset (Cards, 0, sizeof (Cards));
  Uplink.Up      = TRUE;
  Uplink.Out.Put = Uplink.Out.Taken = 0;
  Uplink.In.Put  = Uplink.In.Taken = 0;
  for (Index = 0; Index < CARDS; Index++) {
    Card              = &Cards[Index];
    Card->Block       = FuzzExact (Zero, sizeof (Zero));
    Card->Pages       = (UINT8 *)ALIGN_VALUE ((UINTN)Card->Block, SIZE_4KB);
    Card->Range.Base  = (UINT64)(UINTN)Card->Block;
    Card->Range.Size  = sizeof (Zero);
    Card->Memory      = (MRM_RANGE_SET) { .Ranges = &Card->Range, .Count = 1, .Capacity = 1 };
    Card->ApicId      = (UINT32)Index + 1;
    Card->Area        = Areas[Index];
    Ports[Index]      = &Card->Port;
    Card->Port.Mtu    = 1500;

    Card->Port.Function.Memory      = &Card->Memory;
    Card->Port.Function.ApicIds     = &Card->ApicId;
    Card->Port.Function.ApicIdCount = 1;
    memcpy (Card->Port.Mac, (UINT8[]) { 2, 0, 0, 0, 0, (UINT8)Index }, 6);
    Renew (Card);
  }

  BringUp (&Cards[HOSTILE], &Network);
  BringUp (&Cards[FRIEND], &Network);
  Converse (&Cards[HOSTILE], &Cards[FRIEND], &Network);
  for (Now = 1; Fuzz.Size != 0; Now += FuzzNumber (&Fuzz, 1)) {
    for (Count = 1 + FuzzNumber (&Fuzz, 1) % 4; Count > 0; Count--) {
      Act (&Fuzz, &Cards[HOSTILE], &Uplink);
    }

    MrmChannelServe (&Network, Now);
    Count = MrmChannelInterrupts (&Cards[HOSTILE].Port, Interrupts);
    FUZZ_CHECK (Count <= MRM_CHANNEL_VECTORS);
    for (Index = 0; Index < Count; Index++) {
      FUZZ_CHECK ((Interrupts[Index].ApicId == Cards[HOSTILE].ApicId) && (Interrupts[Index].Vector >= 0x20));
    }
  }

  // The network goes on: the hostile one ends, and a new life of its own gets what the other one sends.
  MrmChannelClose (&Cards[HOSTILE].Port);
  Renew (&Cards[HOSTILE]);
  BringUp (&Cards[HOSTILE], &Network);
  Converse (&Cards[FRIEND], &Cards[HOSTILE], &Network);
  for (Index = 0; Index < CARDS; Index++) {
    free (Cards[Index].Block);
  }

  return 0;
}
