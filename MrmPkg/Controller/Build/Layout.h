/** @file
  Where everything a partition starts with lies in its memory.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_LAYOUT_H_
#define MRM_LAYOUT_H_

#include "Build/Firmware.h"
#include "Partition/Partition.h"
#include <Library/MrmHobLib.h>

///
/// Where everything lies in the partition's memory.
///
typedef struct {
  MRM_RANGE    FirmwareVolume;
  MRM_RANGE    Sec;
  MRM_RANGE    DxeCore;
  MRM_RANGE    Stack;
  MRM_RANGE    StackGuard;    ///< directly below Stack; not mapped
  MRM_RANGE    Descriptors;
  MRM_RANGE    PageTables;
  MRM_RANGE    LowPage;       ///< what loaders find below 1 MiB where the partition has no memory
  MRM_RANGE    Start;
  MRM_RANGE    Mailbox;
  MRM_RANGE    Acpi;
  MRM_RANGE    Smbios;
  MRM_RANGE    VariableStore;
  MRM_RANGE    ControlArea;
  MRM_RANGE    ConsoleRing;
  MRM_RANGE    EventRing;
  MRM_RANGE    Expected;      ///< kernel parameters expected of owner-booted systems
  MRM_RANGE    Loaders[MRM_MAX_BOOT_SOURCES];
  MRM_RANGE    Initrds[MRM_MAX_BOOT_SOURCES];
  MRM_RANGE    Options[MRM_MAX_BOOT_SOURCES];
  MRM_RANGE    Paths[MRM_MAX_BOOT_SOURCES];
  MRM_RANGE    Free;          ///< largest rest: HOB list and first heap of the DXE core
} MRM_LAYOUT;

///
/// State of laying out one partition.
///
#define MRM_MAX_ALLOCATIONS  (18 + 4 * MRM_MAX_BOOT_SOURCES)

typedef struct {
  MRM_RANGE_SET         Rest;                            ///< memory not given to anything yet
  MRM_RANGE             Ranges[MRM_MAX_PIECES + MRM_MAX_ALLOCATIONS];
  MRM_HOB_ALLOCATION    Allocations[MRM_MAX_ALLOCATIONS];
  UINTN                 AllocationCount;
  UINT64                Limit;                           ///< below which memory is given while there is any
} MRM_LAYOUT_STATE;

/**
  Lay a partition's memory out: from the top of its memory down, the low slice untouched; boot files anywhere, all else
  below 4 GiB if the firmware has room there.

  @param[in]  Partition  The partition.
  @param[in]  SecSize    Bytes of the SEC image.
  @param[in]  CoreSize   Bytes of the DXE core image.
  @param[in]  AcpiSize   Bytes of ACPI tables.
  @param[out] State      Receives allocations and the rest.
  @param[out] Layout     Receives the layout.

  @retval EFI_SUCCESS           Done.
  @retval EFI_OUT_OF_RESOURCES  Too little memory.
**/
EFI_STATUS
LayOut (
  IN  CONST MRM_PARTITION  *Partition,
  IN  UINT64               SecSize,
  IN  UINT64               CoreSize,
  IN  UINT64               AcpiSize,
  OUT MRM_LAYOUT_STATE     *State,
  OUT MRM_LAYOUT           *Layout
  );

#endif
