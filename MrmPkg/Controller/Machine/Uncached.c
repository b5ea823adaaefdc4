/** @file
  Memory that is shared with a partition as if it were a device's.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Uncached.h"
#include <Library/BaseLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Register/Intel/Cpuid.h>

#define CR0_WRITE_PROTECT  BIT16
#define CR3_ROOT           0x000FFFFFFFFFF000ULL

PAGING_MODE
FirmwarePagingMode (
  VOID
  )
{
  CPUID_EXTENDED_CPU_SIG_EDX  Features;
  IA32_CR4                    Cr4;

  AsmCpuid (CPUID_EXTENDED_CPU_SIG, NULL, NULL, NULL, &Features.Uint32);
  Cr4.UintN = AsmReadCr4 ();
  if (Cr4.Bits.LA57 != 0) {
    return (Features.Bits.Page1GB != 0) ? Paging5Level1GB : Paging5Level;
  }

  return (Features.Bits.Page1GB != 0) ? Paging4Level1GB : Paging4Level;
}

/**
  Change the page tables that this processor uses now.

  @param[in]     Range      The memory.
  @param[in]     Attribute  What the entries say then.
  @param[in]     Mask       Which parts of them change.
  @param[in]     Room       Memory for more tables, or NULL.
  @param[in,out] RoomSize   Its bytes; receives how many are needed.

  @return  Status of PageTableMap().
**/
STATIC
RETURN_STATUS
Change (
  IN     CONST MRM_RANGE     *Range,
  IN     IA32_MAP_ATTRIBUTE  *Attribute,
  IN     IA32_MAP_ATTRIBUTE  *Mask,
  IN     VOID                *Room OPTIONAL,
  IN OUT UINTN               *RoomSize
  )
{
  RETURN_STATUS  Status;
  BOOLEAN        Interrupts;
  UINTN          Root;
  UINTN          Cr0;

  // Firmware may protect its page tables against itself.
  Root       = AsmReadCr3 () & (UINTN)CR3_ROOT;
  Interrupts = SaveAndDisableInterrupts ();
  Cr0        = AsmReadCr0 ();
  AsmWriteCr0 (Cr0 & ~(UINTN)CR0_WRITE_PROTECT);
  Status = PageTableMap (&Root, FirmwarePagingMode (), Room, RoomSize, Range->Base, Range->Size, Attribute, Mask, NULL);
  AsmWriteCr0 (Cr0);
  AsmWriteCr3 (AsmReadCr3 ());
  SetInterruptState (Interrupts);
  return Status;
}

EFI_STATUS
SetUncached (
  IN CONST MRM_RANGE  *Range,
  IN BOOLEAN          Uncached
  )
{
  IA32_MAP_ATTRIBUTE  Attribute;
  IA32_MAP_ATTRIBUTE  Mask;
  RETURN_STATUS       Status;
  VOID                *Room;
  UINTN               RoomSize;

  Attribute.Uint64             = 0;
  Attribute.Bits.CacheDisabled = Uncached ? 1 : 0;
  Attribute.Bits.WriteThrough  = Attribute.Bits.CacheDisabled;
  Mask.Uint64                  = 0;
  Mask.Bits.CacheDisabled      = 1;
  Mask.Bits.WriteThrough       = 1;
  Mask.Bits.Pat                = 1;
  RoomSize                     = 0;
  Status                       = Change (Range, &Attribute, &Mask, NULL, &RoomSize);
  if (Status == RETURN_BUFFER_TOO_SMALL) {
    // A large page is split, and stays split: the room for that is not given back.
    Room = AllocatePages (EFI_SIZE_TO_PAGES (RoomSize));
    if (Room == NULL) {
      return EFI_OUT_OF_RESOURCES;
    }

    Status = Change (Range, &Attribute, &Mask, Room, &RoomSize);
  }

  AsmWbinvd ();
  return Status;
}
