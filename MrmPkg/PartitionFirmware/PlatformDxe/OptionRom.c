/** @file
  Option ROMs: the UEFI drivers that network cards and displays bring along.

  The PC's firmware has used the expansion ROM BARs for a moment only, and left them
  without an address.  PciBusDxe must not assign anything here, so it does not read such
  ROMs.  So a ROM is mapped at a free address in its root port's window, copied, and
  switched off again.  Not so on bus 0 of the chipset's owner: what looks free there may be others'.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformDxe.h"
#include <IndustryStandard/Pci.h>
#include <Library/BaseMemoryLib.h>
#include <Library/IoLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmRangeLib.h>
#include <Library/PciSegmentLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/PciIo.h>
#include <Protocol/PciPlatform.h>

#define MAX_HOLES           64
#define SMALLEST_ALIGNMENT  SIZE_4KB
#define ROM_ADDRESS_MASK    0xFFFFF800U   ///< PCI Local Bus 3.0 section 6.2.5.2
#define ROM_ENABLE          BIT0
#define VENDOR_VIRTIO       0x1AF4        ///< has drivers in this firmware

/**
  Whether this start needs a function's option ROM.

  @param[in] HandOff  The hand-off.
  @param[in] Vendor   Vendor ID of the function.
  @param[in] Class    Base class of the function.
**/
STATIC
BOOLEAN
IsWanted (
  IN CONST MRM_HAND_OFF  *HandOff,
  IN UINT16              Vendor,
  IN UINT8               Class
  )
{
  UINTN  Index;

  if (Vendor == VENDOR_VIRTIO) {
    return FALSE;
  }

  if (Class == PCI_CLASS_DISPLAY) {
    return HandOff->Display;
  }

  for (Index = 0; Class == PCI_CLASS_NETWORK && Index < MIN (HandOff->BootSourceCount, MRM_MAX_BOOT_SOURCES); Index++) {
    if ((HandOff->BootSources[Index].Kind == MrmBootNetwork) || (HandOff->BootSources[Index].Kind == MrmBootShell)) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Take what a function decodes out of the free places.

  @param[in,out] Free     Free places.
  @param[in]     Address  The function's first register.
**/
STATIC
VOID
RemoveBars (
  IN OUT MRM_RANGE_SET  *Free,
  IN     UINT64         Address
  )
{
  UINTN   Offset;
  UINTN   End;
  UINT32  Base;
  UINT32  Mask;

  End = ((PciSegmentRead8 (Address + PCI_HEADER_TYPE_OFFSET) & HEADER_LAYOUT_CODE) == HEADER_TYPE_DEVICE) ? 0x28 : 0x18;
  for (Offset = PCI_BASE_ADDRESSREG_OFFSET; Offset < End; Offset += sizeof (UINT32)) {
    Base = PciSegmentRead32 (Address + Offset);
    if ((Base & BIT0) != 0) {
      continue;
    }

    PciSegmentWrite32 (Address + Offset, MAX_UINT32);
    Mask = PciSegmentRead32 (Address + Offset) & ~0xFU;
    PciSegmentWrite32 (Address + Offset, Base);
    if (Mask != 0) {
      MrmRangeRemove (Free, (Base & ~0xFU) & ~(UINT64)(SMALLEST_ALIGNMENT - 1), MAX ((UINT32)(~Mask + 1), SMALLEST_ALIGNMENT));
    }

    if ((Base & (BIT2 | BIT1)) == BIT2) {
      // The upper half of a 64-bit BAR; windows of this kind lie below 4 GiB.
      Offset += sizeof (UINT32);
    }
  }
}

/**
  Keep of the free places only what reaches a bus, seen from one bridge.

  @param[in,out] Free     Free places.
  @param[in]     Address  The bridge's first register.
  @param[in]     Target   The bus.
**/
STATIC
VOID
ApplyBridge (
  IN OUT MRM_RANGE_SET  *Free,
  IN     UINT64         Address,
  IN     UINT8          Target
  )
{
  UINT32  Window;
  UINT64  Base;
  UINT64  End;

  Window = PciSegmentRead32 (Address + OFFSET_OF (PCI_TYPE01, Bridge.MemoryBase));
  Base   = (UINT64)(Window & 0xFFF0) << 16;
  End    = ((UINT64)Window & 0xFFF00000) + SIZE_1MB;
  if (  (PciSegmentRead8 (Address + PCI_BRIDGE_SECONDARY_BUS_REGISTER_OFFSET) <= Target)
     && (PciSegmentRead8 (Address + PCI_BRIDGE_SUBORDINATE_BUS_REGISTER_OFFSET) >= Target))
  {
    MrmRangeRemove (Free, 0, MIN (Base, End));
    MrmRangeRemove (Free, End, SIZE_4GB - End);
  } else if (Base < End) {
    MrmRangeRemove (Free, Base, End - Base);
  }
}

/**
  Find a free place that reaches a bus.

  @param[in] Bus     The segment.
  @param[in] Target  The bus.
  @param[in] Size    Bytes, a power of two.

  @return  Its address; 0 when there is none.
**/
STATIC
UINT32
FindPlace (
  IN CONST MRM_PCI_BUS  *Bus,
  IN UINT8              Target,
  IN UINT32             Size
  )
{
  MRM_RANGE      Holes[MAX_HOLES];
  MRM_RANGE_SET  Free;
  MRM_RANGE      Place;
  UINTN          Count;
  UINTN          Number;
  UINT8          Device;
  UINT8          Function;
  UINT64         Address;

  Free.Ranges   = Holes;
  Free.Count    = 0;
  Free.Capacity = MAX_HOLES;
  MrmRangeAdd (&Free, Bus->Memory.Base, Bus->Memory.Size);
  for (Number = Bus->FirstBus; Number <= Bus->LastBus; Number++) {
    for (Device = 0; Device <= PCI_MAX_DEVICE; Device++) {
      for (Function = 0; Function <= PCI_MAX_FUNC; Function++) {
        Address = PCI_SEGMENT_LIB_ADDRESS (Bus->Segment, Number, Device, Function, 0);
        if (PciSegmentRead16 (Address) == MAX_UINT16) {
          if (Function == 0) {
            break;
          }

          continue;
        }

        RemoveBars (&Free, Address);
        if ((PciSegmentRead8 (Address + PCI_HEADER_TYPE_OFFSET) & HEADER_LAYOUT_CODE) == HEADER_TYPE_PCI_TO_PCI_BRIDGE) {
          ApplyBridge (&Free, Address, Target);
        }
      }
    }
  }

  Size = MAX (Size, SMALLEST_ALIGNMENT);
  return EFI_ERROR (MrmRangeAllocate (&Free, Size, Size, 0, SIZE_4GB, 1, &Place, &Count)) ? 0 : (UINT32)Place.Base;
}

/**
  EFI_PCI_PLATFORM_PROTOCOL.GetPciRom() (PI 1.8 volume 5, section 10.8).

  @param[in]  This       The protocol.
  @param[in]  PciHandle  The function.
  @param[out] RomImage   Receives the ROM, from pool.
  @param[out] RomSize    Receives its size.

  @retval EFI_SUCCESS           There is one that is needed.
  @retval EFI_NOT_FOUND         There is none, or it is not needed.
  @retval EFI_OUT_OF_RESOURCES  No memory, or no free addresses.
**/
STATIC
EFI_STATUS
EFIAPI
GetPciRom (
  IN  CONST EFI_PCI_PLATFORM_PROTOCOL  *This,
  IN  EFI_HANDLE                       PciHandle,
  OUT VOID                             **RomImage,
  OUT UINTN                            *RomSize
  )
{
  CONST MRM_HAND_OFF   *HandOff;
  CONST MRM_PCI_BUS    *Bus;
  EFI_PCI_IO_PROTOCOL  *PciIo;
  UINTN                Segment;
  UINTN                Number;
  UINTN                Device;
  UINTN                Function;
  UINTN                Index;
  UINT64               Address;
  UINT16               Command;
  UINT32               Old;
  UINT32               Size;
  UINT32               Place;

  HandOff = MrmGetHandOff ();
  if (  EFI_ERROR (gBS->HandleProtocol (PciHandle, &gEfiPciIoProtocolGuid, (VOID **)&PciIo))
     || EFI_ERROR (PciIo->GetLocation (PciIo, &Segment, &Number, &Device, &Function)))
  {
    return EFI_NOT_FOUND;
  }

  Bus = NULL;
  for (Index = 0; Index < HandOff->PciBusCount; Index++) {
    if (HandOff->PciBuses[Index].Segment == Segment) {
      Bus = &HandOff->PciBuses[Index];
    }
  }

  Address = PCI_SEGMENT_LIB_ADDRESS (Segment, Number, Device, Function, 0);
  if (  (Bus == NULL)
     || (Segment == 0)
     || ((PciSegmentRead8 (Address + PCI_HEADER_TYPE_OFFSET) & HEADER_LAYOUT_CODE) != HEADER_TYPE_DEVICE)
     || !IsWanted (HandOff, PciSegmentRead16 (Address), PciSegmentRead8 (Address + PCI_CLASSCODE_OFFSET + 2)))
  {
    return EFI_NOT_FOUND;
  }

  Old = PciSegmentRead32 (Address + PCI_EXPANSION_ROM_BASE);
  PciSegmentWrite32 (Address + PCI_EXPANSION_ROM_BASE, ROM_ADDRESS_MASK);
  Size = ~(PciSegmentRead32 (Address + PCI_EXPANSION_ROM_BASE) & ROM_ADDRESS_MASK) + 1;
  PciSegmentWrite32 (Address + PCI_EXPANSION_ROM_BASE, Old);
  if (Size == 0) {
    return EFI_NOT_FOUND;
  }

  Place     = FindPlace (Bus, (UINT8)Number, Size);
  *RomImage = (Place == 0) ? NULL : AllocatePool (Size);
  if (*RomImage == NULL) {
    MrmEvent (
      "the option ROM of %04x:%02x:%02x.%x stays unread, and its driver unknown: %a",
      Segment,
      Number,
      Device,
      Function,
      (Place == 0) ? "its root port's window has no room of the ROM's size" : "the firmware has no memory for it"
      );
    return EFI_OUT_OF_RESOURCES;
  }

  Command = PciSegmentRead16 (Address + PCI_COMMAND_OFFSET);
  PciSegmentWrite32 (Address + PCI_EXPANSION_ROM_BASE, Place | ROM_ENABLE);
  PciSegmentWrite16 (Address + PCI_COMMAND_OFFSET, Command | EFI_PCI_COMMAND_MEMORY_SPACE);
  MmioReadBuffer32 (Place, Size, *RomImage);
  PciSegmentWrite16 (Address + PCI_COMMAND_OFFSET, Command);
  PciSegmentWrite32 (Address + PCI_EXPANSION_ROM_BASE, Old);
  if (*(UINT16 *)*RomImage != PCI_EXPANSION_ROM_HEADER_SIGNATURE) {
    FreePool (*RomImage);
    return EFI_NOT_FOUND;
  }

  *RomSize = Size;
  return EFI_SUCCESS;
}

/**
  EFI_PCI_PLATFORM_PROTOCOL.PlatformNotify(): nothing to do.

  @param[in] This        The protocol.
  @param[in] HostBridge  Not used.
  @param[in] Phase       Not used.
  @param[in] ExecPhase   Not used.

  @retval EFI_SUCCESS  Always.
**/
STATIC
EFI_STATUS
EFIAPI
PlatformNotify (
  IN EFI_PCI_PLATFORM_PROTOCOL                      *This,
  IN EFI_HANDLE                                     HostBridge,
  IN EFI_PCI_HOST_BRIDGE_RESOURCE_ALLOCATION_PHASE  Phase,
  IN EFI_PCI_EXECUTION_PHASE                        ExecPhase
  )
{
  return EFI_SUCCESS;
}

/**
  EFI_PCI_PLATFORM_PROTOCOL.PlatformPrepController(): nothing to do.

  @param[in] This        The protocol.
  @param[in] HostBridge  Not used.
  @param[in] RootBridge  Not used.
  @param[in] PciAddress  Not used.
  @param[in] Phase       Not used.
  @param[in] ExecPhase   Not used.

  @retval EFI_SUCCESS  Always.
**/
STATIC
EFI_STATUS
EFIAPI
PlatformPrepController (
  IN EFI_PCI_PLATFORM_PROTOCOL                     *This,
  IN EFI_HANDLE                                    HostBridge,
  IN EFI_HANDLE                                    RootBridge,
  IN EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL_PCI_ADDRESS   PciAddress,
  IN EFI_PCI_CONTROLLER_RESOURCE_ALLOCATION_PHASE  Phase,
  IN EFI_PCI_EXECUTION_PHASE                       ExecPhase
  )
{
  return EFI_SUCCESS;
}

/**
  EFI_PCI_PLATFORM_PROTOCOL.GetPlatformPolicy(): no legacy aliases.

  @param[in]  This       The protocol.
  @param[out] PciPolicy  Receives the policy.

  @retval EFI_SUCCESS  Always.
**/
STATIC
EFI_STATUS
EFIAPI
GetPlatformPolicy (
  IN CONST EFI_PCI_PLATFORM_PROTOCOL  *This,
  OUT EFI_PCI_PLATFORM_POLICY         *PciPolicy
  )
{
  *PciPolicy = EFI_RESERVE_NONE_IO_ALIAS;
  return EFI_SUCCESS;
}

STATIC EFI_PCI_PLATFORM_PROTOCOL  mPciPlatform = {
  PlatformNotify,
  PlatformPrepController,
  GetPlatformPolicy,
  GetPciRom
};

EFI_STATUS
OfferOptionRoms (
  VOID
  )
{
  EFI_HANDLE  Handle;

  Handle = NULL;
  return gBS->InstallProtocolInterface (&Handle, &gEfiPciPlatformProtocolGuid, EFI_NATIVE_INTERFACE, &mPciPlatform);
}
