/** @file
  Log pages of a disk (NVMe 5.14).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmDiskInternal.h"
#include <IndustryStandard/Nvme.h>

#define LOG_ERRORS            0x01
#define LOG_HEALTH            0x02
#define LOG_FIRMWARE          0x03
#define LOG_CHANGED           0x04

#define ERROR_ENTRY           64
#define NO_PARAMETER          MAX_UINT16
#define SPARE                 100           ///< per cent
#define UNIT                  (1000 * 512)  ///< bytes of a data unit

STATIC_ASSERT (sizeof (NVME_SMART_HEALTH_INFO_LOG) == 512, "the health log has 512 bytes");

/**
  Write the error log, the latest entry first.

  @param[in]  Disk  The disk.
  @param[out] Page  Receives it; it is zero.

  @return  Bytes of the page.
**/
STATIC
UINT32
WriteErrors (
  IN  CONST MRM_DISK  *Disk,
  OUT UINT8           *Page
  )
{
  CONST MRM_DISK_ERROR  *Error;
  UINT64                Index;

  for (Index = 0; (Index < MRM_DISK_ERRORS) && (Index < Disk->ErrorCount); Index++, Page += ERROR_ENTRY) {
    Error = &Disk->Errors[(Disk->ErrorCount - 1 - Index) % MRM_DISK_ERRORS];
    WriteUnaligned64 ((UINT64 *)Page, Error->Number);
    WriteUnaligned16 ((UINT16 *)(Page + 8), Error->Queue);
    WriteUnaligned16 ((UINT16 *)(Page + 10), Error->Command);
    WriteUnaligned16 ((UINT16 *)(Page + 12), (UINT16)(Error->Status << 1));
    WriteUnaligned16 ((UINT16 *)(Page + 14), NO_PARAMETER);
    WriteUnaligned64 ((UINT64 *)(Page + 16), Error->Block);
    WriteUnaligned32 ((UINT32 *)(Page + 24), NAMESPACE);
  }

  return MRM_DISK_ERRORS * ERROR_ENTRY;
}

/**
  How many data units so many blocks are, rounded up.

  @param[in] Disk    The disk.
  @param[in] Blocks  The blocks.
**/
STATIC
UINT64
Units (
  IN CONST MRM_DISK  *Disk,
  IN UINT64          Blocks
  )
{
  return (Blocks * Disk->Medium->BlockSize + UNIT - 1) / UNIT;
}

/**
  Write the health log: counts since the start of the partition.  There is nothing that wears, and no thermometer.

  @param[in]  Disk  The disk.
  @param[out] Page  Receives it; it is zero.

  @return  Bytes of the page.
**/
STATIC
UINT32
WriteHealth (
  IN  CONST MRM_DISK              *Disk,
  OUT NVME_SMART_HEALTH_INFO_LOG  *Page
  )
{
  Page->AvailableSpare = SPARE;
  WriteUnaligned64 ((UINT64 *)Page->DataUnitsRead, Units (Disk, Disk->BlocksRead));
  WriteUnaligned64 ((UINT64 *)Page->DataUnitsWritten, Units (Disk, Disk->BlocksWritten));
  WriteUnaligned64 ((UINT64 *)Page->HostReadCommands, Disk->Reads);
  WriteUnaligned64 ((UINT64 *)Page->HostWriteCommands, Disk->Writes);
  WriteUnaligned64 ((UINT64 *)Page->MediaAndDataIntegrityErrors, Disk->MediumErrors);
  WriteUnaligned64 ((UINT64 *)Page->NumberErrorInformationLogEntries, Disk->ErrorCount);
  return sizeof (*Page);
}

UINT16
MrmDiskLogPage (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command
  )
{
  NVME_FW_SLOT_INFO_LOG  *Firmware;
  UINT64                 Wanted;
  UINT64                 Offset;
  UINT32                 Size;

  // Number of dwords, less one, in two halves.
  Wanted = ((UINT64)(DWORD (Command, 10) >> 16) | ((UINT64)(DWORD (Command, 11) & MAX_UINT16) << 16)) + 1;
  Wanted = Wanted * sizeof (UINT32);
  Offset = DWORD (Command, 12) | ((UINT64)DWORD (Command, 13) << 32);
  if ((Command->Namespace != 0) && (Command->Namespace != EVERY_NAMESPACE)) {
    return (Command->Namespace == NAMESPACE) ? STATUS_FIELD : STATUS_NAMESPACE;
  }

  ZeroMem (Disk->Buffer, SIZE_4KB);
  switch (DWORD (Command, 10) & MAX_UINT8) {
    case LOG_ERRORS:
      Size = WriteErrors (Disk, Disk->Buffer);
      break;
    case LOG_HEALTH:
      Size = WriteHealth (Disk, (NVME_SMART_HEALTH_INFO_LOG *)Disk->Buffer);
      break;
    case LOG_FIRMWARE:
      Firmware                                     = (NVME_FW_SLOT_INFO_LOG *)Disk->Buffer;
      Firmware->ActiveFwInfo.ActivelyRunningFwSlot = 1;
      SetMem (Firmware->FwRevisionSlot[0], sizeof (Firmware->FwRevisionSlot[0]), ' ');
      CopyMem (Firmware->FwRevisionSlot[0], MRM_DISK_FIRMWARE, sizeof (MRM_DISK_FIRMWARE) - 1);
      Size = sizeof (*Firmware);
      break;
    case LOG_CHANGED:
      // Namespaces do not change.
      Size = SIZE_4KB;
      break;
    default:
      return STATUS_LOG_PAGE;
  }

  if ((Offset > Size) || ((Offset & (sizeof (UINT32) - 1)) != 0)) {
    return STATUS_FIELD;
  }

  // What is behind the page stays as it is.
  return MrmDiskAnswer (Disk, Command, Disk->Buffer + Offset, (UINT32)MIN (Wanted, Size - Offset));
}
