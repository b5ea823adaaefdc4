/** @file
  Drives write down what they keep in their caches.

  EDK2's driver for ATA disks answers FlushBlocks() without telling the drive (2025.02,
  MdeModulePkg/Bus/Ata/AtaBusDxe/AtaBus.c), and so do the firmwares that are made of it.  Its drivers for
  NVMe drives do tell them.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Flush.h"
#include "Core/Clock.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DevicePathLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/AtaPassThru.h>

#define ATA_FLUSH_CACHE  0xE7           ///< opcode; it is for the whole disk, whatever its size
#define FLUSH_TIMEOUT    100000000ULL   ///< 10 s in units of 100 ns: a drive may have much to write, but partitions wait
#define ASK_AGAIN        60000          ///< milliseconds after which a drive is asked again that has not answered
#define MAX_DRIVES       8              ///< that are remembered
#define MAX_ALIGNMENT    64             ///< of what a driver writes to; drivers want 8 at most, and say 0 or 1 for any

///
/// What is known of a drive.
///
typedef struct {
  EFI_ATA_PASS_THRU_PROTOCOL    *Ata;
  UINT16                        Port;
  UINT16                        Multiplier;
  BOOLEAN                       Flushes;   ///< it has written down its cache when it was told to
  BOOLEAN                       Said;      ///< that it did not
  UINT64                        AskAt;     ///< it did not answer, and is not asked before this time in milliseconds
} DRIVE;

STATIC DRIVE  mDrives[MAX_DRIVES];
STATIC UINTN  mDriveCount;

/**
  Send a drive the command FLUSH CACHE (ATA8-ACS section 7.12).

  @param[in] Ata         Its driver.
  @param[in] Port        Where it is.
  @param[in] Multiplier  The same.

  @retval EFI_SUCCESS      It has written down what it had.
  @retval EFI_UNSUPPORTED  Its driver wants an alignment that is not known.
  @return Other            Status of the driver.
**/
STATIC
EFI_STATUS
SendFlush (
  IN EFI_ATA_PASS_THRU_PROTOCOL  *Ata,
  IN UINT16                      Port,
  IN UINT16                      Multiplier
  )
{
  EFI_ATA_PASS_THRU_COMMAND_PACKET  Packet;
  EFI_ATA_COMMAND_BLOCK             Command;
  UINT8                             Room[sizeof (EFI_ATA_STATUS_BLOCK) + MAX_ALIGNMENT];

  if (Ata->Mode->IoAlign > MAX_ALIGNMENT) {
    return EFI_UNSUPPORTED;
  }

  ZeroMem (&Packet, sizeof (Packet));
  ZeroMem (&Command, sizeof (Command));
  ZeroMem (Room, sizeof (Room));
  Command.AtaCommand = ATA_FLUSH_CACHE;
  Packet.Asb         = ALIGN_POINTER (Room, MAX_ALIGNMENT);
  Packet.Acb         = &Command;
  Packet.Timeout     = FLUSH_TIMEOUT;
  Packet.Protocol    = EFI_ATA_PASS_THRU_PROTOCOL_ATA_NON_DATA;
  Packet.Length      = EFI_ATA_PASS_THRU_LENGTH_NO_DATA_TRANSFER;
  return Ata->PassThru (Ata, Port, Multiplier, &Packet, NULL);
}

/**
  Find what is known of a drive.

  @param[in] Ata         Its driver.
  @param[in] Port        Where it is.
  @param[in] Multiplier  The same.

  @return  It, with nothing known at first; NULL if there is no room for another drive.
**/
STATIC
DRIVE *
FindDrive (
  IN EFI_ATA_PASS_THRU_PROTOCOL  *Ata,
  IN UINT16                      Port,
  IN UINT16                      Multiplier
  )
{
  DRIVE  *Drive;

  for (Drive = mDrives; Drive < &mDrives[mDriveCount]; Drive++) {
    if ((Drive->Ata == Ata) && (Drive->Port == Port) && (Drive->Multiplier == Multiplier)) {
      return Drive;
    }
  }

  if (mDriveCount == MAX_DRIVES) {
    return NULL;
  }

  mDriveCount++;
  Drive->Ata        = Ata;
  Drive->Port       = Port;
  Drive->Multiplier = Multiplier;
  return Drive;
}

EFI_STATUS
FlushDrive (
  IN EFI_HANDLE  Device
  )
{
  EFI_STATUS                  Status;
  EFI_DEVICE_PATH_PROTOCOL    *Path;
  EFI_HANDLE                  Handle;
  EFI_ATA_PASS_THRU_PROTOCOL  *Ata;
  DRIVE                       *Drive;
  UINT16                      Port;
  UINT16                      Multiplier;

  Path = DevicePathFromHandle (Device);
  if (  (Path == NULL)
     || EFI_ERROR (gBS->LocateDevicePath (&gEfiAtaPassThruProtocolGuid, &Path, &Handle))
     || EFI_ERROR (gBS->HandleProtocol (Handle, &gEfiAtaPassThruProtocolGuid, (VOID **)&Ata))
     || EFI_ERROR (Ata->GetDevice (Ata, Path, &Port, &Multiplier)))
  {
    // It is no ATA disk.
    return EFI_SUCCESS;
  }

  Drive = FindDrive (Ata, Port, Multiplier);
  if (Drive == NULL) {
    return SendFlush (Ata, Port, Multiplier);
  }

  if (Milliseconds () < Drive->AskAt) {
    // Nobody else is looked at while it is waited for.
    return Drive->Flushes ? EFI_TIMEOUT : EFI_SUCCESS;
  }

  Status = SendFlush (Ata, Port, Multiplier);
  if (!EFI_ERROR (Status)) {
    Drive->Flushes = TRUE;
    return EFI_SUCCESS;
  }

  if (Status == EFI_TIMEOUT) {
    Drive->AskAt = Milliseconds () + ASK_AGAIN;
  }

  if (!Drive->Said) {
    Drive->Said = TRUE;
    Say ("a disk does not write down its cache when told to: %r; a power cut may lose what was written last", Status);
  }

  // Of one that has never done it nothing can be promised.
  return Drive->Flushes ? Status : EFI_SUCCESS;
}
