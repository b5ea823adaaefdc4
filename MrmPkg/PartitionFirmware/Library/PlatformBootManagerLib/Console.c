/** @file
  The console of a partition.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformBootManager.h"
#include <Guid/SerialPortLibVendor.h>
#include <Guid/TtyTerm.h>
#include <Library/DevicePathLib.h>
#include <Library/UefiBootManagerLib.h>

#pragma pack(1)
typedef struct {
  VENDOR_DEVICE_PATH          SerialDxe;
  UART_DEVICE_PATH            Uart;
  VENDOR_DEVICE_PATH          TerminalType;
  EFI_DEVICE_PATH_PROTOCOL    End;
} CONSOLE_DEVICE_PATH;
#pragma pack()

#define NODE(Type, SubType, Structure) \
  { Type, SubType, { (UINT8)sizeof (Structure), (UINT8)(sizeof (Structure) >> 8) } }

///
/// As SerialDxe and TerminalDxe build it from the default UART PCDs (115200 8N1).
///
STATIC CONSOLE_DEVICE_PATH  mConsolePath = {
  { NODE (HARDWARE_DEVICE_PATH,                               HW_VENDOR_DP,  VENDOR_DEVICE_PATH), EDKII_SERIAL_PORT_LIB_VENDOR_GUID },
  { NODE (MESSAGING_DEVICE_PATH,                              MSG_UART_DP,   UART_DEVICE_PATH),   0, 115200, 8, 1, 1 },
  { NODE (MESSAGING_DEVICE_PATH,                              MSG_VENDOR_DP, VENDOR_DEVICE_PATH), EFI_TTY_TERM_GUID },
  { END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, { END_DEVICE_PATH_LENGTH, 0 } }
};

VOID
SetConsoleVariables (
  IN CONST MRM_CONSOLE  *Console
  )
{
  EFI_DEVICE_PATH_PROTOCOL  *Path;

  if (Console->Kind != MrmConsoleUart16550Io) {
    return;
  }

  Path = (EFI_DEVICE_PATH_PROTOCOL *)&mConsolePath;
  EfiBootManagerUpdateConsoleVariable (ConIn, Path, NULL);
  EfiBootManagerUpdateConsoleVariable (ConOut, Path, NULL);
  EfiBootManagerUpdateConsoleVariable (ErrOut, Path, NULL);
}
