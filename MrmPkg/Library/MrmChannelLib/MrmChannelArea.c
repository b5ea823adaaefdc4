/** @file
  A network card that is memory: what its registers say at the start.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

///
/// gVNIC; drivers that know its revision 1 wait until a reset is done.  Vectors are for one queue pair.
///
STATIC CONST MRM_FUNCTION_KIND  mCard = {
  .VendorAndDevice  = 0x00421AE0,
  .ClassAndRevision = 0x02000001,
  .Vectors          = 3,
  .TableBar         = 1,
  .BarCount         = 3,
  .Bars             = {
    { 0, REGISTERS_OFFSET, SIZE_4KB },
    { 1, TABLE_OFFSET,     SIZE_4KB },
    { 2, DOORBELLS_OFFSET, SIZE_4KB }
  }
};

STATIC_ASSERT (MRM_CHANNEL_VECTORS == 2 * MRM_CHANNEL_PAIRS + 1, "each queue has a vector");
STATIC_ASSERT (MRM_CHANNEL_LISTS == 2 * MRM_CHANNEL_PAIRS, "each queue has a page list");

/**
  Say what a card of a partition is, and how many queue pairs it has.

  @param[in]  ApicIdCount  Processors of the partition.
  @param[out] Kind         Receives what it is.

  @return  Its queue pairs: more than there are processors would cost memory for nothing.
**/
STATIC
UINT32
Tailor (
  IN  UINT32             ApicIdCount,
  OUT MRM_FUNCTION_KIND  *Kind
  )
{
  UINT32  Pairs;

  Pairs = MAX (MIN (ApicIdCount, MRM_CHANNEL_PAIRS), 1);
  CopyMem (Kind, &mCard, sizeof (*Kind));
  Kind->Vectors = 2 * Pairs + 1;
  return Pairs;
}

VOID
EFIAPI
MrmChannelBuildArea (
  OUT UINT8   *Area,
  IN  UINT64  Base,
  IN  UINTN   FunctionCount,
  IN  UINT32  ApicIdCount
  )
{
  MRM_FUNCTION_KIND  Kind;
  volatile UINT32    *Registers;
  UINT8              *Window;
  UINTN              Function;
  UINT32             Pairs;

  MrmFunctionClearArea (Area);
  Pairs = Tailor (ApicIdCount, &Kind);
  for (Function = 0; Function < FunctionCount; Function++) {
    Window                            = MrmFunctionBuild (Area, Base, Function, &Kind);
    Registers                         = (volatile UINT32 *)(Window + REGISTERS_OFFSET);
    Registers[REGISTER_MAX_TX]        = SwapBytes32 (Pairs);
    Registers[REGISTER_MAX_RX]        = SwapBytes32 (Pairs);
    Registers[REGISTER_DEVICE_STATUS] = SwapBytes32 (DEVICE_STATUS_IS_RESET);
  }
}

VOID
EFIAPI
MrmChannelOpen (
  IN OUT MRM_CHANNEL_CARD  *Card,
  IN     UINT8             *Area,
  IN     UINTN             Function
  )
{
  MRM_FUNCTION_KIND  Kind;
  UINT32             Pair;

  Card->Pairs = Tailor (Card->Function.ApicIdCount, &Kind);
  MrmFunctionOpen (&Card->Function, Area, Function, &Kind);
  Card->Registers = (volatile UINT32 *)(Card->Function.Window + REGISTERS_OFFSET);
  Card->Doorbells = (volatile UINT32 *)(Card->Function.Window + DOORBELLS_OFFSET);
  Card->LinkUp     = FALSE;
  Card->Frames     = 0;
  Card->FrameBytes = 0;
  Card->Dropped    = 0;
  Card->Refused    = 0;
  Card->Turn       = 0;
  for (Pair = 0; Pair < MRM_CHANNEL_PAIRS; Pair++) {
    Card->Patience[Pair] = MRM_CHANNEL_PATIENCE;
  }

  MrmChannelForgetDriver (Card);
  Card->Open = TRUE;
}

VOID
EFIAPI
MrmChannelClose (
  IN OUT MRM_CHANNEL_CARD  *Card
  )
{
  Card->Open = FALSE;
  MrmChannelForgetDriver (Card);
}
