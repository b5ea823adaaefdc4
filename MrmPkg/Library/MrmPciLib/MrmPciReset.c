/** @file
  How to reset a function, and whether it was.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPciInternal.h"

#define POWER_MICROSECONDS  10000   ///< power, table 5-6: D3hot to D0 and back

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
      // Of a function behind a port; who has one by itself does not try it.
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
  A write to a register whose other bits stay as they are.

  @param[in] Now     The configuration space as it is.
  @param[in] Offset  Register.
  @param[in] Width   Bytes: 1 or 2.
  @param[in] Clear   Bits that become zero.
  @param[in] Set     Bits that become one.
  @param[in] Wait    Microseconds after it.
**/
STATIC
MRM_PCI_WRITE
Change (
  IN CONST UINT32  *Now,
  IN UINT8         Offset,
  IN UINT8         Width,
  IN UINT32        Clear,
  IN UINT32        Set,
  IN UINT32        Wait
  )
{
  MRM_PCI_WRITE  Write;

  Write.Offset = Offset;
  Write.Width  = Width;
  Write.Value  = (((Width == 1) ? MrmPciByte (Now, Offset) : MrmPciWord (Now, Offset)) & ~Clear) | Set;
  Write.Wait   = Wait;
  return Write;
}

UINTN
EFIAPI
MrmPciResetWrites (
  IN  CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN  MRM_PCI_RESET               Reset,
  IN  CONST UINT32                *Now,
  OUT MRM_PCI_WRITE               *Writes
  )
{
  UINT8  Offset;

  switch (Reset) {
    case MrmPciResetFunction:
      Offset    = Capabilities->Pcie + PCIE_DEVICE_CONTROL;
      Writes[0] = Change (Now, Offset, 2, 0, CONTROL_FLR, MRM_PCI_READY_MICROSECONDS);
      return 1;
    case MrmPciResetAdvanced:
      Offset    = Capabilities->AdvancedFeatures + ADVANCED_CONTROL;
      Writes[0] = Change (Now, Offset, 1, 0, ADVANCED_FLR, MRM_PCI_READY_MICROSECONDS);
      return 1;
    case MrmPciResetPower:
      Offset    = Capabilities->Power + POWER_CONTROL;
      Writes[0] = Change (Now, Offset, 2, 0, POWER_STATE, POWER_MICROSECONDS);
      Writes[1] = Change (Now, Offset, 2, POWER_STATE, 0, POWER_MICROSECONDS);
      return 2;
    default:
      return 0;
  }
}

BOOLEAN
EFIAPI
MrmPciPending (
  IN  CONST MRM_PCI_CAPABILITIES  *Capabilities,
  OUT UINT8                       *Register,
  OUT UINT32                      *Bit
  )
{
  if (Capabilities->Pcie != 0) {
    *Register = Capabilities->Pcie + PCIE_DEVICE_CONTROL;
    *Bit      = DEVICE_PENDING;
    return TRUE;
  }

  if (Capabilities->AdvancedReset) {
    *Register = Capabilities->AdvancedFeatures + ADVANCED_CONTROL;
    *Bit      = ADVANCED_PENDING;
    return TRUE;
  }

  return FALSE;
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
  Bus numbers of a bridge, without its latency timer.

  @param[in] Capabilities  Its capabilities.
  @param[in] Config        Its configuration space.

  @return  Primary, secondary and subordinate bus; 0 when it is no bridge.
**/
STATIC
UINT32
BusNumbers (
  IN CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN CONST UINT32                *Config
  )
{
  return Capabilities->Bridge ? Config[BRIDGE_BUSES / 4] & 0xFFFFFF : 0;
}

BOOLEAN
EFIAPI
MrmPciWasReset (
  IN CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN CONST UINT32                *Saved,
  IN CONST UINT32                *Now
  )
{
  UINTN  Index;

  for (Index = 0; Index < Capabilities->Bars; Index++) {
    if ((AddressBits (Saved, Index) != 0) && (AddressBits (Now, Index) != 0)) {
      return FALSE;
    }
  }

  return (BOOLEAN)((BusNumbers (Capabilities, Saved) == 0) || (BusNumbers (Capabilities, Now) == 0));
}

BOOLEAN
EFIAPI
MrmPciIsRestored (
  IN CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN CONST UINT32                *Saved,
  IN CONST UINT32                *Now
  )
{
  UINTN  Index;

  if (Saved[0] != Now[0]) {
    return FALSE;
  }

  for (Index = 0; Index < Capabilities->Bars; Index++) {
    if (AddressBits (Saved, Index) != AddressBits (Now, Index)) {
      return FALSE;
    }
  }

  return (BOOLEAN)(BusNumbers (Capabilities, Saved) == BusNumbers (Capabilities, Now));
}
