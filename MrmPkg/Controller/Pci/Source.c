/** @file
  Whose requests a port of a partition forwards: access control services (PCIe 5.0 sections 7.6.3 and 7.7.8).

  An IOMMU knows a function by the ID in its requests.  A bridge behind a port puts its own secondary bus there, and the
  partition's system writes that number.  So the port has to see that the bus is one of those behind it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Pci/Source.h"
#include <IndustryStandard/Pci.h>
#include <Library/BaseLib.h>

#define FIRST_EXTENDED    0x100
#define MOST_EXTENDED     960     ///< capabilities in 3840 bytes
#define ID_ACCESS         0x000D
#define ACCESS_CONTROL    6       ///< register, behind that of abilities
#define SOURCE_CHECKED    BIT0    ///< in both: requests with IDs of buses that are not behind the port are dropped

/**
  Read a dword of extended configuration space of a port.

  @param[in] Port      The port.
  @param[in] Register  From 100h on, dword-aligned.

  @return  It; all ones if it cannot be read.
**/
STATIC
UINT32
ReadExtended (
  IN CONST MRM_PCI_PORT  *Port,
  IN UINT32              Register
  )
{
  UINT32  Value;
  UINT64  Place;

  Place = EFI_PCI_ADDRESS (Port->Address.Bus, Port->Address.Device, Port->Address.Function, 0)
          | LShiftU64 (Register, 32);
  if (EFI_ERROR (Port->RootBridge->Pci.Read (Port->RootBridge, EfiPciWidthUint32, Place, 1, &Value))) {
    return MAX_UINT32;
  }

  return Value;
}

/**
  Find the register of a port by which it checks IDs of requests.

  @param[in] Port  The port.

  @return  Its offset; 0: the port cannot check them.
**/
STATIC
UINT32
FindSourceCheck (
  IN CONST MRM_PCI_PORT  *Port
  )
{
  UINT32  Register;
  UINT32  Header;
  UINTN   Count;

  Register = FIRST_EXTENDED;
  for (Count = 0; (Register >= FIRST_EXTENDED) && (Count < MOST_EXTENDED); Count++) {
    Header = ReadExtended (Port, Register);
    if ((Header == 0) || (Header == MAX_UINT32)) {
      break;
    }

    if ((Header & MAX_UINT16) == ID_ACCESS) {
      return ((ReadExtended (Port, Register + 4) & SOURCE_CHECKED) != 0) ? Register + ACCESS_CONTROL : 0;
    }

    Register = (Header >> 20) & ~(UINT32)3;
  }

  return 0;
}

BOOLEAN
CanForgeSource (
  IN CONST MRM_PARTITION  *Partition
  )
{
  CONST MRM_PCI_PORT  *Port;
  UINTN               Index;
  UINTN               Function;

  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    Port = &Partition->PciPorts[Index];
    for (Function = 0; !Port->ByFunction && (Function < Port->FunctionCount); Function++) {
      if (Port->Functions[Function].Capabilities.Bridge && (FindSourceCheck (Port) == 0)) {
        return TRUE;
      }
    }
  }

  return FALSE;
}

VOID
CheckSources (
  IN CONST MRM_PARTITION  *Partition
  )
{
  CONST MRM_PCI_PORT  *Port;
  UINT64              Place;
  UINT32              Register;
  UINT16              Control;
  UINTN               Index;

  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    Port     = &Partition->PciPorts[Index];
    Register = Port->ByFunction ? 0 : FindSourceCheck (Port);
    if (Register == 0) {
      continue;
    }

    Control = (UINT16)(ReadExtended (Port, Register & ~(UINT32)3) >> 16) | SOURCE_CHECKED;
    Place   = EFI_PCI_ADDRESS (Port->Address.Bus, Port->Address.Device, Port->Address.Function, 0)
              | LShiftU64 (Register, 32);
    Port->RootBridge->Pci.Write (Port->RootBridge, EfiPciWidthUint16, Place, 1, &Control);
  }
}
