/** @file
  What the partition is: firmware, system, board, enclosure, processors.
  DSP0134 sections 7.1 to 7.5, 7.33, 7.45.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmSmbiosInternal.h"

#define MRM_SMBIOS_FAMILY  "MRM partition"

///
/// Major and minor releases that do not exist.
///
#define MRM_SMBIOS_NO_RELEASE  0xFF

///
/// The partition firmware has about 1 MiB: (n + 1) * 64 KiB.
///
#define MRM_SMBIOS_FIRMWARE_SIZE  15

#define MRM_SMBIOS_CHASSIS_OTHER  1

///
/// Socket populated, processor enabled.
///
#define MRM_SMBIOS_PROCESSOR_STATUS  0x41

#define MRM_SMBIOS_PROCESSOR_64_BIT      BIT2
#define MRM_SMBIOS_PROCESSOR_MULTI_CORE  BIT3

///
/// No handle of a cache structure.
///
#define MRM_SMBIOS_NO_CACHE  0xFFFF

///
/// FNV-1a, 64 bits.
///
#define MRM_HASH_START  0xCBF29CE484222325ULL
#define MRM_HASH_PRIME  0x00000100000001B3ULL

/**
  Hash of machine and partition.

  @param[in] Facts  The facts.
  @param[in] Seed   Different values give independent hashes.

  @return 64 bits.
**/
STATIC
UINT64
SmbiosHash (
  IN CONST MRM_SMBIOS_FACTS  *Facts,
  IN UINT8                   Seed
  )
{
  UINT64       Hash;
  UINTN        Index;
  CONST UINT8  *Machine;

  Hash    = (MRM_HASH_START ^ Seed) * MRM_HASH_PRIME;
  Machine = (CONST UINT8 *)&Facts->MachineUuid;
  for (Index = 0; Index < sizeof (Facts->MachineUuid); Index++) {
    Hash = (Hash ^ Machine[Index]) * MRM_HASH_PRIME;
  }

  for (Index = 0; Facts->PartitionName[Index] != '\0'; Index++) {
    Hash = (Hash ^ (UINT8)Facts->PartitionName[Index]) * MRM_HASH_PRIME;
  }

  //
  // FNV leaves the last bytes mostly in the low bits: spread them (the finalizer of
  // SplitMix64).
  //
  Hash = (Hash ^ (Hash >> 30)) * 0xBF58476D1CE4E5B9ULL;
  Hash = (Hash ^ (Hash >> 27)) * 0x94D049BB133111EBULL;
  return Hash ^ (Hash >> 31);
}

/**
  UUID of the partition: RFC 9562 version 8 (made by a rule of our own).

  @param[in]  Facts  The facts.
  @param[out] Uuid   Receives the UUID.
**/
STATIC
VOID
SmbiosUuid (
  IN  CONST MRM_SMBIOS_FACTS  *Facts,
  OUT GUID                    *Uuid
  )
{
  UINT64  Hash;

  Hash        = SmbiosHash (Facts, 1);
  Uuid->Data1 = (UINT32)Hash;
  Uuid->Data2 = (UINT16)(Hash >> 32);
  Uuid->Data3 = (UINT16)(((Hash >> 48) & 0x0FFF) | 0x8000);

  Hash = SmbiosHash (Facts, 2);
  CopyMem (Uuid->Data4, &Hash, sizeof (Uuid->Data4));
  Uuid->Data4[0] = (UINT8)((Uuid->Data4[0] & 0x3F) | 0x80);
}

/**
  Append type 0, the firmware.

  @param[in,out] Writer  The table.
  @param[in]     Facts   The facts.
**/
STATIC
VOID
SmbiosFirmware (
  IN OUT MRM_SMBIOS_WRITER       *Writer,
  IN     CONST MRM_SMBIOS_FACTS  *Facts
  )
{
  SMBIOS_TABLE_TYPE0    Table;
  MBCE_BIOS_RESERVED    *Byte1;
  MBCE_SYSTEM_RESERVED  *Byte2;
  MRM_SMBIOS_STRINGS    Strings;

  ZeroMem (&Table, sizeof (Table));
  ZeroMem (&Strings, sizeof (Strings));
  Table.Vendor          = MrmSmbiosString (&Strings, MRM_SMBIOS_MANUFACTURER);
  Table.BiosVersion     = MrmSmbiosString (&Strings, Facts->Version);
  Table.BiosReleaseDate = MrmSmbiosString (&Strings, Facts->ReleaseDate);
  Table.BiosSize        = MRM_SMBIOS_FIRMWARE_SIZE;

  Table.BiosCharacteristics.PciIsSupported            = 1;
  Table.BiosCharacteristics.SelectableBootIsSupported = 1;

  Byte1                             = (VOID *)&Table.BIOSCharacteristicsExtensionBytes[0];
  Byte2                             = (VOID *)&Table.BIOSCharacteristicsExtensionBytes[1];
  Byte1->AcpiIsSupported            = 1;
  Byte2->UefiSpecificationSupported = 1;

  Table.SystemBiosMajorRelease                 = MRM_SMBIOS_NO_RELEASE;
  Table.SystemBiosMinorRelease                 = MRM_SMBIOS_NO_RELEASE;
  Table.EmbeddedControllerFirmwareMajorRelease = MRM_SMBIOS_NO_RELEASE;
  Table.EmbeddedControllerFirmwareMinorRelease = MRM_SMBIOS_NO_RELEASE;
  MrmSmbiosAppend (Writer, SMBIOS_TYPE_BIOS_INFORMATION, &Table, sizeof (Table), &Strings);
}

VOID
MrmSmbiosSystem (
  IN OUT MRM_SMBIOS_WRITER       *Writer,
  IN     CONST MRM_SMBIOS_FACTS  *Facts
  )
{
  SMBIOS_TABLE_TYPE1  System;
  SMBIOS_TABLE_TYPE2  Board;
  SMBIOS_TABLE_TYPE3  Chassis;
  MRM_SMBIOS_STRINGS  Strings;
  UINTN               ChassisSize;

  SmbiosFirmware (Writer, Facts);

  ZeroMem (&System, sizeof (System));
  ZeroMem (&Strings, sizeof (Strings));
  System.Manufacturer = MrmSmbiosString (&Strings, MRM_SMBIOS_MANUFACTURER);
  System.ProductName  = MrmSmbiosString (&Strings, MRM_SMBIOS_PRODUCT);
  System.Version      = MrmSmbiosString (&Strings, Facts->Version);
  System.SerialNumber = MrmSmbiosString (&Strings, Facts->PartitionName);
  System.SKUNumber    = MrmSmbiosString (&Strings, "MRM");
  System.Family       = MrmSmbiosString (&Strings, MRM_SMBIOS_FAMILY);
  System.WakeUpType   = SystemWakeupTypePowerSwitch;
  SmbiosUuid (Facts, &System.Uuid);
  MrmSmbiosAppend (Writer, SMBIOS_TYPE_SYSTEM_INFORMATION, &System, sizeof (System), &Strings);

  ZeroMem (&Board, sizeof (Board));
  ZeroMem (&Strings, sizeof (Strings));
  Board.Manufacturer            = MrmSmbiosString (&Strings, MRM_SMBIOS_MANUFACTURER);
  Board.ProductName             = MrmSmbiosString (&Strings, MRM_SMBIOS_PRODUCT);
  Board.Version                 = MrmSmbiosString (&Strings, Facts->Version);
  Board.SerialNumber            = MrmSmbiosString (&Strings, Facts->PartitionName);
  Board.FeatureFlag.Motherboard = 1;
  Board.BoardType               = BaseBoardTypeMotherBoard;
  Board.ChassisHandle           = (SMBIOS_HANDLE)(Writer->NextHandle + 1); // the enclosure comes next
  MrmSmbiosAppend (
    Writer,
    SMBIOS_TYPE_BASEBOARD_INFORMATION,
    &Board,
    OFFSET_OF (SMBIOS_TABLE_TYPE2, ContainedObjectHandles),
    &Strings
    );

  //
  // Without contained elements the number of the SKU string follows their length.
  //
  ZeroMem (&Chassis, sizeof (Chassis));
  ZeroMem (&Strings, sizeof (Strings));
  ChassisSize              = OFFSET_OF (SMBIOS_TABLE_TYPE3, ContainedElements) + sizeof (SMBIOS_TABLE_STRING);
  Chassis.Manufacturer     = MrmSmbiosString (&Strings, MRM_SMBIOS_MANUFACTURER);
  Chassis.Version          = MrmSmbiosString (&Strings, Facts->Version);
  Chassis.SerialNumber     = MrmSmbiosString (&Strings, Facts->PartitionName);
  Chassis.Type             = MRM_SMBIOS_CHASSIS_OTHER;
  Chassis.BootupState      = ChassisStateSafe;
  Chassis.PowerSupplyState = ChassisStateUnknown;
  Chassis.ThermalState     = ChassisStateUnknown;
  Chassis.SecurityStatus   = ChassisSecurityStatusUnknown;
  MrmSmbiosAppend (Writer, SMBIOS_TYPE_SYSTEM_ENCLOSURE, &Chassis, ChassisSize, &Strings);
}

VOID
MrmSmbiosProcessors (
  IN OUT MRM_SMBIOS_WRITER       *Writer,
  IN     CONST MRM_SMBIOS_FACTS  *Facts
  )
{
  SMBIOS_TABLE_TYPE4  Table;
  MRM_SMBIOS_STRINGS  Strings;
  CONST CHAR8         *Name;
  UINT64              Megahertz;
  UINT8               Count;

  Name = Facts->ProcessorName;
  while ((Name != NULL) && (Name[0] == ' ')) {
    Name++;
  }

  Megahertz = (Facts->TscFrequency / 1000000) + (((Facts->TscFrequency % 1000000) >= 500000) ? 1 : 0);
  Count     = (UINT8)MIN (Facts->ProcessorCount, MAX_UINT8);

  ZeroMem (&Table, sizeof (Table));
  ZeroMem (&Strings, sizeof (Strings));
  Table.Socket                = MrmSmbiosString (&Strings, MRM_SMBIOS_FAMILY);
  Table.ProcessorType         = CentralProcessor;
  Table.ProcessorFamily       = ProcessorFamilyUnknown;
  Table.ProcessorManufacturer = MrmSmbiosString (&Strings, Facts->ProcessorVendor);
  Table.ProcessorVersion      = MrmSmbiosString (&Strings, Name);
  CopyMem (&Table.ProcessorId.Signature, &Facts->ProcessorSignature, sizeof (UINT32));
  CopyMem (&Table.ProcessorId.FeatureFlags, &Facts->ProcessorFeatures, sizeof (UINT32));

  Table.MaxSpeed                 = (UINT16)MIN (Megahertz, MAX_UINT16);
  Table.CurrentSpeed             = Table.MaxSpeed;
  Table.Status                   = MRM_SMBIOS_PROCESSOR_STATUS;
  Table.ProcessorUpgrade         = ProcessorUpgradeUnknown;
  Table.L1CacheHandle            = MRM_SMBIOS_NO_CACHE;
  Table.L2CacheHandle            = MRM_SMBIOS_NO_CACHE;
  Table.L3CacheHandle            = MRM_SMBIOS_NO_CACHE;
  Table.CoreCount                = Count;
  Table.EnabledCoreCount         = Count;
  Table.ThreadCount              = Count;
  Table.ProcessorCharacteristics = MRM_SMBIOS_PROCESSOR_64_BIT;
  if (Facts->ProcessorCount > 1) {
    Table.ProcessorCharacteristics |= MRM_SMBIOS_PROCESSOR_MULTI_CORE;
  }

  Table.ProcessorFamily2  = ProcessorFamilyUnknown;
  Table.CoreCount2        = (UINT16)Facts->ProcessorCount;
  Table.EnabledCoreCount2 = (UINT16)Facts->ProcessorCount;
  Table.ThreadCount2      = (UINT16)Facts->ProcessorCount;
  MrmSmbiosAppend (
    Writer,
    SMBIOS_TYPE_PROCESSOR_INFORMATION,
    &Table,
    OFFSET_OF (SMBIOS_TABLE_TYPE4, ThreadEnabled),
    &Strings
    );
}

VOID
MrmSmbiosEnd (
  IN OUT MRM_SMBIOS_WRITER  *Writer
  )
{
  SMBIOS_TABLE_TYPE32   Boot;
  SMBIOS_TABLE_TYPE127  End;

  ZeroMem (&Boot, sizeof (Boot));
  Boot.BootStatus = BootInformationStatusNoError;
  MrmSmbiosAppend (Writer, SMBIOS_TYPE_SYSTEM_BOOT_INFORMATION, &Boot, sizeof (Boot), NULL);
  MrmSmbiosAppend (Writer, SMBIOS_TYPE_END_OF_TABLE, &End, sizeof (End), NULL);
}
