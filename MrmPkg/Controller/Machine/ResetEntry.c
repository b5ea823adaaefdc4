/** @file
  The BIOS reset entry F000:FFF0.

  Linux comes here when it cannot call ResetSystem, because another of its processors was stopped amid a runtime
  service.  On a UEFI PC the PC firmware's reset code lies here, which resets everybody.  Chipsets can have RAM
  answer instead of it, for each processor alike.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/ResetEntry.h"
#include "Pci/Config.h"
#include "Pci/Find.h"
#include "Partition/Partition.h"
#include "Core/Log.h"
#include <IndustryStandard/Pci.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>

#define SEGMENT_BASE  0xF0000
#define SEGMENT_SIZE  SIZE_64KB

///
/// The last page of the segment is the controller's: code, table, and at the entry a jump to the code.
///
#define PAGE_BASE     0xFF000
#define TABLE_OFFSET  0x100                         ///< as in ResetEntryCode.nasm
#define JUMP_OFFSET   0xFF0
#define JUMP          {0xEA, 0x00, 0x00, 0x00, 0xFF} ///< JMP FAR FF00:0000

///
/// "Programmable attribute map" register of host bridges: its bits for F0000h to FFFFFh.
///
#define PAM_READ_WRITE  (BIT4 | BIT5)               ///< RAM answers reads and writes

#pragma pack(1)
typedef struct {
  UINT32             ApicId;
  volatile UINT32    Reached;                       ///< 1 = it came here
} MRM_RESET_ENTRY_PROCESSOR;

typedef struct {
  UINT32                       Count;
  UINT32                       Padding;
  MRM_RESET_ENTRY_PROCESSOR    Processors[(JUMP_OFFSET - TABLE_OFFSET) / 8 - 1];
} MRM_RESET_ENTRY_TABLE;
#pragma pack()

STATIC_ASSERT (OFFSET_OF (MRM_RESET_ENTRY_TABLE, Processors) == 8, "as in ResetEntryCode.nasm");
STATIC_ASSERT (sizeof (MRM_RESET_ENTRY_PROCESSOR) == 8, "as in ResetEntryCode.nasm");
STATIC_ASSERT (sizeof (MRM_RESET_ENTRY_TABLE) <= JUMP_OFFSET - TABLE_OFFSET, "the jump is not overwritten");

///
/// Host bridges known to have a PAM register for this segment, and where.
///
typedef struct {
  UINT32    Id;                                     ///< device and vendor ID
  UINT8     Pam;
} MRM_HOST_BRIDGE;

STATIC CONST MRM_HOST_BRIDGE  mHostBridges[] = {
  { 0x12378086, 0x59 },                             ///< 440FX: Intel 290549-001, "PAM[6:0]"
  { 0x29C08086, 0x90 }                              ///< Q35: Intel 316966-002, "PAM0"
};

extern CONST UINT8  MrmResetEntry[];
extern CONST UINT8  MrmResetEntryEnd[];

STATIC BOOLEAN                          mOpen;
STATIC EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  *mRootBridge;
STATIC MRM_PCI_ADDRESS                  mHost;  ///< the host bridge
STATIC MRM_PCI_WRITE                    mPam;   ///< what the PC's firmware had there

#define TABLE  ((MRM_RESET_ENTRY_TABLE *)(UINTN)(PAGE_BASE + TABLE_OFFSET))

/**
  Find the PAM register of this PC.

  @retval TRUE   mHost and mPam name it.
  @retval FALSE  It has none that is known.
**/
STATIC
BOOLEAN
FindPam (
  VOID
  )
{
  UINT32  Id;
  UINTN   Index;

  if (EFI_ERROR (FindFunction ("PciRoot(0x0)/Pci(0x0,0x0)", &mRootBridge, &mHost))) {
    return FALSE;
  }

  Id = ReadConfig (mRootBridge, &mHost, PCI_VENDOR_ID_OFFSET);
  for (Index = 0; Index < ARRAY_SIZE (mHostBridges); Index++) {
    if (mHostBridges[Index].Id == Id) {
      mPam.Offset = mHostBridges[Index].Pam;
      mPam.Width  = 1;
      mPam.Value  = (UINT8)(ReadConfig (mRootBridge, &mHost, mPam.Offset & ~3) >> (8 * (mPam.Offset & 3)));
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Add the processors of all partitions to the table, but for those it has already. What it has stays where it is: a
  processor may be looking for itself there.

  @param[in,out] Table  The table.

  @retval TRUE   All of them are in it.
  @retval FALSE  They are too many for it.
**/
STATIC
BOOLEAN
AddProcessors (
  IN OUT MRM_RESET_ENTRY_TABLE  *Table
  )
{
  UINTN   Index;
  UINTN   Processor;
  UINT32  Entry;

  for (Index = 0; Index < gPartitionCount; Index++) {
    if (gPartitions[Index].Life.State == MrmStateRefused) {
      continue;
    }

    for (Processor = 0; Processor < gPartitions[Index].Plan->ProcessorCount; Processor++) {
      for (Entry = 0; Entry < Table->Count; Entry++) {
        if (Table->Processors[Entry].ApicId == gPartitions[Index].ApicIds[Processor]) {
          break;
        }
      }

      if (Entry < Table->Count) {
        continue;
      }

      if (Entry == ARRAY_SIZE (Table->Processors)) {
        return FALSE;
      }

      Table->Processors[Entry].ApicId  = gPartitions[Index].ApicIds[Processor];
      Table->Processors[Entry].Reached = 0;
      // Only now: a processor that looks for itself sees whole entries.
      MemoryFence ();
      Table->Count = Entry + 1;
    }
  }

  return TRUE;
}

/**
  Find a processor of a partition that has come to the reset entry.

  @param[in]     Partition  The partition.
  @param[in,out] Entry      The entry of the table to begin with; receives where the processor is.

  @retval TRUE   There is one.
  @retval FALSE  There is none from that entry on.
**/
STATIC
BOOLEAN
FindReached (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT UINT32               *Entry
  )
{
  UINTN  Index;

  for ( ; mOpen && (*Entry < TABLE->Count); (*Entry)++) {
    if (TABLE->Processors[*Entry].Reached == 0) {
      continue;
    }

    for (Index = 0; Index < Partition->Plan->ProcessorCount; Index++) {
      if (TABLE->Processors[*Entry].ApicId == Partition->ApicIds[Index]) {
        return TRUE;
      }
    }
  }

  return FALSE;
}

/**
  Write code, table and jump.

  @param[out] Page  The page.

  @retval TRUE   All processors of all partitions are in the table.
  @retval FALSE  They are too many for it.
**/
STATIC
BOOLEAN
WritePage (
  OUT UINT8  *Page
  )
{
  STATIC CONST UINT8  Jump[] = JUMP;

  ZeroMem (Page, JUMP_OFFSET);
  CopyMem (Page, MrmResetEntry, (UINTN)(MrmResetEntryEnd - MrmResetEntry));
  CopyMem (Page + JUMP_OFFSET, Jump, sizeof (Jump));
  return AddProcessors ((MRM_RESET_ENTRY_TABLE *)(Page + TABLE_OFFSET));
}

VOID
OpenResetEntry (
  VOID
  )
{
  UINT8          *Copy;
  MRM_PCI_WRITE  Open;

  Copy = AllocatePool (SEGMENT_SIZE);
  if ((Copy != NULL) && FindPam ()) {
    // The rest of the segment stays as it is.
    CopyMem (Copy, (VOID *)(UINTN)SEGMENT_BASE, SEGMENT_SIZE);
    if (WritePage (Copy + PAGE_BASE - SEGMENT_BASE)) {
      Open        = mPam;
      Open.Value |= PAM_READ_WRITE;
      WriteConfig (mRootBridge, &mHost, &Open);
      mOpen = TRUE;
      CopyMem ((VOID *)(UINTN)SEGMENT_BASE, Copy, SEGMENT_SIZE);
      if (CompareMem ((VOID *)(UINTN)SEGMENT_BASE, Copy, SEGMENT_SIZE) != 0) {
        CloseResetEntry ();
      }
    }
  }

  if (Copy != NULL) {
    FreePool (Copy);
  }

  if (!mOpen) {
    Say ("the BIOS reset entry of this PC stays as it is: an OS that restarts through it resets the PC");
  }
}

BOOLEAN
ReachedResetEntry (
  IN CONST MRM_PARTITION  *Partition
  )
{
  UINT32  Entry;

  Entry = 0;
  return FindReached (Partition, &Entry);
}

VOID
ClearResetEntry (
  IN CONST MRM_PARTITION  *Partition
  )
{
  UINT32  Entry;

  for (Entry = 0; FindReached (Partition, &Entry); Entry++) {
    TABLE->Processors[Entry].Reached = 0;
  }
}

VOID
ExtendResetEntry (
  VOID
  )
{
  if (mOpen && !AddProcessors (TABLE)) {
    Say ("the BIOS reset entry has no room for all processors: an OS on others that restarts through it stands still");
  }
}

VOID
CloseResetEntry (
  VOID
  )
{
  if (mOpen) {
    WriteConfig (mRootBridge, &mHost, &mPam);
    mOpen = FALSE;
  }
}
