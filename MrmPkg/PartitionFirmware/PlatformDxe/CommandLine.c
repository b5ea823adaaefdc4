/** @file
  Warns of kernel parameters that are missing: in a partition some are not a matter of taste.

  A Linux is known by the boot_params structure that its EFI stub, or its loader, fills in
  before it leaves boot services, or by how GRUB begins a command line, wherever these lie in
  the loader's memory.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformDxe.h"
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmPartitionLib.h>
#include <Library/UefiBootServicesTableLib.h>

#define MAP_SIZE           SIZE_64KB
#define COMMAND_LINE_SIZE  4096       ///< COMMAND_LINE_SIZE of Linux on x86 is 2048
#define STEP               16         ///< alignment of what GRUB allocates, and more than enough for the stub

STATIC EFI_MEMORY_DESCRIPTOR  *mMap;
STATIC UINTN                  mMapSize;
STATIC UINTN                  mDescriptorSize;

/**
  The next descriptor of the memory map.

  @param[in] Descriptor  One of them; NULL gives the first.

  @return  The next; NULL at the end.
**/
STATIC
EFI_MEMORY_DESCRIPTOR *
NextDescriptor (
  IN EFI_MEMORY_DESCRIPTOR  *Descriptor OPTIONAL
  )
{
  Descriptor = (Descriptor == NULL) ? mMap : (EFI_MEMORY_DESCRIPTOR *)((UINT8 *)Descriptor + mDescriptorSize);
  return ((UINTN)Descriptor < (UINTN)mMap + mMapSize) ? Descriptor : NULL;
}

/**
  Bytes of RAM from an address on, at most a command line's.

  @param[in] Address  The address.

  @return  Bytes; 0 when it is not in the partition's memory.
**/
STATIC
UINTN
RoomAt (
  IN UINT64  Address
  )
{
  EFI_MEMORY_DESCRIPTOR  *Descriptor;
  UINT64                 Size;

  for (Descriptor = NextDescriptor (NULL); Descriptor != NULL; Descriptor = NextDescriptor (Descriptor)) {
    Size = EFI_PAGES_TO_SIZE (Descriptor->NumberOfPages);
    if (  (Descriptor->Type <= EfiConventionalMemory)
       && (Descriptor->Type != EfiReservedMemoryType)
       && (Address >= Descriptor->PhysicalStart)
       && (Address - Descriptor->PhysicalStart < Size))
    {
      return (UINTN)MIN (Size - (Address - Descriptor->PhysicalStart), COMMAND_LINE_SIZE);
    }
  }

  return 0;
}

/**
  Find the command line of the Linux that is about to run.

  @param[out] Size  Bytes there may be.

  @return  The command line; NULL when there is no Linux.
**/
STATIC
CONST CHAR8 *
FindCommandLine (
  OUT UINTN  *Size
  )
{
  EFI_MEMORY_DESCRIPTOR  *Descriptor;
  CONST UINT8            *Place;
  CONST UINT8            *End;
  CONST CHAR8            *Found;
  UINT64                 Address;

  Found = NULL;
  for (Descriptor = NextDescriptor (NULL); Descriptor != NULL; Descriptor = NextDescriptor (Descriptor)) {
    if ((Descriptor->Type != EfiLoaderCode) && (Descriptor->Type != EfiLoaderData)) {
      continue;
    }

    Place = (CONST UINT8 *)(UINTN)Descriptor->PhysicalStart;
    End   = Place + EFI_PAGES_TO_SIZE ((UINTN)Descriptor->NumberOfPages) - MRM_LINUX_BOOT_PARAMS;
    for ( ; Place <= End; Place += STEP) {
      if (MrmIsGrubCommandLine (Place)) {
        // GRUB's boot_params point to where it will only move the command line.
        *Size = RoomAt ((UINTN)Place);
        return (CONST CHAR8 *)Place;
      }

      // A kernel image has the same magic numbers, but no command line yet.
      Address = (Found == NULL) ? MrmLinuxCommandLine (Place) : 0;
      if ((Address != 0) && (RoomAt (Address) != 0)) {
        *Size = RoomAt (Address);
        Found = (CONST CHAR8 *)(UINTN)Address;
      }
    }
  }

  return Found;
}

EFI_STATUS
PrepareCommandLine (
  VOID
  )
{
  // At ExitBootServices nothing can be allocated.
  mMap = AllocatePages (EFI_SIZE_TO_PAGES (MAP_SIZE));
  return (mMap == NULL) ? EFI_OUT_OF_RESOURCES : EFI_SUCCESS;
}

VOID
JudgeCommandLine (
  IN CONST CHAR8  *Expected
  )
{
  CONST CHAR8  *CommandLine;
  UINTN        Room;
  UINTN        Length;
  UINTN        Key;
  UINT32       Version;

  Expected = MrmNextWord (Expected, &Length);
  if (Expected == NULL) {
    return;
  }

  CommandLine = NULL;
  Room        = 0;
  mMapSize    = MAP_SIZE;
  if (!EFI_ERROR (gBS->GetMemoryMap (&mMapSize, mMap, &Key, &mDescriptorSize, &Version))) {
    CommandLine = FindCommandLine (&Room);
  }

  if (CommandLine == NULL) {
    MrmEvent ("kernel parameters: what the OS was started with cannot be known");
    return;
  }

  for ( ; Expected != NULL; Expected = MrmNextWord (Expected + Length, &Length)) {
    if (!MrmHasWord (CommandLine, Room, Expected, Length)) {
      MrmEvent ("warning: Linux was started without %.*a", Length, Expected);
    }
  }
}
