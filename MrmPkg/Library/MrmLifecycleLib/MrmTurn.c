/** @file
  Turns of kernels at what they share while they boot.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Base.h>
#include <Library/MrmLifecycleLib.h>

/**
  TRUE while the turn that was granted last is not over.

  @param[in] Turns  Whose turn it is.
  @param[in] Facts  Of each partition.
  @param[in] Count  Their number.
  @param[in] Now    Milliseconds.
**/
STATIC
BOOLEAN
IsTaken (
  IN CONST MRM_TURNS       *Turns,
  IN CONST MRM_TURN_FACTS  *Facts,
  IN UINTN                 Count,
  IN UINT64                Now
  )
{
  CONST MRM_TURN_FACTS  *Holder;

  if (!Turns->Taken || (Turns->Holder >= Count) || (Now - Turns->Since >= MRM_TURN_MILLISECONDS)) {
    return FALSE;
  }

  Holder = &Facts[Turns->Holder];
  return Holder->Live && (Holder->Starts == Turns->Starts) && !Holder->Over;
}

VOID
EFIAPI
MrmTurnRenumber (
  IN OUT MRM_TURNS     *Turns,
  IN     CONST UINT32  *Numbers,
  IN     UINTN         Count
  )
{
  if (!Turns->Taken) {
    return;
  }

  Turns->Taken = (BOOLEAN)((Turns->Holder < Count) && (Numbers[Turns->Holder] < MRM_MAX_PARTITIONS));
  if (Turns->Taken) {
    Turns->Holder = Numbers[Turns->Holder];
  }
}

BOOLEAN
EFIAPI
MrmTurnNext (
  IN OUT MRM_TURNS             *Turns,
  IN     CONST MRM_TURN_FACTS  *Facts,
  IN     UINTN                 Count,
  IN     UINT64                Now,
  OUT    UINTN                 *Next
  )
{
  UINTN  Index;

  Turns->Taken = IsTaken (Turns, Facts, Count, Now);
  for (Index = 0; !Turns->Taken && (Index < Count); Index++) {
    if (Facts[Index].Live && Facts[Index].Waits) {
      Turns->Taken  = TRUE;
      Turns->Holder = Index;
      Turns->Starts = Facts[Index].Starts;
      Turns->Since  = Now;
      *Next         = Index;
      return TRUE;
    }
  }

  return FALSE;
}
