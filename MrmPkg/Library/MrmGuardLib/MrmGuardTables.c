/** @file
  Nested page tables in the format of SVM, made once for each start of a partition.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include <Library/BaseMemoryLib.h>
#include "MrmGuardEntry.h"
#include "MrmGuardInternal.h"

///
/// Tables that are being made.  As addresses only rise, the newest table of each level is the only one that can get
/// more entries.
///
typedef struct {
  MRM_GUARD_TABLES    *Tables;                      ///< NULL: only count
  UINTN               Used;
  UINT64              Reached[MRM_GUARD_LEVELS];    ///< by level: which part of the addresses its newest table is for
  UINTN               Newest[MRM_GUARD_LEVELS];     ///< by level: which page that table is
  UINT64              Repeated;                     ///< what all entries of the shared table are; 0: there is none
  UINTN               Shared;                       ///< which page that table is
} MRM_GUARD_BUILDER;

/**
  The entry of a page.

  @param[in] Range  What it is part of.
  @param[in] Host   Where the page is.
**/
STATIC
UINT64
Leaf (
  IN CONST MRM_GUARD_RANGE  *Range,
  IN UINT64                 Host
  )
{
  UINT64  Entry;

  Entry = Host | ENTRY_USER | ENTRY_ACCESSED | ENTRY_DIRTY;
  if (Range->MemoryType == MRM_GUARD_UNCACHED) {
    Entry |= ENTRY_PCD | ENTRY_PWT;
  } else if (Range->MemoryType == MRM_GUARD_WRITE_THROUGH) {
    Entry |= ENTRY_PWT;
  }

  return MrmGuardWithAccess (Entry, Range->Access);
}

/**
  Begin a table.

  @param[in,out] Builder  The builder.
  @param[in]     Fill     What its entries are at first.
  @param[out]    Page     Receives which page it is.

  @retval FALSE  There are no more pages.
**/
STATIC
BOOLEAN
NewTable (
  IN OUT MRM_GUARD_BUILDER  *Builder,
  IN     UINT64             Fill,
  OUT    UINTN              *Page
  )
{
  UINTN  Index;

  *Page = Builder->Used++;
  if (Builder->Tables == NULL) {
    return TRUE;
  }

  if (*Page >= Builder->Tables->PageCount) {
    return FALSE;
  }

  for (Index = 0; Index < MRM_GUARD_ENTRIES; Index++) {
    Builder->Tables->Pages[*Page * MRM_GUARD_ENTRIES + Index] = Fill;
  }

  return TRUE;
}

/**
  Write an entry.

  @param[in,out] Builder  The builder.
  @param[in]     Level    Of the table: 0 for the root.
  @param[in]     Address  What the entry is for.
  @param[in]     Entry    The entry.
**/
STATIC
VOID
Put (
  IN OUT MRM_GUARD_BUILDER  *Builder,
  IN     UINTN              Level,
  IN     UINT64             Address,
  IN     UINT64             Entry
  )
{
  UINTN  Table;

  Table = Builder->Newest[Level];
  if (Builder->Tables != NULL) {
    Builder->Tables->Pages[Table * MRM_GUARD_ENTRIES + MrmGuardEntryIndex (Level, Address)] = Entry;
  }
}

/**
  The entry that leads to a table.

  @param[in] Builder  The builder.
  @param[in] Page     Which page the table is.
**/
STATIC
UINT64
ToTable (
  IN CONST MRM_GUARD_BUILDER  *Builder,
  IN UINTN                    Page
  )
{
  UINT64  Physical;

  Physical = (Builder->Tables != NULL) ? Builder->Tables->Physical : 0;
  return (Physical + Page * MRM_GUARD_PAGE) | ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER | ENTRY_ACCESSED;
}

/**
  See that the newest tables down to a level are those of an address.

  @param[in,out] Builder  The builder.
  @param[in]     Level    The lowest level that is needed.
  @param[in]     Address  The address.

  @retval FALSE  There are no more pages.
**/
STATIC
BOOLEAN
Reach (
  IN OUT MRM_GUARD_BUILDER  *Builder,
  IN     UINTN              Level,
  IN     UINT64             Address
  )
{
  UINTN   Each;
  UINT64  Part;

  for (Each = 0; Each <= Level; Each++) {
    Part = (Each == 0) ? 0 : Address >> MrmGuardEntryShift (Each - 1);
    if (Builder->Reached[Each] == Part) {
      continue;
    }

    if (!NewTable (Builder, 0, &Builder->Newest[Each])) {
      return FALSE;
    }

    Builder->Reached[Each] = Part;
    if (Each > 0) {
      Put (Builder, Each - 1, Address, ToTable (Builder, Builder->Newest[Each]));
    }
  }

  return TRUE;
}

/**
  Map 2 MiB of one and the same page.  All stretches of the same page share one table.

  @param[in,out] Builder  The builder.
  @param[in]     Address  A multiple of 2 MiB.
  @param[in]     Entry    The entry of the page.

  @retval FALSE  There are no more pages.
**/
STATIC
BOOLEAN
Repeat (
  IN OUT MRM_GUARD_BUILDER  *Builder,
  IN     UINT64             Address,
  IN     UINT64             Entry
  )
{
  if (Builder->Repeated != Entry) {
    Builder->Repeated = Entry;
    if (!NewTable (Builder, Entry, &Builder->Shared)) {
      return FALSE;
    }
  }

  if (!Reach (Builder, LARGE_LEVEL, Address)) {
    return FALSE;
  }

  Put (Builder, LARGE_LEVEL, Address, ToTable (Builder, Builder->Shared) | ENTRY_SHARED);
  return TRUE;
}

/**
  Map a range.

  @param[in,out] Builder  The builder.
  @param[in]     Range    The range.

  @retval FALSE  There are no more pages.
**/
STATIC
BOOLEAN
MapRange (
  IN OUT MRM_GUARD_BUILDER      *Builder,
  IN     CONST MRM_GUARD_RANGE  *Range
  )
{
  UINT64   Done;
  UINT64   Step;
  UINT64   Address;
  UINT64   Host;
  BOOLEAN  Mapped;

  for (Done = 0; Done < Range->Length; Done += Step) {
    Address = Range->Base + Done;
    Host    = Range->Repeat ? Range->Host : Range->Host + Done;
    Step    = ((Address % SIZE_2MB == 0) && (Range->Length - Done >= SIZE_2MB)) ? SIZE_2MB : SIZE_4KB;
    if (!Range->Repeat && (Host % SIZE_2MB != 0)) {
      Step = SIZE_4KB;
    }

    if (Step == SIZE_4KB) {
      Mapped = Reach (Builder, SMALL_LEVEL, Address);
      if (Mapped) {
        Put (Builder, SMALL_LEVEL, Address, Leaf (Range, Host));
      }
    } else if (Range->Repeat) {
      Mapped = Repeat (Builder, Address, Leaf (Range, Host));
    } else {
      Mapped = Reach (Builder, LARGE_LEVEL, Address);
      if (Mapped) {
        Put (Builder, LARGE_LEVEL, Address, Leaf (Range, Host) | ENTRY_LARGE);
      }
    }

    if (!Mapped) {
      return FALSE;
    }
  }

  return TRUE;
}

/**
  Make tables, or count them.

  @param[in]     Ranges  The ranges.
  @param[in]     Count   How many.
  @param[in,out] Tables  The tables; NULL: only count.
  @param[out]    Used    Receives how many pages there are.

  @return  As MrmGuardBuildTables().
**/
STATIC
RETURN_STATUS
Build (
  IN     CONST MRM_GUARD_RANGE  *Ranges,
  IN     UINTN                  Count,
  IN OUT MRM_GUARD_TABLES       *Tables  OPTIONAL,
  OUT    UINTN                  *Used
  )
{
  MRM_GUARD_BUILDER  Builder;
  UINTN              Index;

  ZeroMem (&Builder, sizeof (Builder));
  SetMem (Builder.Reached, sizeof (Builder.Reached), 0xFF);
  Builder.Tables = Tables;
  for (Index = 0; Index < Count; Index++) {
    if (!MrmGuardIsRange (&Ranges[Index]) ||
        ((Index > 0) && (Ranges[Index].Base < Ranges[Index - 1].Base + Ranges[Index - 1].Length)))
    {
      return RETURN_INVALID_PARAMETER;
    }
  }

  if (!Reach (&Builder, 0, 0)) {
    return RETURN_BUFFER_TOO_SMALL;
  }

  for (Index = 0; Index < Count; Index++) {
    if (!MapRange (&Builder, &Ranges[Index])) {
      return RETURN_BUFFER_TOO_SMALL;
    }
  }

  *Used = Builder.Used;
  return RETURN_SUCCESS;
}

RETURN_STATUS
EFIAPI
MrmGuardTablesSize (
  IN  CONST MRM_GUARD_RANGE  *Ranges,
  IN  UINTN                  Count,
  OUT UINTN                  *Pages
  )
{
  return Build (Ranges, Count, NULL, Pages);
}

RETURN_STATUS
EFIAPI
MrmGuardBuildTables (
  IN     CONST MRM_GUARD_RANGE  *Ranges,
  IN     UINTN                  Count,
  IN OUT MRM_GUARD_TABLES       *Tables
  )
{
  return Build (Ranges, Count, Tables, &Tables->Used);
}
