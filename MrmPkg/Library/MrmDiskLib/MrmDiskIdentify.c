/** @file
  What a disk says of itself (NVMe 5.15).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmDiskInternal.h"
#include <IndustryStandard/Nvme.h>

#define CNS_NAMESPACE         0x00
#define CNS_CONTROLLER        0x01
#define CNS_ACTIVE            0x02
#define CNS_DESCRIPTORS       0x03

#define MAKER                 0x1AE0        ///< as in configuration space
#define MODEL                 "MRM disk"
#define TYPE_IO               1
#define TRANSFER_SHIFT        5             ///< MRM_DISK_TRANSFER is a page << 5
#define FIRMWARE_READ_ONLY    0x03          ///< one slot, which is never written
#define LOG_EXTENDED          BIT2          ///< log pages have offsets
#define ENTRY_SIZE_SUBMISSION 0x66
#define ENTRY_SIZE_COMPLETION 0x44
#define OPTIONAL_COMPARE      BIT0
#define OPTIONAL_MANAGEMENT   BIT2
#define OPTIONAL_ZEROES       BIT3
#define CACHE_PRESENT         0x07          ///< Flush may name every namespace
#define CACHE_NONE            0x06

///
/// Places in the data of a namespace that the header of EDK2 has as reserved.
///
#define NAMESPACE_CAPACITY    48            ///< bytes, 16 of them
#define NAMESPACE_ATTRIBUTES  99
#define NAMESPACE_NGUID       104
#define ATTRIBUTE_PROTECTED   BIT0

#define DESCRIPTOR_NGUID      2
#define DESCRIPTOR_UUID       3
#define DESCRIPTOR_HEADER     4
#define UUID_SIZE             16

STATIC_ASSERT ((SIZE_4KB << TRANSFER_SHIFT) == MRM_DISK_TRANSFER, "what the controller says is what it can");
STATIC_ASSERT (sizeof (NVME_ADMIN_CONTROLLER_DATA) == SIZE_4KB, "the data of a controller has 4 KiB");
STATIC_ASSERT (sizeof (NVME_ADMIN_NAMESPACE_DATA) == SIZE_4KB, "the data of a namespace has 4 KiB");
STATIC_ASSERT (OFFSET_OF (NVME_ADMIN_CONTROLLER_DATA, Subnqn) == 768, "the name of the subsystem");

/**
  Write a text that is filled with spaces.

  @param[out] Field  Receives it.
  @param[in]  Size   Of the field.
  @param[in]  Text   The text; what is too long is cut.
**/
STATIC
VOID
PutText (
  OUT UINT8        *Field,
  IN  UINTN        Size,
  IN  CONST CHAR8  *Text
  )
{
  UINTN  Index;

  SetMem (Field, Size, ' ');
  for (Index = 0; (Index < Size) && (Text[Index] != '\0'); Index++) {
    Field[Index] = (UINT8)Text[Index];
  }
}

/**
  Write a UUID as NVMe has it: big endian.

  @param[out] Field  Receives UUID_SIZE bytes.
  @param[in]  Uuid   The UUID.
**/
STATIC
VOID
PutUuid (
  OUT UINT8       *Field,
  IN  CONST GUID  *Uuid
  )
{
  WriteUnaligned32 ((UINT32 *)Field, SwapBytes32 (Uuid->Data1));
  WriteUnaligned16 ((UINT16 *)(Field + 4), SwapBytes16 (Uuid->Data2));
  WriteUnaligned16 ((UINT16 *)(Field + 6), SwapBytes16 (Uuid->Data3));
  CopyMem (Field + 8, Uuid->Data4, sizeof (Uuid->Data4));
}

/**
  Write the qualified name of a disk (NVMe 7.9).

  @param[out] Field  Receives it.
  @param[in]  Uuid   UUID of the disk.
**/
STATIC
VOID
PutName (
  OUT UINT8       *Field,
  IN  CONST GUID  *Uuid
  )
{
  STATIC CONST CHAR8  Digits[] = "0123456789abcdef";
  STATIC CONST CHAR8  Prefix[] = "nqn.2014-08.org.nvmexpress:uuid:";
  UINT8               Bytes[UUID_SIZE];
  UINTN               Index;

  CopyMem (Field, Prefix, sizeof (Prefix) - 1);
  Field += sizeof (Prefix) - 1;
  PutUuid (Bytes, Uuid);
  for (Index = 0; Index < UUID_SIZE; Index++) {
    if ((Index == 4) || (Index == 6) || (Index == 8) || (Index == 10)) {
      *Field++ = '-';
    }

    *Field++ = (UINT8)Digits[Bytes[Index] >> 4];
    *Field++ = (UINT8)Digits[Bytes[Index] & 0xF];
  }
}

/**
  Describe the controller.

  @param[in]  Disk  The disk.
  @param[out] Data  Receives the description; it is zero.
**/
STATIC
VOID
DescribeController (
  IN  CONST MRM_DISK              *Disk,
  OUT NVME_ADMIN_CONTROLLER_DATA  *Data
  )
{
  Data->Vid       = MAKER;
  Data->Ssvid     = MAKER;
  Data->Mdts      = TRANSFER_SHIFT;
  Data->Ver       = VERSION;
  Data->Cntrltype = TYPE_IO;
  Data->Aerl      = MRM_DISK_EVENTS - 1;
  Data->Acl       = 3;
  Data->Frmw      = FIRMWARE_READ_ONLY;
  Data->Lpa       = LOG_EXTENDED;
  Data->Elpe      = MRM_DISK_ERRORS - 1;
  Data->Sqes      = ENTRY_SIZE_SUBMISSION;
  Data->Cqes      = ENTRY_SIZE_COMPLETION;
  Data->Nn        = 1;
  Data->Oncs      = OPTIONAL_COMPARE | OPTIONAL_MANAGEMENT | OPTIONAL_ZEROES;
  Data->Vwc       = (Disk->Medium->Cached && !Disk->ReadOnly) ? CACHE_PRESENT : CACHE_NONE;
  PutText (Data->Sn, sizeof (Data->Sn), Disk->Serial);
  PutText (Data->Mn, sizeof (Data->Mn), MODEL);
  PutText (Data->Fr, sizeof (Data->Fr), MRM_DISK_FIRMWARE);
  PutName (Data->Subnqn, &Disk->Uuid);
}

/**
  Describe the namespace.

  @param[in]  Disk  The disk.
  @param[out] Data  Receives the description; it is zero.
**/
STATIC
VOID
DescribeNamespace (
  IN  CONST MRM_DISK             *Disk,
  OUT NVME_ADMIN_NAMESPACE_DATA  *Data
  )
{
  CONST MRM_DISK_MEDIUM  *Medium;
  UINT8                  *Bytes;

  Medium                   = Disk->Medium;
  Bytes                    = (UINT8 *)Data;
  Data->Nsze               = Medium->Blocks;
  Data->Ncap               = Medium->Blocks;
  Data->Nuse               = Medium->AppendOnly ? Medium->Next : Medium->Blocks;
  Data->LbaFormat[0].Lbads = (Medium->BlockSize == SIZE_4KB) ? 12 : 9;
  PutUuid (Bytes + NAMESPACE_NGUID, &Disk->Uuid);
  WriteUnaligned64 ((UINT64 *)(Bytes + NAMESPACE_CAPACITY), Medium->Blocks * Medium->BlockSize);
  Bytes[NAMESPACE_ATTRIBUTES] = Disk->ReadOnly ? ATTRIBUTE_PROTECTED : 0;
}

/**
  Name the namespace.

  @param[in]  Disk  The disk.
  @param[out] Data  Receives the names; it is zero.
**/
STATIC
VOID
NameNamespace (
  IN  CONST MRM_DISK  *Disk,
  OUT UINT8           *Data
  )
{
  Data[0] = DESCRIPTOR_NGUID;
  Data[1] = UUID_SIZE;
  PutUuid (Data + DESCRIPTOR_HEADER, &Disk->Uuid);
  Data   += DESCRIPTOR_HEADER + UUID_SIZE;
  Data[0] = DESCRIPTOR_UUID;
  Data[1] = UUID_SIZE;
  PutUuid (Data + DESCRIPTOR_HEADER, &Disk->Uuid);
}

UINT16
MrmDiskIdentify (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command
  )
{
  ZeroMem (Disk->Buffer, SIZE_4KB);
  switch (DWORD (Command, 10) & MAX_UINT8) {
    case CNS_CONTROLLER:
      DescribeController (Disk, (NVME_ADMIN_CONTROLLER_DATA *)Disk->Buffer);
      break;
    case CNS_NAMESPACE:
      if (Command->Namespace != NAMESPACE) {
        return STATUS_NAMESPACE;
      }

      DescribeNamespace (Disk, (NVME_ADMIN_NAMESPACE_DATA *)Disk->Buffer);
      break;
    case CNS_ACTIVE:
      if (Command->Namespace >= EVERY_NAMESPACE - 1) {
        return STATUS_NAMESPACE;
      }

      // Those with higher numbers than the one that is named.
      WriteUnaligned32 ((UINT32 *)Disk->Buffer, (Command->Namespace < NAMESPACE) ? NAMESPACE : 0);
      break;
    case CNS_DESCRIPTORS:
      if (Command->Namespace != NAMESPACE) {
        return STATUS_NAMESPACE;
      }

      NameNamespace (Disk, Disk->Buffer);
      break;
    default:
      return STATUS_FIELD;
  }

  return MrmDiskAnswer (Disk, Command, Disk->Buffer, SIZE_4KB);
}
