/** @file
  Rings, log lines and texts that a partition writes, as the controller reads them.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/MrmLogLib.h>
#include <Library/MrmTalkLib.h>

#define ENTRIES  4

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  FUZZ             Fuzz   = { Data, Size };
  MRM_RING_READER  Reader = { 0 };
  MRM_LOG_ENTRY    Entries[ENTRIES];
  MRM_LOG          Log    = { .Capacity = ENTRIES, .Entries = Entries };
  MRM_TEXT         Text;
  CHAR8            Rendered[200];
  UINT64           Words[(sizeof (MRM_RING) + 256) / 8];
  UINT8            *Bytes = (UINT8 *)Words;
  UINT8            *Ring;
  MRM_RING         *Header;
  UINT32           Length;
  UINT32           Written;
  UINTN            Index;

  Length = 1U << (FuzzNumber (&Fuzz, 1) % 9);
  while (Fuzz.Size != 0) {
    Written = (UINT32)FuzzNumber (&Fuzz, (FuzzNumber (&Fuzz, 1) & 1) != 0 ? 4 : 1);
    // What the ring says of its size is not believed.
    Header          = (MRM_RING *)Bytes;
    Header->Size    = Length ^ Written;
    Header->Written = Written;
    FuzzTake (&Fuzz, Header + 1, Length);
    Ring = FuzzExact (Bytes, sizeof (MRM_RING) + Length);
    for (Index = 0; MrmRingNextLine (&Reader, (CONST MRM_RING *)Ring, Length); Index++) {
      FUZZ_CHECK (Index <= Length && strlen (Reader.Line) < sizeof (Reader.Line));
      MrmLogAdd (&Log, Index, Reader.Line);
    }

    FUZZ_CHECK (Reader.Read == Written);
    MrmTextPrintable (Rendered, 1 + Written % sizeof (Rendered), Ring, sizeof (MRM_RING) + Length);
    free (Ring);
    MrmTextBegin (&Text, Rendered, 1 + Written % sizeof (Rendered));
    MrmLogRender (&Log, &Text);
    FUZZ_CHECK (Text.Length < Text.Size && strlen (Rendered) == Text.Length);
    for (Index = 0; Index < Text.Length; Index++) {
      FUZZ_CHECK (Rendered[Index] == '\n' || (Rendered[Index] >= 0x20 && Rendered[Index] < 0x7F));
    }

    // The other end: the header of the ring may be overwritten.
    Bytes[0] = (UINT8)(FuzzNumber (&Fuzz, 1));
    Ring     = malloc (sizeof (MRM_RING) + Length);
    FUZZ_CHECK (Ring != NULL);
    memset (Ring, Bytes[0] & 0x80 ? 0xA5 : 0, sizeof (MRM_RING));
    ((MRM_RING *)Ring)->Size = Bytes[0] & 0x40 ? 1U << (Bytes[0] & 31) : Bytes[0];
    MrmRingWrite ((MRM_RING *)Ring, sizeof (MRM_RING) + Length, (CONST CHAR8 *)Bytes, Written % 256);
    free (Ring);
  }

  return 0;
}
