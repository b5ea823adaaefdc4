/** @file
  Where everything a partition starts with lies in its memory.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <MrmMailbox.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmLayoutLib.h>
#include <Library/MrmRangeLib.h>

#define STACK_SIZE         SIZE_512KB   ///< UEFI 2.10 section 2.3.4 asks for 128 KiB; the shell recurses
#define GUARD_SIZE         SIZE_64KB    ///< wider than a function's frame
#define PAGE_TABLES_SIZE   SIZE_512KB   ///< checked: PageTableMap() says when it is too small
#define OPTIONS_SPARE      SIZE_4KB     ///< for what {tsc_khz} grows to
#define SMBIOS_SIZE        SIZE_8KB
#define HEAP_ENOUGH        SIZE_64MB    ///< for the DXE core, whatever it boots
#define HEAP_LEAST         SIZE_32MB    ///< for the partition firmware itself
#define GRUB_SHARE         (160 * SIZE_1MB)  ///< what GRUB 2.06 needs below 1 GiB; rule memory-for-grub of the generator
#define CONSOLE_RING_SIZE  SIZE_16KB    ///< with its header
#define EVENT_RING_SIZE    SIZE_16KB

///
/// A layout as it is made.
///
typedef struct {
  MRM_RANGE_SET    Rest;                                            ///< memory not given to anything yet
  MRM_RANGE        Ranges[MRM_MAX_PIECES + MRM_MAX_ALLOCATIONS];    ///< its elements
  UINT64           Limit;                                           ///< below which memory is given while there is any
  MRM_LAYOUT       *Layout;
} STATE;

/**
  List a range among those in use.

  @param[in,out] Layout      The layout.
  @param[in]     Range       The range.
  @param[in]     MemoryType  What the partition's memory map says.
**/
STATIC
VOID
List (
  IN OUT MRM_LAYOUT       *Layout,
  IN     CONST MRM_RANGE  *Range,
  IN     EFI_MEMORY_TYPE  MemoryType
  )
{
  Layout->Allocations[Layout->AllocationCount].MemoryType = MemoryType;
  Layout->Allocations[Layout->AllocationCount].Range      = *Range;
  Layout->AllocationCount++;
}

/**
  Assign memory of the partition to a purpose.

  @param[in,out] State       The layout so far.
  @param[in]     Size        Bytes; zero gives an empty range.
  @param[in]     MemoryType  What the partition's memory map says; EfiMaxMemoryType when the
                             HOB list describes it by other means.
  @param[out]    Range       Receives the range, whole pages.

  @retval RETURN_SUCCESS           Done.
  @retval RETURN_OUT_OF_RESOURCES  The partition has not that much memory in one piece.
**/
STATIC
RETURN_STATUS
Assign (
  IN OUT STATE            *State,
  IN     UINT64           Size,
  IN     EFI_MEMORY_TYPE  MemoryType,
  OUT    MRM_RANGE        *Range
  )
{
  RETURN_STATUS  Status;
  UINTN          Count;

  ZeroMem (Range, sizeof (*Range));
  if (Size == 0) {
    return RETURN_SUCCESS;
  }

  Size   = ALIGN_VALUE (Size, SIZE_4KB);
  Status = MrmRangeAllocate (&State->Rest, Size, SIZE_4KB, 0, State->Limit, 1, Range, &Count);
  if (RETURN_ERROR (Status)) {
    Status = MrmRangeAllocate (&State->Rest, Size, SIZE_4KB, 0, MAX_UINT64, 1, Range, &Count);
  }

  if (RETURN_ERROR (Status)) {
    return RETURN_OUT_OF_RESOURCES;
  }

  if (MemoryType != EfiMaxMemoryType) {
    List (State->Layout, Range, MemoryType);
  }

  return RETURN_SUCCESS;
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
  IN CONST STATE  *State,
  IN UINT64       Limit
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
  IN CONST STATE          *State,
  IN CONST MRM_PLAN_BOOT  *Boot
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
  Find a location for the stack of the first processor and, directly below it, for the guard.

  @param[in,out] State  The layout so far.

  @retval RETURN_SUCCESS           Done.
  @retval RETURN_OUT_OF_RESOURCES  The partition has not that much memory in one piece.
**/
STATIC
RETURN_STATUS
LocateStack (
  IN OUT STATE  *State
  )
{
  RETURN_STATUS  Status;
  MRM_RANGE      Both;
  MRM_LAYOUT     *Layout;

  Status = Assign (State, GUARD_SIZE + STACK_SIZE, EfiMaxMemoryType, &Both);
  if (RETURN_ERROR (Status)) {
    return Status;
  }

  Layout                  = State->Layout;
  Layout->StackGuard.Base = Both.Base;
  Layout->StackGuard.Size = GUARD_SIZE;
  Layout->Stack.Base      = Both.Base + GUARD_SIZE;
  Layout->Stack.Size      = STACK_SIZE;
  List (Layout, &Layout->StackGuard, EfiBootServicesData);
  return RETURN_SUCCESS;
}

/**
  Bytes of a string of CHAR16 with its terminating zero.

  @param[in] String  The string; NULL has none.
**/
STATIC
UINT64
WideSize (
  IN CONST CHAR16  *String OPTIONAL
  )
{
  UINT64  Length;

  if (String == NULL) {
    return 0;
  }

  for (Length = 0; String[Length] != L'\0'; Length++) {
  }

  return (Length + 1) * sizeof (CHAR16);
}

/**
  Bytes of a string of CHAR8 with its terminating zero.

  @param[in] String  The string.
**/
STATIC
UINT64
AsciiSize (
  IN CONST CHAR8  *String
  )
{
  UINT64  Length;

  for (Length = 0; String[Length] != '\0'; Length++) {
  }

  return Length + 1;
}

/**
  Find locations for what a boot source needs.

  @param[in]     Source  The source.
  @param[in]     Files   Its files.
  @param[in]     Index   Its number.
  @param[in,out] State   The layout so far.

  @retval RETURN_SUCCESS           Done.
  @retval RETURN_OUT_OF_RESOURCES  Too little memory.
**/
STATIC
RETURN_STATUS
LocateSource (
  IN     CONST MRM_PLAN_BOOT_SOURCE  *Source,
  IN     CONST MRM_BOOT_FILES        *Files,
  IN     UINTN                       Index,
  IN OUT STATE                       *State
  )
{
  RETURN_STATUS  Status;
  UINT64         OptionsSize;

  OptionsSize = (Source->Options == NULL) ? 0 : WideSize (Source->Options) + OPTIONS_SPARE;
  Status      = Assign (State, Files->Initrd.Size, EfiBootServicesData, &State->Layout->Initrds[Index]);
  if (!RETURN_ERROR (Status)) {
    Status = Assign (State, Files->Loader.Size, EfiBootServicesData, &State->Layout->Loaders[Index]);
  }

  if (!RETURN_ERROR (Status)) {
    Status = Assign (State, OptionsSize, EfiBootServicesData, &State->Layout->Options[Index]);
  }

  if (!RETURN_ERROR (Status)) {
    Status = Assign (State, WideSize (Source->Loader), EfiBootServicesData, &State->Layout->Paths[Index]);
  }

  return Status;
}

/**
  Find a location for everything else.

  @param[in]     Facts  What it follows from.
  @param[in,out] State  The layout so far.

  @retval RETURN_SUCCESS           Done.
  @retval RETURN_OUT_OF_RESOURCES  Too little memory.
**/
STATIC
RETURN_STATUS
LocateFirmware (
  IN     CONST MRM_LAYOUT_FACTS  *Facts,
  IN OUT STATE                   *State
  )
{
  RETURN_STATUS  Status;
  UINTN          Index;
  MRM_LAYOUT     *Layout;

  Layout = State->Layout;
  CONST struct {
    UINT64             Size;
    EFI_MEMORY_TYPE    MemoryType;
    MRM_RANGE          *Range;
  } Needs[] = {
    { Facts->VolumeSize,                         EfiMaxMemoryType,       &Layout->FirmwareVolume },
    { Facts->SecSize,                            EfiBootServicesCode,    &Layout->Sec            },
    { Facts->CoreSize,                           EfiMaxMemoryType,       &Layout->DxeCore        },
    { Facts->DescriptorsSize,                    EfiBootServicesData,    &Layout->Descriptors    },
    { PAGE_TABLES_SIZE,                          EfiBootServicesData,    &Layout->PageTables     },
    { SIZE_4KB,                                  EfiBootServicesData,    &Layout->LowPage        },
    { Facts->StartSize,                          EfiBootServicesData,    &Layout->Start          },
    { AsciiSize (Facts->Plan->Boot.Expected),    EfiBootServicesData,    &Layout->Expected       },
    { Facts->AcpiSize,                           EfiACPIReclaimMemory,   &Layout->Acpi           },
    { SMBIOS_SIZE,                               EfiRuntimeServicesData, &Layout->Smbios         },
    { MRM_MAILBOX_SIZE,                          EfiRuntimeServicesData, &Layout->Mailbox        },
    { Facts->Plan->Policy.VariableQuota,         EfiRuntimeServicesData, &Layout->VariableStore  },
    { MRM_CONTROL_SIZE,                          EfiRuntimeServicesData, &Layout->ControlArea    },
    { CONSOLE_RING_SIZE,                         EfiRuntimeServicesData, &Layout->ConsoleRing    },
    { EVENT_RING_SIZE,                           EfiRuntimeServicesData, &Layout->EventRing      },
  };

  STATIC_ASSERT (
    ARRAY_SIZE (Needs) + 4 * MRM_MAX_BOOT_SOURCES < MRM_MAX_ALLOCATIONS,
    "all of them, the stack's guard and what boot sources need can be listed"
    );

  Status = LocateStack (State);
  for (Index = 0; !RETURN_ERROR (Status) && Index < ARRAY_SIZE (Needs); Index++) {
    Status = Assign (State, Needs[Index].Size, Needs[Index].MemoryType, Needs[Index].Range);
  }

  return Status;
}

RETURN_STATUS
EFIAPI
MrmLayOut (
  IN  CONST MRM_LAYOUT_FACTS  *Facts,
  OUT MRM_LAYOUT              *Layout
  )
{
  RETURN_STATUS        Status;
  UINTN                Index;
  STATE                State;
  CONST MRM_PLAN_BOOT  *Boot;
  CONST MRM_RANGE      *Heap;

  ZeroMem (Layout, sizeof (*Layout));
  State.Layout        = Layout;
  State.Limit         = MAX_UINT64;
  State.Rest.Ranges   = State.Ranges;
  State.Rest.Count    = 0;
  State.Rest.Capacity = ARRAY_SIZE (State.Ranges);
  Status              = RETURN_SUCCESS;
  for (Index = 1; !RETURN_ERROR (Status) && Index < Facts->PieceCount; Index++) {
    Status = MrmRangeAdd (&State.Rest, Facts->Pieces[Index].Base, Facts->Pieces[Index].Size);
  }

  Boot = &Facts->Plan->Boot;
  for (Index = 0; !RETURN_ERROR (Status) && Index < Boot->SourceCount; Index++) {
    Status = LocateSource (&Boot->Sources[Index], &Facts->BootFiles[Index], Index, &State);
  }

  if (!RETURN_ERROR (Status)) {
    State.Limit = FirmwareLimit (&State, Boot);
    Status      = LocateFirmware (Facts, &State);
  }

  if (RETURN_ERROR (Status)) {
    return Status;
  }

  Heap = FindHeap (&State, State.Limit);
  if (Heap == NULL) {
    return RETURN_OUT_OF_RESOURCES;
  }

  Layout->Free = *Heap;
  return RETURN_SUCCESS;
}
