/** @file
  What gives a function its configuration back.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPciInternal.h"

///
/// The writes so far.
///
typedef struct {
  CONST UINT32     *Saved;
  MRM_PCI_WRITE    *Writes;
  UINTN            Count;
} MRM_PCI_WRITER;

/**
  Add a write.

  @param[in,out] Writer  The writes so far.
  @param[in]     Offset  Register.
  @param[in]     Width   Bytes.
  @param[in]     Value   The value.
**/
STATIC
VOID
Add (
  IN OUT MRM_PCI_WRITER  *Writer,
  IN     UINTN           Offset,
  IN     UINT8           Width,
  IN     UINT32          Value
  )
{
  Writer->Writes[Writer->Count].Offset = (UINT8)Offset;
  Writer->Writes[Writer->Count].Width  = Width;
  Writer->Writes[Writer->Count].Value  = Value;
  Writer->Writes[Writer->Count].Wait   = 0;
  Writer->Count++;
}

/**
  Add a write that gives a word its saved value.

  @param[in,out] Writer  The writes so far.
  @param[in]     Offset  Register, word-aligned.
  @param[in]     Clear   Bits that become zero.
**/
STATIC
VOID
AddWord (
  IN OUT MRM_PCI_WRITER  *Writer,
  IN     UINTN           Offset,
  IN     UINT16          Clear
  )
{
  Add (Writer, Offset, 2, MrmPciWord (Writer->Saved, Offset) & (UINT16) ~Clear);
}

/**
  Add a write that gives a dword its saved value.

  @param[in,out] Writer  The writes so far.
  @param[in]     Offset  Register, dword-aligned.
  @param[in]     Clear   Bits that become zero.
**/
STATIC
VOID
AddDword (
  IN OUT MRM_PCI_WRITER  *Writer,
  IN     UINTN           Offset,
  IN     UINT32          Clear
  )
{
  Add (Writer, Offset, 4, Writer->Saved[Offset / 4] & ~Clear);
}

/**
  Add the writes for the header of a bridge: its bus numbers before its windows.

  @param[in,out] Writer  The writes so far.
**/
STATIC
VOID
AddBridge (
  IN OUT MRM_PCI_WRITER  *Writer
  )
{
  UINTN  Index;

  for (Index = 0; Index < BRIDGE_BARS; Index++) {
    AddDword (Writer, PCI_BAR + 4 * Index, 0);
  }

  AddDword (Writer, BRIDGE_BUSES, 0);
  // The upper half is a status register whose bits a one clears.
  AddWord (Writer, BRIDGE_IO, 0);
  AddDword (Writer, BRIDGE_MEMORY, 0);
  AddDword (Writer, BRIDGE_PREFETCHABLE, 0);
  AddDword (Writer, BRIDGE_BASE_UPPER, 0);
  AddDword (Writer, BRIDGE_LIMIT_UPPER, 0);
  AddDword (Writer, BRIDGE_IO_UPPER, 0);
  AddDword (Writer, BRIDGE_ROM, ROM_ENABLE);
  AddWord (Writer, BRIDGE_CONTROL, CONTROL_RESET);
}

/**
  Add the writes for the header of a function that is no bridge.

  @param[in,out] Writer  The writes so far.
**/
STATIC
VOID
AddEndpoint (
  IN OUT MRM_PCI_WRITER  *Writer
  )
{
  UINTN  Index;

  for (Index = 0; Index < ENDPOINT_BARS; Index++) {
    AddDword (Writer, PCI_BAR + 4 * Index, 0);
  }

  AddDword (Writer, PCI_ROM, ROM_ENABLE);
}

/**
  Add the writes for a PCIe capability: payload sizes, ordering, link.

  @param[in,out] Writer        The writes so far.
  @param[in]     Capabilities  Capabilities of the function, a PCIe capability among them.
**/
STATIC
VOID
AddPcie (
  IN OUT MRM_PCI_WRITER              *Writer,
  IN     CONST MRM_PCI_CAPABILITIES  *Capabilities
  )
{
  UINTN   Pcie;
  UINT16  Flags;

  Pcie  = Capabilities->Pcie;
  Flags = MrmPciWord (Writer->Saved, Pcie + PCIE_FLAGS);
  AddWord (Writer, Pcie + PCIE_DEVICE_CONTROL, Capabilities->Bridge ? 0 : CONTROL_FLR);
  AddWord (Writer, Pcie + PCIE_LINK_CONTROL, LINK_RETRAIN);
  if (Capabilities->Bridge && ((Flags & FLAGS_SLOT) != 0) && (Pcie + PCIE_SLOT_CONTROL + 1 < 256)) {
    AddWord (Writer, Pcie + PCIE_SLOT_CONTROL, 0);
  }

  // Version 2 of the structure has the second set of registers (PCIe 7.5.3.2).
  if (((Flags & FLAGS_VERSION) >= 2) && (Pcie + PCIE_LINK_CONTROL_2 + 1 < 256)) {
    AddWord (Writer, Pcie + PCIE_DEVICE_CONTROL_2, 0);
    AddWord (Writer, Pcie + PCIE_LINK_CONTROL_2, 0);
  }
}

UINTN
EFIAPI
MrmPciRestore (
  IN  CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN  CONST UINT32                *Saved,
  OUT MRM_PCI_WRITE               *Writes
  )
{
  MRM_PCI_WRITER  Writer;

  Writer.Saved  = Saved;
  Writer.Writes = Writes;
  Writer.Count  = 0;
  Add (&Writer, PCI_COMMAND, 2, 0);
  if (Capabilities->Power != 0) {
    // Awake, before anything else is written.
    AddWord (&Writer, Capabilities->Power + POWER_CONTROL, POWER_STATE | POWER_PME);
  }

  // The last byte of this dword would start a self-test.
  AddWord (&Writer, PCI_CACHE_LINE, 0);
  if (Capabilities->Bridge) {
    AddBridge (&Writer);
  } else {
    AddEndpoint (&Writer);
  }

  Add (&Writer, PCI_INTERRUPT_LINE, 1, LINE_NONE);
  if (Capabilities->Pcie != 0) {
    AddPcie (&Writer, Capabilities);
  }

  if (Capabilities->Msi != 0) {
    AddWord (&Writer, Capabilities->Msi + MSI_CONTROL, MSI_ENABLE);
  }

  if (Capabilities->MsiX != 0) {
    AddWord (&Writer, Capabilities->MsiX + MSIX_CONTROL, MSIX_ENABLE);
  }

  if (Capabilities->Bridge) {
    AddWord (&Writer, PCI_COMMAND, 0);
  }

  return Writer.Count;
}
