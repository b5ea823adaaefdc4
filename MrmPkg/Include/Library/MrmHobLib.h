/** @file
  Builds the HOB list of one partition from facts.  Pure: no globals, no I/O.
  PI 1.8 volume 3, section 5.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_HOB_LIB_H_
#define MRM_HOB_LIB_H_

#include <Guid/MrmHandOff.h>
#include <Uefi/UefiMultiPhase.h>
#include <Pi/PiMultiPhase.h>
#include <Pi/PiHob.h>

///
/// ResourceType of memory that is an OS's alone, as persistent memory: the DXE core tells of it
/// (EfiPersistentMemory), and takes none of it.  PI has no type for it, but an attribute.
///
#define MRM_HOB_PERSISTENT_MEMORY  EFI_RESOURCE_MAX_MEMORY_TYPE

///
/// One piece of the partition's RAM or MMIO: ResourceType is EFI_RESOURCE_SYSTEM_MEMORY,
/// MRM_HOB_PERSISTENT_MEMORY, EFI_RESOURCE_MEMORY_MAPPED_IO or EFI_RESOURCE_MEMORY_RESERVED (MMIO
/// the OS sees as reserved); attributes follow from it.  Whole 4 KiB pages; one of size zero is left out.
///
typedef struct {
  EFI_RESOURCE_TYPE    ResourceType;
  MRM_RANGE            Range;
} MRM_HOB_RESOURCE;

///
/// Memory in use at hand-off: whole 4 KiB pages, not empty.
///
typedef struct {
  EFI_MEMORY_TYPE    MemoryType;
  MRM_RANGE          Range;
} MRM_HOB_ALLOCATION;

typedef struct {
  UINT8                        PhysicalAddressBits;  ///< CPUID 0x80000008 EAX[7:0]: 32 to 52
  UINTN                        ResourceCount;
  CONST MRM_HOB_RESOURCE       *Resources;           ///< disjoint; adjacent RAM becomes one descriptor
  UINTN                        AllocationCount;
  CONST MRM_HOB_ALLOCATION     *Allocations;         ///< each inside one resource that is not persistent, or adjacent RAM; besides Stack, FirmwareVolume, DxeCore, Free
  MRM_RANGE                    Free;                 ///< PHIT: region that holds the HOB list at its start, all else in it unused
  MRM_RANGE                    Stack;                ///< stack of the first processor
  MRM_RANGE                    FirmwareVolume;       ///< DXE firmware volume
  MRM_RANGE                    DxeCore;              ///< loaded, relocated image of the DXE core
  UINT64                       DxeCoreEntry;         ///< physical address
  EFI_GUID                     DxeCoreName;          ///< FFS file name of the DXE core
  CONST MRM_HAND_OFF           *HandOff;             ///< copied into a GUID HOB gMrmHandOffGuid
} MRM_HOB_FACTS;

/**
  Build the HOB list: PHIT, CPU, resource descriptors, memory allocations (with the
  special forms for stack and DXE core module; the firmware volume has one too),
  firmware volume, memory type information, vectors in use, hand-off, end of list.

  @param[in]  Facts   The facts.
  @param[out] Buffer  Receives the list, 8-byte aligned; it is what the partition will see at Facts->Free.Base.
  @param[in]  Size    Bytes in Buffer; no more than Facts->Free.Size are used.
  @param[out] Used    Bytes written; with RETURN_BUFFER_TOO_SMALL bytes needed.

  @retval RETURN_SUCCESS            Built; PHIT EfiFreeMemoryBottom/Top and EfiEndOfHobList hold physical addresses.
  @retval RETURN_INVALID_PARAMETER  A fact contradicts another: an allocation, the stack, the volume, the DXE core or
                                    Free outside every RAM resource, or two of them overlap; one is empty or not
                                    made of pages; DxeCoreEntry outside DxeCore; a resource beyond
                                    PhysicalAddressBits; a hand-off of another version or size.
  @retval RETURN_BUFFER_TOO_SMALL   Buffer or Free is too small.
  @retval RETURN_OUT_OF_RESOURCES   No gap between the regions in use is large enough (about 2 MiB) for the first
                                    heap of the DXE core, which would stop in an assertion.
**/
RETURN_STATUS
EFIAPI
MrmHobBuild (
  IN  CONST MRM_HOB_FACTS  *Facts,
  OUT VOID                 *Buffer,
  IN  UINTN                Size,
  OUT UINTN                *Used
  );

#endif
