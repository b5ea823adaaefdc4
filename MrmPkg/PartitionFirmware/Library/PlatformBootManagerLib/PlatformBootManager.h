/** @file
  Parts of the partition's boot manager.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef PLATFORM_BOOT_MANAGER_H_
#define PLATFORM_BOOT_MANAGER_H_

#include <PiDxe.h>
#include <Library/MrmHandOffLib.h>
#include <Library/UefiBootManagerLib.h>

#define MRM_REASON_LENGTH       160   ///< bytes of a reason with terminating zero
#define MRM_DEVICE_NAME_LENGTH  32    ///< bytes of a PCI function's name with terminating zero

//
// Console.c
//

/**
  Make UART, display and USB keyboard of the partition its console: ConIn, ConOut, ErrOut.

  The UART is named even where the partition has none: what is written there is kept
  for the controller.

  @param[in] HandOff  The hand-off.
**/
VOID
SetConsoleVariables (
  IN CONST MRM_HAND_OFF  *HandOff
  );

/**
  Say something on the partition's console and in the controller's log.

  @param[in] Format  PrintLib ASCII format string of one line without its end.
  @param[in] ...     Its arguments.
**/
VOID
EFIAPI
Tell (
  IN CONST CHAR8  *Format,
  ...
  );

//
// Connect.c
//

///
/// Kinds of PCI functions; a partition's drivers are started only for those it needs.
///
#define MRM_DEVICES_STORAGE  BIT0
#define MRM_DEVICES_USB      BIT1
#define MRM_DEVICES_NETWORK  BIT2
#define MRM_DEVICES_DISPLAY  BIT3

/**
  Start the drivers of some of the partition's devices and all behind them; at once when they run.

  @param[in] Kinds    MRM_DEVICES_*.
  @param[in] Segment  Only behind this host bridge; 0 = any.
**/
VOID
ConnectDevices (
  IN UINT32  Kinds,
  IN UINT16  Segment
  );

/**
  Name the first PCI function of some kinds as an OS does: segment, bus, device, function, vendor and device ID.

  @param[in]  Kinds    MRM_DEVICES_*.
  @param[in]  Segment  Only behind this host bridge; 0 = any.
  @param[out] Text     Receives the name.
  @param[in]  Size     Bytes at Text.

  @retval TRUE   Named.
  @retval FALSE  There is none.
**/
BOOLEAN
NameDevice (
  IN  UINT32  Kinds,
  IN  UINT16  Segment,
  OUT CHAR8   *Text,
  IN  UINTN   Size
  );

/**
  Whether a device path begins at a host bridge, or at a served disk.

  @param[in] Path     The device path; NULL is nowhere.
  @param[in] Segment  Segment of the host bridge, or of the served disks; 0 = any path.
**/
BOOLEAN
IsBehind (
  IN CONST EFI_DEVICE_PATH_PROTOCOL  *Path,
  IN UINT16                          Segment
  );

/**
  List the handles with a protocol behind a host bridge, ordered by their device paths.

  @param[in]  Protocol  The protocol.
  @param[in]  Segment   Segment of the host bridge; 0 = any.
  @param[out] Count     Number of handles.

  @return  The handles, to be freed; NULL when there is none.
**/
EFI_HANDLE *
ListHandles (
  IN  EFI_GUID  *Protocol,
  IN  UINT16    Segment,
  OUT UINTN     *Count
  );

//
// Start.c
//

/**
  Load an image and start it.  Returns only if it did not take the partition over.

  @param[in]  Path         Its device path.
  @param[in]  Buffer       The image; NULL reads it from Path.
  @param[in]  Size         Bytes in Buffer.
  @param[in]  Options      Load options, or NULL.
  @param[in]  OptionsSize  Bytes in Options.
  @param[out] Reason       Why it is back, MRM_REASON_LENGTH bytes.
**/
VOID
StartLoader (
  IN  EFI_DEVICE_PATH_PROTOCOL  *Path,
  IN  VOID                      *Buffer OPTIONAL,
  IN  UINTN                     Size,
  IN  VOID                      *Options OPTIONAL,
  IN  UINT32                    OptionsSize,
  OUT CHAR8                     *Reason
  );

//
// Initrd.c
//

/**
  Offer an initrd to a Linux loader: LoadFile2 on the LINUX_EFI_INITRD_MEDIA device path.

  @param[in] Initrd  The initrd; must stay in place until ExitBootServices.  Empty: offer none,
                     and no longer the last one.

  @retval EFI_SUCCESS  Offered.
  @return Other        Status of the protocol services.
**/
EFI_STATUS
OfferInitrd (
  IN CONST MRM_RANGE  *Initrd
  );

//
// BootFile.c, BootDisk.c, BootNetwork.c: one source each.  They return only if nothing took
// the partition over.
//

/**
  Run a loader, or the shell, that the controller handed over.

  @param[in]  Source  MrmBootFile or MrmBootShell.
  @param[out] Reason  Why it is back, MRM_REASON_LENGTH bytes.
**/
VOID
BootFile (
  IN  CONST MRM_BOOT_SOURCE  *Source,
  OUT CHAR8                  *Reason
  );

/**
  Boot from the partition's disks as its own variables say, then from each file system's
  \EFI\BOOT\BOOTX64.EFI; or one file that is named.

  @param[in]  Source  MrmBootDisk.
  @param[out] Reason  Why it is back, MRM_REASON_LENGTH bytes.
**/
VOID
BootDisk (
  IN  CONST MRM_BOOT_SOURCE  *Source,
  OUT CHAR8                  *Reason
  );

/**
  Boot over the partition's network interfaces.

  @param[in]  Source  MrmBootNetwork.
  @param[out] Reason  Why it is back, MRM_REASON_LENGTH bytes.
**/
VOID
BootNetwork (
  IN  CONST MRM_BOOT_SOURCE  *Source,
  OUT CHAR8                  *Reason
  );

//
// BootOption.c
//

/**
  Try BootNext, then each active Boot#### in BootOrder (UEFI 2.10 section 3.1.2).

  @param[in]     Segment  Only disks behind this host bridge; 0 = any.
  @param[in,out] Reason   Why the last one that was there is back; unchanged if there was none.
**/
VOID
BootOptions (
  IN     UINT16  Segment,
  IN OUT CHAR8   *Reason
  );

//
// DiskPath.c
//

/**
  Find the loader a load option names on the partition's disks.

  @param[in] Path     Device path of the option: full, or short from HD() or a file on (UEFI 2.10 section 3.1.2).
  @param[in] Segment  Only disks behind this host bridge; 0 = any.

  @return  The full device path, to be freed; NULL when the device or the file is not there.
**/
EFI_DEVICE_PATH_PROTOCOL *
FindOnDisk (
  IN EFI_DEVICE_PATH_PROTOCOL  *Path,
  IN UINT16                    Segment
  );

/**
  Whether a file system has a file.

  @param[in] Handle  Handle with EFI_SIMPLE_FILE_SYSTEM_PROTOCOL.
  @param[in] Path    Path of the file.
**/
BOOLEAN
HasFile (
  IN EFI_HANDLE    Handle,
  IN CONST CHAR16  *Path
  );

//
// Choice.c
//

/**
  Text of a boot source for people.

  @param[in]  Source  The source.
  @param[out] Text    Receives it, MRM_REASON_LENGTH bytes.
**/
VOID
DescribeSource (
  IN  CONST MRM_BOOT_SOURCE  *Source,
  OUT CHAR8                  *Text
  );

/**
  Choose the boot source to begin with.

  If BootNext is set, it is the source that follows the partition's own boot options (UEFI 2.10 section 3.1.2), if there
  is one.  Else it is what is chosen on the console.  The choice is offered for as long as the variable Timeout says, or
  the hand-off if there is no such variable.  Else it is the first source.

  @param[in] HandOff  The hand-off.

  @return  Index of the source to try first.
**/
UINTN
ChooseSource (
  IN CONST MRM_HAND_OFF  *HandOff
  );

#endif
