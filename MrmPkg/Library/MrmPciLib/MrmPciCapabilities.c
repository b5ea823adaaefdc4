/** @file
  What a function can do.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPciInternal.h"

#define FIRST_CAPABILITY    0x40
#define CAPABILITY_LIMIT    48       ///< no more fit into 192 bytes
#define SHORTEST_PCIE       0x14     ///< up to link status
#define CONFIG_SIZE         (MRM_PCI_CONFIG_DWORDS * sizeof (UINT32))

UINT8
MrmPciByte (
  IN CONST UINT32  *Config,
  IN UINTN         Offset
  )
{
  return (UINT8)(Config[Offset / 4] >> (8 * (Offset % 4)));
}

UINT16
MrmPciWord (
  IN CONST UINT32  *Config,
  IN UINTN         Offset
  )
{
  UINT16  High;

  High = (Offset + 1 < CONFIG_SIZE) ? MrmPciByte (Config, Offset + 1) : 0;
  return (UINT16)((High << 8) | MrmPciByte (Config, Offset));
}

/**
  Find a capability (PCI 6.7).

  @param[in] Config  The configuration space.
  @param[in] Id      Its ID.
  @param[in] Size    Bytes of it that are looked at.

  @return  Its offset; 0 when there is none of that size.
**/
STATIC
UINT8
FindCapability (
  IN CONST UINT32  *Config,
  IN UINT8         Id,
  IN UINTN         Size
  )
{
  UINT8  Offset;
  UINTN  Count;

  if ((MrmPciWord (Config, PCI_STATUS) & STATUS_CAPABILITIES) == 0) {
    return 0;
  }

  Offset = MrmPciByte (Config, PCI_CAPABILITIES) & ~3;
  for (Count = 0; (Offset >= FIRST_CAPABILITY) && (Count < CAPABILITY_LIMIT); Count++) {
    if (MrmPciByte (Config, Offset) == Id) {
      return (Offset + Size <= CONFIG_SIZE) ? Offset : 0;
    }

    Offset = MrmPciByte (Config, Offset + 1) & ~3;
  }

  return 0;
}

VOID
EFIAPI
MrmPciCapabilities (
  IN  CONST UINT32          *Config,
  OUT MRM_PCI_CAPABILITIES  *Capabilities
  )
{
  UINT16  Kind;
  UINT8   Layout;

  ZeroMem (Capabilities, sizeof (*Capabilities));
  Layout                         = MrmPciByte (Config, PCI_HEADER_TYPE) & HEADER_LAYOUT;
  Capabilities->Bridge           = Layout == HEADER_BRIDGE;
  Capabilities->Bars             = (Layout == 0) ? ENDPOINT_BARS : Capabilities->Bridge ? BRIDGE_BARS : 0;
  Capabilities->InterruptPin     = MrmPciByte (Config, PCI_INTERRUPT_PIN);
  Capabilities->Msi              = FindCapability (Config, ID_MSI, MSI_CONTROL + 2);
  Capabilities->MsiX             = FindCapability (Config, ID_MSIX, MSIX_CONTROL + 2);
  Capabilities->Power            = FindCapability (Config, ID_POWER, POWER_CONTROL + 2);
  Capabilities->Pcie             = FindCapability (Config, ID_PCIE, SHORTEST_PCIE);
  Capabilities->AdvancedFeatures = FindCapability (Config, ID_ADVANCED, 6);
  Capabilities->FixedAddresses   = FindCapability (Config, ID_FIXED, 4);
  if (Capabilities->InterruptPin > PIN_D) {
    // Reserved: no pin.
    Capabilities->InterruptPin = 0;
  }

  if (Capabilities->Bridge) {
    if (Capabilities->Pcie != 0) {
      Kind               = MrmPciWord (Config, Capabilities->Pcie + PCIE_FLAGS) & FLAGS_KIND;
      Capabilities->Port = (Kind == FLAGS_ROOT_PORT) || (Kind == FLAGS_DOWNSTREAM);
    }

    return;
  }

  if (Capabilities->Pcie != 0) {
    Capabilities->FunctionReset = (Config[(Capabilities->Pcie + PCIE_DEVICE) / 4] & DEVICE_RESET) != 0;
  }

  if (Capabilities->AdvancedFeatures != 0) {
    Capabilities->AdvancedReset =
      (MrmPciByte (Config, Capabilities->AdvancedFeatures + ADVANCED_CAPABILITIES) & ADVANCED_RESET) == ADVANCED_RESET;
  }

  if (Capabilities->Power != 0) {
    Capabilities->PowerReset = (MrmPciWord (Config, Capabilities->Power + POWER_CONTROL) & POWER_NO_SOFT_RESET) == 0;
  }
}

MRM_PCI_INTERRUPTS
EFIAPI
MrmPciInterrupts (
  IN CONST MRM_PCI_CAPABILITIES  *Capabilities
  )
{
  if ((Capabilities->Msi != 0) || (Capabilities->MsiX != 0)) {
    return MrmPciInterruptsMessage;
  }

  // A bridge passes on what is behind it; its own interrupts are for hot plug.
  if (Capabilities->Bridge || (Capabilities->InterruptPin == 0)) {
    return MrmPciInterruptsNone;
  }

  return MrmPciInterruptsLine;
}

UINT64
EFIAPI
MrmPciFirstBar (
  IN  CONST UINT32  *Config,
  OUT BOOLEAN       *Io
  )
{
  UINT32  Low;
  UINT64  High;

  Low = Config[PCI_BAR / 4];
  *Io = (Low & BAR_IO) != 0;
  if (*Io) {
    return Low & ~(UINT32)0x3;
  }

  High = ((Low & BAR_64) != 0) ? Config[PCI_BAR / 4 + 1] : 0;
  return (High << 32) | (Low & ~(UINT32)0xF);
}
