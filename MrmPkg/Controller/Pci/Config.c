/** @file
  Configuration space of PCI functions.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Pci/Config.h"
#include <IndustryStandard/Pci.h>
#include <Library/BaseMemoryLib.h>
#include <Library/UefiBootServicesTableLib.h>

#define NOT_READY  0xFFFF0001   ///< PCIe 5.0 section 2.3.2: instead of vendor and device

/**
  A register as the root bridge protocol wants it.

  @param[in] Address   The function.
  @param[in] Register  Offset.
**/
STATIC
UINT64
RegisterAddress (
  IN CONST MRM_PCI_ADDRESS  *Address,
  IN UINT8                  Register
  )
{
  return EFI_PCI_ADDRESS (Address->Bus, Address->Device, Address->Function, Register);
}

UINT32
ReadConfig (
  IN EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  *RootBridge,
  IN CONST MRM_PCI_ADDRESS            *Address,
  IN UINT8                            Register
  )
{
  UINT32      Value;
  EFI_STATUS  Status;

  Status = RootBridge->Pci.Read (RootBridge, EfiPciWidthUint32, RegisterAddress (Address, Register), 1, &Value);
  return EFI_ERROR (Status) ? MAX_UINT32 : Value;
}

VOID
WriteConfig (
  IN EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  *RootBridge,
  IN CONST MRM_PCI_ADDRESS            *Address,
  IN CONST MRM_PCI_WRITE              *Write
  )
{
  EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL_WIDTH  Width;
  UINT32                                 Value;

  Width = (Write->Width == 4) ? EfiPciWidthUint32 : (Write->Width == 2) ? EfiPciWidthUint16 : EfiPciWidthUint8;
  Value = Write->Value;
  RootBridge->Pci.Write (RootBridge, Width, RegisterAddress (Address, Write->Offset), 1, &Value);
}

VOID
MakeWrites (
  IN EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  *RootBridge,
  IN CONST MRM_PCI_ADDRESS            *Address,
  IN CONST MRM_PCI_WRITE              *Writes,
  IN UINTN                            Count
  )
{
  UINTN  Index;

  for (Index = 0; Index < Count; Index++) {
    if (Writes[Index].Width != 0) {
      WriteConfig (RootBridge, Address, &Writes[Index]);
    }

    if (Writes[Index].Wait != 0) {
      gBS->Stall (Writes[Index].Wait);
    }
  }
}

VOID
WriteCommand (
  IN EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  *RootBridge,
  IN CONST MRM_PCI_ADDRESS            *Address,
  IN UINT16                           Command
  )
{
  MRM_PCI_WRITE  Write;

  Write.Offset = PCI_COMMAND_OFFSET;
  Write.Width  = sizeof (Command);
  Write.Value  = Command;
  WriteConfig (RootBridge, Address, &Write);
}

VOID
CopyConfig (
  IN  EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  *RootBridge,
  IN  CONST MRM_PCI_ADDRESS            *Address,
  OUT UINT32                           *Config
  )
{
  UINTN  Index;

  // One that is not ready yet answers the first of them only; others could last as long as the root port allows.
  Config[0] = ReadConfig (RootBridge, Address, PCI_VENDOR_ID_OFFSET);
  if ((Config[0] == MAX_UINT32) || (Config[0] == NOT_READY)) {
    SetMem32 (Config, MRM_PCI_CONFIG_DWORDS * sizeof (UINT32), MAX_UINT32);
    return;
  }

  for (Index = 1; Index < MRM_PCI_CONFIG_DWORDS; Index++) {
    Config[Index] = ReadConfig (RootBridge, Address, (UINT8)(Index * sizeof (UINT32)));
  }
}
