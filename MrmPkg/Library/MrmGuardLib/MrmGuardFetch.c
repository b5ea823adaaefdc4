/** @file
  Reads the instruction at which a processor stands, through the partition's own page tables (APM 5.2, 5.3).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include "MrmGuardEntry.h"
#include "MrmGuardInternal.h"

#define CR0_PG    BIT31
#define CR4_PSE   BIT4
#define CR4_PAE   BIT5
#define CR4_LA57  BIT12
#define EFER_LMA  BIT10

#define CR3_OF_PAE  0xFFFFFFE0ULL

///
/// How the tables of a partition look.
///
typedef struct {
  UINT64    Table;          ///< the highest table
  UINTN     Levels;
  UINTN     EntrySize;      ///< bytes of an entry
  UINTN     IndexBits;      ///< bits of an address that each level takes
  BOOLEAN   Large;          ///< pages may be larger
} MRM_GUARD_PAGING;

/**
  Say how the tables of a partition look.

  @param[in]  State   Registers, with paging on.
  @param[out] Paging  Receives it.
**/
STATIC
VOID
Describe (
  IN  CONST MRM_GUARD_STATE  *State,
  OUT MRM_GUARD_PAGING       *Paging
  )
{
  Paging->EntrySize = sizeof (UINT64);
  Paging->IndexBits = 9;
  Paging->Large     = TRUE;
  Paging->Table     = State->Cr3 & ENTRY_ADDRESS;
  if ((State->Efer & EFER_LMA) != 0) {
    Paging->Levels = ((State->Cr4 & CR4_LA57) != 0) ? 5 : 4;
  } else if ((State->Cr4 & CR4_PAE) != 0) {
    Paging->Levels = 3;
    Paging->Table  = State->Cr3 & CR3_OF_PAE;
  } else {
    Paging->Levels    = 2;
    Paging->EntrySize = sizeof (UINT32);
    Paging->IndexBits = 10;
    Paging->Large     = (BOOLEAN)((State->Cr4 & CR4_PSE) != 0);
  }
}

/**
  Translate an address of a partition's program.

  @param[in]  State    Registers.
  @param[in]  Linear   The address.
  @param[in]  Read     Reads memory of the partition.
  @param[in]  Context  Handed to Read.
  @param[out] Address  Receives it as the partition's memory has it.

  @retval FALSE  It leads nowhere.
**/
STATIC
BOOLEAN
Translate (
  IN  CONST MRM_GUARD_STATE  *State,
  IN  UINT64                 Linear,
  IN  MRM_GUARD_READ_MEMORY  Read,
  IN  VOID                   *Context,
  OUT UINT64                 *Address
  )
{
  MRM_GUARD_PAGING  Paging;
  UINT64            Entry;
  UINT64            Index;
  UINTN             Level;
  UINTN             Shift;
  BOOLEAN           Large;

  *Address = Linear;
  if ((State->Cr0 & CR0_PG) == 0) {
    return TRUE;
  }

  Describe (State, &Paging);
  for (Level = Paging.Levels; Level > 0; Level--) {
    Shift = 12 + (Level - 1) * Paging.IndexBits;
    Index = (Linear >> Shift) & ((1ULL << Paging.IndexBits) - 1);
    if ((Level == 3) && (Paging.Levels == 3)) {
      // The highest table of PAE has four entries.
      Index &= 3;
    }

    Entry = 0;
    if (!Read (Context, Paging.Table + Index * Paging.EntrySize, &Entry, Paging.EntrySize) ||
        ((Entry & ENTRY_PRESENT) == 0))
    {
      return FALSE;
    }

    Paging.Table = Entry & ENTRY_ADDRESS;
    Large        = (BOOLEAN)(Paging.Large && ((Entry & ENTRY_LARGE) != 0) &&
                             ((Level == 2) || ((Level == 3) && (Paging.Levels > 3))));
    if ((Level == 1) || Large) {
      *Address = (Paging.Table & ~((1ULL << Shift) - 1)) | (Linear & ((1ULL << Shift) - 1));
      return TRUE;
    }
  }

  return FALSE;
}

UINTN
EFIAPI
MrmGuardFetch (
  IN  CONST MRM_GUARD_STATE  *State,
  IN  MRM_GUARD_READ_MEMORY  Read,
  IN  VOID                   *Context,
  OUT UINT8                  *Code
  )
{
  UINT64  Linear;
  UINT64  Address;
  UINTN   Done;
  UINTN   Size;

  Linear = State->Rip;
  if (!MrmGuardIs64 (State)) {
    Linear = (State->CsBase + State->Rip) & MAX_UINT32;
  }

  for (Done = 0; Done < MRM_GUARD_INSTRUCTION; Done += Size) {
    Size = MIN (MRM_GUARD_INSTRUCTION - Done, MRM_GUARD_PAGE - (UINTN)((Linear + Done) & (MRM_GUARD_PAGE - 1)));
    if (!Translate (State, Linear + Done, Read, Context, &Address) || !Read (Context, Address, &Code[Done], Size)) {
      break;
    }
  }

  return Done;
}
