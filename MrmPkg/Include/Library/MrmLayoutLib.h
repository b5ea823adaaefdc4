/** @file
  Where everything a partition starts with lies in its memory.  Pure: no globals, no I/O.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_LAYOUT_LIB_H_
#define MRM_LAYOUT_LIB_H_

#include <MrmPlan.h>
#include <Guid/MrmHandOff.h>
#include <Library/MrmHobLib.h>

#define MRM_MAX_PIECES       16                                ///< memory ranges one partition can be made of
#define MRM_MAX_ALLOCATIONS  (16 + 4 * MRM_MAX_BOOT_SOURCES)   ///< what a layout lists: 4 places for each boot source

///
/// The controller's pristine copies of what a boot source needs; empty when there is nothing.
///
typedef struct {
  MRM_RANGE    Loader;
  MRM_RANGE    Initrd;
} MRM_BOOT_FILES;

///
/// What a layout follows from.
///
typedef struct {
  CONST MRM_PLAN_PARTITION    *Plan;
  UINTN                       PieceCount;        ///< at least 1, at most MRM_MAX_PIECES
  CONST MRM_RANGE             *Pieces;           ///< the partition's memory, whole pages, disjoint; the low slice first
  CONST MRM_BOOT_FILES        *BootFiles;        ///< of each boot source of the plan; sizes count, places do not
  UINT64                      VolumeSize;        ///< bytes of the firmware volume, as all below
  UINT64                      SecSize;           ///< SEC image
  UINT64                      CoreSize;          ///< DXE core image
  UINT64                      DescriptorsSize;   ///< MRM_DESCRIPTORS
  UINT64                      StartSize;         ///< MRM_START
  UINT64                      AcpiSize;          ///< all ACPI tables
} MRM_LAYOUT_FACTS;

///
/// Where everything lies in the partition's memory.  Each range is whole pages, and empty where there is nothing to be
/// placed.
///
typedef struct {
  MRM_RANGE             FirmwareVolume;
  MRM_RANGE             Sec;
  MRM_RANGE             DxeCore;
  MRM_RANGE             Stack;
  MRM_RANGE             StackGuard;              ///< directly below Stack; not mapped
  MRM_RANGE             Descriptors;
  MRM_RANGE             PageTables;
  MRM_RANGE             LowPage;                 ///< what loaders find below 1 MiB where the partition has no memory
  MRM_RANGE             Start;
  MRM_RANGE             Mailbox;
  MRM_RANGE             Acpi;
  MRM_RANGE             Smbios;
  MRM_RANGE             VariableStore;
  MRM_RANGE             ControlArea;
  MRM_RANGE             ConsoleRing;
  MRM_RANGE             EventRing;
  MRM_RANGE             Expected;                ///< kernel parameters expected of owner-booted systems
  MRM_RANGE             Loaders[MRM_MAX_BOOT_SOURCES];
  MRM_RANGE             Initrds[MRM_MAX_BOOT_SOURCES];
  MRM_RANGE             Options[MRM_MAX_BOOT_SOURCES];
  MRM_RANGE             Paths[MRM_MAX_BOOT_SOURCES];
  MRM_RANGE             Free;                    ///< best rest: HOB list and first heap of the DXE core
  UINTN                 AllocationCount;
  MRM_HOB_ALLOCATION    Allocations[MRM_MAX_ALLOCATIONS];   ///< all but Free, Stack, FirmwareVolume, DxeCore
} MRM_LAYOUT;

/**
  Lay a partition's memory out: from the top of its memory down, the low slice untouched; boot files anywhere, all else
  below 4 GiB if the firmware has room there.

  @param[in]  Facts   What it follows from.
  @param[out] Layout  Receives the layout; undefined on error.

  @retval RETURN_SUCCESS           Done.
  @retval RETURN_OUT_OF_RESOURCES  Too little memory, or none of its ranges is large enough for what must be in one piece.
**/
RETURN_STATUS
EFIAPI
MrmLayOut (
  IN  CONST MRM_LAYOUT_FACTS  *Facts,
  OUT MRM_LAYOUT              *Layout
  );

#endif
