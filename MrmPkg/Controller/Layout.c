/** @file
  Where everything a partition starts with lies in its memory: a decision, taken by
  MrmRangeLib; nothing is touched here.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Layout.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>

#define STACK_SIZE         SIZE_128KB
#define PAGE_TABLES_SIZE   SIZE_512KB   ///< checked: PageTableMap() says when it is too small
#define DESCRIPTORS_SIZE   SIZE_8KB     ///< GDT page, IDT page
#define START_SIZE         SIZE_4KB
#define OPTIONS_SPARE      SIZE_4KB     ///< for what {tsc_khz} grows to
#define SMBIOS_SIZE        SIZE_8KB
#define HEAP_ENOUGH        SIZE_64MB    ///< for the DXE core, whatever it boots
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

  Status = MrmRangeAllocate (&State->Rest, ALIGN_VALUE (Size, SIZE_4KB), SIZE_4KB, 0, MAX_UINT64, 1, Range, &Count);
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
  @param[in] Best   The other; empty for none.
**/
STATIC
BOOLEAN
IsBetterHeap (
  IN CONST MRM_RANGE  *Range,
  IN CONST MRM_RANGE  *Best
  )
{
  BOOLEAN  Good;
  BOOLEAN  BestIsGood;

  Good       = (Range->Base >= SIZE_1GB) && (Range->Size >= HEAP_ENOUGH);
  BestIsGood = (Best->Base >= SIZE_1GB) && (Best->Size >= HEAP_ENOUGH);
  return (Good == BestIsGood) ? (Range->Size > Best->Size) : Good;
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

  Plan = Partition->Plan;
  CONST struct {
    UINT64             Size;
    EFI_MEMORY_TYPE    MemoryType;
    MRM_RANGE          *Range;
  } Needs[] = {
    { FirmwareVolume ()->FvLength,           EfiMaxMemoryType,       &Layout->FirmwareVolume },
    { SecSize,                               EfiBootServicesCode,    &Layout->Sec            },
    { CoreSize,                              EfiMaxMemoryType,       &Layout->DxeCore        },
    { STACK_SIZE,                            EfiMaxMemoryType,       &Layout->Stack          },
    { DESCRIPTORS_SIZE,                      EfiBootServicesData,    &Layout->Descriptors    },
    { PAGE_TABLES_SIZE,                      EfiBootServicesData,    &Layout->PageTables     },
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

  for (Index = 0; Index < ARRAY_SIZE (Needs); Index++) {
    Status = Give (State, Needs[Index].Size, Needs[Index].MemoryType, Needs[Index].Range);
    if (EFI_ERROR (Status)) {
      return Status;
    }
  }

  ZeroMem (&Layout->Free, sizeof (Layout->Free));
  for (Index = 0; Index < State->Rest.Count; Index++) {
    if (IsBetterHeap (&State->Rest.Ranges[Index], &Layout->Free)) {
      Layout->Free = State->Rest.Ranges[Index];
    }
  }

  return (Layout->Free.Size == 0) ? EFI_OUT_OF_RESOURCES : EFI_SUCCESS;
}
