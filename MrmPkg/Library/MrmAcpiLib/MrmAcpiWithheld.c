/** @file
  What the owner of the chipset does not find, though it is there: memory and ports of functions that others have.  An
  OS would take them for free.  ACPI 6.3 sections 6.4.3.5, 20.2.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmAcpiInternal.h"

#define MEMORY    0
#define PORTS     1
#define FIXED     0x0D    ///< general flags: consumed, first and last address are fixed
#define WRITABLE  0x01    ///< of memory
#define ALL       0x03    ///< of ports: none of them aliases others

#define LONGEST_1  0x3F   ///< a package's length in one byte, itself included; in two; in three
#define LONGEST_2  0xFFF

#define DEVICE_SIZE  2    ///< bytes of DeviceOp, and of BufferOp
#define BUFFER_SIZE  1

#pragma pack(1)
///
/// A device of motherboard resources (PNP0C02).
///
typedef struct {
  UINT8     Root;
  UINT8     Dual;
  UINT8     Path[8];
  UINT8     NameHid;
  UINT8     Hid[4];
  UINT8     HidPrefix;
  UINT32    HidValue;
  UINT8     NameUid;
  UINT8     Uid[4];
  UINT8     UidPrefix;
  UINT8     UidValue[4];
  UINT8     NameCrs;
  UINT8     Crs[4];
} WITHHELD_DEVICE;

///
/// Size of a buffer, before its bytes.
///
typedef struct {
  UINT8     Prefix;
  UINT32    Size;
} WITHHELD_SIZE;

typedef struct {
  UINT8     Tag;
  UINT8     Checksum;
} WITHHELD_END;
#pragma pack()

STATIC CONST WITHHELD_DEVICE  mDevice = {
  0x5C, 0x2E, { '_', 'S', 'B', '_', 'M', 'R', 'M', 'W' },
  0x08, { '_', 'H', 'I', 'D' }, 0x0C, 0x020CD041,
  0x08, { '_', 'U', 'I', 'D' }, 0x0D, { 'M', 'R', 'M', 0 },
  0x08, { '_', 'C', 'R', 'S' }
};

/**
  Bytes of a package's length (ACPI 6.3 section 20.2.4).

  @param[in] Contents  Bytes behind it.
**/
STATIC
UINTN
LengthSize (
  IN UINTN  Contents
  )
{
  return (Contents + 1 <= LONGEST_1) ? 1 : (Contents + 2 <= LONGEST_2) ? 2 : 3;
}

/**
  Write a package's length.

  @param[in]  Contents  Bytes behind it.
  @param[out] Aml       Receives LengthSize (Contents) bytes.

  @return  Behind them.
**/
STATIC
UINT8 *
PutLength (
  IN  UINTN  Contents,
  OUT UINT8  *Aml
  )
{
  UINTN  Size;
  UINTN  Index;

  Size = LengthSize (Contents);
  if (Size == 1) {
    Aml[0] = (UINT8)(Contents + 1);
    return Aml + 1;
  }

  Contents += Size;
  Aml[0]    = (UINT8)(((Size - 1) << 6) | (Contents & 0xF));
  Contents >>= 4;
  for (Index = 1; Index < Size; Index++) {
    Aml[Index] = (UINT8)Contents;
    Contents >>= 8;
  }

  return Aml + Size;
}

/**
  Write resources of a device.

  @param[in]  Chipset  What is withheld.
  @param[out] Aml      Receives the resources.
**/
STATIC
VOID
PutResources (
  IN  CONST MRM_ACPI_CHIPSET  *Chipset,
  OUT UINT8                   *Aml
  )
{
  EFI_ACPI_QWORD_ADDRESS_SPACE_DESCRIPTOR  Memory;
  EFI_ACPI_WORD_ADDRESS_SPACE_DESCRIPTOR   Ports;
  WITHHELD_END                             End;
  UINTN                                    Index;

  ZeroMem (&Memory, sizeof (Memory));
  Memory.Header.Header.Byte = ACPI_QWORD_ADDRESS_SPACE_DESCRIPTOR;
  Memory.Header.Length      = (UINT16)(sizeof (Memory) - sizeof (Memory.Header));
  Memory.ResType            = MEMORY;
  Memory.GenFlag            = FIXED;
  Memory.SpecificFlag       = WRITABLE;
  for (Index = 0; Index < Chipset->WithheldCount; Index++) {
    Memory.AddrRangeMin = Chipset->Withheld[Index].Base;
    Memory.AddrRangeMax = Chipset->Withheld[Index].Base + (Chipset->Withheld[Index].Size - 1);
    Memory.AddrLen      = Chipset->Withheld[Index].Size;
    CopyMem (Aml, &Memory, sizeof (Memory));
    Aml += sizeof (Memory);
  }

  ZeroMem (&Ports, sizeof (Ports));
  Ports.Header.Header.Byte = ACPI_WORD_ADDRESS_SPACE_DESCRIPTOR;
  Ports.Header.Length      = (UINT16)(sizeof (Ports) - sizeof (Ports.Header));
  Ports.ResType            = PORTS;
  Ports.GenFlag            = FIXED;
  Ports.SpecificFlag       = ALL;
  for (Index = 0; Index < Chipset->WithheldPortCount; Index++) {
    Ports.AddrRangeMin = (UINT16)Chipset->WithheldPorts[Index].Base;
    Ports.AddrRangeMax = (UINT16)(Chipset->WithheldPorts[Index].Base + (Chipset->WithheldPorts[Index].Size - 1));
    Ports.AddrLen      = (UINT16)Chipset->WithheldPorts[Index].Size;
    CopyMem (Aml, &Ports, sizeof (Ports));
    Aml += sizeof (Ports);
  }

  // A checksum of 0 is none (ACPI 6.3 section 6.4.2.9).
  End.Tag      = ACPI_END_TAG_DESCRIPTOR;
  End.Checksum = 0;
  CopyMem (Aml, &End, sizeof (End));
}

UINTN
MrmAcpiWithheld (
  IN  CONST MRM_ACPI_CHIPSET  *Chipset,
  OUT UINT8                   *Aml OPTIONAL
  )
{
  WITHHELD_SIZE  Size;
  UINTN          Resources;
  UINTN          Buffer;
  UINTN          Device;

  if ((Chipset->WithheldCount == 0) && (Chipset->WithheldPortCount == 0)) {
    return 0;
  }

  Resources = Chipset->WithheldCount * sizeof (EFI_ACPI_QWORD_ADDRESS_SPACE_DESCRIPTOR)
              + Chipset->WithheldPortCount * sizeof (EFI_ACPI_WORD_ADDRESS_SPACE_DESCRIPTOR)
              + sizeof (WITHHELD_END);
  Buffer = sizeof (Size) + Resources;
  Device = sizeof (mDevice) + BUFFER_SIZE + LengthSize (Buffer) + Buffer;
  if (Aml != NULL) {
    *Aml++ = 0x5B;
    *Aml++ = 0x82;
    Aml    = PutLength (Device, Aml);
    CopyMem (Aml, &mDevice, sizeof (mDevice));
    Aml        += sizeof (mDevice);
    *Aml++      = 0x11;
    Aml         = PutLength (Buffer, Aml);
    Size.Prefix = 0x0C;
    Size.Size   = (UINT32)Resources;
    CopyMem (Aml, &Size, sizeof (Size));
    PutResources (Chipset, Aml + sizeof (Size));
  }

  return DEVICE_SIZE + LengthSize (Device) + Device;
}

BOOLEAN
MrmAcpiWithheldIsValid (
  IN CONST MRM_ACPI_CHIPSET  *Chipset
  )
{
  UINTN  Index;

  if (  (Chipset->WithheldCount > MRM_ACPI_MAX_WITHHELD)
     || (Chipset->WithheldPortCount > MRM_ACPI_MAX_WITHHELD))
  {
    return FALSE;
  }

  for (Index = 0; Index < Chipset->WithheldCount; Index++) {
    if (  (Chipset->Withheld[Index].Size == 0)
       || (Chipset->Withheld[Index].Base > MAX_UINT64 - (Chipset->Withheld[Index].Size - 1)))
    {
      return FALSE;
    }
  }

  for (Index = 0; Index < Chipset->WithheldPortCount; Index++) {
    if (  (Chipset->WithheldPorts[Index].Size == 0)
       || (Chipset->WithheldPorts[Index].Size > MAX_UINT16)
       || (Chipset->WithheldPorts[Index].Base > MAX_UINT16 - (Chipset->WithheldPorts[Index].Size - 1)))
    {
      return FALSE;
    }
  }

  return TRUE;
}
