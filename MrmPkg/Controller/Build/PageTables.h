/** @file
  Page tables of a partition.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PAGE_TABLES_H_
#define MRM_CONTROLLER_PAGE_TABLES_H_

#include "Partition/Partition.h"
#include <Library/MrmLayoutLib.h>

/**
  The ECAM range of an owned bus range.

  @param[in] Bus  The bus range.
**/
MRM_RANGE
EcamRange (
  IN CONST MRM_PCI_BUS  *Bus
  );

/**
  Build page tables that hold the partition's memory, local APIC and PCI, and one of its pages wherever else a PC has
  something below 1 MiB.

  @param[in]  Partition  The partition.
  @param[in]  Layout     Its layout.
  @param[out] Cr3        Receives the root.

  @return  Status of PageTableMap().
**/
EFI_STATUS
BuildPageTables (
  IN  CONST MRM_PARTITION  *Partition,
  IN  CONST MRM_LAYOUT     *Layout,
  OUT UINT64               *Cr3
  );

#endif
