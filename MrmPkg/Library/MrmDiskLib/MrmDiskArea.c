/** @file
  A disk that is memory: what its registers say at the start.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmDiskInternal.h"

#define CAP_CONTIGUOUS  BIT16   ///< a queue is one piece of memory
#define CAP_TIMEOUT     (120U << 24)   ///< 60 s, in units of 500 ms: a flush comes before a shutdown is done
#define CAP_HIGH_NVM    BIT5    ///< the NVM command set

///
/// An NVMe controller (PCI class 01-08-02).
///
STATIC CONST MRM_FUNCTION_KIND  mDisk = {
  .VendorAndDevice  = 0x001F1AE0,
  .ClassAndRevision = 0x01080200,
  .Vectors          = MRM_DISK_VECTORS,
  .TableBar         = 1,
  .BarCount         = 2,
  .Bars             = {
    { 0, REGISTERS_OFFSET, MRM_DISK_REGISTERS },
    { 4, TABLE_OFFSET,     SIZE_4KB           }
  }
};

VOID
EFIAPI
MrmDiskBuildArea (
  IN OUT UINT8   *Area,
  IN     UINT64  Base,
  IN     UINTN   First,
  IN     UINTN   Count
  )
{
  volatile UINT32  *Registers;
  UINTN            Device;

  for (Device = First; Device < First + Count; Device++) {
    Registers = (volatile UINT32 *)(MrmFunctionBuild (Area, Base, Device, &mDisk) + REGISTERS_OFFSET);

    Registers[REGISTER_CAP_LOW]  = (MRM_DISK_ENTRIES - 1) | CAP_CONTIGUOUS | CAP_TIMEOUT;
    Registers[REGISTER_CAP_HIGH] = DOORBELL_STRIDE | CAP_HIGH_NVM;
    Registers[REGISTER_VS]       = VERSION;
  }
}

VOID
EFIAPI
MrmDiskOpen (
  IN OUT MRM_DISK  *Disk,
  IN     UINT8     *Area,
  IN     UINTN     Device
  )
{
  MrmFunctionOpen (&Disk->Function, Area, Device, &mDisk);
  Disk->Registers     = (volatile UINT32 *)(Disk->Function.Window + REGISTERS_OFFSET);
  Disk->Doorbells     = (volatile UINT32 *)(Disk->Function.Window + DOORBELLS_OFFSET);
  Disk->Failed        = FALSE;
  Disk->Reads         = 0;
  Disk->Writes        = 0;
  Disk->BlocksRead    = 0;
  Disk->BlocksWritten = 0;
  Disk->MediumErrors  = 0;
  Disk->ErrorCount    = 0;
  Disk->Refused       = 0;
  ZeroMem (Disk->Errors, sizeof (Disk->Errors));
  MrmDiskForgetDriver (Disk);
  Disk->Open = TRUE;
}

VOID
EFIAPI
MrmDiskClose (
  IN OUT MRM_DISK  *Disk
  )
{
  Disk->Open = FALSE;
  MrmDiskForgetDriver (Disk);
}
