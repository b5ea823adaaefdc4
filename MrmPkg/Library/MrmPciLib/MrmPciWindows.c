/** @file
  What a port forwards.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPciInternal.h"

#define IO_SPACE_SIZE  0x10000

/**
  Open a window.

  @param[in]  Base    First address.
  @param[in]  Limit   Last address.
  @param[in]  Top     First address that cannot be reached; 0 = none.
  @param[out] Window  Receives the window, empty when it is closed.
**/
STATIC
VOID
SetWindow (
  IN  UINT64     Base,
  IN  UINT64     Limit,
  IN  UINT64     Top,
  OUT MRM_RANGE  *Window
  )
{
  Window->Base = 0;
  Window->Size = 0;

  // A window at 0 was never set up: the PC has its own memory there.
  if ((Base != 0) && (Base < Limit) && ((Top == 0) || (Limit < Top))) {
    Window->Base = Base;
    Window->Size = Limit - Base + 1;
  }
}

VOID
EFIAPI
MrmPciWindows (
  IN     CONST UINT32  *Config,
  IN OUT MRM_PCI_BUS   *Bus
  )
{
  UINT16  Command;
  UINT32  Value;
  UINT64  Base;
  UINT64  Limit;

  Command = MrmPciWord (Config, PCI_COMMAND);
  ZeroMem (&Bus->Memory, sizeof (Bus->Memory));
  ZeroMem (&Bus->Prefetchable, sizeof (Bus->Prefetchable));
  ZeroMem (&Bus->Io, sizeof (Bus->Io));
  if ((Command & COMMAND_MEMORY) != 0) {
    Value = Config[BRIDGE_MEMORY / 4];
    SetWindow ((UINT64)(Value & 0xFFF0) << 16, (UINT64)(Value & 0xFFF00000) | 0xFFFFF, 0, &Bus->Memory);

    Value = Config[BRIDGE_PREFETCHABLE / 4];
    Base  = (UINT64)(Value & 0xFFF0) << 16;
    Limit = (UINT64)(Value & 0xFFF00000) | 0xFFFFF;
    if ((Value & 0xF) == 1) {
      Base  |= (UINT64)Config[BRIDGE_BASE_UPPER / 4] << 32;
      Limit |= (UINT64)Config[BRIDGE_LIMIT_UPPER / 4] << 32;
    }

    SetWindow (Base, Limit, 0, &Bus->Prefetchable);
  }

  if ((Command & COMMAND_IO) != 0) {
    Value = MrmPciWord (Config, BRIDGE_IO);
    Base  = (UINT64)(Value & 0xF0) << 8;
    Limit = (UINT64)(Value & 0xF000) | 0xFFF;
    if ((Value & 0xF) == 1) {
      Base  |= (UINT64)(Config[BRIDGE_IO_UPPER / 4] & 0xFFFF) << 16;
      Limit |= (UINT64)(Config[BRIDGE_IO_UPPER / 4] >> 16) << 16;
    }

    SetWindow (Base, Limit, IO_SPACE_SIZE, &Bus->Io);
  }
}

VOID
EFIAPI
MrmPciRootWindows (
  IN     CONST MRM_RANGE  *Forwarded,
  IN     UINTN            Count,
  IN     UINT64           Top,
  IN OUT MRM_PCI_BUS      *Bus
  )
{
  CONST MRM_RANGE  *Range;
  UINTN            Index;

  ZeroMem (&Bus->Memory, sizeof (Bus->Memory));
  ZeroMem (&Bus->Prefetchable, sizeof (Bus->Prefetchable));
  for (Index = 0; Index < Count; Index++) {
    Range = &Forwarded[Index];
    if (Range->Base >= SIZE_4GB) {
      if (Range->Size > Bus->Prefetchable.Size) {
        Bus->Prefetchable = *Range;
      }
    } else if ((Range->Base < Top) && (MIN (Range->Size, Top - Range->Base) > Bus->Memory.Size)) {
      Bus->Memory.Base = Range->Base;
      Bus->Memory.Size = MIN (Range->Size, Top - Range->Base);
    }
  }
}

/**
  Judge whether a window lies in another one.

  @param[in] Inner  The window; an empty one lies in any.
  @param[in] Outer  The other one.

  @retval TRUE   It does.
  @retval FALSE  Some of it lies outside.
**/
STATIC
BOOLEAN
IsInside (
  IN CONST MRM_RANGE  *Inner,
  IN CONST MRM_RANGE  *Outer
  )
{
  if (Inner->Size == 0) {
    return TRUE;
  }

  return (BOOLEAN)(  (Inner->Base >= Outer->Base)
                  && (Inner->Size <= Outer->Size)
                  && (Inner->Base - Outer->Base <= Outer->Size - Inner->Size));
}

BOOLEAN
EFIAPI
MrmPciForwards (
  IN     CONST UINT32  *Config,
  IN OUT MRM_PCI_BUS   *Bus
  )
{
  MRM_PCI_BUS  Above;

  ZeroMem (&Above, sizeof (Above));
  MrmPciWindows (Config, &Above);
  if (!IsInside (&Bus->Io, &Above.Io)) {
    ZeroMem (&Bus->Io, sizeof (Bus->Io));
  }

  // Memory goes through whichever of the two windows it lies in (bridge 4.3).
  return (BOOLEAN)(  (IsInside (&Bus->Memory, &Above.Memory) || IsInside (&Bus->Memory, &Above.Prefetchable))
                  && (IsInside (&Bus->Prefetchable, &Above.Prefetchable) || IsInside (&Bus->Prefetchable, &Above.Memory)));
}
