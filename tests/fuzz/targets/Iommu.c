/** @file
  IVRS, whatever it says, and page tables for whatever ranges.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/MrmIommuLib.h>

#define RANGES    4
#define PAGES     2048
#define ENTRIES   512
#define ADDRESS   0x000FFFFFFFFFF000ULL

STATIC MRM_RANGE  mRanges[RANGES];
STATIC UINT64     mReached;
STATIC UINT64     mPages[PAGES * ENTRIES] __attribute__ ((aligned (4096)));

/**
  Count what a table leads to; all of it lies in a range, at its own address.

  @param[in] Table  The table.
  @param[in] Level  Its level.
  @param[in] Base   What its first entry is for.
**/
STATIC
VOID
Walk (
  IN CONST UINT64  *Table,
  IN UINTN         Level,
  IN UINT64        Base
  )
{
  UINT64  Size;
  UINT64  Address;
  UINTN   Index;
  UINTN   Range;

  Size = 1ULL << (12 + 9 * (Level - 1));
  for (Index = 0; Index < ENTRIES; Index++) {
    Address = Base + Index * Size;
    if ((Table[Index] & BIT0) == 0) {
      FUZZ_CHECK (Table[Index] == 0);
    } else if (((Table[Index] >> 9) & 7) != 0) {
      FUZZ_CHECK (((Table[Index] >> 9) & 7) == Level - 1);
      Walk ((CONST UINT64 *)(UINTN)(Table[Index] & ADDRESS), Level - 1, Address);
    } else {
      FUZZ_CHECK ((Table[Index] & ADDRESS) == Address);
      for (Range = 0; Range < RANGES; Range++) {
        if (Address - mRanges[Range].Base < mRanges[Range].Size) {
          FUZZ_CHECK (Address - mRanges[Range].Base + Size <= mRanges[Range].Size);
          break;
        }
      }

      FUZZ_CHECK (Range < RANGES);
      mReached += Size;
    }
  }
}

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  FUZZ              Fuzz = { Data, Size };
  MRM_IOMMU_UNIT    Unit;
  MRM_IOMMU_RECORD  Record;
  MRM_IOMMU_EVENT   Event;
  MRM_IOMMU_TABLES  Tables = { mPages, (UINTN)mPages, PAGES, 0 };
  UINT64            Sum    = 0;
  UINT16            Device;
  UINT16            Source;
  UINT8             *Ivrs;
  UINTN             Needed;
  UINTN             Index;

  Device = (UINT16)FuzzNumber (&Fuzz, 2);
  FuzzTake (&Fuzz, &Record, sizeof (Record));
  MrmIommuReadEvent (&Record, &Event);
  FUZZ_CHECK (Event.Code <= 15 && Event.Device == (UINT16)Record.Word[0]);
  for (Index = 0; Index < RANGES; Index++) {
    mRanges[Index].Base = FuzzNumber (&Fuzz, 6) << ((FuzzNumber (&Fuzz, 1) & 1) * 12);
    mRanges[Index].Size = FuzzNumber (&Fuzz, 3) << ((FuzzNumber (&Fuzz, 1) & 1) * 12);
    Sum                += mRanges[Index].Size;
  }

  if ((Sum < BIT30) && !RETURN_ERROR (MrmIommuTablesSize (mRanges, RANGES, &Needed)) && (Needed <= PAGES)) {
    FUZZ_CHECK (!RETURN_ERROR (MrmIommuBuildTables (mRanges, RANGES, &Tables)) && Tables.Used == Needed);
    mReached = 0;
    Walk (mPages, 4, 0);
    FUZZ_CHECK (mReached == Sum);
  }

  Ivrs = FuzzExact (Fuzz.Data, Fuzz.Size);
  for (Index = 0; MrmIommuFind (Ivrs, Fuzz.Size, Index, &Unit); Index++) {
    FUZZ_CHECK (Unit.Address != 0 && Unit.Address % MRM_IOMMU_PAGE == 0 && Index < Fuzz.Size / 24);
  }

  if (!MrmIommuSource (Ivrs, Fuzz.Size, 0, Device, &Source)) {
    FUZZ_CHECK (Source == Device);
  } else {
    FUZZ_CHECK (Index > 0);
  }

  free (Ivrs);
  return 0;
}
