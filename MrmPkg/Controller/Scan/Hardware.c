/** @file
  Processors, memory, UARTs, for a scan.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Scan/Hardware.h"
#include "Scan/Archive.h"
#include "Machine/Uart.h"
#include "Core/Facts.h"
#include <Library/BaseLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>
#include <Register/Intel/ArchitecturalMsr.h>

#define EXTENDED_LEAVES  0x80000000   ///< CPUID leaves from here on are counted apart
#define MORE_ENTRIES     16           ///< of the memory map: allocating room for it adds some

STATIC CONST UINT32  mLeaves[] = {
  0x00000000, 0x00000001, 0x80000000, 0x80000001, 0x80000002, 0x80000003, 0x80000004, 0x80000007, 0x80000008
};

///
/// Where COM1 to COM4 are.
///
STATIC CONST UINT16  mPorts[] = { 0x3F8, 0x2F8, 0x3E8, 0x2E8 };

VOID
AddProcessors (
  VOID
  )
{
  UINTN                      Index;
  CONST MRM_PROCESSOR_FACTS  *Facts;
  UINT32                     Most;
  UINT32                     Eax;
  UINT32                     Ebx;
  UINT32                     Ecx;
  UINT32                     Edx;

  BeginFile ("uefi/processors");
  for (Index = 0; Index < gMachine.ProcessorCount; Index++) {
    Facts = &gMachine.ProcessorFacts[Index];
    AddLine (
      "%d %d %d %d %a",
      Facts->ApicId,
      Facts->Package,
      Facts->Core,
      Facts->Thread,
      Facts->Bsp ? "boot" : (Facts->Usable ? "usable" : "disabled")
      );
  }

  EndFile ();

  BeginFile ("uefi/cpuid");
  for (Index = 0; Index < ARRAY_SIZE (mLeaves); Index++) {
    AsmCpuid (mLeaves[Index] & EXTENDED_LEAVES, &Most, NULL, NULL, NULL);
    if (mLeaves[Index] <= Most) {
      AsmCpuid (mLeaves[Index], &Eax, &Ebx, &Ecx, &Edx);
      AddLine ("%08x %08x %08x %08x %08x", mLeaves[Index], Eax, Ebx, Ecx, Edx);
    }
  }

  EndFile ();

  BeginFile ("uefi/apic-base");
  AddLine ("0x%lx", AsmReadMsr64 (MSR_IA32_APIC_BASE));
  EndFile ();
}

VOID
AddMemoryMap (
  VOID
  )
{
  EFI_STATUS             Status;
  EFI_MEMORY_DESCRIPTOR  *Map;
  EFI_MEMORY_DESCRIPTOR  *Entry;
  UINTN                  Size;
  UINTN                  Key;
  UINTN                  EntrySize;
  UINT32                 Version;

  Size   = 0;
  Status = gBS->GetMemoryMap (&Size, NULL, &Key, &EntrySize, &Version);
  if (Status != EFI_BUFFER_TOO_SMALL) {
    return;
  }

  Size += MORE_ENTRIES * EntrySize;
  Map   = AllocatePool (Size);
  if (Map == NULL) {
    return;
  }

  Status = gBS->GetMemoryMap (&Size, Map, &Key, &EntrySize, &Version);
  if (!EFI_ERROR (Status)) {
    BeginFile ("uefi/memory-map");
    for (Entry = Map; (UINT8 *)Entry < (UINT8 *)Map + Size; Entry = NEXT_MEMORY_DESCRIPTOR (Entry, EntrySize)) {
      AddLine ("%d 0x%lx 0x%lx 0x%lx", Entry->Type, Entry->PhysicalStart, Entry->NumberOfPages, Entry->Attribute);
    }

    EndFile ();
  }

  FreePool (Map);
}

VOID
AddUarts (
  VOID
  )
{
  UINTN  Index;

  BeginFile ("uefi/uarts");
  for (Index = 0; Index < ARRAY_SIZE (mPorts); Index++) {
    if (IsUart (mPorts[Index])) {
      AddLine ("0x%x", mPorts[Index]);
    }
  }

  EndFile ();
}
