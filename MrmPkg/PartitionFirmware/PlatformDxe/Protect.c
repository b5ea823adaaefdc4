/** @file
  Closes what firmware and loader could write over by mistake.

  The controller's page tables leave little to do: see MrmPkg/Controller/PageTables.c.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformDxe.h"
#include <Guid/EventGroup.h>
#include <Library/BaseLib.h>
#include <Library/HobLib.h>
#include <Library/UefiBootServicesTableLib.h>

///
/// Of a descriptor (Intel SDM volume 3, section 3.4.5).
///
#define SEGMENT           (BIT47 | BIT44)   ///< present, code or data
#define SEGMENT_ACCESSED  BIT40

STATIC EFI_CPU_SET_MEMORY_ATTRIBUTES  mSetMemoryAttributes;   ///< of the processor's driver

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
  TRUE if there is memory of the partition in a range.

  @param[in] Base    Its first address.
  @param[in] Length  Its bytes.
**/
STATIC
BOOLEAN
HasMemory (
  IN UINT64  Base,
  IN UINT64  Length
  )
{
  CONST EFI_HOB_RESOURCE_DESCRIPTOR  *Resource;
  VOID                               *Hob;

  Hob = GetFirstHob (EFI_HOB_TYPE_RESOURCE_DESCRIPTOR);
  for ( ; Hob != NULL; Hob = GetNextHob (EFI_HOB_TYPE_RESOURCE_DESCRIPTOR, GET_NEXT_HOB (Hob))) {
    Resource = Hob;
    if (  (Resource->ResourceType == EFI_RESOURCE_SYSTEM_MEMORY)
       && ((Resource->ResourceAttribute & EFI_RESOURCE_ATTRIBUTE_PERSISTENT) == 0)
       && (Resource->PhysicalStart < Base + Length)
       && (Base < Resource->PhysicalStart + Resource->ResourceLength))
    {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  EFI_CPU_ARCH_PROTOCOL.SetMemoryAttributes(): registers of devices stay without code.

  The driver of a host bridge asks for a cache attribute alone for its windows.  An attribute that is not asked for is
  removed, so it would get pages that can be run.

  @param[in] This        The processor.
  @param[in] Base        First address.
  @param[in] Length      Bytes.
  @param[in] Attributes  EFI_MEMORY_*.

  @return  Status of the processor's driver.
**/
STATIC
EFI_STATUS
EFIAPI
SetMemoryAttributes (
  IN EFI_CPU_ARCH_PROTOCOL  *This,
  IN EFI_PHYSICAL_ADDRESS   Base,
  IN UINT64                 Length,
  IN UINT64                 Attributes
  )
{
  return mSetMemoryAttributes (This, Base, Length, HasMemory (Base, Length) ? Attributes : Attributes | EFI_MEMORY_XP);
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
  gBS->CloseEvent (Event);
}

VOID
ProtectMemory (
  IN EFI_CPU_ARCH_PROTOCOL  *Cpu
  )
{
  EFI_EVENT  Event;

  mSetMemoryAttributes     = Cpu->SetMemoryAttributes;
  Cpu->SetMemoryAttributes = SetMemoryAttributes;

  // No driver of the firmware has a reason to use address 0: it would be a null pointer.
  Cpu->SetMemoryAttributes (Cpu, 0, EFI_PAGE_SIZE, EFI_MEMORY_RP | EFI_MEMORY_XP);
  gBS->CreateEventEx (EVT_NOTIFY_SIGNAL, TPL_CALLBACK, OnEndOfDxe, Cpu, &gEfiEndOfDxeEventGroupGuid, &Event);
}
