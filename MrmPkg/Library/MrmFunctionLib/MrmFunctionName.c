/** @file
  Numbers for what was given none: the same at each start.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmFunctionInternal.h"

#define FNV_OFFSET  0xCBF29CE484222325ULL   ///< FNV-1a with 64 bits
#define FNV_PRIME   0x100000001B3ULL

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

UINT64
EFIAPI
MrmFunctionHash (
  IN CONST GUID   *Machine,
  IN CONST CHAR8  *Partition,
  IN CONST CHAR8  *Name
  )
{
  UINT64  Value;

  Value = Hash (FNV_OFFSET, Machine, sizeof (*Machine));
  Value = Hash (Value, Partition, TextSize (Partition));
  return Hash (Value, Name, TextSize (Name));
}
