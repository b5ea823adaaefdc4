/** @file
  SPCR: the partition's console.  Microsoft "Serial Port Console Redirection Table",
  revision 2.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmAcpiInternal.h"
#include <IndustryStandard/SerialPortConsoleRedirectionTable.h>

#define SPCR_NO_ID         0xFFFF      ///< device and vendor of a port that is no PCI function
#define SPCR_STOP_BITS     1
#define SPCR_REGISTER_BITS 8
#define SPCR_VT100_PLUS    1
#define IO_SPACE_SIZE      0x10000

BOOLEAN
MrmAcpiConsoleIsValid (
  IN CONST MRM_ACPI_FACTS  *Facts
  )
{
  UINT32  Index;

  switch (Facts->Console.Kind) {
    case MrmConsoleNone:
      return TRUE;
    case MrmConsoleUart16550Io:
      if (Facts->Console.Base > IO_SPACE_SIZE - MRM_ACPI_UART_REGISTERS) {
        return FALSE;
      }

      break;
    case MrmConsoleUart16550Memory:
      if (Facts->Console.Base > MAX_UINT64 - (MRM_ACPI_UART_REGISTERS - 1)) {
        return FALSE;
      }

      break;
    default:
      return FALSE;
  }

  if (Facts->ConsoleFunction.Address.Segment == 0) {
    return TRUE;
  }

  for (Index = 0; Index < Facts->PciBusCount; Index++) {
    if (Facts->PciBuses[Index].Segment == Facts->ConsoleFunction.Address.Segment) {
      return (BOOLEAN)(Facts->ConsoleFunction.Address.Segment <= MAX_UINT8);
    }
  }

  return FALSE;
}

/**
  Code of a baud rate.

  @param[in] BaudRate  Bits per second.

  @return  The code; 0, "as it is set", for a rate that has none.
**/
STATIC
UINT8
BaudRateCode (
  IN UINT32  BaudRate
  )
{
  switch (BaudRate) {
    case 9600:
      return 3;
    case 19200:
      return 4;
    case 57600:
      return 6;
    case 115200:
      return 7;
    default:
      return 0;
  }
}

UINTN
MrmAcpiSpcr (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  )
{
  EFI_ACPI_SERIAL_PORT_CONSOLE_REDIRECTION_TABLE  *Spcr;

  if (Facts->Console.Kind == MrmConsoleNone) {
    return 0;
  }

  if (Table == NULL) {
    return sizeof (*Spcr);
  }

  Spcr = Table;
  ZeroMem (Spcr, sizeof (*Spcr));
  MrmAcpiHeader (
    &Spcr->Header,
    EFI_ACPI_6_3_SERIAL_PORT_CONSOLE_REDIRECTION_TABLE_SIGNATURE,
    EFI_ACPI_SERIAL_PORT_CONSOLE_REDIRECTION_TABLE_REVISION,
    sizeof (*Spcr)
    );
  Spcr->InterfaceType              = EFI_ACPI_SERIAL_PORT_CONSOLE_REDIRECTION_TABLE_INTERFACE_TYPE_16550;
  Spcr->BaseAddress.AddressSpaceId = (Facts->Console.Kind == MrmConsoleUart16550Io)
                                     ? EFI_ACPI_6_3_SYSTEM_IO
                                     : EFI_ACPI_6_3_SYSTEM_MEMORY;
  Spcr->BaseAddress.RegisterBitWidth = SPCR_REGISTER_BITS;
  Spcr->BaseAddress.AccessSize       = EFI_ACPI_6_3_BYTE;
  Spcr->BaseAddress.Address          = Facts->Console.Base;
  Spcr->BaudRate                     = BaudRateCode (Facts->Console.BaudRate);
  Spcr->StopBits                     = SPCR_STOP_BITS;
  Spcr->TerminalType                 = SPCR_VT100_PLUS;
  Spcr->PciDeviceId                  = SPCR_NO_ID;
  Spcr->PciVendorId                  = SPCR_NO_ID;
  if (Facts->ConsoleFunction.Address.Segment != 0) {
    Spcr->PciDeviceId       = Facts->ConsoleFunction.DeviceId;
    Spcr->PciVendorId       = Facts->ConsoleFunction.VendorId;
    Spcr->PciSegment        = (UINT8)Facts->ConsoleFunction.Address.Segment;
    Spcr->PciBusNumber      = Facts->ConsoleFunction.Address.Bus;
    Spcr->PciDeviceNumber   = Facts->ConsoleFunction.Address.Device;
    Spcr->PciFunctionNumber = Facts->ConsoleFunction.Address.Function;
  }

  Spcr->Header.Checksum = MrmAcpiChecksum (Spcr, sizeof (*Spcr));
  return sizeof (*Spcr);
}
