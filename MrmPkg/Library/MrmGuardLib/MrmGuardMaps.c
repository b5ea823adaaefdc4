/** @file
  Permission maps of guest mode in the format of SVM: all is closed but what is named.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include <Library/BaseMemoryLib.h>

#define MSRS_OF_PART  0x2000
#define PART_SIZE     0x800     ///< bytes of the map for each part: two bits for each register
#define READ_BIT      BIT0
#define WRITE_BIT     BIT1

///
/// The first register of each part of the map (APM 15.11).
///
STATIC CONST UINT32  mParts[] = { 0, 0xC0000000, 0xC0010000 };

///
/// What the guest state of SVM keeps apart for each partition, or what a processor of a partition has for itself.
/// Everything else is a property of the whole PC, or would let the partition out.
///
STATIC CONST MRM_GUARD_MSRS  mOpen[] = {
  // Reading changes nothing.
  { 0x00000000, 0x00001FFF, MRM_GUARD_READ                   },
  { 0xC0000000, 0xC0001FFF, MRM_GUARD_READ                   },
  { 0xC0010000, 0xC0011FFF, MRM_GUARD_READ                   },
  // SPEC_CTRL, PRED_CMD, FLUSH_CMD: of this processor.
  { 0x00000048, 0x00000049, MRM_GUARD_READ | MRM_GUARD_WRITE },
  { 0x0000010B, 0x0000010B, MRM_GUARD_READ | MRM_GUARD_WRITE },
  // SYSENTER_CS, _ESP, _EIP
  { 0x00000174, 0x00000176, MRM_GUARD_READ | MRM_GUARD_WRITE },
  // PAT: with nested paging the partition has its own.
  { 0x00000277, 0x00000277, MRM_GUARD_READ | MRM_GUARD_WRITE },
  // Shadow stacks of programs.
  { 0x000006A0, 0x000006A8, MRM_GUARD_READ | MRM_GUARD_WRITE },
  // TSC_DEADLINE
  { 0x000006E0, 0x000006E0, MRM_GUARD_READ | MRM_GUARD_WRITE },
  // x2APIC but its interrupt command register, with which processors are started.
  { 0x00000800, 0x0000082F, MRM_GUARD_READ | MRM_GUARD_WRITE },
  { 0x00000831, 0x000008FF, MRM_GUARD_READ | MRM_GUARD_WRITE },
  // XSS
  { 0x00000DA0, 0x00000DA0, MRM_GUARD_READ | MRM_GUARD_WRITE },
  // STAR, LSTAR, CSTAR, SFMASK
  { 0xC0000081, 0xC0000084, MRM_GUARD_READ | MRM_GUARD_WRITE },
  // FS_BASE, GS_BASE, KERNEL_GS_BASE, TSC_AUX
  { 0xC0000100, 0xC0000103, MRM_GUARD_READ | MRM_GUARD_WRITE },
  // Counters of events, which an OS has as its watchdog.
  { 0xC0000300, 0xC0000303, MRM_GUARD_READ | MRM_GUARD_WRITE },
  { 0xC0010000, 0xC0010007, MRM_GUARD_READ | MRM_GUARD_WRITE },
  { 0xC0010200, 0xC001020B, MRM_GUARD_READ | MRM_GUARD_WRITE },
  // VIRT_SPEC_CTRL
  { 0xC001011F, 0xC001011F, MRM_GUARD_READ | MRM_GUARD_WRITE }
};

///
/// Registers of the x2APIC that a contained partition does not write by itself: local vectors, which may be INIT or SMI,
/// and those that AMD has added.  The one of the timer, which systems write all the time, has no such mode.
///
STATIC CONST MRM_GUARD_MSRS  mConfined[] = {
  { 0x0000082F, 0x00000830, MRM_GUARD_WRITE },
  { 0x00000833, 0x00000837, MRM_GUARD_WRITE },
  { 0x00000840, 0x000008FF, MRM_GUARD_WRITE }
};

///
/// Ports that the owner of the chipset does not reach, but for what MrmGuardDecideIo() lets through.  The numbers of QEMU
/// mean nothing on other PCs.
///
STATIC CONST MRM_GUARD_PORTS  mChipset[] = {
  // Command and status of the keyboard controller, which can reset the PC.
  { 0x64,  0x64  },
  // System control port A: reset, A20.
  { 0x92,  0x92  },
  // System management interrupts: they work for the PC's firmware, on whatever memory they are told.
  { 0xB2,  0xB3  },
  // QEMU: configuration of the firmware, which reads and writes memory by itself.
  { 0x510, 0x51B },
  // QEMU: processors that come and go.
  { 0xCD8, 0xCE3 },
  // Configuration space, with the reset register amid it.
  { 0xCF8, 0xCFF }
};

/**
  Close a map.  Bits behind the last port or register stay closed for good.

  @param[out] Map   The map.
  @param[in]  Size  Its bytes.
**/
STATIC
VOID
Close (
  OUT UINT8  *Map,
  IN  UINTN  Size
  )
{
  SetMem (Map, Size, 0xFF);
}

VOID
EFIAPI
MrmGuardBuildIoMap (
  IN  CONST MRM_GUARD_PORTS  *Open,
  IN  UINTN                  Count,
  OUT UINT8                  *Map
  )
{
  UINTN   Index;
  UINT32  Port;

  Close (Map, MRM_GUARD_IO_MAP_SIZE);
  for (Index = 0; Index < Count; Index++) {
    for (Port = Open[Index].First; Port <= Open[Index].Last; Port++) {
      Map[Port / 8] &= (UINT8) ~(1U << (Port % 8));
    }
  }
}

/**
  Find the part of the map that has all registers of an element.

  @param[in]  Msrs  The element.
  @param[out] Part  Receives its number.

  @retval FALSE  No part has them, or there are none.
**/
STATIC
BOOLEAN
FindPart (
  IN  CONST MRM_GUARD_MSRS  *Msrs,
  OUT UINTN                 *Part
  )
{
  for (*Part = 0; *Part < ARRAY_SIZE (mParts); (*Part)++) {
    if ((Msrs->First >= mParts[*Part]) && (Msrs->First <= Msrs->Last) &&
        (Msrs->Last - mParts[*Part] < MSRS_OF_PART))
    {
      return TRUE;
    }
  }

  return FALSE;
}

VOID
EFIAPI
MrmGuardClosePorts (
  IN     CONST MRM_GUARD_PORTS  *Closed,
  IN     UINTN                  Count,
  IN OUT UINT8                  *Map
  )
{
  UINTN   Index;
  UINT32  Port;

  for (Index = 0; Index < Count; Index++) {
    for (Port = Closed[Index].First; Port <= Closed[Index].Last; Port++) {
      Map[Port / 8] |= (UINT8)(1 << (Port % 8));
    }
  }
}

CONST MRM_GUARD_PORTS *
EFIAPI
MrmGuardChipsetPorts (
  OUT UINTN  *Count
  )
{
  *Count = ARRAY_SIZE (mChipset);
  return mChipset;
}

RETURN_STATUS
EFIAPI
MrmGuardBuildMsrMap (
  IN  CONST MRM_GUARD_MSRS  *Open,
  IN  UINTN                 Count,
  OUT UINT8                 *Map
  )
{
  UINTN   Index;
  UINTN   Part;
  UINT32  Register;
  UINT32  Bits;

  Close (Map, MRM_GUARD_MSR_MAP_SIZE);
  for (Index = 0; Index < Count; Index++) {
    if (!FindPart (&Open[Index], &Part)) {
      return RETURN_INVALID_PARAMETER;
    }

    Bits  = ((Open[Index].Access & MRM_GUARD_READ) != 0) ? READ_BIT : 0;
    Bits |= ((Open[Index].Access & MRM_GUARD_WRITE) != 0) ? WRITE_BIT : 0;
    for (Register = Open[Index].First - mParts[Part]; Register <= Open[Index].Last - mParts[Part]; Register++) {
      Map[Part * PART_SIZE + Register / 4] &= (UINT8) ~(Bits << (Register % 4 * 2));
    }
  }

  return RETURN_SUCCESS;
}

CONST MRM_GUARD_MSRS *
EFIAPI
MrmGuardOpenMsrs (
  OUT UINTN  *Count
  )
{
  *Count = ARRAY_SIZE (mOpen);
  return mOpen;
}

VOID
EFIAPI
MrmGuardConfineMsrs (
  IN OUT UINT8  *Map
  )
{
  UINTN   Index;
  UINT32  Register;

  for (Index = 0; Index < ARRAY_SIZE (mConfined); Index++) {
    for (Register = mConfined[Index].First; Register <= mConfined[Index].Last; Register++) {
      Map[Register / 4] |= (UINT8)(WRITE_BIT << (Register % 4 * 2));
    }
  }
}
