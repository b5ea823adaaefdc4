/** @file
  Which PCI functions there are.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PCI_FIND_H_
#define MRM_CONTROLLER_PCI_FIND_H_

#include "Partition/Partition.h"

#define PCI_PATH_SIZE  256   ///< device path text of a PCI function, 14 bridges deep, with its end

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
  Take a function into the list of a port and save its configuration.

  @param[in,out] Partition  Refused when the list is full.
  @param[in,out] Port       Receives the function.
  @param[in]     Address    Where it is.
**/
VOID
AddFunction (
  IN OUT MRM_PARTITION          *Partition,
  IN OUT MRM_PCI_PORT           *Port,
  IN     CONST MRM_PCI_ADDRESS  *Address
  );

/**
  Find a PCI function of the PC by its UEFI device path.

  @param[in]  Text        Device path text.
  @param[out] RootBridge  Receives its root bridge.
  @param[out] Address     Receives where it is.

  @retval EFI_SUCCESS    Found.
  @retval EFI_NOT_FOUND  The machine has no such function.
  @return Other          Status of the PC's PCI protocols.
**/
EFI_STATUS
FindFunction (
  IN  CONST CHAR8                      *Text,
  OUT EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  **RootBridge,
  OUT MRM_PCI_ADDRESS                  *Address
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
  @param[out] Address  Receives where the function is.

  @retval EFI_SUCCESS  Found.
  @return Other        The device is on no PCI function.
**/
EFI_STATUS
FindFunctionOf (
  IN  EFI_HANDLE       Handle,
  OUT MRM_PCI_ADDRESS  *Address
  );

/**
  Whether two addresses are that of one function.

  @param[in] One    One address.
  @param[in] Other  Another one.
**/
BOOLEAN
IsSameFunction (
  IN CONST MRM_PCI_ADDRESS  *One,
  IN CONST MRM_PCI_ADDRESS  *Other
  );

/**
  Where a function is that a handle of the PC's firmware stands for.

  @param[in]  Handle   The handle; it has a PCI I/O protocol.
  @param[out] Address  Receives it.

  @return  Status of that protocol.
**/
EFI_STATUS
Locate (
  IN  EFI_HANDLE       Handle,
  OUT MRM_PCI_ADDRESS  *Address
  );

/**
  Whether a function is behind one of a partition's ports, or the partition has it by itself or as the owner of the
  chipset.

  @param[in] Partition  The partition, whose ports have been found.
  @param[in] Address    Where the function is.

  @retval TRUE   It is.
  @retval FALSE  It is not.
**/
BOOLEAN
IsBehindPorts (
  IN CONST MRM_PARTITION    *Partition,
  IN CONST MRM_PCI_ADDRESS  *Address
  );

/**
  Find the partition that has a part of a share already.  A plan tells devices apart by their texts, of which a device
  can have several.

  @param[in] Share   The share.
  @param[in] Except  A port that does not count, as the share is its own.

  @return  The partition, one of gPartitions whose ports have been found and that is not refused; NULL if none has.
**/
CONST MRM_PARTITION *
FindOwner (
  IN CONST MRM_PCI_SHARE  *Share,
  IN CONST MRM_PCI_PORT   *Except  OPTIONAL
  );

#endif
