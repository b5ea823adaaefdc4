/** @file
  Configuration space of PCI functions, through the PC's own root bridge protocol,
  which knows how on every machine.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_PCI_CONFIG_H_
#define MRM_PCI_CONFIG_H_

#include "Mrm.h"

#define PCI_PATH_SIZE  256   ///< device path text of a PCI function, 14 bridges deep, with its end

/**
  Read a dword of configuration space.

  @param[in] Port      Names the root bridge.
  @param[in] Bus       Bus number.
  @param[in] Device    Device number.
  @param[in] Function  Function number.
  @param[in] Register  Offset, dword-aligned, below 256.

  @return  The value; all ones where nothing answers.
**/
UINT32
ReadConfig (
  IN CONST MRM_PCI_PORT  *Port,
  IN UINT8               Bus,
  IN UINT8               Device,
  IN UINT8               Function,
  IN UINT8               Register
  );

/**
  Write to configuration space, exactly as wide as said: status registers lie beside
  control registers, and a one clears their bits.

  @param[in] Port      Names the root bridge.
  @param[in] Bus       Bus number.
  @param[in] Device    Device number.
  @param[in] Function  Function number.
  @param[in] Write     Register, width and value.
**/
VOID
WriteConfig (
  IN CONST MRM_PCI_PORT   *Port,
  IN UINT8                Bus,
  IN UINT8                Device,
  IN UINT8                Function,
  IN CONST MRM_PCI_WRITE  *Write
  );

/**
  Write the command register of a function.

  @param[in] Port      Names the root bridge.
  @param[in] Function  The function.
  @param[in] Command   The value.
**/
VOID
WriteCommand (
  IN CONST MRM_PCI_PORT      *Port,
  IN CONST MRM_PCI_FUNCTION  *Function,
  IN UINT16                  Command
  );

/**
  Copy the configuration space of a function.

  @param[in]  Port      Names the root bridge.
  @param[in]  Bus       Bus number.
  @param[in]  Device    Device number.
  @param[in]  Function  Function number.
  @param[out] Config    Receives MRM_PCI_CONFIG_DWORDS; all ones where nothing answers.
**/
VOID
CopyConfig (
  IN  CONST MRM_PCI_PORT  *Port,
  IN  UINT8               Bus,
  IN  UINT8               Device,
  IN  UINT8               Function,
  OUT UINT32              *Config
  );

//
// PciFunctions.c
//

/**
  List the functions on the buses behind a port, lower buses first: bridges
  come before what is behind them.

  @param[in,out] Partition  Refused when there are too many.
  @param[in]     Bus        The bus range.
  @param[in,out] Port       Receives the functions with their configuration.
**/
VOID
ListFunctions (
  IN OUT MRM_PARTITION      *Partition,
  IN     CONST MRM_PCI_BUS  *Bus,
  IN OUT MRM_PCI_PORT       *Port
  );

/**
  Find a PCI function of the PC by its UEFI device path.

  @param[in]  Text        Device path text.
  @param[out] RootBridge  Receives its root bridge.
  @param[out] Segment     Receives its segment.
  @param[out] Bus         Receives its bus number.
  @param[out] Device      Receives its device number.
  @param[out] Function    Receives its function number.

  @retval EFI_SUCCESS    Found.
  @retval EFI_NOT_FOUND  The machine has no such function.
  @return Other          Status of the PC's PCI protocols.
**/
EFI_STATUS
FindFunction (
  IN  CONST CHAR8                      *Text,
  OUT EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  **RootBridge,
  OUT UINT16                           *Segment,
  OUT UINT8                            *Bus,
  OUT UINT8                            *Device,
  OUT UINT8                            *Function
  );

/**
  Find the bridge above a function.

  @param[in,out] Text    Device path text of the function; becomes that of the bridge.
  @param[out]    Bridge  Receives where the bridge is; nothing is listed behind it.

  @retval TRUE   Found.
  @retval FALSE  There is none: the function is on the bus of a root bridge.
**/
BOOLEAN
FindBridgeAbove (
  IN OUT CHAR8         *Text,
  OUT    MRM_PCI_PORT  *Bridge
  );

/**
  Find the PCI function that a device of the PC's firmware is on.

  @param[in]  Handle   The device, a volume for instance.
  @param[out] Segment  Receives the function's segment.
  @param[out] Bus      Receives its bus number.

  @retval EFI_SUCCESS  Found.
  @return Other        The device is on no PCI function.
**/
EFI_STATUS
FindFunctionOf (
  IN  EFI_HANDLE  Handle,
  OUT UINT16      *Segment,
  OUT UINT8       *Bus
  );

//
// PciReset.c
//

/**
  Reset everything behind all ports of a partition at the same time by their
  secondary bus resets.

  @param[in] Partition  The partition.
**/
VOID
ResetBuses (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Reset one function.

  @param[in] Port      Its port.
  @param[in] Function  The function; bus mastering is off.
  @param[in] Reset     MrmPciResetFunction, -Advanced or -Power, as it can.
**/
VOID
ResetFunction (
  IN CONST MRM_PCI_PORT      *Port,
  IN CONST MRM_PCI_FUNCTION  *Function,
  IN MRM_PCI_RESET           Reset
  );

/**
  Wait until a function answers again after a reset.

  @param[in] Port      Its port.
  @param[in] Function  The function.

  @retval TRUE   It answers.
  @retval FALSE  It does not, or something else does.
**/
BOOLEAN
WaitForFunction (
  IN CONST MRM_PCI_PORT      *Port,
  IN CONST MRM_PCI_FUNCTION  *Function
  );

/**
  Wait until no function of a partition expects an answer to a request of its own any
  more, or a second has passed.

  @param[in] Partition  The partition; bus mastering is off.
**/
VOID
WaitForTransactions (
  IN CONST MRM_PARTITION  *Partition
  );

#endif
