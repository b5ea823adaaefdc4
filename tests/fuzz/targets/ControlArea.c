/** @file
  The control area as partition firmware reads it, after an OS has overwritten it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/MrmTalkLib.h>

#define ROOM  512

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  STATIC UINT64     Bytes[(sizeof (MRM_CONTROL_AREA) + ROOM) / 8];
  STATIC UINT8      Read[sizeof (Bytes)];
  FUZZ              Fuzz = { Data, Size };
  MRM_CONTROL_AREA  *Area;
  UINT32            Needed;
  CHAR16            Name[MRM_CONTROL_NAME_SIZE];
  UINTN             NameSize;
  UINTN             DataSize;
  UINT32            Attributes;
  UINTN             Count;
  RETURN_STATUS     Status;

  Needed = (UINT32)FuzzNumber (&Fuzz, 1);
  FuzzTake (&Fuzz, Bytes, sizeof (Bytes));
  ((MRM_CONTROL_AREA *)Bytes)->Sequence &= ~1U;
  Area = FuzzExact (Bytes, sizeof (Bytes));
  memset (Name, 0, sizeof (Name));
  // Two items of one name would be enumerated for ever: an OS sees the same.
  for (Count = 0; Count < MRM_CONTROL_MAX_ITEMS; Count++) {
    NameSize = sizeof (Name);
    Status   = MrmAreaNext (Area, sizeof (Bytes), Needed, &NameSize, Name);
    if (RETURN_ERROR (Status)) {
      FUZZ_CHECK (Status == RETURN_NOT_FOUND);
      break;
    }

    FUZZ_CHECK (NameSize <= sizeof (Name) && NameSize % 2 == 0 && Name[NameSize / 2 - 1] == 0);
    DataSize = sizeof (Read);
    Status   = MrmAreaGet (Area, sizeof (Bytes), Needed, Name, &Attributes, &DataSize, Read);
    if (Status == RETURN_NOT_FOUND) {
      // Two items of one name, the first of them empty: the first one counts.
      continue;
    }

    FUZZ_CHECK (Status == RETURN_SUCCESS && DataSize <= sizeof (Bytes));
    FUZZ_CHECK ((Attributes & Needed) == Needed);
    MrmAreaRequest (Area, sizeof (Bytes), Needed, Name, Attributes, FuzzNumber (&Fuzz, 2) % sizeof (Read), Read);
  }

  free (Area);
  return 0;
}
