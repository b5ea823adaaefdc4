/** @file
  A PCI function that is memory: what its configuration space and registers say at the start.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"
#include <IndustryStandard/Pci.h>

#define VENDOR_AND_DEVICE  0x00421AE0   ///< gVNIC
#define REVISION           0x01         ///< drivers that know it wait until a reset is done
#define CLASS_ETHERNET     0x020000
#define NO_ROM             0x7FF        ///< all of it read-only bits: sized, it does not exist

#define CONFIG_PCIE        0x40
#define CONFIG_EA          0x60
#define CAPABILITY_MSIX    0x11
#define CAPABILITY_EA      0x14

///
/// PCI Express capability: version 2, a root complex integrated endpoint: no link, no slot (PCIe 7.5.3.2).
///
#define PCIE_ENDPOINT      ((0x92U << 16) | (CONFIG_MSIX << 8) | EFI_PCI_CAPABILITY_ID_PCIEXP)

///
/// MSI-X capability: table and pending bits in BAR 1 (PCIe 7.7.2).
///
#define MSIX_HEADER        (((MRM_CHANNEL_VECTORS - 1U) << 16) | (CONFIG_EA << 8) | CAPABILITY_MSIX)

///
/// An entry of the Enhanced Allocation capability: enabled, memory that is not prefetchable, no second choice, for a
/// BAR; two dwords follow (PCIe 7.8.5.3).
///
#define EA_ENTRY(Bar)      (BIT31 | (0xFFU << 16) | ((UINT32)(Bar) << 4) | 2)
#define EA_DWORDS          3

/**
  Write the configuration space of a network card.

  @param[out] Config  Its 4 KiB.
  @param[in]  Window  Address of its part of the window.
**/
STATIC
VOID
BuildConfig (
  OUT volatile UINT32  *Config,
  IN  UINT32           Window
  )
{
  CONST UINT32  Places[] = { REGISTERS_OFFSET, TABLE_OFFSET, DOORBELLS_OFFSET };
  UINTN         Index;
  UINTN         Entry;

  for (Index = 0; Index < SIZE_4KB / sizeof (UINT32); Index++) {
    Config[Index] = 0;
  }

  Config[PCI_VENDOR_ID_OFFSET / 4]           = VENDOR_AND_DEVICE;
  Config[PCI_COMMAND_OFFSET / 4]             = ((UINT32)EFI_PCI_STATUS_CAPABILITY << 16) | EFI_PCI_COMMAND_MEMORY_SPACE;
  Config[PCI_REVISION_ID_OFFSET / 4]         = (CLASS_ETHERNET << 8) | REVISION;
  Config[PCI_SUBSYSTEM_VENDOR_ID_OFFSET / 4] = VENDOR_AND_DEVICE;
  Config[PCI_EXPANSION_ROM_BASE / 4]         = NO_ROM;
  Config[PCI_CAPBILITY_POINTER_OFFSET / 4]   = CONFIG_PCIE;
  Config[CONFIG_PCIE / 4]                    = PCIE_ENDPOINT;
  Config[CONFIG_MSIX / 4]                    = MSIX_HEADER;
  Config[CONFIG_MSIX / 4 + 1]                = 1;
  Config[CONFIG_MSIX / 4 + 2]                = PENDING_OFFSET | 1;
  Config[CONFIG_EA / 4]                      = ((UINT32)ARRAY_SIZE (Places) << 16) | CAPABILITY_EA;
  for (Index = 0; Index < ARRAY_SIZE (Places); Index++) {
    Entry             = CONFIG_EA / 4 + 1 + Index * EA_DWORDS;
    Config[Entry]     = EA_ENTRY (Index);
    Config[Entry + 1] = Window + Places[Index];
    Config[Entry + 2] = BAR_SIZE - sizeof (UINT32);
  }
}

VOID
EFIAPI
MrmChannelBuildArea (
  OUT UINT8   *Area,
  IN  UINT64  Base,
  IN  UINTN   FunctionCount
  )
{
  volatile UINT32  *Words;
  volatile UINT32  *Registers;
  UINT8            *Window;
  UINTN            Function;
  UINTN            Index;

  // What is not there reads as all ones.
  Words = (volatile UINT32 *)Area;
  for (Index = 0; Index < MRM_CHANNEL_ECAM_SIZE / sizeof (UINT32); Index++) {
    Words[Index] = MAX_UINT32;
  }

  for ( ; Index < MRM_CHANNEL_AREA_SIZE / sizeof (UINT32); Index++) {
    Words[Index] = 0;
  }

  for (Function = 0; Function < FunctionCount; Function++) {
    Window = Area + MRM_CHANNEL_ECAM_SIZE + Function * MRM_CHANNEL_FUNCTION_SIZE;
    BuildConfig ((volatile UINT32 *)(Area + (Function << 15)), (UINT32)(Base + (UINTN)(Window - Area)));
    Registers                         = (volatile UINT32 *)(Window + REGISTERS_OFFSET);
    Registers[REGISTER_MAX_TX]        = SwapBytes32 (1);
    Registers[REGISTER_MAX_RX]        = SwapBytes32 (1);
    Registers[REGISTER_DEVICE_STATUS] = SwapBytes32 (DEVICE_STATUS_IS_RESET);
    for (Index = 0; Index < MRM_CHANNEL_VECTORS; Index++) {
      // Vector control: masked, as after a reset (PCIe 7.7.2.8).
      ((volatile UINT32 *)(Window + TABLE_OFFSET))[Index * 4 + 3] = 1;
    }
  }
}

VOID
EFIAPI
MrmChannelOpen (
  IN OUT MRM_CHANNEL_PORT  *Port,
  IN     UINT8             *Area,
  IN     UINTN             Function
  )
{
  UINT8  *Window;

  Window          = Area + MRM_CHANNEL_ECAM_SIZE + Function * MRM_CHANNEL_FUNCTION_SIZE;
  Port->Config    = (volatile UINT32 *)(Area + (Function << 15));
  Port->Registers = (volatile UINT32 *)(Window + REGISTERS_OFFSET);
  Port->Table     = (volatile UINT32 *)(Window + TABLE_OFFSET);
  Port->Doorbells = (volatile UINT32 *)(Window + DOORBELLS_OFFSET);
  Port->LinkUp    = FALSE;
  Port->Frames    = 0;
  Port->Dropped   = 0;
  Port->Refused   = 0;
  Port->Patience  = MRM_CHANNEL_PATIENCE;
  MrmChannelForgetDriver (Port);
  Port->Open = TRUE;
}

VOID
EFIAPI
MrmChannelClose (
  IN OUT MRM_CHANNEL_PORT  *Port
  )
{
  Port->Open = FALSE;
  MrmChannelForgetDriver (Port);
}
