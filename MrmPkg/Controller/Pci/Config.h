/** @file
  Configuration space of PCI functions, through the PC's own root bridge protocol,
  which knows how on every machine.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_PCI_CONFIG_H_
#define MRM_PCI_CONFIG_H_

#include <PiDxe.h>
#include <Guid/MrmHandOff.h>
#include <Library/MrmPciLib.h>
#include <Protocol/PciRootBridgeIo.h>

/**
  Read a dword of configuration space.

  @param[in] RootBridge  Its root bridge.
  @param[in] Address     The function.
  @param[in] Register    Offset, dword-aligned, below 256.

  @return  The value; all ones where nothing answers.
**/
UINT32
ReadConfig (
  IN EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  *RootBridge,
  IN CONST MRM_PCI_ADDRESS            *Address,
  IN UINT8                            Register
  );

/**
  Write to configuration space, exactly as wide as said: status registers lie beside
  control registers, and a one clears their bits.

  @param[in] RootBridge  Its root bridge.
  @param[in] Address     The function.
  @param[in] Write       Register, width and value; Wait does not count.
**/
VOID
WriteConfig (
  IN EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  *RootBridge,
  IN CONST MRM_PCI_ADDRESS            *Address,
  IN CONST MRM_PCI_WRITE              *Write
  );

/**
  Make several writes to configuration space, one after the other.

  @param[in] RootBridge  Its root bridge.
  @param[in] Address     The function.
  @param[in] Writes      The writes, as MrmPciLib wants them: with what is to be waited after each.
  @param[in] Count       Their number.
**/
VOID
MakeWrites (
  IN EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  *RootBridge,
  IN CONST MRM_PCI_ADDRESS            *Address,
  IN CONST MRM_PCI_WRITE              *Writes,
  IN UINTN                            Count
  );

/**
  Write the command register of a function.

  @param[in] RootBridge  Its root bridge.
  @param[in] Address     The function.
  @param[in] Command     The value.
**/
VOID
WriteCommand (
  IN EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  *RootBridge,
  IN CONST MRM_PCI_ADDRESS            *Address,
  IN UINT16                           Command
  );

/**
  Copy the configuration space of a function.

  @param[in]  RootBridge  Its root bridge.
  @param[in]  Address     The function.
  @param[out] Config      Receives MRM_PCI_CONFIG_DWORDS; all ones where nothing answers.
**/
VOID
CopyConfig (
  IN  EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  *RootBridge,
  IN  CONST MRM_PCI_ADDRESS            *Address,
  OUT UINT32                           *Config
  );

#endif
