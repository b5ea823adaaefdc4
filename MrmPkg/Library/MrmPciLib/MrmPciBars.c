/** @file
  What base address registers of a function decode.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPciInternal.h"

#define BAR_IO_ADDRESS      (~(UINT32)0x3)
#define BAR_MEMORY_ADDRESS  (~(UINT32)0xF)

/**
  Read a base address register, with the next one if it is wide.

  @param[in]  Config  The configuration space.
  @param[in]  Index   Which register.
  @param[out] Bar     Receives Base and Io.

  @return  How many registers it takes.
**/
STATIC
UINTN
ReadBar (
  IN  CONST UINT32  *Config,
  IN  UINTN         Index,
  OUT MRM_PCI_BAR   *Bar
  )
{
  UINT32  Low;

  Low     = Config[PCI_BAR / 4 + Index];
  Bar->Io = (BOOLEAN)((Low & BAR_IO) != 0);
  if (Bar->Io) {
    Bar->Base = Low & BAR_IO_ADDRESS;
    return 1;
  }

  Bar->Base = Low & BAR_MEMORY_ADDRESS;
  if (((Low & BAR_64) == 0) || (Index + 1 == ENDPOINT_BARS)) {
    return 1;
  }

  Bar->Base |= (UINT64)Config[PCI_BAR / 4 + Index + 1] << 32;
  return 2;
}

BOOLEAN
EFIAPI
MrmPciIsAllOf (
  IN CONST UINT32       *Config,
  IN CONST MRM_PCI_BAR  *Bars,
  IN UINTN              Count
  )
{
  MRM_PCI_BAR  Bar;
  UINTN        Index;
  UINTN        Found;
  UINTN        Known;
  UINTN        Seen;

  Known = 0;
  for (Found = 0; Found < Count; Found++) {
    Known += (Bars[Found].Base != 0) ? 1 : 0;
  }

  Seen = 0;
  for (Index = 0; Index < ENDPOINT_BARS;) {
    Index += ReadBar (Config, Index, &Bar);
    if (Bar.Base == 0) {
      continue;
    }

    for (Found = 0; Found < Count; Found++) {
      if ((Bars[Found].Base == Bar.Base) && (Bars[Found].Io == Bar.Io)) {
        break;
      }
    }

    if (Found == Count) {
      return FALSE;
    }

    Seen++;
  }

  return (BOOLEAN)(Seen == Known);
}

VOID
EFIAPI
MrmPciPages (
  IN  CONST MRM_PCI_BAR  *Bar,
  OUT MRM_RANGE          *Range
  )
{
  Range->Base = Bar->Base;
  Range->Size = Bar->Size;
  if (!Bar->Io) {
    Range->Base &= ~(UINT64)(SIZE_4KB - 1);
    Range->Size  = (Bar->Base - Range->Base + Bar->Size + SIZE_4KB - 1) & ~(UINT64)(SIZE_4KB - 1);
  }
}

VOID
EFIAPI
MrmPciAddWindow (
  IN     CONST MRM_PCI_BAR  *Bar,
  IN OUT MRM_PCI_BUS        *Bus
  )
{
  MRM_RANGE  *Window;
  MRM_RANGE  Range;
  UINT64     End;

  MrmPciPages (Bar, &Range);
  Window = Bar->Io ? &Bus->Io : (Bar->Base < SIZE_4GB) ? &Bus->Memory : &Bus->Prefetchable;
  if (Window->Size == 0) {
    *Window = Range;
    return;
  }

  End          = MAX (Window->Base + Window->Size, Range.Base + Range.Size);
  Window->Base = MIN (Window->Base, Range.Base);
  Window->Size = End - Window->Base;
}
