/** @file
  A network card that is memory: what its registers say at the start.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

///
/// gVNIC; drivers that know its revision 1 wait until a reset is done.
///
STATIC CONST MRM_FUNCTION_KIND  mCard = {
  .VendorAndDevice  = 0x00421AE0,
  .ClassAndRevision = 0x02000001,
  .Vectors          = MRM_CHANNEL_VECTORS,
  .TableBar         = 1,
  .BarCount         = 3,
  .Bars             = {
    { 0, REGISTERS_OFFSET, SIZE_4KB },
    { 1, TABLE_OFFSET,     SIZE_4KB },
    { 2, DOORBELLS_OFFSET, SIZE_4KB }
  }
};

VOID
EFIAPI
MrmChannelBuildArea (
  OUT UINT8   *Area,
  IN  UINT64  Base,
  IN  UINTN   FunctionCount
  )
{
  volatile UINT32  *Registers;
  UINT8            *Window;
  UINTN            Function;

  MrmFunctionClearArea (Area);
  for (Function = 0; Function < FunctionCount; Function++) {
    Window                            = MrmFunctionBuild (Area, Base, Function, &mCard);
    Registers                         = (volatile UINT32 *)(Window + REGISTERS_OFFSET);
    Registers[REGISTER_MAX_TX]        = SwapBytes32 (1);
    Registers[REGISTER_MAX_RX]        = SwapBytes32 (1);
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
  MrmFunctionOpen (&Card->Function, Area, Function, &mCard);
  Card->Registers = (volatile UINT32 *)(Card->Function.Window + REGISTERS_OFFSET);
  Card->Doorbells = (volatile UINT32 *)(Card->Function.Window + DOORBELLS_OFFSET);
  Card->LinkUp     = FALSE;
  Card->Frames     = 0;
  Card->FrameBytes = 0;
  Card->Dropped    = 0;
  Card->Refused    = 0;
  Card->Patience   = MRM_CHANNEL_PATIENCE;
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
