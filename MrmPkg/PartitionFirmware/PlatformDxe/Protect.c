/** @file
  Closes what firmware and loader could write over by mistake.

  The controller's page tables leave little to do: see MrmPkg/Controller/PageTables.c.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformDxe.h"
#include <Guid/EventGroup.h>
#include <Library/BaseLib.h>
#include <Library/UefiBootServicesTableLib.h>

///
/// Of a descriptor (Intel SDM volume 3, section 3.4.5).
///
#define SEGMENT           (BIT47 | BIT44)   ///< present, code or data
#define SEGMENT_ACCESSED  BIT40

/**
  Make the processor's descriptor tables read-only, as far as they have whole pages of their own.

  @param[in] Cpu  The processor.
**/
STATIC
VOID
ProtectDescriptors (
  IN EFI_CPU_ARCH_PROTOCOL  *Cpu
  )
{
  IA32_DESCRIPTOR  Idtr;
  IA32_DESCRIPTOR  Gdtr;
  UINT64           *Entry;
  UINTN            Index;

  AsmReadIdtr (&Idtr);
  if (((Idtr.Base & EFI_PAGE_MASK) == 0) && (Idtr.Limit == EFI_PAGE_MASK)) {
    Cpu->SetMemoryAttributes (Cpu, Idtr.Base, EFI_PAGE_SIZE, EFI_MEMORY_RO | EFI_MEMORY_XP);
  }

  AsmReadGdtr (&Gdtr);
  if ((Gdtr.Base & EFI_PAGE_MASK) != 0) {
    return;
  }

  // The processor marks a segment that it loads: nothing may be left to mark.
  Entry = (UINT64 *)Gdtr.Base;
  for (Index = 0; Index < (Gdtr.Limit + 1U) / sizeof (*Entry); Index++) {
    if ((Entry[Index] & SEGMENT) == SEGMENT) {
      Entry[Index] |= SEGMENT_ACCESSED;
    }
  }

  Cpu->SetMemoryAttributes (Cpu, Gdtr.Base, EFI_PAGE_SIZE, EFI_MEMORY_RO | EFI_MEMORY_XP);
}

/**
  Take the right to run code away from the devices' windows: what has made them known to the DXE core has given it.

  @param[in] Cpu  The processor.
**/
STATIC
VOID
ProtectWindows (
  IN EFI_CPU_ARCH_PROTOCOL  *Cpu
  )
{
  CONST MRM_HAND_OFF  *HandOff;
  CONST MRM_PCI_BUS   *Bus;
  UINTN               Index;

  HandOff = MrmGetHandOff ();
  for (Index = 0; Index < MIN (HandOff->PciBusCount, MRM_MAX_PCI_BUSES); Index++) {
    Bus = &HandOff->PciBuses[Index];
    if (Bus->Memory.Size != 0) {
      Cpu->SetMemoryAttributes (Cpu, Bus->Memory.Base, Bus->Memory.Size, EFI_MEMORY_XP);
    }

    if (Bus->Prefetchable.Size != 0) {
      Cpu->SetMemoryAttributes (Cpu, Bus->Prefetchable.Base, Bus->Prefetchable.Size, EFI_MEMORY_XP);
    }
  }
}

/**
  The last driver of the firmware has been loaded, loaders come next: some of them write to address 0, as a PC lets them.

  @param[in] Event    Closed.
  @param[in] Context  The processor.
**/
STATIC
VOID
EFIAPI
OnEndOfDxe (
  IN EFI_EVENT  Event,
  IN VOID       *Context
  )
{
  EFI_CPU_ARCH_PROTOCOL  *Cpu;

  Cpu = Context;
  Cpu->SetMemoryAttributes (Cpu, 0, EFI_PAGE_SIZE, EFI_MEMORY_XP);
  ProtectDescriptors (Cpu);
  ProtectWindows (Cpu);
  gBS->CloseEvent (Event);
}

VOID
ProtectMemory (
  IN EFI_CPU_ARCH_PROTOCOL  *Cpu
  )
{
  EFI_EVENT  Event;

  // No driver of the firmware has a reason to use address 0: it would be a null pointer.
  Cpu->SetMemoryAttributes (Cpu, 0, EFI_PAGE_SIZE, EFI_MEMORY_RP | EFI_MEMORY_XP);
  gBS->CreateEventEx (EVT_NOTIFY_SIGNAL, TPL_CALLBACK, OnEndOfDxe, Cpu, &gEfiEndOfDxeEventGroupGuid, &Event);
}
