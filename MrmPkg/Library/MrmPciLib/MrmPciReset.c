/** @file
  How to reset a function, and whether it was.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPciInternal.h"

/**
  Whether a function can be reset in a way.

  @param[in] Capabilities  Its capabilities.
  @param[in] Reset         The way.

  @retval TRUE   It can.
  @retval FALSE  It cannot.
**/
STATIC
BOOLEAN
CanReset (
  IN CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN MRM_PCI_RESET               Reset
  )
{
  switch (Reset) {
    case MrmPciResetBus:
      // Every function of a partition is behind a port of its own.
      return TRUE;
    case MrmPciResetFunction:
      return Capabilities->FunctionReset;
    case MrmPciResetAdvanced:
      return Capabilities->AdvancedReset;
    case MrmPciResetPower:
      return Capabilities->PowerReset;
    default:
      return FALSE;
  }
}

MRM_PCI_RESET
EFIAPI
MrmPciNextReset (
  IN CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN MRM_PCI_RESET               Tried
  )
{
  UINT32  Reset;

  for (Reset = (UINT32)Tried + 1; Reset < MrmPciResetFailed; Reset++) {
    if (CanReset (Capabilities, (MRM_PCI_RESET)Reset)) {
      return (MRM_PCI_RESET)Reset;
    }
  }

  return MrmPciResetFailed;
}

/**
  The address bits of a base address register.

  @param[in] Config  The configuration space.
  @param[in] Index   Number of the register.

  @return  The bits; all of a register that is the upper half of another one.
**/
STATIC
UINT32
AddressBits (
  IN CONST UINT32  *Config,
  IN UINTN         Index
  )
{
  UINT32  Value;

  Value = Config[PCI_BAR / 4 + Index];
  if ((Index > 0) && ((Config[PCI_BAR / 4 + Index - 1] & (BAR_IO | BAR_64)) == BAR_64)) {
    return Value;
  }

  return Value & (((Value & BAR_IO) != 0) ? ~(UINT32)0x3 : ~(UINT32)0xF);
}

/**
  Number of base address registers of a function.

  @param[in] Config  Its configuration space.

  @return  Their number; 0 for a header that is neither a function's nor a bridge's.
**/
STATIC
UINTN
BarCount (
  IN CONST UINT32  *Config
  )
{
  switch (MrmPciByte (Config, PCI_HEADER_TYPE) & HEADER_LAYOUT) {
    case 0:
      return ENDPOINT_BARS;
    case HEADER_BRIDGE:
      return BRIDGE_BARS;
    default:
      return 0;
  }
}

/**
  Bus numbers of a bridge, without its latency timer.

  @param[in] Config  Its configuration space.

  @return  Primary, secondary and subordinate bus; 0 when it is no bridge.
**/
STATIC
UINT32
BusNumbers (
  IN CONST UINT32  *Config
  )
{
  return ((MrmPciByte (Config, PCI_HEADER_TYPE) & HEADER_LAYOUT) == HEADER_BRIDGE)
         ? Config[BRIDGE_BUSES / 4] & 0xFFFFFF
         : 0;
}

BOOLEAN
EFIAPI
MrmPciWasReset (
  IN CONST UINT32  *Saved,
  IN CONST UINT32  *Now
  )
{
  UINTN  Index;

  for (Index = 0; Index < BarCount (Saved); Index++) {
    if ((AddressBits (Saved, Index) != 0) && (AddressBits (Now, Index) != 0)) {
      return FALSE;
    }
  }

  return (BOOLEAN)((BusNumbers (Saved) == 0) || (BusNumbers (Now) == 0));
}

BOOLEAN
EFIAPI
MrmPciIsRestored (
  IN CONST UINT32  *Saved,
  IN CONST UINT32  *Now
  )
{
  UINTN  Index;

  if (Saved[0] != Now[0]) {
    return FALSE;
  }

  for (Index = 0; Index < BarCount (Saved); Index++) {
    if (AddressBits (Saved, Index) != AddressBits (Now, Index)) {
      return FALSE;
    }
  }

  return (BOOLEAN)(BusNumbers (Saved) == BusNumbers (Now));
}
