/** @file
  Warns of systems and kernel parameters that a partition's neighbours would suffer from: of
  parameters that are missing, of those that drive a UART of somebody else's, and of systems
  that take the whole PC for their own.

  A Linux is known by the boot_params structure that its EFI stub, or its loader, fills in
  before it leaves boot services.  It is also known by how GRUB begins a command line.  Both
  may lie anywhere in the loader's memory.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformDxe.h"
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmPartitionLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>

#define MAP_SIZE           SIZE_64KB
#define COMMAND_LINE_SIZE  4096       ///< COMMAND_LINE_SIZE of Linux on x86 is 2048
#define CONSOLE_SIZE       64
#define WORD_LENGTH        40         ///< characters of a parameter that are told: a line of the log ends after 128

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

///
/// What is about to run.
///
typedef struct {
  CONST CHAR8    *CommandLine;    ///< of a Linux; NULL when there is none
  UINTN          Size;            ///< bytes there may be
  BOOLEAN        Grub;            ///< it is GRUB's own copy
  BOOLEAN        Memtest;         ///< there is Memtest86+
  BOOLEAN        Mach;            ///< there is the name of GNU Mach
} SYSTEM;

/**
  Look at one place of a loader's memory.

  @param[in]     Place   The place.
  @param[in]     Size    Bytes there, MRM_LINUX_BOOT_PARAMS or more.
  @param[in,out] System  Takes note of what is there.
**/
STATIC
VOID
LookAt (
  IN     CONST UINT8  *Place,
  IN     UINTN        Size,
  IN OUT SYSTEM       *System
  )
{
  UINT64  Address;

  System->Memtest = System->Memtest || MrmIsMemtest (Place, Size);
  System->Mach    = System->Mach || MrmIsMach (Place);
  if (System->Grub) {
    return;
  }

  if (MrmIsGrubCommandLine (Place)) {
    // GRUB's boot_params already point to where GRUB will move the command line later.
    System->CommandLine = (CONST CHAR8 *)Place;
    System->Size        = RoomAt ((UINTN)Place);
    System->Grub        = TRUE;
    return;
  }

  // A kernel image has the same magic numbers, but no command line yet.
  Address = (System->CommandLine == NULL) ? MrmLinuxCommandLine (Place) : 0;
  if ((Address != 0) && (RoomAt (Address) != 0)) {
    System->CommandLine = (CONST CHAR8 *)(UINTN)Address;
    System->Size        = RoomAt (Address);
  }
}

/**
  The next descriptor of memory that a loader has allocated.

  @param[in] Descriptor  One of them; NULL gives the first.

  @return  The next; NULL at the end.
**/
STATIC
EFI_MEMORY_DESCRIPTOR *
NextOfLoader (
  IN EFI_MEMORY_DESCRIPTOR  *Descriptor OPTIONAL
  )
{
  do {
    Descriptor = NextDescriptor (Descriptor);
  } while ((Descriptor != NULL) && (Descriptor->Type != EfiLoaderCode) && (Descriptor->Type != EfiLoaderData));

  return Descriptor;
}

/**
  Find a Linux that its own EFI stub starts.  This looks at one place of each page.

  @param[in,out] System  Takes note of it.

  @retval TRUE   There is one.
  @retval FALSE  What is about to run is something else, or cannot be found that way.
**/
STATIC
BOOLEAN
FindStub (
  IN OUT SYSTEM  *System
  )
{
  EFI_MEMORY_DESCRIPTOR  *Descriptor;
  CONST UINT8            *Page;
  UINT64                 Left;
  UINT64                 Address;

  for (Descriptor = NextOfLoader (NULL); Descriptor != NULL; Descriptor = NextOfLoader (Descriptor)) {
    Page = (CONST UINT8 *)(UINTN)Descriptor->PhysicalStart;
    for (Left = Descriptor->NumberOfPages; Left != 0; Left--, Page += EFI_PAGE_SIZE) {
      if (!MrmIsStubBootParams (Page)) {
        continue;
      }

      Address      = MrmLinuxCommandLine (Page);
      System->Size = RoomAt (Address);
      if (System->Size != 0) {
        System->CommandLine = (CONST CHAR8 *)(UINTN)Address;
        return TRUE;
      }
    }
  }

  return FALSE;
}

/**
  Find out what is about to run, wherever its marks lie.

  @param[in,out] System  Takes note of it.
**/
STATIC
VOID
FindSystem (
  IN OUT SYSTEM  *System
  )
{
  EFI_MEMORY_DESCRIPTOR  *Descriptor;
  CONST UINT8            *Memory;
  UINTN                  Size;
  UINTN                  Offset;

  for (Descriptor = NextOfLoader (NULL); Descriptor != NULL; Descriptor = NextOfLoader (Descriptor)) {
    Memory = (CONST UINT8 *)(UINTN)Descriptor->PhysicalStart;
    Size   = EFI_PAGES_TO_SIZE ((UINTN)Descriptor->NumberOfPages);
    for (Offset = MrmNextPlace (Memory, 0, Size);
         Offset < Size;
         Offset = MrmNextPlace (Memory, Offset + MRM_PLACE_STEP, Size))
    {
      LookAt (Memory + Offset, Size - Offset, System);
    }
  }
}

/**
  Warn of parameters that the plan expects, and Linux was started without.

  @param[in] System    What was found.
  @param[in] Expected  Zero-terminated words.
**/
STATIC
VOID
JudgeMissing (
  IN CONST SYSTEM  *System,
  IN CONST CHAR8   *Expected
  )
{
  UINTN  Length;

  for (Expected = MrmNextWord (Expected, &Length);
       Expected != NULL;
       Expected = MrmNextWord (Expected + Length, &Length))
  {
    if (System->CommandLine == NULL) {
      MrmEvent ("kernel parameters: what the OS was started with cannot be known");
      return;
    }

    if (!MrmHasWord (System->CommandLine, System->Size, Expected, Length)) {
      MrmEvent ("warning: Linux was started without %.*a", Length, Expected);
    }
  }
}

/**
  Warn of parameters by which Linux drives a UART that is not the partition's.

  @param[in] System  What was found.
  @param[in] Own     The partition's console.
**/
STATIC
VOID
JudgeSerial (
  IN CONST SYSTEM       *System,
  IN CONST MRM_CONSOLE  *Own
  )
{
  MRM_SERIAL_WORD  Found;
  UINTN            Offset;
  UINTN            Length;
  CHAR8            Console[CONSOLE_SIZE];

  if (System->CommandLine == NULL) {
    return;
  }

  AsciiSPrint (Console, sizeof (Console), "it has none");
  if (Own->Kind != MrmConsoleNone) {
    AsciiSPrint (
      Console,
      sizeof (Console),
      "its own is uart8250,%a,0x%lx",
      (Own->Kind == MrmConsoleUart16550Memory) ? "mmio" : "io",
      Own->Base
      );
  }

  for (Offset = 0; MrmForeignSerialWord (System->CommandLine, System->Size, Own, &Offset, &Found); ) {
    Length = MIN (Found.Length, WORD_LENGTH);
    if (Found.Kind == MrmSerialCard) {
      MrmEvent ("warning: %.*a drives a UART on a PCI card; %a", Length, Found.Word, Console);
    } else {
      MrmEvent (
        "warning: %.*a drives the UART at %a 0x%lx; %a",
        Length,
        Found.Word,
        (Found.Kind == MrmSerialPort) ? "port" : "address",
        Found.Base,
        Console
        );
    }
  }
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
JudgeSystem (
  IN CONST CHAR8        *Expected,
  IN CONST MRM_CONSOLE  *Own
  )
{
  SYSTEM  System;
  UINTN   Key;
  UINT32  Version;

  ZeroMem (&System, sizeof (System));
  mMapSize = MAP_SIZE;
  if (!EFI_ERROR (gBS->GetMemoryMap (&mMapSize, mMap, &Key, &mDescriptorSize, &Version))) {
    // A stub's kernel is found in a few hundred thousand instructions, and the rest takes a hundred times as many.
    if (!FindStub (&System)) {
      FindSystem (&System);
    }
  }

  if (System.Memtest || (System.Mach && (System.CommandLine == NULL))) {
    MrmEvent (
      "warning: this is %a, which takes all PCI devices of the PC for its own; others may lose theirs: stop it",
      System.Memtest ? "Memtest86+" : "GNU Mach"
      );
    return;
  }

  JudgeMissing (&System, Expected);
  JudgeSerial (&System, Own);
}
