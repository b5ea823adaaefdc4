/** @file
  MACs of cards that were given none.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

#define FNV_OFFSET  0xCBF29CE484222325ULL   ///< FNV-1a with 64 bits
#define FNV_PRIME   0x100000001B3ULL

#define MAC_LOCAL   BIT1   ///< administered locally: no maker's number
#define MAC_GROUP   BIT0

/**
  Add bytes to a hash.

  @param[in] Hash   The hash.
  @param[in] Bytes  The bytes.
  @param[in] Size   How many.

  @return  The new hash.
**/
STATIC
UINT64
Hash (
  IN UINT64      Hash,
  IN CONST VOID  *Bytes,
  IN UINTN       Size
  )
{
  CONST UINT8  *Byte;

  for (Byte = Bytes; Size > 0; Size--, Byte++) {
    Hash = (Hash ^ *Byte) * FNV_PRIME;
  }

  return Hash;
}

/**
  Bytes of a text with its end.

  @param[in] Text  The text.
**/
STATIC
UINTN
TextSize (
  IN CONST CHAR8  *Text
  )
{
  UINTN  Size;

  for (Size = 1; Text[Size - 1] != '\0'; Size++) {
  }

  return Size;
}

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

  Value = Hash (FNV_OFFSET, Machine, sizeof (*Machine));
  Value = Hash (Value, Partition, TextSize (Partition));
  Value = Hash (Value, Network, TextSize (Network));
  Value ^= Value >> 48;
  for (Index = 0; Index < MRM_CHANNEL_MAC_SIZE; Index++) {
    Mac[Index] = (UINT8)(Value >> (Index * 8));
  }

  Mac[0] = (UINT8)((Mac[0] & ~MAC_GROUP) | MAC_LOCAL);
}
