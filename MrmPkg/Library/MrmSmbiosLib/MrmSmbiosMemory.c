/** @file
  The partition's RAM: one array with one device, mapped at each of its ranges.
  DSP0134 sections 7.17, 7.18, 7.20.

  Which of the machine's memory modules a range lies on is not known, so no module
  is described: the device stands for the partition's share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmSmbiosInternal.h"

///
/// From here on type 16 gives the capacity in its extended field.
///
#define MRM_SMBIOS_EXTENDED_CAPACITY  0x80000000

///
/// From here on (32 GiB - 1 MiB) type 17 gives the size in its extended field.
///
#define MRM_SMBIOS_EXTENDED_SIZE  0x7FFF

///
/// Most that the extended field can say, in MiB; VolatileSize has no such limit.
///
#define MRM_SMBIOS_MAXIMUM_SIZE  0x7FFFFFFF

#define MRM_SMBIOS_EXTENDED_ADDRESS  0xFFFFFFFF
#define MRM_SMBIOS_UNKNOWN_WIDTH     0xFFFF

#define MRM_KILOBYTES(Bytes)  ((Bytes) >> 10)
#define MRM_MEGABYTES(Bytes)  ((Bytes) >> 20)

/**
  Append type 16, the memory array.

  @param[in,out] Writer  The table.
  @param[in]     Size    Bytes of RAM.

  @return Its handle.
**/
STATIC
SMBIOS_HANDLE
SmbiosMemoryArray (
  IN OUT MRM_SMBIOS_WRITER  *Writer,
  IN     UINT64             Size
  )
{
  SMBIOS_TABLE_TYPE16  Table;

  ZeroMem (&Table, sizeof (Table));
  Table.Location                     = MemoryArrayLocationSystemBoard;
  Table.Use                          = MemoryArrayUseSystemMemory;
  Table.MemoryErrorCorrection        = MemoryErrorCorrectionUnknown;
  Table.MemoryErrorInformationHandle = MRM_SMBIOS_NO_HANDLE;
  Table.NumberOfMemoryDevices        = 1;
  if (MRM_KILOBYTES (Size) < MRM_SMBIOS_EXTENDED_CAPACITY) {
    Table.MaximumCapacity = (UINT32)MRM_KILOBYTES (Size);
  } else {
    Table.MaximumCapacity         = MRM_SMBIOS_EXTENDED_CAPACITY;
    Table.ExtendedMaximumCapacity = Size;
  }

  return MrmSmbiosAppend (Writer, SMBIOS_TYPE_PHYSICAL_MEMORY_ARRAY, &Table, sizeof (Table), NULL);
}

/**
  Append type 17, the memory device.

  @param[in,out] Writer  The table.
  @param[in]     Array   Handle of the array it belongs to.
  @param[in]     Size    Bytes of RAM.
**/
STATIC
VOID
SmbiosMemoryDevice (
  IN OUT MRM_SMBIOS_WRITER  *Writer,
  IN     SMBIOS_HANDLE      Array,
  IN     UINT64             Size
  )
{
  SMBIOS_TABLE_TYPE17  Table;
  MRM_SMBIOS_STRINGS   Strings;

  ZeroMem (&Table, sizeof (Table));
  ZeroMem (&Strings, sizeof (Strings));
  Table.MemoryArrayHandle            = Array;
  Table.MemoryErrorInformationHandle = MRM_SMBIOS_NO_HANDLE;
  Table.TotalWidth                   = MRM_SMBIOS_UNKNOWN_WIDTH;
  Table.DataWidth                    = MRM_SMBIOS_UNKNOWN_WIDTH;
  Table.FormFactor                   = MemoryFormFactorUnknown;
  Table.DeviceLocator                = MrmSmbiosString (&Strings, "Share of the machine's memory");
  Table.MemoryType                   = MemoryTypeUnknown;
  Table.TypeDetail.Unknown           = 1;
  Table.MemoryTechnology             = MemoryTechnologyUnknown;
  Table.VolatileSize                 = Size;

  Table.MemoryOperatingModeCapability.Bits.VolatileMemory = 1;

  if (MRM_MEGABYTES (Size) < MRM_SMBIOS_EXTENDED_SIZE) {
    Table.Size = (UINT16)MRM_MEGABYTES (Size);
  } else {
    Table.Size         = MRM_SMBIOS_EXTENDED_SIZE;
    Table.ExtendedSize = (UINT32)MIN (MRM_MEGABYTES (Size), MRM_SMBIOS_MAXIMUM_SIZE);
  }

  MrmSmbiosAppend (
    Writer,
    SMBIOS_TYPE_MEMORY_DEVICE,
    &Table,
    OFFSET_OF (SMBIOS_TABLE_TYPE17, Pmic0ManufacturerID),
    &Strings
    );
}

VOID
MrmSmbiosMemory (
  IN OUT MRM_SMBIOS_WRITER       *Writer,
  IN     CONST MRM_SMBIOS_FACTS  *Facts
  )
{
  SMBIOS_TABLE_TYPE19  Table;
  SMBIOS_HANDLE        Array;
  UINTN                Index;
  UINT64               First;
  UINT64               Last;
  UINT64               Size;

  Size = 0;
  for (Index = 0; Index < Facts->MemoryCount; Index++) {
    Size += Facts->Memory[Index].Size;
  }

  Array = SmbiosMemoryArray (Writer, Size);
  SmbiosMemoryDevice (Writer, Array, Size);
  for (Index = 0; Index < Facts->MemoryCount; Index++) {
    First = Facts->Memory[Index].Base;
    Last  = First + Facts->Memory[Index].Size - 1;

    ZeroMem (&Table, sizeof (Table));
    Table.MemoryArrayHandle = Array;
    Table.PartitionWidth    = 1;
    if (MRM_KILOBYTES (Last) < MRM_SMBIOS_EXTENDED_ADDRESS) {
      Table.StartingAddress = (UINT32)MRM_KILOBYTES (First);
      Table.EndingAddress   = (UINT32)MRM_KILOBYTES (Last);
    } else {
      Table.StartingAddress         = MRM_SMBIOS_EXTENDED_ADDRESS;
      Table.EndingAddress           = MRM_SMBIOS_EXTENDED_ADDRESS;
      Table.ExtendedStartingAddress = First;
      Table.ExtendedEndingAddress   = Last;
    }

    MrmSmbiosAppend (Writer, SMBIOS_TYPE_MEMORY_ARRAY_MAPPED_ADDRESS, &Table, sizeof (Table), NULL);
  }
}
