/** @file
  A variable store as it comes from the PC's disk: MrmVariableStoreIsSound().

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Guid/VariableFormat.h>
#include <Library/MrmPartitionLib.h>

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  STATIC UINT64          Bytes[0x80];
  FUZZ                   Fuzz = { Data, Size };
  VARIABLE_STORE_HEADER  *Header;
  UINTN                  Length;
  VOID                   *Store;

  Length = (UINTN)FuzzNumber (&Fuzz, 2) % (sizeof (Bytes) + 1);
  memset (Bytes, 0xFF, sizeof (Bytes));
  FuzzTake (&Fuzz, Bytes, Fuzz.Size < Length ? Fuzz.Size : Length);
  Header = (VARIABLE_STORE_HEADER *)Bytes;
  if (Header->State != 0) {
    // Most inputs have a header that is right, so that what follows is judged.
    Header->Size = (UINT32)Length;
  }

  Store = FuzzExact (Bytes, Length);
  if (MrmVariableStoreIsSound (Store, Length) && (Length >= sizeof (*Header)) && (Header->Signature.Data1 != MAX_UINT32)) {
    FUZZ_CHECK (Header->Size == Length);
  }

  free (Store);
  return 0;
}
