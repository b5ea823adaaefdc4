/** @file
  A disk in memory with a hostile driver, and a neighbour with the same medium.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Function.h"
#include <Library/MrmDiskLib.h>

#define BLOCKS      600
#define BLOCK_SIZE  512
#define HOSTILE     0
#define FRIEND      1
#define DISKS       2

///
/// Pages of a driver's memory.
///
enum {
  PageAdminQueue,
  PageAdminDone,
  PageQueue,                 ///< four
  PageDone   = 6,
  PageList   = 7,
  PageBuffer = 8             ///< the rest
};

typedef struct {
  MRM_DISK         Disk;
  FUZZ_FUNCTION    Own;
  UINT32           Posted[2];
} DRIVER;

STATIC UINT8   mBytes[BLOCKS * BLOCK_SIZE];
STATIC UINT64  mMoved;
STATIC UINT64  mNext;

STATIC
RETURN_STATUS
EFIAPI
Read (
  IN  VOID    *Context,
  IN  UINT64  Block,
  IN  UINT32  Count,
  OUT VOID    *Bytes
  )
{
  FUZZ_CHECK ((Count != 0) && (Block < BLOCKS) && (Count <= BLOCKS - Block));
  FUZZ_CHECK (Count * BLOCK_SIZE <= MRM_DISK_TRANSFER);
  memcpy (Bytes, mBytes + Block * BLOCK_SIZE, Count * BLOCK_SIZE);
  mMoved += Count * BLOCK_SIZE;
  return RETURN_SUCCESS;
}

STATIC
RETURN_STATUS
EFIAPI
Write (
  IN VOID        *Context,
  IN UINT64      Block,
  IN UINT32      Count,
  IN CONST VOID  *Bytes
  )
{
  FUZZ_CHECK ((Count != 0) && (Block < BLOCKS) && (Count <= BLOCKS - Block));
  FUZZ_CHECK (Count * BLOCK_SIZE <= MRM_DISK_TRANSFER);
  memcpy (mBytes + Block * BLOCK_SIZE, Bytes, Count * BLOCK_SIZE);
  mMoved += Count * BLOCK_SIZE;
  return RETURN_SUCCESS;
}

STATIC
RETURN_STATUS
EFIAPI
Flush (
  IN VOID    *Context,
  IN UINT64  Next
  )
{
  FUZZ_CHECK (Next >= mNext);
  mNext = Next;
  return RETURN_SUCCESS;
}

STATIC
VOID
SetRegister (
  IN DRIVER  *Driver,
  IN UINTN   Offset,
  IN UINT32  Value
  )
{
  memcpy (Driver->Own.Area + MRM_FUNCTION_ECAM_SIZE + Offset, &Value, sizeof (Value));
}

STATIC
UINT32
GetRegister (
  IN DRIVER  *Driver,
  IN UINTN   Offset
  )
{
  UINT32  Value;

  memcpy (&Value, Driver->Own.Area + MRM_FUNCTION_ECAM_SIZE + Offset, sizeof (Value));
  return Value;
}

STATIC
VOID
Post (
  IN DRIVER       *Driver,
  IN UINTN        Queue,
  IN CONST UINT8  *Command
  )
{
  UINT32  Entries;
  UINTN   Page;

  Entries = (Queue == 0) ? 64 : 256;
  Page    = (Queue == 0) ? PageAdminQueue : PageQueue;
  memcpy (Driver->Own.Pages + Page * SIZE_4KB + Driver->Posted[Queue] * 64, Command, 64);
  Driver->Posted[Queue] = (Driver->Posted[Queue] + 1) % Entries;
  SetRegister (Driver, 0x1000 + Queue * 128, Driver->Posted[Queue]);
}

STATIC
VOID
Command (
  IN DRIVER  *Driver,
  IN UINTN   Queue,
  IN UINT8   Opcode,
  IN UINT64  Address,
  IN UINT32  Word10,
  IN UINT32  Word11
  )
{
  UINT8  Bytes[64] = { 0 };

  Bytes[0] = Opcode;
  Bytes[4] = (Queue == 0) ? 0 : 1;
  memcpy (Bytes + 24, &Address, sizeof (Address));
  memcpy (Bytes + 40, &Word10, sizeof (Word10));
  memcpy (Bytes + 44, &Word11, sizeof (Word11));
  Post (Driver, Queue, Bytes);
}

/**
  Do what a driver does until its disk works.
**/
STATIC
VOID
BringUp (
  IN DRIVER  *Driver
  )
{
  memset (Driver->Own.Pages, 0, PageBuffer * SIZE_4KB);
  memset (Driver->Posted, 0, sizeof (Driver->Posted));
  SetRegister (Driver, 0x14, 0);
  MrmDiskServe (&Driver->Disk);
  SetRegister (Driver, 0x24, 0x003F003F);
  SetRegister (Driver, 0x28, (UINT32)FuzzPage (&Driver->Own, PageAdminQueue));
  SetRegister (Driver, 0x2C, (UINT32)(FuzzPage (&Driver->Own, PageAdminQueue) >> 32));
  SetRegister (Driver, 0x30, (UINT32)FuzzPage (&Driver->Own, PageAdminDone));
  SetRegister (Driver, 0x34, (UINT32)(FuzzPage (&Driver->Own, PageAdminDone) >> 32));
  SetRegister (Driver, 0x14, 0x00460001);
  MrmDiskServe (&Driver->Disk);
  FUZZ_CHECK (GetRegister (Driver, 0x1C) == 1);
  Command (Driver, 0, 5, FuzzPage (&Driver->Own, PageDone), 0x00FF0001, 0x00010003);
  Command (Driver, 0, 1, FuzzPage (&Driver->Own, PageQueue), 0x00FF0001, 0x00010001);
  MrmDiskServe (&Driver->Disk);
}

/**
  Read block 0: it is what it was.
**/
STATIC
VOID
Converse (
  IN DRIVER  *Driver
  )
{
  UINT8  *Buffer;

  Buffer = Driver->Own.Pages + PageBuffer * SIZE_4KB;
  memset (Buffer, 0, BLOCK_SIZE);
  Command (Driver, 1, 2, FuzzPage (&Driver->Own, PageBuffer), 0, 0);
  MrmDiskServe (&Driver->Disk);
  FUZZ_CHECK (memcmp (Buffer, mBytes, BLOCK_SIZE) == 0);
  // Nobody looks at its completions.
  SetRegister (Driver, 0x1000 + 3 * 64, Driver->Posted[1]);
}

/**
  Make a function as it is at a start.
**/
STATIC
VOID
Renew (
  IN DRIVER  *Driver
  )
{
  STATIC UINT8  New[MRM_FUNCTION_AREA_SIZE] __attribute__ ((aligned (SIZE_4KB)));

  if (New[MRM_FUNCTION_ECAM_SIZE - 1] != 0xFF) {
    MrmFunctionClearArea (New);
    MrmDiskBuildArea (New, 0xC0000000, 0, 1);
  }

  FuzzFunctionRenew (&Driver->Own, New);
  MrmDiskOpen (&Driver->Disk, Driver->Own.Area, 0);
}

STATIC
VOID
Act (
  IN FUZZ    *Fuzz,
  IN DRIVER  *Driver
  )
{
  UINT8   Bytes[64];
  UINT64  Address;
  UINT32  Word;
  UINTN   Offset;

  switch (FuzzNumber (Fuzz, 1) % 8) {
    case 0:
      Offset = (FuzzNumber (Fuzz, 1) % 16) * 4;
      SetRegister (Driver, Offset, (UINT32)FuzzNumber (Fuzz, 4));
      break;
    case 1:
      Offset = 0x1000 + (FuzzNumber (Fuzz, 1) % 20) * 64;
      SetRegister (Driver, Offset, (UINT32)FuzzNumber (Fuzz, 2));
      break;
    case 2:
      Word = (UINT32)FuzzNumber (Fuzz, 4);
      SetRegister (Driver, 0x2000 + (FuzzNumber (Fuzz, 1) % 36) * 4, Word);
      break;
    case 3:
      Word = (UINT32)FuzzNumber (Fuzz, 4);
      memcpy (Driver->Own.Area + (FuzzNumber (Fuzz, 1) % 64) * 4, &Word, sizeof (Word));
      break;
    case 4:
    case 5:
      // A command; addresses may be its own.
      FuzzTake (Fuzz, Bytes, sizeof (Bytes));
      Bytes[0] &= 0xF;
      Bytes[1]  = 0;
      for (Offset = 24; Offset <= 32; Offset += 8) {
        if ((Bytes[Offset] & 0x80) != 0) {
          Address = FuzzPage (&Driver->Own, Bytes[Offset + 1] % PAGES) + Bytes[Offset + 2] * 4U;
          memcpy (Bytes + Offset, &Address, sizeof (Address));
        }
      }

      Post (Driver, Bytes[63] & 1, Bytes);
      break;
    case 6:
      Offset = FuzzNumber (Fuzz, 3) % (PAGES * SIZE_4KB - 16);
      FuzzTake (Fuzz, Driver->Own.Pages + Offset, 16);
      break;
    default:
      // An entry of a list.
      Offset  = FuzzNumber (Fuzz, 1) % 64;
      Address = FuzzPage (&Driver->Own, FuzzNumber (Fuzz, 1) % PAGES);
      memcpy (Driver->Own.Pages + PageList * SIZE_4KB + Offset * 8, &Address, sizeof (Address));
      break;
  }
}

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  STATIC UINT8            Areas[DISKS][MRM_FUNCTION_AREA_SIZE] __attribute__ ((aligned (SIZE_4KB)));
  STATIC UINT8            Buffer[MRM_DISK_TRANSFER] __attribute__ ((aligned (SIZE_4KB)));
  STATIC DRIVER           Drivers[DISKS];
  STATIC MRM_DISK_MEDIUM  Medium;
  MRM_FUNCTION_INTERRUPT  Interrupts[MRM_DISK_VECTORS];
  FUZZ                    Fuzz = { Data, Size };
  DRIVER                  *Driver;
  UINTN                   Index;
  UINTN                   Count;

  memset (Drivers, 0, sizeof (Drivers));
  memset (mBytes, 0, sizeof (mBytes));
  memset (mBytes, 0x5A, BLOCK_SIZE);
  mNext  = 1;
  Medium = (MRM_DISK_MEDIUM) {
    .Read       = Read,
    .Write      = Write,
    .Flush      = Flush,
    .Blocks     = BLOCKS,
    .BlockSize  = BLOCK_SIZE,
    .Cached     = TRUE,
    .AppendOnly = TRUE
  };
  MrmDiskBeginMedium (&Medium, 1);
  for (Index = 0; Index < DISKS; Index++) {
    Driver              = &Drivers[Index];
    Driver->Disk.Medium = &Medium;
    Driver->Disk.Buffer = Buffer;
    FuzzFunctionBegin (&Driver->Own, Index, Areas[Index], &Driver->Disk.Function);
    Renew (Driver);
    BringUp (Driver);
    Converse (Driver);
  }

  while (Fuzz.Size != 0) {
    for (Count = 1 + FuzzNumber (&Fuzz, 1) % 4; Count > 0; Count--) {
      Act (&Fuzz, &Drivers[HOSTILE]);
    }

    mMoved = 0;
    MrmDiskServe (&Drivers[HOSTILE].Disk);
    FUZZ_CHECK (mMoved < 2 * MRM_DISK_TRANSFER);
    MrmDiskIsAsked (&Drivers[HOSTILE].Disk);
    Count = MrmDiskInterrupts (&Drivers[HOSTILE].Disk, Interrupts);
    FuzzFunctionInterrupts (&Drivers[HOSTILE].Own, Interrupts, Count, MRM_DISK_VECTORS);

    // What was written before is as it was, and the neighbour reads it.
    FUZZ_CHECK ((mBytes[0] == 0x5A) && (mBytes[BLOCK_SIZE - 1] == 0x5A));
    Converse (&Drivers[FRIEND]);
  }

  // The hostile one ends, and a new life of its own reads.
  MrmDiskClose (&Drivers[HOSTILE].Disk);
  Renew (&Drivers[HOSTILE]);
  BringUp (&Drivers[HOSTILE]);
  Converse (&Drivers[HOSTILE]);
  for (Index = 0; Index < DISKS; Index++) {
    free (Drivers[Index].Own.Block);
  }

  return 0;
}
