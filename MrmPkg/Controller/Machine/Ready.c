/** @file
  Memory and processors of a partition between two of its lives.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Ready.h"
#include "Machine/ResetEntry.h"
#include "Machine/Shared.h"
#include "Machine/Stop.h"
#include <Library/BaseMemoryLib.h>

#define SCRUB_STEP  SIZE_64MB   ///< memory zeroed between two looks at the other partitions

/**
  Zero a part of a partition's memory.

  @param[in,out] Partition  Scrubbed counts the bytes done.

  @retval TRUE   All of it is zero.
  @retval FALSE  There is more to do.
**/
STATIC
BOOLEAN
Scrub (
  IN OUT MRM_PARTITION  *Partition
  )
{
  UINT64  Done;
  UINT64  Size;
  UINTN   Index;

  Done = Partition->Scrubbed;
  for (Index = 0; Index < Partition->PieceCount; Index++) {
    if (Done < Partition->Pieces[Index].Size) {
      Size = MIN (Partition->Pieces[Index].Size - Done, SCRUB_STEP);
      ZeroMem ((VOID *)(UINTN)(Partition->Pieces[Index].Base + Done), (UINTN)Size);
      Partition->Scrubbed += Size;
      return FALSE;
    }

    Done -= Partition->Pieces[Index].Size;
  }

  Partition->Scrubbed = 0;
  return TRUE;
}

BOOLEAN
ReadyMachine (
  IN OUT MRM_PARTITION  *Partition
  )
{
  if (!ZeroShared (Partition) || ((Partition->Policy->Scrub || Partition->MemoryUsed) && !Scrub (Partition))) {
    return FALSE;
  }

  Partition->MemoryUsed = FALSE;
  return TRUE;
}

BOOLEAN
ReclaimMachine (
  IN CONST MRM_PARTITION  *Partition
  )
{
  BOOLEAN  Stopped;

  Stopped = StopProcessors (Partition);
  ClearResetEntry (Partition);
  return Stopped;
}
