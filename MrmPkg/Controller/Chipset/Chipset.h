/** @file
  The PC's chipset, which one partition can own: everything that nobody else has (docs/isolation.md).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_CHIPSET_CHIPSET_H_
#define MRM_CONTROLLER_CHIPSET_CHIPSET_H_

#include "Partition/Partition.h"
#include "Chipset/Registers.h"
#include <Library/MrmAcpiLib.h>
#include <Library/MrmGuardLib.h>

#define MRM_CHIPSET_CLOSED      64    ///< stretches of I/O ports that others have
#define MRM_CHIPSET_NVS         32    ///< stretches of memory for ACPI's interpreter
#define MRM_CHIPSET_STAND_INS   32    ///< devices of which it has functions, but not function 0

///
/// What the owner of the chipset has of the live machine.
///
struct _MRM_PARTITION_CHIPSET {
  MRM_ACPI_CHIPSET         Tables;                              ///< of the PC
  MRM_PCI_PORT             Functions;                           ///< that others drive: they are reset between two starts
  MRM_RANGE                Ecam;                                ///< configuration space of segment 0
  UINT8                    LastBus;                             ///< of that; the first one is 0
  MRM_PCI_BUS              Bus;                                 ///< that, as its firmware sees it
  MRM_RANGE                Windows[MRM_GUARD_MAX_CHIPSET];      ///< memory that it reaches, configuration space included
  UINTN                    WindowCount;
  MRM_RANGE                StandIns[MRM_CHIPSET_STAND_INS];     ///< configuration space of a function 0 that it lacks
  UINTN                    StandInCount;
  MRM_GUARD_PORTS          Closed[MRM_CHIPSET_CLOSED];          ///< I/O ports that others have
  UINTN                    ClosedCount;
  MRM_RANGE                Nvs[MRM_CHIPSET_NVS];                ///< memory for ACPI's interpreter
  UINTN                    NvsCount;
  UINT8                    *NvsCopy;                            ///< what lay there, all stretches together; or NULL
  MRM_CHIPSET_REGISTERS    Registers;                           ///< as the PC's firmware left them
};

/**
  Find what nobody else has, for the partition that the plan makes the owner of the chipset.  All others have been bound.

  @param[in,out] Partition  Receives Chipset, or is refused; another partition is left as it is.
**/
VOID
BindChipset (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Take the chipset from the PC's firmware, which goes on without it: by its own local APIC timer and by the TSC.

  @param[in,out] Partition  Its owner; one without Chipset is left alone.
**/
VOID
ClaimChipset (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Quiesce everything that a partition has: its PCI functions as QuiescePci() does, and what it has as the owner of the
  chipset.  That is brought back to what the PC's firmware left: no interrupt, no DMA.

  @param[in] Partition  The partition, whose processors do not run.

  @retval EFI_SUCCESS       Done.
  @retval EFI_DEVICE_ERROR  A function did not come back; the log says which.
**/
EFI_STATUS
QuiesceDevices (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Have the partition's devices ready for its start: quiesced, unless they are, and confined to its memory, if they can be.

  @param[in] Partition  The partition; its processors are stopped.

  @retval EFI_SUCCESS       It can start.
  @retval EFI_DEVICE_ERROR  A function did not come back from its reset; it was said on the console.
  @retval EFI_TIMEOUT       An IOMMU does not answer.
**/
EFI_STATUS
ReadyDevices (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Give the chipset back to the PC's firmware.

  @param[in] Partition  Its owner, quiesced; one without Chipset is left alone.
**/
VOID
ReleaseChipset (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Free what BindChipset() has made.

  @param[in,out] Partition  The partition.
**/
VOID
FreeChipset (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Whether a partition of the plan in force owns the chipset, so that it is not the controller's.
**/
BOOLEAN
IsChipsetOwned (
  VOID
  );

#endif
