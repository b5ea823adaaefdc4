/** @file
  Page tables by which functions reach memory at its own addresses (AMD 2.2.3).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmIommuLib.h>
#include <Library/BaseMemoryLib.h>

#define LEVELS         4
#define ENTRIES        512
#define PAGE_SHIFT     12
#define INDEX_BITS     9

#define ENTRY_PRESENT  BIT0
#define NEXT_LEVEL     9               ///< bits 9 to 11: level of the table that it leads to; 0: it leads to a page
#define ENTRY_SNOOPED  BIT60           ///< of a page: accesses are coherent
#define ENTRY_READ     BIT61
#define ENTRY_WRITE    BIT62

///
/// Tables that are being made.  As addresses only rise, the newest table of each level is the only one that can get
/// more entries.
///
typedef struct {
  MRM_IOMMU_TABLES    *Tables;              ///< NULL: only count
  UINTN               Used;
  UINT64              Reached[LEVELS + 1];  ///< by level, 1 is the lowest: which addresses its newest table is for
  UINTN               Newest[LEVELS + 1];   ///< by level: which page that table is
} MRM_IOMMU_BUILDER;

/**
  Bits of an address below those that select an entry.

  @param[in] Level  Of the table; 1 is the lowest.
**/
STATIC
UINTN
ShiftOf (
  IN UINTN  Level
  )
{
  return PAGE_SHIFT + INDEX_BITS * (Level - 1);
}

/**
  Begin a table.

  @param[in,out] Builder  The builder.
  @param[in]     Level    Of the table.

  @retval FALSE  There are no more pages.
**/
STATIC
BOOLEAN
NewTable (
  IN OUT MRM_IOMMU_BUILDER  *Builder,
  IN     UINTN              Level
  )
{
  Builder->Newest[Level] = Builder->Used++;
  if (Builder->Tables == NULL) {
    return TRUE;
  }

  if (Builder->Newest[Level] >= Builder->Tables->PageCount) {
    return FALSE;
  }

  ZeroMem (&Builder->Tables->Pages[Builder->Newest[Level] * ENTRIES], MRM_IOMMU_PAGE);
  return TRUE;
}

/**
  Write an entry into the newest table of a level.

  @param[in,out] Builder  The builder.
  @param[in]     Level    Of the table.
  @param[in]     Address  What the entry is for.
  @param[in]     Target   Where it leads.
  @param[in]     Next     Level of the table there; 0: a page.
**/
STATIC
VOID
Put (
  IN OUT MRM_IOMMU_BUILDER  *Builder,
  IN     UINTN              Level,
  IN     UINT64             Address,
  IN     UINT64             Target,
  IN     UINTN              Next
  )
{
  UINTN   Index;
  UINT64  Entry;

  if (Builder->Tables == NULL) {
    return;
  }

  Index = (UINTN)(Address >> ShiftOf (Level)) % ENTRIES;
  Entry = Target | ENTRY_PRESENT | ENTRY_READ | ENTRY_WRITE | ((UINT64)Next << NEXT_LEVEL);
  if (Next == 0) {
    Entry |= ENTRY_SNOOPED;
  }

  Builder->Tables->Pages[Builder->Newest[Level] * ENTRIES + Index] = Entry;
}

/**
  See that the newest tables down to a level are those of an address.

  @param[in,out] Builder  The builder.
  @param[in]     Lowest   The lowest level that is needed.
  @param[in]     Address  The address.

  @retval FALSE  There are no more pages.
**/
STATIC
BOOLEAN
Reach (
  IN OUT MRM_IOMMU_BUILDER  *Builder,
  IN     UINTN              Lowest,
  IN     UINT64             Address
  )
{
  UINTN   Level;
  UINT64  Part;
  UINT64  Physical;

  for (Level = LEVELS; Level >= Lowest; Level--) {
    Part = Address >> (ShiftOf (Level) + INDEX_BITS);
    if (Builder->Reached[Level] == Part) {
      continue;
    }

    if (!NewTable (Builder, Level)) {
      return FALSE;
    }

    Builder->Reached[Level] = Part;
    if (Level < LEVELS) {
      Physical = (Builder->Tables == NULL) ? 0 : Builder->Tables->Physical;
      Put (Builder, Level + 1, Address, Physical + Builder->Newest[Level] * MRM_IOMMU_PAGE, Level);
    }
  }

  return TRUE;
}

/**
  Map a range, by entries of 2 MiB where they fit.

  @param[in,out] Builder  The builder.
  @param[in]     Range    The range.

  @retval FALSE  There are no more pages.
**/
STATIC
BOOLEAN
MapRange (
  IN OUT MRM_IOMMU_BUILDER  *Builder,
  IN     CONST MRM_RANGE    *Range
  )
{
  UINT64  Done;
  UINT64  Step;
  UINT64  Address;
  UINTN   Level;

  for (Done = 0; Done < Range->Size; Done += Step) {
    Address = Range->Base + Done;
    Level   = ((Address % SIZE_2MB == 0) && (Range->Size - Done >= SIZE_2MB)) ? 2 : 1;
    Step    = (UINT64)1 << ShiftOf (Level);
    if (!Reach (Builder, Level, Address)) {
      return FALSE;
    }

    Put (Builder, Level, Address, Address, 0);
  }

  return TRUE;
}

/**
  Whether ranges are whole pages, in ascending order, and disjoint.

  @param[in] Ranges  The ranges.
  @param[in] Count   How many.
**/
STATIC
BOOLEAN
AreRanges (
  IN CONST MRM_RANGE  *Ranges,
  IN UINTN            Count
  )
{
  UINT64  End;
  UINTN   Index;

  End = 0;
  for (Index = 0; Index < Count; Index++) {
    if (  (((Ranges[Index].Base | Ranges[Index].Size) & (MRM_IOMMU_PAGE - 1)) != 0)
       || (Ranges[Index].Size == 0)
       || (Ranges[Index].Base < End)
       || (Ranges[Index].Size > MRM_IOMMU_LIMIT)
       || (Ranges[Index].Base > MRM_IOMMU_LIMIT - Ranges[Index].Size))
    {
      return FALSE;
    }

    End = Ranges[Index].Base + Ranges[Index].Size;
  }

  return TRUE;
}

/**
  Make tables, or count them.

  @param[in]     Ranges  The ranges.
  @param[in]     Count   How many.
  @param[in,out] Tables  The tables; NULL: only count.
  @param[out]    Used    Receives how many pages there are.

  @return  As MrmIommuBuildTables().
**/
STATIC
RETURN_STATUS
Build (
  IN     CONST MRM_RANGE   *Ranges,
  IN     UINTN             Count,
  IN OUT MRM_IOMMU_TABLES  *Tables OPTIONAL,
  OUT    UINTN             *Used
  )
{
  MRM_IOMMU_BUILDER  Builder;
  UINTN              Index;

  ZeroMem (&Builder, sizeof (Builder));
  SetMem (Builder.Reached, sizeof (Builder.Reached), 0xFF);
  Builder.Tables = Tables;
  if (!AreRanges (Ranges, Count)) {
    return RETURN_INVALID_PARAMETER;
  }

  if (!Reach (&Builder, LEVELS, 0)) {
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
MrmIommuTablesSize (
  IN  CONST MRM_RANGE  *Ranges,
  IN  UINTN            Count,
  OUT UINTN            *Pages
  )
{
  return Build (Ranges, Count, NULL, Pages);
}

RETURN_STATUS
EFIAPI
MrmIommuBuildTables (
  IN     CONST MRM_RANGE   *Ranges,
  IN     UINTN             Count,
  IN OUT MRM_IOMMU_TABLES  *Tables
  )
{
  return Build (Ranges, Count, Tables, &Tables->Used);
}
