/** @file
  Judges a variable store.  An OS can write to it like to any memory, and a damaged one
  must not make the firmware fail at each start.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Uefi.h>
#include <Guid/VariableFormat.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmPartitionLib.h>

BOOLEAN
EFIAPI
MrmVariableStoreIsSound (
  IN CONST VOID  *Store,
  IN UINTN       Size
  )
{
  CONST VARIABLE_STORE_HEADER          *Header;
  CONST AUTHENTICATED_VARIABLE_HEADER  *Variable;
  UINTN                                Offset;
  UINTN                                Left;

  Header = Store;
  if (Size < sizeof (*Header)) {
    return FALSE;
  }

  Offset = 0;
  if (  CompareGuid (&Header->Signature, &gEfiAuthenticatedVariableGuid)
     && (Header->Size == Size)
     && (Header->Format == VARIABLE_STORE_FORMATTED)
     && (Header->State == VARIABLE_STORE_HEALTHY))
  {
    Offset = sizeof (*Header);
  }

  while (Offset != 0 && Size - Offset >= sizeof (*Variable)) {
    Variable = (CONST VOID *)((CONST UINT8 *)Store + Offset);
    if (Variable->StartId != VARIABLE_DATA) {
      break;
    }

    // In a header that was only begun (state 0xFF) neither size counts.
    Left = Size - Offset - sizeof (*Variable);
    if (  (Variable->NameSize > Left)
       || (Variable->DataSize > Left - Variable->NameSize)
       || (Variable->NameSize < 2 * sizeof (CHAR16))
       || ((Variable->NameSize % sizeof (CHAR16)) != 0))
    {
      return FALSE;
    }

    Offset += HEADER_ALIGN (sizeof (*Variable) + Variable->NameSize + Variable->DataSize);
    if (Offset > Size) {
      return FALSE;
    }
  }

  // The rest is free, and so erased.
  for ( ; Offset < Size; Offset++) {
    if (((CONST UINT8 *)Store)[Offset] != 0xFF) {
      return FALSE;
    }
  }

  return TRUE;
}
