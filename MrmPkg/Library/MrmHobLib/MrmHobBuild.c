/** @file
  Writes the HOB list.

  What the DXE core makes of it (MdeModulePkg/Core/Dxe/Gcd/Gcd.c, 2025.02), and so
  why it looks as it does:
  - The PHIT must be first, and EfiFreeMemoryBottom..EfiFreeMemoryTop inside one
    resource of tested RAM.  EfiFreeMemoryTop and EfiMemoryTop are the end of the
    free region: above EfiMemoryTop the core looks at allocation HOBs before it
    takes memory, between EfiFreeMemoryBottom and EfiFreeMemoryTop it does not.
  - Everything in use needs a memory allocation HOB, the firmware volume too: its
    FV HOB reserves nothing in RAM (it is looked for in memory-mapped I/O only).
    An allocation that begins in one resource and ends in another is ignored.
  - The HOB list needs none: the core copies EfiFreeMemoryBottom - (start of list)
    bytes into its pool and then takes the pages.
  - An allocation HOB inside memory-mapped I/O reserves it in the GCD, where the PCI
    host bridge driver then cannot claim it; and it adds nothing to the OS's map.
    A resource of type EFI_RESOURCE_MEMORY_RESERVED does appear there, as reserved.
  - System memory with the attribute PERSISTENT appears there as EfiPersistentMemory;
    the core never allocates it.
  - UC, WC, WT and WB are capabilities, not settings; page protection adds its own.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmHobInternal.h"

#define MRM_HOB_RAM_ATTRIBUTES  (                      \
          EFI_RESOURCE_ATTRIBUTE_PRESENT                 | \
          EFI_RESOURCE_ATTRIBUTE_INITIALIZED             | \
          EFI_RESOURCE_ATTRIBUTE_TESTED                  | \
          EFI_RESOURCE_ATTRIBUTE_UNCACHEABLE             | \
          EFI_RESOURCE_ATTRIBUTE_WRITE_COMBINEABLE       | \
          EFI_RESOURCE_ATTRIBUTE_WRITE_THROUGH_CACHEABLE | \
          EFI_RESOURCE_ATTRIBUTE_WRITE_BACK_CACHEABLE)

#define MRM_HOB_PERSISTENT_ATTRIBUTES  (               \
          MRM_HOB_RAM_ATTRIBUTES                         | \
          EFI_RESOURCE_ATTRIBUTE_PERSISTENT              | \
          EFI_RESOURCE_ATTRIBUTE_PERSISTABLE)

#define MRM_HOB_EXCEPTIONS  32                        ///< vectors the processor keeps for itself

#define MRM_HOB_MMIO_ATTRIBUTES  (                     \
          EFI_RESOURCE_ATTRIBUTE_PRESENT                 | \
          EFI_RESOURCE_ATTRIBUTE_INITIALIZED             | \
          EFI_RESOURCE_ATTRIBUTE_UNCACHEABLE)

///
/// Room kept together for memory the OS must not use, so that its memory map stays
/// short.  Runtime code: the eight runtime drivers of a DEBUG build with room to
/// grow.  Runtime data: mostly the variable store.  The DXE core places the bins,
/// in this order, from the top of its first heap downwards.
///
STATIC CONST EFI_MEMORY_TYPE_INFORMATION  mMemoryTypes[] = {
  { EfiACPIReclaimMemory,   0x10  },
  { EfiACPIMemoryNVS,       0x10  },
  { EfiReservedMemoryType,  0x10  },
  { EfiRuntimeServicesData, 0x80  },
  { EfiRuntimeServicesCode, 0x100 },
  { EfiMaxMemoryType,       0     }
};

///
/// Where the next HOB goes.
///
typedef struct {
  UINT8    *Buffer;
  UINTN    Size;        ///< bytes in Buffer
  UINTN    Used;        ///< bytes needed so far; more than Size when something did not fit
} MRM_HOB_WRITER;

/**
  Pages of all bins of the memory type information HOB.

  @return Number of 4 KiB pages.
**/
STATIC
UINT64
BinPages (
  VOID
  )
{
  UINTN   Index;
  UINT64  Pages;

  Pages = 0;
  for (Index = 0; mMemoryTypes[Index].Type != EfiMaxMemoryType; Index++) {
    Pages += mMemoryTypes[Index].NumberOfPages;
  }

  return Pages;
}

/**
  Append a HOB.

  @param[in,out] Writer  Where it goes.
  @param[in]     Type    EFI_HOB_TYPE_*.
  @param[in]     Hob     The HOB, its header not yet filled in.
  @param[in]     Size    Bytes of Hob.
  @param[in]     Data    Bytes that follow, or NULL.
  @param[in]     Extra   Number of them.
**/
STATIC
VOID
HobAppend (
  IN OUT MRM_HOB_WRITER          *Writer,
  IN     UINT16                  Type,
  IN     EFI_HOB_GENERIC_HEADER  *Hob,
  IN     UINTN                   Size,
  IN     CONST VOID              *Data,
  IN     UINTN                   Extra
  )
{
  UINTN  Length;
  UINT8  *Place;

  //
  // Every HOB begins at a multiple of 8.
  //
  Length = (Size + Extra + 7) & ~(UINTN)7;
  if ((Writer->Used <= Writer->Size) && (Length <= Writer->Size - Writer->Used)) {
    Hob->HobType   = Type;
    Hob->HobLength = (UINT16)Length;
    Hob->Reserved  = 0;
    Place          = Writer->Buffer + Writer->Used;
    ZeroMem (Place, Length);
    CopyMem (Place, Hob, Size);
    if (Extra != 0) {
      CopyMem (Place + Size, Data, Extra);
    }
  }

  Writer->Used += Length;
}

/**
  Append a resource descriptor.

  @param[in,out] Writer      Where it goes.
  @param[in]     Type        EFI_RESOURCE_*.
  @param[in]     Attributes  EFI_RESOURCE_ATTRIBUTE_*.
  @param[in]     Range       The resource.
**/
STATIC
VOID
HobAppendResource (
  IN OUT MRM_HOB_WRITER               *Writer,
  IN     EFI_RESOURCE_TYPE            Type,
  IN     EFI_RESOURCE_ATTRIBUTE_TYPE  Attributes,
  IN     CONST MRM_RANGE              *Range
  )
{
  EFI_HOB_RESOURCE_DESCRIPTOR  Hob;

  ZeroMem (&Hob, sizeof (Hob));
  Hob.ResourceType      = Type;
  Hob.ResourceAttribute = Attributes;
  Hob.PhysicalStart     = Range->Base;
  Hob.ResourceLength    = Range->Size;
  HobAppend (Writer, EFI_HOB_TYPE_RESOURCE_DESCRIPTOR, &Hob.Header, sizeof (Hob), NULL, 0);
}

/**
  Append all resource descriptors: adjacent RAM as one, empty ones not at all.

  @param[in,out] Writer  Where they go.
  @param[in]     Facts   The facts.
**/
STATIC
VOID
HobAppendResources (
  IN OUT MRM_HOB_WRITER       *Writer,
  IN     CONST MRM_HOB_FACTS  *Facts
  )
{
  UINTN                   Index;
  CONST MRM_HOB_RESOURCE  *Resource;
  MRM_RANGE               Run;

  for (Index = 0; Index < Facts->ResourceCount; Index++) {
    Resource = &Facts->Resources[Index];
    if (MrmHobRamRun (Facts, Index, &Run)) {
      HobAppendResource (Writer, EFI_RESOURCE_SYSTEM_MEMORY, MRM_HOB_RAM_ATTRIBUTES, &Run);
    } else if ((Resource->ResourceType == MRM_HOB_PERSISTENT_MEMORY) && (Resource->Range.Size != 0)) {
      HobAppendResource (Writer, EFI_RESOURCE_SYSTEM_MEMORY, MRM_HOB_PERSISTENT_ATTRIBUTES, &Resource->Range);
    } else if ((Resource->ResourceType != EFI_RESOURCE_SYSTEM_MEMORY) && (Resource->Range.Size != 0)) {
      HobAppendResource (Writer, Resource->ResourceType, MRM_HOB_MMIO_ATTRIBUTES, &Resource->Range);
    }
  }
}

/**
  Append a memory allocation.

  @param[in,out] Writer      Where it goes.
  @param[in]     Name        Name of the allocation, or NULL.
  @param[in]     MemoryType  What the memory is used for.
  @param[in]     Range       The memory.
**/
STATIC
VOID
HobAppendAllocation (
  IN OUT MRM_HOB_WRITER   *Writer,
  IN     CONST EFI_GUID   *Name OPTIONAL,
  IN     EFI_MEMORY_TYPE  MemoryType,
  IN     CONST MRM_RANGE  *Range
  )
{
  EFI_HOB_MEMORY_ALLOCATION  Hob;

  ZeroMem (&Hob, sizeof (Hob));
  if (Name != NULL) {
    CopyGuid (&Hob.AllocDescriptor.Name, Name);
  }

  Hob.AllocDescriptor.MemoryBaseAddress = Range->Base;
  Hob.AllocDescriptor.MemoryLength      = Range->Size;
  Hob.AllocDescriptor.MemoryType        = MemoryType;
  HobAppend (Writer, EFI_HOB_TYPE_MEMORY_ALLOCATION, &Hob.Header, sizeof (Hob), NULL, 0);
}

/**
  Append the allocation that tells the DXE core where it is itself.

  @param[in,out] Writer  Where it goes.
  @param[in]     Facts   The facts.
**/
STATIC
VOID
HobAppendDxeCore (
  IN OUT MRM_HOB_WRITER       *Writer,
  IN     CONST MRM_HOB_FACTS  *Facts
  )
{
  EFI_HOB_MEMORY_ALLOCATION_MODULE  Hob;

  ZeroMem (&Hob, sizeof (Hob));
  CopyGuid (&Hob.MemoryAllocationHeader.Name, &gEfiHobMemoryAllocModuleGuid);
  Hob.MemoryAllocationHeader.MemoryBaseAddress = Facts->DxeCore.Base;
  Hob.MemoryAllocationHeader.MemoryLength      = Facts->DxeCore.Size;
  Hob.MemoryAllocationHeader.MemoryType        = EfiBootServicesCode;
  CopyGuid (&Hob.ModuleName, &Facts->DxeCoreName);
  Hob.EntryPoint = Facts->DxeCoreEntry;
  HobAppend (Writer, EFI_HOB_TYPE_MEMORY_ALLOCATION, &Hob.Header, sizeof (Hob), NULL, 0);
}

/**
  Append a GUID HOB.

  @param[in,out] Writer  Where it goes.
  @param[in]     Name    Its GUID.
  @param[in]     Data    Its contents.
  @param[in]     Size    Bytes of Data.
**/
STATIC
VOID
HobAppendGuid (
  IN OUT MRM_HOB_WRITER  *Writer,
  IN     CONST EFI_GUID  *Name,
  IN     CONST VOID      *Data,
  IN     UINTN           Size
  )
{
  EFI_HOB_GUID_TYPE  Hob;

  CopyGuid (&Hob.Name, Name);
  HobAppend (Writer, EFI_HOB_TYPE_GUID_EXTENSION, &Hob.Header, sizeof (Hob), Data, Size);
}

/**
  Append what keeps the handlers that exceptions have had so far in use: those of the DXE core and of its drivers come
  before them, not in their place.

  @param[in,out] Writer  Where it goes.
**/
STATIC
VOID
HobAppendVectors (
  IN OUT MRM_HOB_WRITER  *Writer
  )
{
  EFI_VECTOR_HANDOFF_INFO  Vectors[MRM_HOB_EXCEPTIONS + 1];
  UINT32                   Index;

  ZeroMem (Vectors, sizeof (Vectors));
  for (Index = 0; Index < MRM_HOB_EXCEPTIONS; Index++) {
    Vectors[Index].VectorNumber = Index;
    Vectors[Index].Attribute    = EFI_VECTOR_HANDOFF_HOOK_BEFORE;
    CopyGuid (&Vectors[Index].Owner, &gMrmHandOffGuid);
  }

  Vectors[MRM_HOB_EXCEPTIONS].Attribute = EFI_VECTOR_HANDOFF_LAST_ENTRY;
  HobAppendGuid (Writer, &gEfiVectorHandoffInfoPpiGuid, Vectors, sizeof (Vectors));
}

/**
  Write every HOB between the PHIT and the end of the list.

  @param[in,out] Writer  Where they go.
  @param[in]     Facts   The facts.
**/
STATIC
VOID
HobWriteBody (
  IN OUT MRM_HOB_WRITER       *Writer,
  IN     CONST MRM_HOB_FACTS  *Facts
  )
{
  UINTN                    Index;
  EFI_HOB_CPU              Cpu;
  EFI_HOB_FIRMWARE_VOLUME  Volume;

  ZeroMem (&Cpu, sizeof (Cpu));
  Cpu.SizeOfMemorySpace = Facts->PhysicalAddressBits;
  Cpu.SizeOfIoSpace     = 16;
  HobAppend (Writer, EFI_HOB_TYPE_CPU, &Cpu.Header, sizeof (Cpu), NULL, 0);

  HobAppendResources (Writer, Facts);
  HobAppendDxeCore (Writer, Facts);
  HobAppendAllocation (Writer, &gEfiHobMemoryAllocStackGuid, EfiBootServicesData, &Facts->Stack);
  HobAppendAllocation (Writer, NULL, EfiBootServicesData, &Facts->FirmwareVolume);
  for (Index = 0; Index < Facts->AllocationCount; Index++) {
    HobAppendAllocation (
      Writer,
      NULL,
      Facts->Allocations[Index].MemoryType,
      &Facts->Allocations[Index].Range
      );
  }

  ZeroMem (&Volume, sizeof (Volume));
  Volume.BaseAddress = Facts->FirmwareVolume.Base;
  Volume.Length      = Facts->FirmwareVolume.Size;
  HobAppend (Writer, EFI_HOB_TYPE_FV, &Volume.Header, sizeof (Volume), NULL, 0);

  HobAppendGuid (Writer, &gEfiMemoryTypeInformationGuid, mMemoryTypes, sizeof (mMemoryTypes));
  HobAppendVectors (Writer);
  HobAppendGuid (Writer, &gMrmHandOffGuid, Facts->HandOff, sizeof (*Facts->HandOff));
}

RETURN_STATUS
EFIAPI
MrmHobBuild (
  IN  CONST MRM_HOB_FACTS  *Facts,
  OUT VOID                 *Buffer,
  IN  UINTN                Size,
  OUT UINTN                *Used
  )
{
  MRM_HOB_WRITER              Writer;
  EFI_HOB_HANDOFF_INFO_TABLE  Phit;
  EFI_HOB_GENERIC_HEADER      End;
  RETURN_STATUS               Status;

  *Used  = 0;
  Status = MrmHobCheckFacts (Facts);
  if (RETURN_ERROR (Status)) {
    return Status;
  }

  if (((UINTN)Buffer & 7) != 0) {
    return RETURN_INVALID_PARAMETER;
  }

  Writer.Buffer = Buffer;
  Writer.Size   = MIN (Size, Facts->Free.Size);
  Writer.Used   = 0;

  //
  // The PHIT tells where the list ends: it is written again when that is known.
  //
  ZeroMem (&Phit, sizeof (Phit));
  HobAppend (&Writer, EFI_HOB_TYPE_HANDOFF, &Phit.Header, sizeof (Phit), NULL, 0);
  HobWriteBody (&Writer, Facts);
  HobAppend (&Writer, EFI_HOB_TYPE_END_OF_HOB_LIST, &End, sizeof (End), NULL, 0);

  *Used = Writer.Used;
  if (Writer.Used > Writer.Size) {
    return RETURN_BUFFER_TOO_SMALL;
  }

  if (!MrmHobHeapFits (Facts, Writer.Used, BinPages ())) {
    return RETURN_OUT_OF_RESOURCES;
  }

  Phit.Version             = EFI_HOB_HANDOFF_TABLE_VERSION;
  Phit.BootMode            = BOOT_WITH_FULL_CONFIGURATION;
  Phit.EfiMemoryTop        = Facts->Free.Base + Facts->Free.Size;
  Phit.EfiMemoryBottom     = Facts->Free.Base;
  Phit.EfiFreeMemoryTop    = Facts->Free.Base + Facts->Free.Size;
  Phit.EfiFreeMemoryBottom = Facts->Free.Base + Writer.Used;
  Phit.EfiEndOfHobList     = Facts->Free.Base + Writer.Used - sizeof (End);
  Writer.Used              = 0;
  HobAppend (&Writer, EFI_HOB_TYPE_HANDOFF, &Phit.Header, sizeof (Phit), NULL, 0);
  return RETURN_SUCCESS;
}
