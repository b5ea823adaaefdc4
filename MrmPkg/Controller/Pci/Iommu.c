/** @file
  The PC's IOMMUs: switched on, given tables, commands and an ear for their events.  "AMD" is as in MrmIommuLib.h.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Pci/Iommu.h"
#include "Core/Clock.h"
#include "Core/Facts.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/IoLib.h>
#include <Library/MemoryAllocationLib.h>

//
// Registers (AMD 3.4), all of eight bytes.
//
#define REGISTER_DEVICES       0x0000
#define REGISTER_COMMANDS      0x0008
#define REGISTER_EVENTS        0x0010
#define REGISTER_CONTROL       0x0018
#define REGISTER_EXCLUSION     0x0020
#define REGISTER_FEATURES      0x0030
#define REGISTER_COMMAND_HEAD  0x2000
#define REGISTER_COMMAND_TAIL  0x2008
#define REGISTER_EVENT_HEAD    0x2010
#define REGISTER_EVENT_TAIL    0x2018
#define REGISTER_STATUS        0x2020

#define CONTROL_ON             BIT0
#define CONTROL_TUNNEL         BIT1
#define CONTROL_EVENTS         BIT2
#define CONTROL_PASS           BIT8
#define CONTROL_RESPONSE_PASS  BIT9
#define CONTROL_COHERENT       BIT10
#define CONTROL_ISOCHRONOUS    BIT11
#define CONTROL_COMMANDS       BIT12
#define FEATURE_FORGET_ALL     BIT6    ///< zero also where there is no such register
#define STATUS_OVERFLOW        BIT0
#define STATUS_EVENT           BIT1
#define STATUS_LOG_RUNS        BIT3
#define STATUS_COMMANDS_RUN    BIT4

#define RING_256            ((UINT64)8 << 56)     ///< binary logarithm of the entries of a ring, with its address
#define RING_MASK           (MRM_IOMMU_PAGE - 1)
#define DEVICES_SIZE        (MRM_IOMMU_DEVICES * sizeof (MRM_IOMMU_DEVICE))
#define DEVICES_PAGES       (DEVICES_SIZE / MRM_IOMMU_PAGE - 1)   ///< as the register has it
#define ANSWER_MILLISECONDS 1000
#define UNWRITTEN_LOOKS     100

#define CONTROL_KEPT  (BIT5 | BIT6 | BIT7 | BIT22 | BIT24)   ///< the firmware's: time-out, filter of SMIs

///
/// An IOMMU that is on.
///
typedef struct {
  UINTN                      Registers;
  UINT64                     Before;              ///< its control register before it was switched on
  UINT32                     Unwritten;           ///< how often the next record of the log was not written yet
  MRM_IOMMU_RECORD           *Commands;           ///< a page
  CONST MRM_IOMMU_RECORD     *Events;             ///< a page
  volatile UINT64            *Done;               ///< it writes there which wait is over
  UINT32                     Tail;                ///< of Commands, bytes
  BOOLEAN                    Mute;                ///< it did not answer: what it was told since is lost
} MRM_IOMMU;

///
/// What all share, in one block.
///
typedef struct {
  MRM_IOMMU_DEVICE    Devices[MRM_IOMMU_DEVICES];
  UINT8               Empty[MRM_IOMMU_PAGE];
  UINT8               Rings[MRM_IOMMU_MAX_UNITS][2][MRM_IOMMU_PAGE];
  UINT64              Done[MRM_IOMMU_MAX_UNITS];
} BLOCK;

STATIC BLOCK      *mBlock;        ///< NULL: they are off
STATIC MRM_IOMMU  mUnits[MRM_IOMMU_MAX_UNITS];
STATIC UINTN      mUnitCount;
STATIC UINT64     mWaits;         ///< how many there were

CONST CHAR8 *
IommuLack (
  VOID
  )
{
  MRM_IOMMU_UNIT  Unit;
  UINT64          Control;
  UINTN           Index;

  if (mBlock != NULL) {
    return NULL;
  }

  for (Index = 0; MrmIommuFind (gMachine.Ivrs, gMachine.IvrsSize, Index, &Unit); Index++) {
    if (Index == MRM_IOMMU_MAX_UNITS) {
      return "too many IOMMUs";
    }

    if (Unit.Segment != 0) {
      return "an IOMMU of another PCI segment than 0";
    }

    Control = MmioRead64 ((UINTN)Unit.Address + REGISTER_CONTROL);
    if (Control == MAX_UINT64) {
      return "an IOMMU that does not answer";
    }

    if ((Control & CONTROL_ON) != 0) {
      return "an IOMMU that the PC's firmware uses";
    }
  }

  return (Index == 0) ? "no AMD IOMMU" : NULL;
}

/**
  Tell an IOMMU to do something.

  @param[in,out] Unit     The IOMMU.
  @param[in]     Command  What.

  @retval EFI_SUCCESS  It is told.
  @retval EFI_TIMEOUT  It does not take commands any more.
**/
STATIC
EFI_STATUS
Tell (
  IN OUT MRM_IOMMU               *Unit,
  IN     CONST MRM_IOMMU_RECORD  *Command
  )
{
  UINT32  Next;
  UINT64  Until;

  if (Unit->Mute) {
    return EFI_TIMEOUT;
  }

  Next  = (Unit->Tail + sizeof (*Command)) & RING_MASK;
  Until = Milliseconds () + ANSWER_MILLISECONDS;
  while ((MmioRead64 (Unit->Registers + REGISTER_COMMAND_HEAD) & RING_MASK) == Next) {
    if (Milliseconds () >= Until) {
      // There are hundreds of commands for each bus: not each of them waits.  And that one is missing must be noticed,
      // though there may be room again for those that follow.
      Unit->Mute = TRUE;
      return EFI_TIMEOUT;
    }

    CpuPause ();
  }

  CopyMem (&Unit->Commands[Unit->Tail / sizeof (*Command)], Command, sizeof (*Command));
  MemoryFence ();
  Unit->Tail = Next;
  MmioWrite64 (Unit->Registers + REGISTER_COMMAND_TAIL, Next);
  return EFI_SUCCESS;
}

/**
  Tell all IOMMUs to do something.

  @param[in] Command  What.

  @return  As Tell(), for the last one that does not take it.
**/
STATIC
EFI_STATUS
TellAll (
  IN CONST MRM_IOMMU_RECORD  *Command
  )
{
  EFI_STATUS  Status;
  EFI_STATUS  Each;
  UINTN       Index;

  Status = EFI_SUCCESS;
  for (Index = 0; Index < mUnitCount; Index++) {
    Each = Tell (&mUnits[Index], Command);
    if (EFI_ERROR (Each)) {
      Status = Each;
    }
  }

  return Status;
}

/**
  Wait until all IOMMUs have done what they were told.

  @retval EFI_SUCCESS  They have.
  @retval EFI_TIMEOUT  One does not answer.
**/
STATIC
EFI_STATUS
WaitForAll (
  VOID
  )
{
  MRM_IOMMU_RECORD  Command;
  EFI_STATUS        Status;
  UINT64            Until;
  UINTN             Index;

  mWaits++;
  Status = EFI_SUCCESS;
  for (Index = 0; Index < mUnitCount; Index++) {
    MrmIommuWait ((UINTN)mUnits[Index].Done, mWaits, &Command);
    if (EFI_ERROR (Tell (&mUnits[Index], &Command))) {
      Status = EFI_TIMEOUT;
    }
  }

  Until = Milliseconds () + ANSWER_MILLISECONDS;
  for (Index = 0; (Index < mUnitCount) && !EFI_ERROR (Status); Index++) {
    while (*mUnits[Index].Done != mWaits) {
      if (Milliseconds () >= Until) {
        return EFI_TIMEOUT;
      }

      CpuPause ();
    }
  }

  return Status;
}

/**
  What an IOMMU's control register is to be.

  @param[in] Unit  The IOMMU.
**/
STATIC
UINT64
ControlOf (
  IN CONST MRM_IOMMU_UNIT  *Unit
  )
{
  UINT64  Control;

  Control  = CONTROL_ON | CONTROL_EVENTS | CONTROL_COHERENT | CONTROL_COMMANDS;
  Control |= MmioRead64 ((UINTN)Unit->Address + REGISTER_CONTROL) & CONTROL_KEPT;
  Control |= ((Unit->Flags & MRM_IOMMU_TUNNEL) != 0) ? CONTROL_TUNNEL : 0;
  Control |= ((Unit->Flags & MRM_IOMMU_PASS) != 0) ? CONTROL_PASS : 0;
  Control |= ((Unit->Flags & MRM_IOMMU_RESPONSE_PASS) != 0) ? CONTROL_RESPONSE_PASS : 0;
  Control |= ((Unit->Flags & MRM_IOMMU_ISOCHRONOUS) != 0) ? CONTROL_ISOCHRONOUS : 0;
  return Control;
}

/**
  Switch an IOMMU on.

  @param[in] Number  Which one.
  @param[in] Found   What IVRS tells of it.
**/
STATIC
VOID
SwitchOn (
  IN UINTN                 Number,
  IN CONST MRM_IOMMU_UNIT  *Found
  )
{
  MRM_IOMMU         *Unit;
  MRM_IOMMU_RECORD  Command;

  Unit            = &mUnits[Number];
  Unit->Registers = (UINTN)Found->Address;
  Unit->Before    = MmioRead64 (Unit->Registers + REGISTER_CONTROL);
  Unit->Unwritten = 0;
  Unit->Commands  = (MRM_IOMMU_RECORD *)mBlock->Rings[Number][0];
  Unit->Events    = (CONST MRM_IOMMU_RECORD *)mBlock->Rings[Number][1];
  Unit->Done      = &mBlock->Done[Number];
  Unit->Tail      = 0;
  Unit->Mute      = FALSE;
  MmioWrite64 (Unit->Registers + REGISTER_DEVICES, (UINTN)mBlock->Devices | DEVICES_PAGES);
  MmioWrite64 (Unit->Registers + REGISTER_COMMANDS, (UINTN)Unit->Commands | RING_256);
  MmioWrite64 (Unit->Registers + REGISTER_EVENTS, (UINTN)Unit->Events | RING_256);
  MmioWrite64 (Unit->Registers + REGISTER_EXCLUSION, 0);
  MmioWrite64 (Unit->Registers + REGISTER_COMMAND_HEAD, 0);
  MmioWrite64 (Unit->Registers + REGISTER_COMMAND_TAIL, 0);
  MmioWrite64 (Unit->Registers + REGISTER_EVENT_HEAD, 0);
  MmioWrite64 (Unit->Registers + REGISTER_EVENT_TAIL, 0);
  MmioWrite64 (Unit->Registers + REGISTER_STATUS, STATUS_OVERFLOW | STATUS_EVENT);
  MmioWrite64 (Unit->Registers + REGISTER_CONTROL, ControlOf (Found));

  // To be switched off and on does not empty its caches: they may hold what an earlier use has left.
  if ((MmioRead64 (Unit->Registers + REGISTER_FEATURES) & FEATURE_FORGET_ALL) != 0) {
    MrmIommuForgetAll (&Command);
    Tell (Unit, &Command);
  }
}

EFI_STATUS
OpenIommus (
  VOID
  )
{
  MRM_IOMMU_UNIT  Found;

  if (mBlock != NULL) {
    return EFI_SUCCESS;
  }

  if (IommuLack () != NULL) {
    return EFI_UNSUPPORTED;
  }

  mBlock = AllocateAlignedPages (EFI_SIZE_TO_PAGES (sizeof (*mBlock)), MRM_IOMMU_PAGE);
  if (mBlock == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  ZeroMem (mBlock, sizeof (*mBlock));
  for (mUnitCount = 0; MrmIommuFind (gMachine.Ivrs, gMachine.IvrsSize, mUnitCount, &Found); mUnitCount++) {
    SwitchOn (mUnitCount, &Found);
  }

  if (EFI_ERROR (SettleIommus (0))) {
    CloseIommus ();
    return EFI_TIMEOUT;
  }

  return EFI_SUCCESS;
}

VOID
CloseIommus (
  VOID
  )
{
  UINTN   Index;
  UINT64  Until;
  UINT64  Control;

  if (mBlock == NULL) {
    return;
  }

  // What was told is done before tables go away; and nothing is written into the log after that (AMD 2.5.1).
  WaitForAll ();
  for (Index = 0; Index < mUnitCount; Index++) {
    Control = MmioRead64 (mUnits[Index].Registers + REGISTER_CONTROL);
    MmioWrite64 (mUnits[Index].Registers + REGISTER_CONTROL, Control & ~(UINT64)(CONTROL_EVENTS | CONTROL_COMMANDS));
    Until = Milliseconds () + ANSWER_MILLISECONDS;
    while (  ((MmioRead64 (mUnits[Index].Registers + REGISTER_STATUS) & (STATUS_LOG_RUNS | STATUS_COMMANDS_RUN)) != 0)
          && (Milliseconds () < Until))
    {
      CpuPause ();
    }

    MmioWrite64 (mUnits[Index].Registers + REGISTER_CONTROL, mUnits[Index].Before);
    MmioWrite64 (mUnits[Index].Registers + REGISTER_DEVICES, 0);
    MmioWrite64 (mUnits[Index].Registers + REGISTER_COMMANDS, 0);
    MmioWrite64 (mUnits[Index].Registers + REGISTER_EVENTS, 0);
  }

  FreeAlignedPages (mBlock, EFI_SIZE_TO_PAGES (sizeof (*mBlock)));
  mBlock     = NULL;
  mUnitCount = 0;
}

UINT64
EmptyIommuTables (
  VOID
  )
{
  return (UINTN)mBlock->Empty;
}

VOID
SetIommuDevice (
  IN UINT16                  Device,
  IN CONST MRM_IOMMU_DEVICE  *Entry OPTIONAL
  )
{
  volatile MRM_IOMMU_DEVICE  *Place;
  MRM_IOMMU_RECORD           Command;
  UINTN                      Index;

  Place = &mBlock->Devices[Device];
  if (Entry == NULL) {
    // What is not valid passes.  So that an entry is never half of one, the word that makes it valid changes first ...
    for (Index = 0; Index < ARRAY_SIZE (Place->Quad); Index++) {
      Place->Quad[Index] = 0;
      MemoryFence ();
    }
  } else {
    // ... or last.
    for (Index = ARRAY_SIZE (Place->Quad); Index > 0; Index--) {
      Place->Quad[Index - 1] = Entry->Quad[Index - 1];
      MemoryFence ();
    }
  }

  // One that cannot be told is noticed by SettleIommus(): it is not told anything any more.
  MrmIommuForgetDevice (Device, &Command);
  TellAll (&Command);
  MrmIommuForgetInterrupts (Device, &Command);
  TellAll (&Command);
}

EFI_STATUS
SettleIommus (
  IN UINT16  Domain
  )
{
  MRM_IOMMU_RECORD  Command;

  MrmIommuForgetPages (Domain, &Command);
  TellAll (&Command);
  return WaitForAll ();
}

/**
  Have an IOMMU that has lost events log again (AMD 2.5.2).

  @param[in] Unit  The IOMMU; its log is empty.
**/
STATIC
VOID
RestartLog (
  IN CONST MRM_IOMMU  *Unit
  )
{
  UINT64  Control;

  if ((MmioRead64 (Unit->Registers + REGISTER_STATUS) & STATUS_OVERFLOW) == 0) {
    return;
  }

  Control = MmioRead64 (Unit->Registers + REGISTER_CONTROL);
  MmioWrite64 (Unit->Registers + REGISTER_CONTROL, Control & ~(UINT64)CONTROL_EVENTS);
  MmioWrite64 (Unit->Registers + REGISTER_STATUS, STATUS_OVERFLOW);
  MmioWrite64 (Unit->Registers + REGISTER_CONTROL, Control);
}

BOOLEAN
TakeIommuEvent (
  OUT MRM_IOMMU_EVENT  *Event
  )
{
  MRM_IOMMU  *Unit;
  UINT32     Head;
  UINTN      Index;

  for (Index = 0; Index < mUnitCount; Index++) {
    Unit = &mUnits[Index];
    Head = (UINT32)MmioRead64 (Unit->Registers + REGISTER_EVENT_HEAD) & RING_MASK;
    if (Head == ((UINT32)MmioRead64 (Unit->Registers + REGISTER_EVENT_TAIL) & RING_MASK)) {
      RestartLog (Unit);
      continue;
    }

    MrmIommuReadEvent (&Unit->Events[Head / sizeof (MRM_IOMMU_RECORD)], Event);
    if ((Event->Kind == MrmIommuNothing) && (Unit->Unwritten++ < UNWRITTEN_LOOKS)) {
      // Some write the pointer before the record: it comes next time.  One that never comes must not end the log.
      continue;
    }

    Unit->Unwritten = 0;
    ZeroMem ((VOID *)&Unit->Events[Head / sizeof (MRM_IOMMU_RECORD)], sizeof (MRM_IOMMU_RECORD));
    MmioWrite64 (Unit->Registers + REGISTER_EVENT_HEAD, (Head + sizeof (MRM_IOMMU_RECORD)) & RING_MASK);
    return TRUE;
  }

  return FALSE;
}
