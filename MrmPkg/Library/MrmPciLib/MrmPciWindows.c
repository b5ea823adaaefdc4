/** @file
  What a root port forwards.

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

  // A window at 0 is one nobody has set up: what lies there belongs to the PC.
  if ((Base != 0) && (Base < Limit) && ((Top == 0) || (Limit < Top))) {
    Window->Base = Base;
    Window->Size = Limit - Base + 1;
  }
}

/**
  Read the windows a root port forwards (bridge 3.2.5.6 to 3.2.5.10).  A window whose
  decoding is off, that begins at 0 or that an x86 processor cannot reach is closed.

  @param[in]     Config  Configuration space of the root port, MRM_PCI_CONFIG_DWORDS.
  @param[in,out] Bus     Receives Memory, Prefetchable and Io.
**/
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
