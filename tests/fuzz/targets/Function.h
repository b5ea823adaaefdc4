/** @file
  A function that is memory, and the memory of its driver: what the targets of cards and of served disks share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef FUZZ_FUNCTION_H_
#define FUZZ_FUNCTION_H_

#include "Fuzz.h"
#include <Library/MrmFunctionLib.h>

#define PAGES       64   ///< of a driver's memory
#define PROCESSORS  2    ///< of a driver

///
/// One function, as its driver sees it.
///
typedef struct {
  MRM_RANGE        Range;
  MRM_RANGE_SET    Memory;
  UINT8            *Area;   ///< configuration space and registers
  VOID             *Block;  ///< for free()
  UINT8            *Pages;  ///< PAGES of them in Block
  UINT32           ApicIds[PROCESSORS];
} FUZZ_FUNCTION;

/**
  Make the memory of a driver, all zero, and let a function reach it.

  @param[out]    Fuzzed    Receives the memory.
  @param[in]     Number    Which one: no other has its APIC IDs.
  @param[in]     Area      MRM_FUNCTION_AREA_SIZE bytes.
  @param[in,out] Function  The library's; receives what it reaches.
**/
static inline VOID
FuzzFunctionBegin (
  OUT    FUZZ_FUNCTION  *Fuzzed,
  IN     UINTN          Number,
  IN     UINT8          *Area,
  IN OUT MRM_FUNCTION   *Function
  )
{
  static CONST UINT8  Zero[(PAGES + 1) * SIZE_4KB];

  Fuzzed->Block      = FuzzExact (Zero, sizeof (Zero));
  Fuzzed->Pages      = (UINT8 *)ALIGN_VALUE ((UINTN)Fuzzed->Block, SIZE_4KB);
  Fuzzed->Range.Base = (UINT64)(UINTN)Fuzzed->Block;
  Fuzzed->Range.Size = sizeof (Zero);
  Fuzzed->Memory     = (MRM_RANGE_SET) { .Ranges = &Fuzzed->Range, .Count = 1, .Capacity = 1 };
  Fuzzed->ApicIds[0] = (UINT32)Number * PROCESSORS + 1;
  Fuzzed->ApicIds[1] = (UINT32)Number * PROCESSORS + 2;
  Fuzzed->Area       = Area;

  Function->Memory      = &Fuzzed->Memory;
  Function->ApicIds     = Fuzzed->ApicIds;
  Function->ApicIdCount = PROCESSORS;
}

/**
  Address of a page of a driver's memory.
**/
static inline UINT64
FuzzPage (
  IN CONST FUZZ_FUNCTION  *Fuzzed,
  IN UINTN                Page
  )
{
  return (UINT64)(UINTN)(Fuzzed->Pages + Page * SIZE_4KB);
}

/**
  Make an area as it is at a start: what drivers here write to is at its beginning and in the window.
**/
static inline VOID
FuzzFunctionRenew (
  IN FUZZ_FUNCTION  *Fuzzed,
  IN CONST UINT8    *New
  )
{
  memcpy (Fuzzed->Area, New, SIZE_4KB);
  memcpy (Fuzzed->Area + MRM_FUNCTION_ECAM_SIZE, New + MRM_FUNCTION_ECAM_SIZE, MRM_FUNCTION_WINDOW_SIZE);
}

/**
  Whatever a driver has written, its interrupts go to its own processors, by vectors that no exception has.
**/
static inline VOID
FuzzFunctionInterrupts (
  IN CONST FUZZ_FUNCTION           *Fuzzed,
  IN CONST MRM_FUNCTION_INTERRUPT  *Interrupts,
  IN UINTN                         Count,
  IN UINTN                         Most
  )
{
  UINTN   Index;
  UINT32  ApicId;

  FUZZ_CHECK (Count <= Most);
  for (Index = 0; Index < Count; Index++) {
    ApicId = Interrupts[Index].ApicId;
    FUZZ_CHECK ((ApicId == Fuzzed->ApicIds[0]) || (ApicId == Fuzzed->ApicIds[1]));
    FUZZ_CHECK (Interrupts[Index].Vector >= 0x20);
  }
}

#endif
