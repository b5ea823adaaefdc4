/** @file
  Configuration space of PCI functions.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PciConfig.h"
#include <IndustryStandard/Pci.h>

UINT32
ReadConfig (
  IN CONST MRM_PCI_PORT  *Port,
  IN UINT8               Bus,
  IN UINT8               Device,
  IN UINT8               Function,
  IN UINT8               Register
  )
{
  UINT32      Value;
  EFI_STATUS  Status;

  Status = Port->RootBridge->Pci.Read (
                                   Port->RootBridge,
                                   EfiPciWidthUint32,
                                   EFI_PCI_ADDRESS (Bus, Device, Function, Register),
                                   1,
                                   &Value
                                   );
  return EFI_ERROR (Status) ? MAX_UINT32 : Value;
}

VOID
WriteConfig (
  IN CONST MRM_PCI_PORT   *Port,
  IN UINT8                Bus,
  IN UINT8                Device,
  IN UINT8                Function,
  IN CONST MRM_PCI_WRITE  *Write
  )
{
  EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL_WIDTH  Width;
  UINT32                                 Value;

  Width = (Write->Width == 4) ? EfiPciWidthUint32 : (Write->Width == 2) ? EfiPciWidthUint16 : EfiPciWidthUint8;
  Value = Write->Value;
  Port->RootBridge->Pci.Write (
                          Port->RootBridge,
                          Width,
                          EFI_PCI_ADDRESS (Bus, Device, Function, Write->Offset),
                          1,
                          &Value
                          );
}

VOID
WriteCommand (
  IN CONST MRM_PCI_PORT      *Port,
  IN CONST MRM_PCI_FUNCTION  *Function,
  IN UINT16                  Command
  )
{
  MRM_PCI_WRITE  Write;

  Write.Offset = PCI_COMMAND_OFFSET;
  Write.Width  = sizeof (Command);
  Write.Value  = Command;
  WriteConfig (Port, Function->Bus, Function->Device, Function->Function, &Write);
}

VOID
CopyConfig (
  IN  CONST MRM_PCI_PORT  *Port,
  IN  UINT8               Bus,
  IN  UINT8               Device,
  IN  UINT8               Function,
  OUT UINT32              *Config
  )
{
  UINTN  Index;

  for (Index = 0; Index < MRM_PCI_CONFIG_DWORDS; Index++) {
    Config[Index] = ReadConfig (Port, Bus, Device, Function, (UINT8)(Index * sizeof (UINT32)));
  }
}
