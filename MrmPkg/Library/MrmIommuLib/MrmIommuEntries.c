/** @file
  Entries of the device table and of interrupt tables; commands; records of the event log.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmIommuLib.h>
#include <Library/BaseMemoryLib.h>

//
// An entry of the device table (AMD 2.2.2.1), by its quadwords.
//
#define DEVICE_VALID        BIT0
#define DEVICE_TRANSLATED   BIT1
#define DEVICE_FOUR_LEVELS  (4 << 9)
#define DEVICE_READ         BIT61
#define DEVICE_WRITE        BIT62
#define INTERRUPTS_VALID    BIT0
#define INTERRUPTS_512      (9 << 1)       ///< binary logarithm of the entries of the table
#define FIXED_REMAPPED      ((UINT64)2 << 60)

//
// An entry of an interrupt table of four bytes each (AMD 2.2.5.1).  Its type 0 is a fixed interrupt.
//
#define INTERRUPT_VALID  BIT0
#define INTERRUPT_TO     8
#define INTERRUPT_AS     16

//
// Commands (AMD 2.4).
//
#define COMMAND_WAIT               ((UINT32)1 << 28)
#define COMMAND_FORGET_DEVICE      ((UINT32)2 << 28)
#define COMMAND_FORGET_PAGES       ((UINT32)3 << 28)
#define COMMAND_FORGET_INTERRUPTS  ((UINT32)5 << 28)
#define COMMAND_FORGET_ALL         ((UINT32)8 << 28)
#define WAIT_STORE                 BIT0
#define PAGES_ALL                  0x7FFFFFFFFFFFF000ULL   ///< as an address: of any size ...
#define PAGES_OF_SIZE              BIT0                    ///< ... with this
#define PAGES_AND_TABLES           BIT1

//
// Records of the event log (AMD 2.5).
//
#define EVENT_CODE             28
#define EVENT_PAGE_FAULT       2
#define EVENT_INVALID_REQUEST  8
#define EVENT_PAGE_REQUEST     9
#define EVENT_OF_INTERRUPT     BIT19
#define EVENT_WRITE            BIT21

#define VECTORS       256
#define FIRST_VECTOR  16       ///< the local APIC takes none below

VOID
EFIAPI
MrmIommuConfine (
  IN  UINT64                   Root,
  IN  UINT16                   Domain,
  IN  MRM_IOMMU_INTERRUPTS_OF  Interrupts,
  IN  UINT64                   Table,
  OUT MRM_IOMMU_DEVICE         *Entry
  )
{
  ZeroMem (Entry, sizeof (*Entry));
  Entry->Quad[0] = Root | DEVICE_VALID | DEVICE_TRANSLATED | DEVICE_FOUR_LEVELS | DEVICE_READ | DEVICE_WRITE;
  Entry->Quad[1] = Domain;
  if (Interrupts == MrmIommuDropped) {
    Entry->Quad[2] = INTERRUPTS_VALID;
  } else if (Interrupts == MrmIommuRemapped) {
    Entry->Quad[2] = INTERRUPTS_VALID | Table | INTERRUPTS_512 | FIXED_REMAPPED;
  }
}

VOID
EFIAPI
MrmIommuFillInterrupts (
  IN  CONST UINT32  *ApicIds,
  IN  UINTN         Count,
  OUT UINT32        *Table
  )
{
  UINT32  Index;
  UINT32  Vector;
  UINT32  ApicId;

  // The lower bits of a message's data select the entry: its vector, and above that 0 for fixed, 1 for lowest priority.
  for (Index = 0; Index < MRM_IOMMU_INTERRUPTS; Index++) {
    Vector       = Index % VECTORS;
    ApicId       = ApicIds[(Index / VECTORS) % Count];
    Table[Index] = (Vector < FIRST_VECTOR) ? 0
                   : (INTERRUPT_VALID | (ApicId << INTERRUPT_TO) | (Vector << INTERRUPT_AS));
  }
}

VOID
EFIAPI
MrmIommuWait (
  IN  UINT64            Address,
  IN  UINT64            Value,
  OUT MRM_IOMMU_RECORD  *Command
  )
{
  Command->Word[0] = (UINT32)Address | WAIT_STORE;
  Command->Word[1] = (UINT32)(Address >> 32) | COMMAND_WAIT;
  Command->Word[2] = (UINT32)Value;
  Command->Word[3] = (UINT32)(Value >> 32);
}

VOID
EFIAPI
MrmIommuForgetDevice (
  IN  UINT16            Device,
  OUT MRM_IOMMU_RECORD  *Command
  )
{
  ZeroMem (Command, sizeof (*Command));
  Command->Word[0] = Device;
  Command->Word[1] = COMMAND_FORGET_DEVICE;
}

VOID
EFIAPI
MrmIommuForgetInterrupts (
  IN  UINT16            Device,
  OUT MRM_IOMMU_RECORD  *Command
  )
{
  ZeroMem (Command, sizeof (*Command));
  Command->Word[0] = Device;
  Command->Word[1] = COMMAND_FORGET_INTERRUPTS;
}

VOID
EFIAPI
MrmIommuForgetPages (
  IN  UINT16            Domain,
  OUT MRM_IOMMU_RECORD  *Command
  )
{
  Command->Word[0] = 0;
  Command->Word[1] = Domain | COMMAND_FORGET_PAGES;
  Command->Word[2] = (UINT32)PAGES_ALL | PAGES_OF_SIZE | PAGES_AND_TABLES;
  Command->Word[3] = (UINT32)(PAGES_ALL >> 32);
}

VOID
EFIAPI
MrmIommuForgetAll (
  OUT MRM_IOMMU_RECORD  *Command
  )
{
  ZeroMem (Command, sizeof (*Command));
  Command->Word[1] = COMMAND_FORGET_ALL;
}

VOID
EFIAPI
MrmIommuReadEvent (
  IN  CONST MRM_IOMMU_RECORD  *Record,
  OUT MRM_IOMMU_EVENT         *Event
  )
{
  ZeroMem (Event, sizeof (*Event));
  Event->Code    = (UINT8)(Record->Word[1] >> EVENT_CODE);
  Event->Device  = (UINT16)Record->Word[0];
  Event->Address = ((UINT64)Record->Word[3] << 32) | Record->Word[2];
  switch (Event->Code) {
    case 0:
      Event->Kind = MrmIommuNothing;
      break;
    case EVENT_PAGE_FAULT:
      Event->Kind  = ((Record->Word[1] & EVENT_OF_INTERRUPT) != 0) ? MrmIommuInterrupt : MrmIommuAccess;
      Event->Write = (BOOLEAN)((Record->Word[1] & EVENT_WRITE) != 0);
      break;
    case EVENT_INVALID_REQUEST:
    case EVENT_PAGE_REQUEST:
      Event->Kind = MrmIommuRequest;
      break;
    default:
      Event->Kind = MrmIommuOwnFault;
      break;
  }
}
