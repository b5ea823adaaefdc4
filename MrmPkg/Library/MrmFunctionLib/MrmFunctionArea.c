/** @file
  A PCI function that is memory: what its configuration space and its MSI-X table say at the start.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmFunctionInternal.h"

#define NO_ROM             0x7FF   ///< all of it read-only bits: sized, it does not exist

#define CONFIG_PCIE        0x40
#define CONFIG_EA          0x60
#define CAPABILITY_MSIX    0x11
#define CAPABILITY_EA      0x14

///
/// PCI Express capability: version 2, a root complex integrated endpoint: no link, no slot (PCIe 7.5.3.2).
///
#define PCIE_ENDPOINT      ((0x92U << 16) | (CONFIG_MSIX << 8) | EFI_PCI_CAPABILITY_ID_PCIEXP)

///
/// An entry of the Enhanced Allocation capability: enabled, memory that is not prefetchable, no second choice, for a
/// BAR; two dwords follow (PCIe 7.8.5.3).
///
#define EA_ENTRY(Bar)      (BIT31 | (0xFFU << 16) | ((UINT32)(Bar) << 4) | 2)
#define EA_DWORDS          3

/**
  Where the configuration space of a function is in an area (PCIe 7.2.2).

  @param[in] Area    The area.
  @param[in] Device  Which device it is.
**/
STATIC
volatile UINT32 *
ConfigOf (
  IN UINT8  *Area,
  IN UINTN  Device
  )
{
  return (volatile UINT32 *)(Area + (Device << 15));
}

/**
  Where a function's part of the window begins, from the area's begin.

  @param[in] Device  Which device it is.
**/
STATIC
UINTN
WindowOffset (
  IN UINTN  Device
  )
{
  return MRM_FUNCTION_ECAM_SIZE + Device * MRM_FUNCTION_WINDOW_SIZE;
}

VOID
EFIAPI
MrmFunctionClearArea (
  OUT UINT8  *Area
  )
{
  volatile UINT32  *Words;
  UINTN            Index;

  // What is not there reads as all ones.
  Words = (volatile UINT32 *)Area;
  for (Index = 0; Index < MRM_FUNCTION_ECAM_SIZE / sizeof (UINT32); Index++) {
    Words[Index] = MAX_UINT32;
  }

  for ( ; Index < MRM_FUNCTION_AREA_SIZE / sizeof (UINT32); Index++) {
    Words[Index] = 0;
  }
}

UINT8 *
EFIAPI
MrmFunctionBuild (
  IN OUT UINT8                    *Area,
  IN     UINT64                   Base,
  IN     UINTN                    Device,
  IN     CONST MRM_FUNCTION_KIND  *Kind
  )
{
  volatile UINT32         *Config;
  volatile UINT32         *Table;
  UINT8                   *Window;
  CONST MRM_FUNCTION_BAR  *Bar;
  UINTN                   Index;
  UINTN                   Entry;

  Config = ConfigOf (Area, Device);
  for (Index = 0; Index < SIZE_4KB / sizeof (UINT32); Index++) {
    Config[Index] = 0;
  }

  Config[PCI_VENDOR_ID_OFFSET / 4]           = Kind->VendorAndDevice;
  Config[PCI_COMMAND_OFFSET / 4]             = ((UINT32)EFI_PCI_STATUS_CAPABILITY << 16) | EFI_PCI_COMMAND_MEMORY_SPACE;
  Config[PCI_REVISION_ID_OFFSET / 4]         = Kind->ClassAndRevision;
  Config[PCI_SUBSYSTEM_VENDOR_ID_OFFSET / 4] = Kind->VendorAndDevice;
  Config[PCI_EXPANSION_ROM_BASE / 4]         = NO_ROM;
  Config[PCI_CAPBILITY_POINTER_OFFSET / 4]   = CONFIG_PCIE;
  Config[CONFIG_PCIE / 4]                    = PCIE_ENDPOINT;

  // MSI-X capability: table and pending bits in the same BAR (PCIe 7.7.2).
  Bar                         = &Kind->Bars[Kind->TableBar];
  Config[CONFIG_MSIX / 4]     = ((Kind->Vectors - 1) << 16) | (CONFIG_EA << 8) | CAPABILITY_MSIX;
  Config[CONFIG_MSIX / 4 + 1] = Bar->Bar;
  Config[CONFIG_MSIX / 4 + 2] = PENDING_OFFSET | Bar->Bar;

  Config[CONFIG_EA / 4] = (Kind->BarCount << 16) | CAPABILITY_EA;
  for (Index = 0; Index < Kind->BarCount; Index++) {
    Bar               = &Kind->Bars[Index];
    Entry             = CONFIG_EA / 4 + 1 + Index * EA_DWORDS;
    Config[Entry]     = EA_ENTRY (Bar->Bar);
    Config[Entry + 1] = (UINT32)(Base + WindowOffset (Device)) + Bar->Offset;
    Config[Entry + 2] = Bar->Size - sizeof (UINT32);
  }

  Window = Area + WindowOffset (Device);
  Table  = (volatile UINT32 *)(Window + Kind->Bars[Kind->TableBar].Offset);
  for (Index = 0; Index < Kind->Vectors; Index++) {
    // Vector control: masked, as after a reset (PCIe 7.7.2.8).
    Table[Index * ENTRY_DWORDS + ENTRY_CONTROL] = ENTRY_MASK;
  }

  return Window;
}

VOID
EFIAPI
MrmFunctionOpen (
  IN OUT MRM_FUNCTION             *Function,
  IN     UINT8                    *Area,
  IN     UINTN                    Device,
  IN     CONST MRM_FUNCTION_KIND  *Kind
  )
{
  Function->Config  = ConfigOf (Area, Device);
  Function->Window  = Area + WindowOffset (Device);
  Function->Table   = (volatile UINT32 *)(Function->Window + Kind->Bars[Kind->TableBar].Offset);
  Function->Vectors = Kind->Vectors;
  Function->Wanted  = 0;
}

VOID *
EFIAPI
MrmFunctionReach (
  IN CONST MRM_FUNCTION  *Function,
  IN UINT64              Address,
  IN UINT64              Size
  )
{
  if ((Address == 0) || (Size == 0) || !MrmRangeContains (Function->Memory, Address, Size)) {
    return NULL;
  }

  return (VOID *)(UINTN)Address;
}
