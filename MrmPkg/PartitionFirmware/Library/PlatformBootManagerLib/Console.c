/** @file
  The console of a partition.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformBootManager.h"
#include <Guid/GlobalVariable.h>
#include <Guid/SerialPortLibVendor.h>
#include <Guid/TtyTerm.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiLib.h>
#include <Library/UefiRuntimeServicesTableLib.h>
#include <Protocol/GraphicsOutput.h>

#define USB_CLASS_HID          3
#define USB_SUBCLASS_BOOT      1
#define USB_PROTOCOL_KEYBOARD  1

#pragma pack(1)
typedef struct {
  VENDOR_DEVICE_PATH          SerialDxe;
  UART_DEVICE_PATH            Uart;
  VENDOR_DEVICE_PATH          TerminalType;
  EFI_DEVICE_PATH_PROTOCOL    End;
} CONSOLE_DEVICE_PATH;

typedef struct {
  USB_CLASS_DEVICE_PATH       Keyboard;
  EFI_DEVICE_PATH_PROTOCOL    End;
} KEYBOARD_DEVICE_PATH;
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

///
/// Any USB keyboard.
///
STATIC KEYBOARD_DEVICE_PATH  mKeyboardPath = {
  {
    NODE (MESSAGING_DEVICE_PATH,                              MSG_USB_CLASS_DP,USB_CLASS_DEVICE_PATH),
    0xFFFF,
    0xFFFF,
    USB_CLASS_HID,
    USB_SUBCLASS_BOOT,
    USB_PROTOCOL_KEYBOARD
  },
  { END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, { END_DEVICE_PATH_LENGTH, 0 } }
};

/**
  Set a console variable to what this start has found, unless it says so already.

  @param[in] Name   ConIn, ConOut or ErrOut.
  @param[in] First  Device path of the first device.
  @param[in] Other  Of another one, or NULL.
**/
STATIC
VOID
SetConsole (
  IN CHAR16                    *Name,
  IN EFI_DEVICE_PATH_PROTOCOL  *First,
  IN EFI_DEVICE_PATH_PROTOCOL  *Other OPTIONAL
  )
{
  EFI_DEVICE_PATH_PROTOCOL  *Path;
  VOID                      *Old;
  UINTN                     OldSize;
  UINTN                     Size;

  Path = (Other == NULL) ? DuplicateDevicePath (First) : AppendDevicePathInstance (First, Other);
  if (Path == NULL) {
    return;
  }

  Old     = NULL;
  OldSize = 0;
  Size    = GetDevicePathSize (Path);
  GetEfiGlobalVariable2 (Name, &Old, &OldSize);
  if ((Old == NULL) || (OldSize != Size) || (CompareMem (Old, Path, Size) != 0)) {
    gRT->SetVariable (
           Name,
           &gEfiGlobalVariableGuid,
           EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS | EFI_VARIABLE_RUNTIME_ACCESS,
           Size,
           Path
           );
  }

  if (Old != NULL) {
    FreePool (Old);
  }

  FreePool (Path);
}

/**
  Start the display.

  @return  Its device path; NULL when no driver knows it.
**/
STATIC
EFI_DEVICE_PATH_PROTOCOL *
StartDisplay (
  VOID
  )
{
  EFI_HANDLE                *Handles;
  UINTN                     Count;
  EFI_DEVICE_PATH_PROTOCOL  *Path;

  ConnectDevices (MRM_DEVICES_DISPLAY, 0);
  Handles = ListHandles (&gEfiGraphicsOutputProtocolGuid, 0, &Count);
  if (Handles == NULL) {
    MrmEvent ("display: no driver for the partition's display function");
    return NULL;
  }

  Path = DevicePathFromHandle (Handles[0]);
  FreePool (Handles);
  return Path;
}

VOID
SetConsoleVariables (
  IN CONST MRM_HAND_OFF  *HandOff
  )
{
  EFI_DEVICE_PATH_PROTOCOL  *Serial;
  EFI_DEVICE_PATH_PROTOCOL  *Display;
  EFI_DEVICE_PATH_PROTOCOL  *Keyboard;

  Serial   = (EFI_DEVICE_PATH_PROTOCOL *)&mConsolePath;
  Display  = HandOff->Display ? StartDisplay () : NULL;
  Keyboard = HandOff->Display ? (EFI_DEVICE_PATH_PROTOCOL *)&mKeyboardPath : NULL;
  SetConsole (EFI_CON_IN_VARIABLE_NAME, Serial, Keyboard);
  SetConsole (EFI_CON_OUT_VARIABLE_NAME, Serial, Display);
  SetConsole (EFI_ERR_OUT_VARIABLE_NAME, Serial, Display);
}

VOID
EFIAPI
Tell (
  IN CONST CHAR8  *Format,
  ...
  )
{
  CHAR8    Line[MRM_REASON_LENGTH * 3];
  VA_LIST  Marker;

  VA_START (Marker, Format);
  AsciiVSPrint (Line, sizeof (Line), Format, Marker);
  VA_END (Marker);
  MrmEvent ("%a", Line);
  AsciiPrint ("MRM: %a\r\n", Line);
}
