/** @file
  Nested page tables that are there: where an address leads, and what may be done there.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include "MrmGuardEntry.h"

#define BITS_OF_PAGE   12
#define BITS_OF_LEVEL  9

UINTN
MrmGuardEntryShift (
  IN UINTN  Level
  )
{
  return BITS_OF_PAGE + (SMALL_LEVEL - Level) * BITS_OF_LEVEL;
}

UINTN
MrmGuardEntryIndex (
  IN UINTN   Level,
  IN UINT64  Address
  )
{
  return (UINTN)(Address >> MrmGuardEntryShift (Level)) % MRM_GUARD_ENTRIES;
}

UINT64
MrmGuardWithAccess (
  IN UINT64  Entry,
  IN UINT32  Access
  )
{
  Entry &= ~(UINT64)(ENTRY_PRESENT | ENTRY_WRITE | ENTRY_NX);
  Entry |= (Access != 0) ? ENTRY_PRESENT : 0;
  Entry |= ((Access & MRM_GUARD_WRITE) != 0) ? ENTRY_WRITE : 0;
  return Entry | (((Access & MRM_GUARD_EXECUTE) == 0) ? ENTRY_NX : 0);
}

/**
  Find the entry of the page with an address.

  @param[in]  Tables   The tables.
  @param[in]  Address  The address.
  @param[out] Size     Receives the bytes of the page.
  @param[out] Shared   Receives whether the entry is in a table that several entries lead to.

  @return  The entry, which may be zero; NULL if no table has it.
**/
STATIC
UINT64 *
FindEntry (
  IN  CONST MRM_GUARD_TABLES  *Tables,
  IN  UINT64                  Address,
  OUT UINT64                  *Size,
  OUT BOOLEAN                 *Shared
  )
{
  UINTN   Level;
  UINTN   Page;
  UINT64  *Entry;

  *Shared = FALSE;
  Page    = 0;
  if (Address >= MRM_GUARD_LIMIT) {
    return NULL;
  }

  for (Level = 0; Page < Tables->Used; Level++) {
    Entry = &Tables->Pages[Page * MRM_GUARD_ENTRIES + MrmGuardEntryIndex (Level, Address)];
    *Size = 1ULL << MrmGuardEntryShift (Level);
    if ((Level == SMALL_LEVEL) || ((*Entry & ENTRY_LARGE) != 0)) {
      return Entry;
    }

    if ((*Entry & ENTRY_PRESENT) == 0) {
      return NULL;
    }

    *Shared = (BOOLEAN)((*Entry & ENTRY_SHARED) != 0);
    Page    = (UINTN)((*Entry & ENTRY_ADDRESS) - Tables->Physical) / MRM_GUARD_PAGE;
  }

  return NULL;
}

BOOLEAN
EFIAPI
MrmGuardLookUp (
  IN  CONST MRM_GUARD_TABLES  *Tables,
  IN  UINT64                  Address,
  OUT UINT64                  *Host,
  OUT UINT32                  *Access
  )
{
  UINT64   *Entry;
  UINT64   Size;
  BOOLEAN  Shared;

  *Host   = 0;
  *Access = 0;
  Entry   = FindEntry (Tables, Address, &Size, &Shared);
  if ((Entry == NULL) || ((*Entry & ENTRY_PRESENT) == 0)) {
    return FALSE;
  }

  *Host    = (*Entry & ENTRY_ADDRESS & ~(Size - 1)) | (Address & (Size - 1));
  *Access  = MRM_GUARD_READ;
  *Access |= ((*Entry & ENTRY_WRITE) != 0) ? MRM_GUARD_WRITE : 0;
  *Access |= ((*Entry & ENTRY_NX) == 0) ? MRM_GUARD_EXECUTE : 0;
  return TRUE;
}

RETURN_STATUS
EFIAPI
MrmGuardSetAccess (
  IN OUT MRM_GUARD_TABLES  *Tables,
  IN     UINT64            Address,
  IN     UINT32            Access
  )
{
  UINT64   *Entry;
  UINT64   Size;
  BOOLEAN  Shared;

  Entry = FindEntry (Tables, Address, &Size, &Shared);
  if ((Entry == NULL) || (*Entry == 0) || Shared || (Size != MRM_GUARD_PAGE)) {
    return RETURN_NOT_FOUND;
  }

  *Entry = MrmGuardWithAccess (*Entry, Access);
  return RETURN_SUCCESS;
}
