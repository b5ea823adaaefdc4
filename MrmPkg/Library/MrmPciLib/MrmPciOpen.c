/** @file
  What the system that has a function by itself may write to its configuration space.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPciInternal.h"

//
// Command, but for decoding: bus mastering, memory write and invalidate, and the interrupt line, which the guard keeps
// disabled.  Not: what reports errors to the whole PC, what snoops for displays.  Status: bits that a one clears
// (PCI 6.2.2, 6.2.3).
//
#define COMMAND_OPEN     (BIT2 | BIT4 | BIT10)
#define STATUS_OPEN      0xF9000000
#define CACHE_LINE_OPEN  0x0000FFFF    ///< and latency timer; not the self-test beside it
#define LINE_OPEN        0x000000FF    ///< a number that only the system reads

//
// Power state and the bit that a one clears.  Not: to wake the PC up (power 3.2.4).
//
#define POWER_OPEN  (BIT0 | BIT1 | BIT15)

//
// Reset, size of read requests, no snoop, extended tags, relaxed ordering; status bits that a one clears.  Not: error
// messages to the root port, and the payload, on which a whole bus agrees (PCIe 7.5.3.4, 7.5.3.5): MrmPciPayload().
//
#define DEVICE_CONTROL_OPEN    (BIT15 | BIT14 | BIT13 | BIT12 | BIT11 | BIT8 | BIT4)
#define DEVICE_PAYLOAD         (BIT7 | BIT6 | BIT5)
#define DEVICE_STATUS_OPEN     0x000F0000
#define DEVICE_CONTROL_2_OPEN  0x0000005F    ///< time-outs of its own requests, atomic ones (PCIe 7.5.3.16)

#define MSI_OPEN         0x00710000    ///< enable, and how many messages (PCI 6.8.1.3)
#define   MSI_64         BIT7
#define   MSI_MASKS      BIT8
#define MSIX_OPEN        0xC0000000    ///< enable, and mask of the function (PCI 6.8.2.3)

/**
  Open bits of a register, if it lies in what is listed.

  @param[in,out] Open    The list.
  @param[in]     Offset  Register, dword-aligned.
  @param[in]     Bits    Bits of it.
**/
STATIC
VOID
Add (
  IN OUT UINT32  *Open,
  IN     UINTN   Offset,
  IN     UINT32  Bits
  )
{
  if (Offset / sizeof (UINT32) < MRM_PCI_CONFIG_DWORDS) {
    Open[Offset / sizeof (UINT32)] |= Bits;
  }
}

/**
  Open what an MSI capability writes: address, data, masks.

  @param[in]     Config  The configuration space.
  @param[in]     Msi     Offset of the capability.
  @param[in,out] Open    The list.
**/
STATIC
VOID
AddMsi (
  IN     CONST UINT32  *Config,
  IN     UINTN         Msi,
  IN OUT UINT32        *Open
  )
{
  UINT16  Control;
  UINTN   Offset;

  Control = MrmPciWord (Config, Msi + MSI_CONTROL);
  Offset  = Msi + 4;
  Add (Open, Msi, MSI_OPEN);
  Add (Open, Offset, MAX_UINT32);
  if ((Control & MSI_64) != 0) {
    Offset += 4;
    Add (Open, Offset, MAX_UINT32);
  }

  Offset += 4;
  Add (Open, Offset, MAX_UINT16);
  if ((Control & MSI_MASKS) != 0) {
    Add (Open, Offset + 4, MAX_UINT32);
  }
}

/**
  Decoding that a function may turn on: of I/O ports only if all its registers for them have an address.

  @param[in] Config  The configuration space.
**/
STATIC
UINT32
Decoding (
  IN CONST UINT32  *Config
  )
{
  UINT32   Register;
  UINTN    Index;
  BOOLEAN  Io;
  BOOLEAN  Lost;
  BOOLEAN  Upper;

  Io    = FALSE;
  Lost  = FALSE;
  Upper = FALSE;
  for (Index = 0; Index < ENDPOINT_BARS; Index++) {
    Register = Config[PCI_BAR / 4 + Index];
    if (!Upper && ((Register & BAR_IO) != 0)) {
      Io   = TRUE;
      Lost = (BOOLEAN)(Lost || ((Register & ~(UINT32)0x3) == 0));
    }

    Upper = (BOOLEAN)(!Upper && ((Register & (BAR_IO | BAR_64)) == BAR_64));
  }

  return COMMAND_MEMORY | ((Io && !Lost) ? COMMAND_IO : 0);
}

VOID
EFIAPI
MrmPciOpen (
  IN  CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN  CONST UINT32                *Config,
  OUT UINT32                      *Open
  )
{
  ZeroMem (Open, MRM_PCI_CONFIG_DWORDS * sizeof (*Open));
  Add (Open, PCI_COMMAND, Decoding (Config) | COMMAND_OPEN | STATUS_OPEN);
  Add (Open, PCI_CACHE_LINE, CACHE_LINE_OPEN);
  Add (Open, PCI_INTERRUPT_LINE, LINE_OPEN);
  if (Capabilities->Power != 0) {
    Add (Open, Capabilities->Power + POWER_CONTROL, POWER_OPEN);
  }

  if (Capabilities->AdvancedReset) {
    Add (Open, Capabilities->AdvancedFeatures + ADVANCED_CONTROL, ADVANCED_FLR);
  }

  if (Capabilities->Pcie != 0) {
    Add (Open, Capabilities->Pcie + PCIE_DEVICE_CONTROL, DEVICE_CONTROL_OPEN | DEVICE_STATUS_OPEN);
    if ((MrmPciWord (Config, Capabilities->Pcie + PCIE_FLAGS) & FLAGS_VERSION) >= 2) {
      Add (Open, Capabilities->Pcie + PCIE_DEVICE_CONTROL_2, DEVICE_CONTROL_2_OPEN);
    }
  }

  if (Capabilities->Msi != 0) {
    AddMsi (Config, Capabilities->Msi, Open);
  }

  if (Capabilities->MsiX != 0) {
    Add (Open, Capabilities->MsiX, MSIX_OPEN);
  }
}

UINTN
EFIAPI
MrmPciPayload (
  IN  CONST MRM_PCI_CAPABILITIES  *Capabilities,
  OUT UINT32                      *Bits
  )
{
  *Bits = (Capabilities->Pcie != 0) ? DEVICE_PAYLOAD : 0;
  return (Capabilities->Pcie != 0) ? (Capabilities->Pcie + PCIE_DEVICE_CONTROL) / sizeof (UINT32) : 0;
}
