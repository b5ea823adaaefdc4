/** @file
  Configuration space of PCI functions.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PciConfig.h"
#include <IndustryStandard/Pci.h>

#define CAPABILITY_LIMIT  48   ///< no more fit into 192 bytes

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
  IN CONST MRM_PCI_PORT  *Port,
  IN UINT8               Bus,
  IN UINT8               Device,
  IN UINT8               Function,
  IN UINT8               Register,
  IN UINT32              Value
  )
{
  Port->RootBridge->Pci.Write (
                          Port->RootBridge,
                          EfiPciWidthUint32,
                          EFI_PCI_ADDRESS (Bus, Device, Function, Register),
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
  WriteConfig (Port, Function->Bus, Function->Device, Function->Function, PCI_COMMAND_OFFSET, Command);
}

UINT8
FindCapability (
  IN CONST MRM_PCI_PORT  *Port,
  IN UINT8               Bus,
  IN UINT8               Device,
  IN UINT8               Function,
  IN UINT8               Id
  )
{
  UINT8   Offset;
  UINT32  Header;
  UINTN   Count;

  if (((ReadConfig (Port, Bus, Device, Function, PCI_COMMAND_OFFSET) >> 16) & EFI_PCI_STATUS_CAPABILITY) == 0) {
    return 0;
  }

  Offset = (UINT8)ReadConfig (Port, Bus, Device, Function, PCI_CAPBILITY_POINTER_OFFSET) & ~3;
  for (Count = 0; (Offset >= 0x40) && (Count < CAPABILITY_LIMIT); Count++) {
    Header = ReadConfig (Port, Bus, Device, Function, Offset);
    if ((UINT8)Header == Id) {
      return Offset;
    }

    Offset = (UINT8)(Header >> 8) & ~3;
  }

  return 0;
}
