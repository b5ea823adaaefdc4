/** @file
  Configuration space of PCI functions, through the PC's own root bridge protocol,
  which knows how on every machine.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_PCI_CONFIG_H_
#define MRM_PCI_CONFIG_H_

#include "Mrm.h"

#define PCIE_DEVICE_CONTROL       0x08     ///< PCIe 5.0 section 7.5.3.4; status, write-one-to-clear, above it
#define PCIE_LINK_CONTROL         0x10     ///< PCIe 5.0 section 7.5.3.7; status above it

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
  Write a dword of configuration space.

  @param[in] Port      Names the root bridge.
  @param[in] Bus       Bus number.
  @param[in] Device    Device number.
  @param[in] Function  Function number.
  @param[in] Register  Offset, dword-aligned, below 256.
  @param[in] Value     The value.
**/
VOID
WriteConfig (
  IN CONST MRM_PCI_PORT  *Port,
  IN UINT8               Bus,
  IN UINT8               Device,
  IN UINT8               Function,
  IN UINT8               Register,
  IN UINT32              Value
  );

/**
  Write the command register and leave the status register alone (its bits are
  write-one-to-clear).

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
  Find a capability.

  @param[in] Port      Names the root bridge.
  @param[in] Bus       Bus number.
  @param[in] Device    Device number.
  @param[in] Function  Function number.
  @param[in] Id        Capability ID.

  @return  Its offset; 0 when there is none.
**/
UINT8
FindCapability (
  IN CONST MRM_PCI_PORT  *Port,
  IN UINT8               Bus,
  IN UINT8               Device,
  IN UINT8               Function,
  IN UINT8               Id
  );

#endif
