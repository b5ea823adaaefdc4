/** @file
  Where everything a partition starts with lies in its memory: a decision, taken by
  MrmRangeLib; nothing is touched here.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Build/Layout.h"
#include "Build/Firmware.h"
#include "Partition/Partition.h"
#include <MrmStart.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>

#define STACK_SIZE         SIZE_512KB   ///< UEFI 2.10 section 2.3.4 asks for 128 KiB; the shell recurses
#define GUARD_SIZE         SIZE_64KB    ///< wider than a function's frame
#define PAGE_TABLES_SIZE   SIZE_512KB   ///< checked: PageTableMap() says when it is too small
#define START_SIZE         SIZE_4KB
#define OPTIONS_SPARE      SIZE_4KB     ///< for what {tsc_khz} grows to
#define SMBIOS_SIZE        SIZE_8KB
#define HEAP_ENOUGH        SIZE_64MB    ///< for the DXE core, whatever it boots
#define HEAP_LEAST         SIZE_32MB    ///< for the partition firmware itself
#define GRUB_SHARE         (160 * SIZE_1MB)  ///< what GRUB 2.06 needs below 1 GiB; rule memory-for-grub of the generator
#define CONSOLE_RING_SIZE  SIZE_16KB    ///< with its header
#define EVENT_RING_SIZE    SIZE_16KB

STATIC_ASSERT (sizeof (MRM_START) <= START_SIZE, "the start block is one page");

/**
  Give memory of the partition a purpose.

  @param[in,out] State       The layout so far.
  @param[in]     Size        Bytes; zero gives an empty range.
  @param[in]     MemoryType  What the partition's memory map says; EfiMaxMemoryType when the
                             HOB list describes it by other means.
  @param[out]    Range       Receives the range, whole pages.

  @retval EFI_SUCCESS           Given.
  @retval EFI_OUT_OF_RESOURCES  The partition has not that much memory in one piece.
**/
STATIC
EFI_STATUS
Give (
  IN OUT MRM_LAYOUT_STATE  *State,
  IN     UINT64            Size,
  IN     EFI_MEMORY_TYPE   MemoryType,
  OUT    MRM_RANGE         *Range
  )
{
  EFI_STATUS  Status;
  UINTN       Count;

  ZeroMem (Range, sizeof (*Range));
  if (Size == 0) {
    return EFI_SUCCESS;
  }

  Size   = ALIGN_VALUE (Size, SIZE_4KB);
  Status = MrmRangeAllocate (&State->Rest, Size, SIZE_4KB, 0, State->Limit, 1, Range, &Count);
  if (EFI_ERROR (Status)) {
    Status = MrmRangeAllocate (&State->Rest, Size, SIZE_4KB, 0, MAX_UINT64, 1, Range, &Count);
  }

  if (EFI_ERROR (Status)) {
    return EFI_OUT_OF_RESOURCES;
  }

  if (MemoryType != EfiMaxMemoryType) {
    State->Allocations[State->AllocationCount].MemoryType = MemoryType;
    State->Allocations[State->AllocationCount].Range      = *Range;
    State->AllocationCount++;
  }

  return EFI_SUCCESS;
}

/**
  TRUE if a range is a better first heap for the DXE core than another: large enough and above
  1 GiB, below which some loaders are short of memory; else the larger.

  @param[in] Range  The range.
  @param[in] Best   The other; NULL for none.
**/
STATIC
BOOLEAN
IsBetterHeap (
  IN CONST MRM_RANGE  *Range,
  IN CONST MRM_RANGE  *Best OPTIONAL
  )
{
  BOOLEAN  Good;
  BOOLEAN  BestIsGood;

  if (Best == NULL) {
    return TRUE;
  }

  Good       = (Range->Base >= SIZE_1GB) && (Range->Size >= HEAP_ENOUGH);
  BestIsGood = (Best->Base >= SIZE_1GB) && (Best->Size >= HEAP_ENOUGH);
  return (Good == BestIsGood) ? (Range->Size > Best->Size) : Good;
}

/**
  Find the best first heap for the DXE core in what is left: it takes all pools, images and pages from there, and from
  what lies below, while it can.

  @param[in] State  The layout so far.
  @param[in] Limit  Only ranges below.

  @return  The range; NULL when nothing is left.
**/
STATIC
CONST MRM_RANGE *
FindHeap (
  IN CONST MRM_LAYOUT_STATE  *State,
  IN UINT64                  Limit
  )
{
  CONST MRM_RANGE  *Range;
  CONST MRM_RANGE  *Best;
  UINTN            Index;

  Best = NULL;
  for (Index = 0; Index < State->Rest.Count; Index++) {
    Range = &State->Rest.Ranges[Index];
    if ((Range->Base + Range->Size <= Limit) && IsBetterHeap (Range, Best)) {
      Best = Range;
    }
  }

  return Best;
}

/**
  Decide below which address the firmware lives: 4 GiB if it has room there, as on PCs, for some loaders keep addresses in
  32 bits; but where that would be the share below 1 GiB, GRUB comes first.

  @param[in] State  The layout so far.
  @param[in] Boot   The boot sources.

  @return  The address; MAX_UINT64 for any.
**/
STATIC
UINT64
FirmwareLimit (
  IN CONST MRM_LAYOUT_STATE  *State,
  IN CONST MRM_PLAN_BOOT     *Boot
  )
{
  CONST MRM_RANGE  *Heap;
  UINT64           Least;
  UINTN            Index;

  Heap = FindHeap (State, SIZE_4GB);
  if (Heap == NULL) {
    return MAX_UINT64;
  }

  Least = HEAP_LEAST;
  for (Index = 0; (Heap->Base < SIZE_1GB) && (Least == HEAP_LEAST) && (Index < Boot->SourceCount); Index++) {
    if ((Boot->Sources[Index].Kind == MrmBootDisk) || (Boot->Sources[Index].Kind == MrmBootNetwork)) {
      Least += GRUB_SHARE;
    }
  }

  return (Heap->Size >= Least) ? SIZE_4GB : MAX_UINT64;
}

/**
  Give the first processor its stack and, directly below it, the guard.

  @param[in,out] State   The layout so far.
  @param[in,out] Layout  Receives both.

  @retval EFI_SUCCESS           Given.
  @retval EFI_OUT_OF_RESOURCES  The partition has not that much memory in one piece.
**/
STATIC
EFI_STATUS
GiveStack (
  IN OUT MRM_LAYOUT_STATE  *State,
  IN OUT MRM_LAYOUT        *Layout
  )
{
  EFI_STATUS  Status;
  MRM_RANGE   Both;

  Status = Give (State, GUARD_SIZE + STACK_SIZE, EfiMaxMemoryType, &Both);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Layout->StackGuard.Base                               = Both.Base;
  Layout->StackGuard.Size                               = GUARD_SIZE;
  Layout->Stack.Base                                    = Both.Base + GUARD_SIZE;
  Layout->Stack.Size                                    = STACK_SIZE;
  State->Allocations[State->AllocationCount].MemoryType = EfiBootServicesData;
  State->Allocations[State->AllocationCount].Range      = Layout->StackGuard;
  State->AllocationCount++;
  return EFI_SUCCESS;
}

/**
  Give what a boot source needs its places.

  @param[in]     Source  The source.
  @param[in]     Files   Its files.
  @param[in]     Index   Its number.
  @param[in,out] State   The layout so far.
  @param[in,out] Layout  Receives the places.

  @retval EFI_SUCCESS           Done.
  @retval EFI_OUT_OF_RESOURCES  Too little memory.
**/
STATIC
EFI_STATUS
GiveSource (
  IN     CONST MRM_PLAN_BOOT_SOURCE  *Source,
  IN     CONST MRM_BOOT_FILES        *Files,
  IN     UINTN                       Index,
  IN OUT MRM_LAYOUT_STATE            *State,
  IN OUT MRM_LAYOUT                  *Layout
  )
{
  EFI_STATUS  Status;
  UINT64      OptionsSize;
  UINT64      PathSize;

  OptionsSize = (Source->Options == NULL) ? 0 : StrSize (Source->Options) + OPTIONS_SPARE;
  PathSize    = (Source->Loader == NULL) ? 0 : StrSize (Source->Loader);
  Status      = Give (State, Files->Initrd.Size, EfiBootServicesData, &Layout->Initrds[Index]);
  if (!EFI_ERROR (Status)) {
    Status = Give (State, Files->Loader.Size, EfiBootServicesData, &Layout->Loaders[Index]);
  }

  if (!EFI_ERROR (Status)) {
    Status = Give (State, OptionsSize, EfiBootServicesData, &Layout->Options[Index]);
  }

  if (!EFI_ERROR (Status)) {
    Status = Give (State, PathSize, EfiBootServicesData, &Layout->Paths[Index]);
  }

  return Status;
}

EFI_STATUS
LayOut (
  IN  CONST MRM_PARTITION  *Partition,
  IN  UINT64               SecSize,
  IN  UINT64               CoreSize,
  IN  UINT64               AcpiSize,
  OUT MRM_LAYOUT_STATE     *State,
  OUT MRM_LAYOUT           *Layout
  )
{
  EFI_STATUS                Status;
  UINTN                     Index;
  CONST MRM_PLAN_PARTITION  *Plan;
  CONST MRM_RANGE           *Heap;

  Plan = Partition->Plan;
  CONST struct {
    UINT64             Size;
    EFI_MEMORY_TYPE    MemoryType;
    MRM_RANGE          *Range;
  } Needs[] = {
    { FirmwareVolume ()->FvLength,           EfiMaxMemoryType,       &Layout->FirmwareVolume },
    { SecSize,                               EfiBootServicesCode,    &Layout->Sec            },
    { CoreSize,                              EfiMaxMemoryType,       &Layout->DxeCore        },
    { sizeof (MRM_DESCRIPTORS),              EfiBootServicesData,    &Layout->Descriptors    },
    { PAGE_TABLES_SIZE,                      EfiBootServicesData,    &Layout->PageTables     },
    { SIZE_4KB,                              EfiBootServicesData,    &Layout->LowPage        },
    { START_SIZE,                            EfiBootServicesData,    &Layout->Start          },
    { AsciiStrSize (Plan->Boot.Expected),    EfiBootServicesData,    &Layout->Expected       },
    { AcpiSize,                              EfiACPIReclaimMemory,   &Layout->Acpi           },
    { SMBIOS_SIZE,                           EfiRuntimeServicesData, &Layout->Smbios         },
    { MRM_MAILBOX_SIZE,                      EfiRuntimeServicesData, &Layout->Mailbox        },
    { Plan->Policy.VariableQuota,            EfiRuntimeServicesData, &Layout->VariableStore  },
    { MRM_CONTROL_SIZE,                      EfiRuntimeServicesData, &Layout->ControlArea    },
    { CONSOLE_RING_SIZE,                     EfiRuntimeServicesData, &Layout->ConsoleRing    },
    { EVENT_RING_SIZE,                       EfiRuntimeServicesData, &Layout->EventRing      },
  };

  ZeroMem (State, sizeof (*State));
  State->Limit         = MAX_UINT64;
  State->Rest.Ranges   = State->Ranges;
  State->Rest.Capacity = ARRAY_SIZE (State->Ranges);
  for (Index = 1; Index < Partition->PieceCount; Index++) {
    Status = MrmRangeAdd (&State->Rest, Partition->Pieces[Index].Base, Partition->Pieces[Index].Size);
    if (EFI_ERROR (Status)) {
      return Status;
    }
  }

  for (Index = 0; Index < Plan->Boot.SourceCount; Index++) {
    Status = GiveSource (&Plan->Boot.Sources[Index], &Partition->BootFiles[Index], Index, State, Layout);
    if (EFI_ERROR (Status)) {
      return Status;
    }
  }

  State->Limit = FirmwareLimit (State, &Plan->Boot);
  Status       = GiveStack (State, Layout);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  for (Index = 0; Index < ARRAY_SIZE (Needs); Index++) {
    Status = Give (State, Needs[Index].Size, Needs[Index].MemoryType, Needs[Index].Range);
    if (EFI_ERROR (Status)) {
      return Status;
    }
  }

  Heap = FindHeap (State, State->Limit);
  if (Heap == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  Layout->Free = *Heap;
  return EFI_SUCCESS;
}
