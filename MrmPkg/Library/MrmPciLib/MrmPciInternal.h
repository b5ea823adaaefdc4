/** @file
  What the parts of MrmPciLib share: registers by offset, and reading them from a copy.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_PCI_INTERNAL_H_
#define MRM_PCI_INTERNAL_H_

#include <Base.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmPciLib.h>

//
// Header (PCI 6.1, bridge 3.2).
//
#define PCI_COMMAND              0x04
#define   COMMAND_IO             BIT0
#define   COMMAND_MEMORY         BIT1
#define PCI_STATUS               0x06
#define   STATUS_CAPABILITIES    BIT4
#define PCI_CACHE_LINE           0x0C     ///< and latency timer
#define PCI_HEADER_TYPE          0x0E
#define   HEADER_LAYOUT          0x7F
#define   HEADER_BRIDGE          1
#define PCI_BAR                  0x10
#define   BAR_IO                 BIT0
#define   BAR_64                 BIT2
#define PCI_ROM                  0x30
#define PCI_CAPABILITIES         0x34
#define PCI_INTERRUPT_LINE       0x3C
#define   LINE_NONE              0xFF     ///< PCI 6.2.4: no connection
#define PCI_INTERRUPT_PIN        0x3D
#define   PIN_D                  4        ///< PCI 6.2.4: the last one
#define BRIDGE_BUSES             0x18
#define BRIDGE_IO                0x1C
#define BRIDGE_MEMORY            0x20
#define BRIDGE_PREFETCHABLE      0x24
#define BRIDGE_BASE_UPPER        0x28
#define BRIDGE_LIMIT_UPPER       0x2C
#define BRIDGE_IO_UPPER          0x30
#define BRIDGE_ROM               0x38
#define BRIDGE_CONTROL           0x3E
#define   CONTROL_RESET          BIT6
#define ROM_ENABLE               BIT0

#define ENDPOINT_BARS            6
#define BRIDGE_BARS              2

//
// Capabilities by ID (PCI appendix H), and what they contain.
//
#define ID_POWER                 0x01
#define   POWER_CONTROL          0x04
#define     POWER_NO_SOFT_RESET  BIT3
#define     POWER_STATE          (BIT0 | BIT1)
#define     POWER_PME            (BIT8 | BIT15)
#define ID_MSI                   0x05
#define   MSI_CONTROL            0x02
#define     MSI_ENABLE           BIT0
#define ID_PCIE                  0x10
#define   PCIE_FLAGS             0x02
#define     FLAGS_VERSION        0x0F
#define     FLAGS_KIND           0xF0
#define     FLAGS_ROOT_PORT      0x40     ///< PCIe 7.5.3.2
#define     FLAGS_DOWNSTREAM     0x60
#define     FLAGS_SLOT           BIT8
#define   PCIE_DEVICE            0x04
#define     DEVICE_RESET         BIT28    ///< PCIe 7.5.3.3
#define   PCIE_DEVICE_CONTROL    0x08
#define     CONTROL_FLR          BIT15    ///< starts a reset; in bridges another bit
#define     DEVICE_PENDING       BIT21    ///< in the status beside it (PCIe 7.5.3.5)
#define   PCIE_LINK_CONTROL      0x10
#define     LINK_RETRAIN         BIT5
#define   PCIE_SLOT_CONTROL      0x18
#define   PCIE_DEVICE_CONTROL_2  0x28
#define   PCIE_LINK_CONTROL_2    0x30
#define ID_MSIX                  0x11
#define   MSIX_CONTROL           0x02
#define     MSIX_ENABLE          (BIT14 | BIT15)
#define ID_ADVANCED              0x13     ///< PCI ECN "Advanced Capabilities for Conventional PCI"
#define   ADVANCED_CAPABILITIES  0x03
#define     ADVANCED_RESET       (BIT0 | BIT1)  ///< transactions pending and function-level reset
#define   ADVANCED_CONTROL       0x04
#define     ADVANCED_FLR         BIT0
#define     ADVANCED_PENDING     BIT8     ///< in the status beside it

#define ID_FIXED                 0x14     ///< PCIe 7.8.5

/**
  Read a byte of a copy.

  @param[in] Config  The copy.
  @param[in] Offset  Below 256.

  @return  The byte.
**/
UINT8
MrmPciByte (
  IN CONST UINT32  *Config,
  IN UINTN         Offset
  );

/**
  Read a word of a copy; the second byte of the last one is zero.

  @param[in] Config  The copy.
  @param[in] Offset  Below 256.

  @return  The word.
**/
UINT16
MrmPciWord (
  IN CONST UINT32  *Config,
  IN UINTN         Offset
  );

#endif
