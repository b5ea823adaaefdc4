/** @file
  Drives write down what they keep in their caches.

  EDK2's driver for ATA disks answers FlushBlocks() without telling the drive (2025.02,
  MdeModulePkg/Bus/Ata/AtaBusDxe/AtaBus.c), and so do the firmwares that are made of it.  Its drivers for
  NVMe drives do tell them.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Flush.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DevicePathLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/AtaPassThru.h>

#define ATA_FLUSH_CACHE  0xE7           ///< opcode; it is for the whole disk, whatever its size
#define FLUSH_TIMEOUT    100000000ULL   ///< 10 s in units of 100 ns: a drive may have much to write, but partitions wait
#define MAX_SILENT       4              ///< drives that did not answer, as many as are remembered
#define MAX_ALIGNMENT    64             ///< of what a driver writes to; drivers want 8 at most, and say 0 or 1 for any

///
/// A drive that did not answer in time.
///
typedef struct {
  EFI_ATA_PASS_THRU_PROTOCOL    *Ata;
  UINT16                        Port;
  UINT16                        Multiplier;
} SILENT;

STATIC BOOLEAN  mSaid;                  ///< that a drive refused
STATIC SILENT   mSilent[MAX_SILENT];
STATIC UINTN    mSilentCount;

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
  Say whether a drive has not answered before.  It is not asked again: nobody else is looked at while it is waited for.

  @param[in] Ata         Its driver.
  @param[in] Port        Where it is.
  @param[in] Multiplier  The same.
**/
STATIC
BOOLEAN
IsSilent (
  IN CONST EFI_ATA_PASS_THRU_PROTOCOL  *Ata,
  IN UINT16                            Port,
  IN UINT16                            Multiplier
  )
{
  UINTN  Index;

  for (Index = 0; Index < mSilentCount; Index++) {
    if ((mSilent[Index].Ata == Ata) && (mSilent[Index].Port == Port) && (mSilent[Index].Multiplier == Multiplier)) {
      return TRUE;
    }
  }

  return FALSE;
}

VOID
FlushDrive (
  IN EFI_HANDLE  Device
  )
{
  EFI_STATUS                  Status;
  EFI_DEVICE_PATH_PROTOCOL    *Path;
  EFI_HANDLE                  Handle;
  EFI_ATA_PASS_THRU_PROTOCOL  *Ata;
  UINT16                      Port;
  UINT16                      Multiplier;

  Path = DevicePathFromHandle (Device);
  if (  (Path == NULL)
     || EFI_ERROR (gBS->LocateDevicePath (&gEfiAtaPassThruProtocolGuid, &Path, &Handle))
     || EFI_ERROR (gBS->HandleProtocol (Handle, &gEfiAtaPassThruProtocolGuid, (VOID **)&Ata))
     || EFI_ERROR (Ata->GetDevice (Ata, Path, &Port, &Multiplier)))
  {
    // It is no ATA disk.
    return;
  }

  if (IsSilent (Ata, Port, Multiplier)) {
    return;
  }

  Status = SendFlush (Ata, Port, Multiplier);
  if ((Status == EFI_TIMEOUT) && (mSilentCount < MAX_SILENT)) {
    mSilent[mSilentCount].Ata        = Ata;
    mSilent[mSilentCount].Port       = Port;
    mSilent[mSilentCount].Multiplier = Multiplier;
    mSilentCount++;
  }

  if (EFI_ERROR (Status) && !mSaid) {
    mSaid = TRUE;
    Say ("a disk does not write down its cache when told to: %r; a power cut may lose what was written last", Status);
  }
}
