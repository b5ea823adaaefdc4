/** @file
  Registers of a guarded processor as operands.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include "MrmGuardInternal.h"

#define EFER_LMA     BIT10
#define CS_LONG      BIT9
#define BYTE_SHIFT   8
#define FIRST_HIGH   4      ///< the number by which AH is called

BOOLEAN
MrmGuardIs64 (
  IN CONST MRM_GUARD_STATE  *State
  )
{
  return ((State->Efer & EFER_LMA) != 0) && ((State->CsAttributes & CS_LONG) != 0);
}

UINT64
MrmGuardMask (
  IN UINTN  Width
  )
{
  return (Width >= sizeof (UINT64)) ? MAX_UINT64 : ((1ULL << (Width * 8)) - 1);
}

VOID
MrmGuardSkip (
  IN OUT MRM_GUARD_STATE  *State,
  IN     UINTN            Length
  )
{
  State->Rip += Length;
  if (!MrmGuardIs64 (State)) {
    State->Rip &= MAX_UINT32;
  }
}

UINT64
MrmGuardGet (
  IN CONST MRM_GUARD_STATE  *State,
  IN UINTN                  Number,
  IN UINTN                  Width,
  IN BOOLEAN                High
  )
{
  if (High && (Width == 1) && (Number >= FIRST_HIGH)) {
    return (State->General[Number - FIRST_HIGH] >> BYTE_SHIFT) & MAX_UINT8;
  }

  return State->General[Number] & MrmGuardMask (Width);
}

VOID
MrmGuardSet (
  IN OUT MRM_GUARD_STATE  *State,
  IN     UINTN            Number,
  IN     UINTN            Width,
  IN     BOOLEAN          High,
  IN     UINT64           Value
  )
{
  UINT64  Mask;
  UINTN   Shift;

  Shift = 0;
  if (High && (Width == 1) && (Number >= FIRST_HIGH)) {
    Number -= FIRST_HIGH;
    Shift   = BYTE_SHIFT;
  }

  Mask                   = MrmGuardMask (Width);
  Value                 &= Mask;
  Mask                   = (Width == sizeof (UINT32)) ? MAX_UINT64 : Mask;
  State->General[Number] = (State->General[Number] & ~(Mask << Shift)) | (Value << Shift);
}

VOID
EFIAPI
MrmGuardPutResult (
  IN OUT MRM_GUARD_STATE  *State,
  IN     UINT8            Width,
  IN     UINT64           Value
  )
{
  MrmGuardSet (State, 0, Width, FALSE, Value);
}
