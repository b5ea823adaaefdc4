/** @file
  MACs of cards that were given none.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

#define MAC_LOCAL   BIT1   ///< administered locally: no maker's number
#define MAC_GROUP   BIT0

VOID
EFIAPI
MrmChannelMac (
  IN  CONST GUID   *Machine,
  IN  CONST CHAR8  *Partition,
  IN  CONST CHAR8  *Network,
  OUT UINT8        *Mac
  )
{
  UINT64  Value;
  UINTN   Index;

  Value  = MrmFunctionHash (Machine, Partition, Network);
  Value ^= Value >> 48;
  for (Index = 0; Index < MRM_CHANNEL_MAC_SIZE; Index++) {
    Mac[Index] = (UINT8)(Value >> (Index * 8));
  }

  Mac[0] = (UINT8)((Mac[0] & ~MAC_GROUP) | MAC_LOCAL);
}
