/** @file
  Served disks in GPT partitions of drives that stay with the PC's firmware (UEFI 2.10, sections 5.3 and 13.9).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Media/InPartition.h"
#include "Pci/Find.h"
#include "Partition/Partition.h"
#include "Core/Facts.h"
#include "Core/Flush.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/PartitionInfo.h>

#define LEAST_BLOCK  512
#define MOST_BLOCK   SIZE_4KB

/**
  Find what a partition of GPT has in its device path.

  @param[in] Handle  A handle with blocks.

  @return  The last node of its device path; NULL if it is no partition of GPT, or not there.
**/
STATIC
CONST HARDDRIVE_DEVICE_PATH *
FindDrive (
  IN EFI_HANDLE  Handle
  )
{
  EFI_DEVICE_PATH_PROTOCOL     *Node;
  CONST HARDDRIVE_DEVICE_PATH  *Drive;

  Drive = NULL;
  Node  = DevicePathFromHandle (Handle);
  for ( ; (Node != NULL) && !IsDevicePathEnd (Node); Node = NextDevicePathNode (Node)) {
    Drive = NULL;
    if ((DevicePathType (Node) == MEDIA_DEVICE_PATH) && (DevicePathSubType (Node) == MEDIA_HARDDRIVE_DP)) {
      Drive = (CONST HARDDRIVE_DEVICE_PATH *)Node;
    }
  }

  return ((Drive != NULL) && (Drive->SignatureType == SIGNATURE_TYPE_GUID)) ? Drive : NULL;
}

/**
  Whether a partition has a name as its PARTUUID.

  @param[in] Handle  A handle with blocks.
  @param[in] Uuid    The PARTUUID.

  @retval TRUE   It has.
  @retval FALSE  It has not, or is no partition of GPT.
**/
STATIC
BOOLEAN
HasUuid (
  IN EFI_HANDLE  Handle,
  IN CONST GUID  *Uuid
  )
{
  CONST HARDDRIVE_DEVICE_PATH  *Drive;

  Drive = FindDrive (Handle);
  return (BOOLEAN)((Drive != NULL) && (CompareMem (Drive->Signature, Uuid, sizeof (*Uuid)) == 0));
}

/**
  Whether the partition is still there.  A USB drive that is pulled out takes the PC's driver for its blocks with it;
  what is plugged in then may have the same handle.

  @param[in] Storage  The storage.

  @retval TRUE   It is.
  @retval FALSE  It is not: its blocks must not be called.
**/
STATIC
BOOLEAN
IsThere (
  IN CONST MRM_STORAGE  *Storage
  )
{
  VOID  *Blocks;

  return (BOOLEAN)(  !EFI_ERROR (gBS->HandleProtocol (Storage->Handle, &gEfiBlockIoProtocolGuid, &Blocks))
                  && (Blocks == Storage->Blocks)
                  && HasUuid (Storage->Handle, &Storage->Uuid));
}

/**
  Read blocks (MRM_STORAGE_READ).

  @param[in]  Storage  The storage.
  @param[in]  Offset   The first byte.
  @param[in]  Size     Bytes.
  @param[out] Bytes    Receives them.

  @retval EFI_NO_MEDIA  The drive was pulled out.
  @return Other         Status of the PC's driver.
**/
STATIC
EFI_STATUS
ReadPartition (
  IN  CONST MRM_STORAGE  *Storage,
  IN  UINT64             Offset,
  IN  UINTN              Size,
  OUT VOID               *Bytes
  )
{
  EFI_BLOCK_IO_PROTOCOL  *Blocks;

  if (!IsThere (Storage)) {
    return EFI_NO_MEDIA;
  }

  Blocks = Storage->Blocks;
  return Blocks->ReadBlocks (Blocks, Blocks->Media->MediaId, DivU64x32 (Offset, Storage->BlockSize), Size, Bytes);
}

/**
  Write blocks (MRM_STORAGE_WRITE).

  @param[in] Storage  The storage.
  @param[in] Offset   The first byte.
  @param[in] Size     Bytes.
  @param[in] Bytes    What to write.

  @retval EFI_NO_MEDIA  The drive was pulled out.
  @return Other         Status of the PC's driver.
**/
STATIC
EFI_STATUS
WritePartition (
  IN CONST MRM_STORAGE  *Storage,
  IN UINT64             Offset,
  IN UINTN              Size,
  IN CONST VOID         *Bytes
  )
{
  EFI_BLOCK_IO_PROTOCOL  *Blocks;

  if (!IsThere (Storage)) {
    return EFI_NO_MEDIA;
  }

  Blocks = Storage->Blocks;
  return Blocks->WriteBlocks (
                   Blocks,
                   Blocks->Media->MediaId,
                   DivU64x32 (Offset, Storage->BlockSize),
                   Size,
                   (VOID *)Bytes
                   );
}

/**
  See that a power cut does not lose what was written (MRM_STORAGE_FLUSH).

  @param[in] Storage  The storage.

  @retval EFI_NO_MEDIA  The drive was pulled out.
  @return Other         Status of the PC's driver.
**/
STATIC
EFI_STATUS
FlushPartition (
  IN CONST MRM_STORAGE  *Storage
  )
{
  EFI_STATUS  Status;

  if (!IsThere (Storage)) {
    return EFI_NO_MEDIA;
  }

  Status = Storage->Blocks->FlushBlocks (Storage->Blocks);
  return EFI_ERROR (Status) ? Status : FlushDrive (Storage->Handle);
}

/**
  Give the partition back to the PC's file systems (MRM_STORAGE_CLOSE).

  @param[in,out] Storage  The storage.
**/
STATIC
VOID
ClosePartition (
  IN OUT MRM_STORAGE  *Storage
  )
{
  if (Storage->Taken) {
    gBS->ConnectController (Storage->Handle, NULL, NULL, TRUE);
    Storage->Taken = FALSE;
  }
}

/**
  Whether a partition has a label.

  @param[in] Handle  A handle with blocks.
  @param[in] Label   The label.

  @retval TRUE   It has.
  @retval FALSE  It has not, is no partition of GPT, or the PC's firmware does not tell.
**/
STATIC
BOOLEAN
HasLabel (
  IN EFI_HANDLE    Handle,
  IN CONST CHAR16  *Label
  )
{
  EFI_PARTITION_INFO_PROTOCOL  *Info;
  UINTN                        Length;

  if (  EFI_ERROR (gBS->HandleProtocol (Handle, &gEfiPartitionInfoProtocolGuid, (VOID **)&Info))
     || (Info->Type != PARTITION_TYPE_GPT))
  {
    return FALSE;
  }

  Length = StrLen (Label);
  return (BOOLEAN)(  (Length <= ARRAY_SIZE (Info->Info.Gpt.PartitionName))
                  && (CompareMem (Info->Info.Gpt.PartitionName, Label, Length * sizeof (CHAR16)) == 0)
                  && (  (Length == ARRAY_SIZE (Info->Info.Gpt.PartitionName))
                     || (Info->Info.Gpt.PartitionName[Length] == 0)));
}

/**
  Find the partitions with a name.

  @param[in]  Name    PARTUUID or label.
  @param[out] Handle  Receives the first one.

  @return  How many there are.
**/
STATIC
UINTN
FindPartitions (
  IN  CONST CHAR16  *Name,
  OUT EFI_HANDLE    *Handle
  )
{
  EFI_HANDLE  *Handles;
  GUID        Uuid;
  BOOLEAN     ByUuid;
  UINTN       Count;
  UINTN       Index;
  UINTN       Found;

  if (EFI_ERROR (gBS->LocateHandleBuffer (ByProtocol, &gEfiBlockIoProtocolGuid, NULL, &Count, &Handles))) {
    return 0;
  }

  ByUuid = (BOOLEAN)((StrLen (Name) == MRM_DISK_LABEL) && !EFI_ERROR (StrToGuid (Name, &Uuid)));
  Found  = 0;
  for (Index = 0; Index < Count; Index++) {
    if (ByUuid ? HasUuid (Handles[Index], &Uuid) : HasLabel (Handles[Index], Name)) {
      Found++;
      *Handle = (Found == 1) ? Handles[Index] : *Handle;
    }
  }

  FreePool (Handles);
  return Found;
}

/**
  Find whose a drive is.

  @param[in] Handle  A partition on it.

  @return  The partition of the plan that has a port with the drive behind it; NULL when nobody has.
**/
STATIC
CONST MRM_PARTITION *
OwnerOf (
  IN EFI_HANDLE  Handle
  )
{
  MRM_PCI_ADDRESS  Address;
  UINTN            Index;

  if (!EFI_ERROR (FindFunctionOf (Handle, &Address))) {
    for (Index = 0; Index < gPartitionCount; Index++) {
      if (IsBehindPorts (&gPartitions[Index], &Address)) {
        return &gPartitions[Index];
      }
    }
  }

  return NULL;
}

/**
  Judge a partition that was found.

  @param[in]  Storage  Its handle and blocks.
  @param[in]  Mode     What may be done with it.
  @param[out] Words    Receives why it will not do.

  @retval EFI_SUCCESS  It will do.
  @return Other        Words says why not.
**/
STATIC
EFI_STATUS
JudgePartition (
  IN  CONST MRM_STORAGE  *Storage,
  IN  MRM_DISK_MODE      Mode,
  OUT CHAR8              *Words
  )
{
  EFI_BLOCK_IO_MEDIA   *Media;
  CONST MRM_PARTITION  *Owner;

  Media = Storage->Blocks->Media;
  Owner = OwnerOf (Storage->Handle);
  if (Owner != NULL) {
    AsciiSPrint (Words, MRM_STORAGE_WORDS, "is on a drive behind a port of '%a'", Owner->Plan->Name);
    return EFI_ACCESS_DENIED;
  }

  if (Storage->Handle == gMachine.EspDevice) {
    AsciiSPrint (Words, MRM_STORAGE_WORDS, "is the ESP that Mrm.efi comes from");
    return EFI_ACCESS_DENIED;
  }

  if (!Media->MediaPresent || (Media->ReadOnly && (Mode != MrmDiskReadOnly))) {
    AsciiSPrint (Words, MRM_STORAGE_WORDS, Media->MediaPresent ? "cannot be written" : "has no medium");
    return EFI_WRITE_PROTECTED;
  }

  if (  ((Media->BlockSize != LEAST_BLOCK) && (Media->BlockSize != MOST_BLOCK))
     || ((Media->IoAlign > 1) && (MOST_BLOCK % Media->IoAlign != 0)))
  {
    AsciiSPrint (
      Words,
      MRM_STORAGE_WORDS,
      "has blocks of %d bytes, at multiples of %d",
      Media->BlockSize,
      Media->IoAlign
      );
    return EFI_UNSUPPORTED;
  }

  return EFI_SUCCESS;
}

EFI_STATUS
OpenGptStorage (
  IN  CONST CHAR16   *Name,
  IN  MRM_DISK_MODE  Mode,
  OUT MRM_STORAGE    *Storage,
  OUT CHAR8          *Words
  )
{
  CONST HARDDRIVE_DEVICE_PATH  *Drive;
  EFI_STATUS                   Status;
  UINTN                        Count;

  Count = FindPartitions (Name, &Storage->Handle);
  if (Count != 1) {
    AsciiSPrint (Words, MRM_STORAGE_WORDS, (Count == 0) ? "is on no drive" : "is there %d times", Count);
    return EFI_NOT_FOUND;
  }

  Drive  = FindDrive (Storage->Handle);
  Status = EFI_UNSUPPORTED;
  if (Drive != NULL) {
    CopyMem (&Storage->Uuid, Drive->Signature, sizeof (Storage->Uuid));
    Status = gBS->HandleProtocol (Storage->Handle, &gEfiBlockIoProtocolGuid, (VOID **)&Storage->Blocks);
  }

  if (!EFI_ERROR (Status)) {
    Status = JudgePartition (Storage, Mode, Words);
  } else {
    AsciiSPrint (Words, MRM_STORAGE_WORDS, "cannot be opened: %r", Status);
  }

  if (EFI_ERROR (Status)) {
    return Status;
  }

  Storage->Taken = FALSE;
  if (!gMachine.VerifyOnly) {
    // A file system of the PC's firmware on it would read and write as well; its blocks stay.
    gBS->DisconnectController (Storage->Handle, NULL, NULL);
    Storage->Taken = TRUE;
  }

  Storage->BlockSize = Storage->Blocks->Media->BlockSize;
  Storage->Size      = MultU64x32 (Storage->Blocks->Media->LastBlock + 1, Storage->BlockSize);
  Storage->Read      = ReadPartition;
  Storage->Write     = WritePartition;
  Storage->Flush     = FlushPartition;
  Storage->Close     = ClosePartition;
  return EFI_SUCCESS;
}
