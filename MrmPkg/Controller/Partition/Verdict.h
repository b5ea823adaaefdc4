/** @file
  What was promised and what was found.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_VERDICT_H_
#define MRM_CONTROLLER_VERDICT_H_

#include "Partition/Partition.h"

//
// Rules judged at boot.  Those the generator judges as well have its names
// (docs/rules.md); a test holds both together.
//
#define MRM_RULE_PM_TIMER          "machine-pm-timer"
#define MRM_RULE_CLOCKS            "machine-clocks"
#define MRM_RULE_CONSOLE_EXISTS    "console-exists"
#define MRM_RULE_BOOT_FILE         "boot-file-readable"
#define MRM_RULE_BOOT_INITRD       "boot-initrd-readable"
#define MRM_RULE_PROCESSOR_EXISTS  "processor-exists"
#define MRM_RULE_PROCESSOR_BSP     "processor-not-bsp"
#define MRM_RULE_PROCESSOR_OWNED   "processor-owned-once"
#define MRM_RULE_PROCESSOR_ENOUGH  "processor-enough"
#define MRM_RULE_PROCESSOR_CORE    "processor-whole-core"
#define MRM_RULE_PROCESSOR_USABLE  "processor-usable"
#define MRM_RULE_ISOLATION         "isolation-virtualization"
#define MRM_RULE_DMA               "isolation-dma"
#define MRM_RULE_MEMORY_LOW        "memory-low-fits"
#define MRM_RULE_MEMORY_BELOW_1G   "memory-below-1g-fits"
#define MRM_RULE_MEMORY            "memory-fits"
#define MRM_RULE_SHARED            "shared-fits"
#define MRM_RULE_PCI_EXISTS        "pci-exists"
#define MRM_RULE_PCI_PORT          "pci-is-port"
#define MRM_RULE_PCI_OWNED         "pci-owned-once"
#define MRM_RULE_PCI_BOOT_DEVICE   "pci-not-boot-device"
#define MRM_RULE_PCI_ECAM          "pci-ecam"
#define MRM_RULE_PCI_WINDOWS       "pci-windows"
#define MRM_RULE_PCI_MSI           "pci-msi"
#define MRM_RULE_PCI_DISABLED      "pci-disabled"
#define MRM_RULE_PCI_POPULATED     "pci-populated"
#define MRM_RULE_PCI_FUNCTION      "pci-function"
#define MRM_RULE_CHIPSET           "chipset-able"
#define MRM_RULE_DISK_FILE         "disk-file"
#define MRM_RULE_DISK_GPT          "disk-gpt"
#define MRM_RULE_CONTROLLER        "controller-able"

/**
  Record that a promise can be kept; nothing more is said of a partition that was refused.

  @param[in] Partition  The partition.
  @param[in] Rule       MRM_RULE_* that holds.
  @param[in] Format     PrintLib ASCII format string: what was promised and found.
  @param[in] ...        Its arguments.
**/
VOID
EFIAPI
Keep (
  IN CONST MRM_PARTITION  *Partition,
  IN CONST CHAR8          *Rule,
  IN CONST CHAR8          *Format,
  ...
  );

/**
  Refuse a partition that cannot be given exactly what it was promised, and say what its owner can do about it.

  @param[in,out] Partition  Becomes MrmStateRefused; the first reason stays, and is the cause of its state.
  @param[in]     Rule       MRM_RULE_* that does not hold.
  @param[in]     Format     PrintLib ASCII format string: what was promised and found.
  @param[in]     ...        Its arguments.
**/
VOID
EFIAPI
Refuse (
  IN OUT MRM_PARTITION  *Partition,
  IN     CONST CHAR8    *Rule,
  IN     CONST CHAR8    *Format,
  ...
  );

#endif
