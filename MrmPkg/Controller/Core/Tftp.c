/** @file
  Files of the server that a PXE boot named (UEFI 2.10 section 24.3).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Tftp.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmLogLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/PxeBaseCode.h>

EFI_STATUS
FindTftpServer (
  IN  EFI_HANDLE  Device,
  OUT MRM_SERVER  *Server
  )
{
  EFI_STATUS                      Status;
  EFI_PXE_BASE_CODE_PROTOCOL      *Pxe;
  CONST EFI_PXE_BASE_CODE_PACKET  *Packets[3];
  UINTN                           Count;
  UINTN                           Index;

  Status = gBS->HandleProtocol (Device, &gEfiPxeBaseCodeProtocolGuid, (VOID **)&Pxe);
  if (EFI_ERROR (Status) || !Pxe->Mode->Started) {
    return EFI_UNSUPPORTED;
  }

  if (Pxe->Mode->UsingIpv6) {
    Status = MrmServerOfDhcp6 (Pxe->Mode->DhcpAck.Raw, sizeof (Pxe->Mode->DhcpAck), Server);
    return EFI_ERROR (Status) ? EFI_NOT_FOUND : EFI_SUCCESS;
  }

  // A boot server's answer is the last word; what a proxy says counts where the DHCP server names no file.
  Count = 0;
  if (Pxe->Mode->PxeReplyReceived) {
    Packets[Count++] = &Pxe->Mode->PxeReply;
  }

  Packets[Count++] = &Pxe->Mode->DhcpAck;
  if (Pxe->Mode->ProxyOfferReceived) {
    Packets[Count++] = &Pxe->Mode->ProxyOffer;
  }

  for (Index = 0; Index < Count; Index++) {
    if (!EFI_ERROR (MrmServerOfDhcp4 (Packets[Index]->Raw, sizeof (*Packets[Index]), Server))) {
      return EFI_SUCCESS;
    }
  }

  return EFI_NOT_FOUND;
}

/**
  Find the interface again: it may have been given to a partition since.

  @param[in]  Device  Its device path.
  @param[out] Pxe     Receives its protocol.

  @return  Status of the search.
**/
STATIC
EFI_STATUS
FindPxe (
  IN  CONST EFI_DEVICE_PATH_PROTOCOL  *Device,
  OUT EFI_PXE_BASE_CODE_PROTOCOL      **Pxe
  )
{
  EFI_STATUS                Status;
  EFI_DEVICE_PATH_PROTOCOL  *Rest;
  EFI_HANDLE                Handle;

  Rest   = (EFI_DEVICE_PATH_PROTOCOL *)Device;
  Status = gBS->LocateDevicePath (&gEfiPxeBaseCodeProtocolGuid, &Rest, &Handle);
  if (!EFI_ERROR (Status)) {
    Status = gBS->HandleProtocol (Handle, &gEfiPxeBaseCodeProtocolGuid, (VOID **)Pxe);
  }

  return (!EFI_ERROR (Status) && !(*Pxe)->Mode->Started) ? EFI_NOT_STARTED : Status;
}

/**
  Have the PC's firmware do a part of a transfer.

  @param[in]     Pxe        Its protocol.
  @param[in]     Operation  What to do.
  @param[in]     Server     The server.
  @param[in]     Place      Name of the file.
  @param[out]    Buffer     Receives the file, or NULL.
  @param[in,out] Size       Its bytes.
  @param[out]    Reason     Receives what came instead.
  @param[in]     Room       Bytes of Reason.

  @retval EFI_SUCCESS    Done.
  @retval EFI_NOT_FOUND  The server refuses; EDK2 before 2023 does not tell why by a number.
  @return Other          Status of the firmware.
**/
STATIC
EFI_STATUS
Transfer (
  IN     EFI_PXE_BASE_CODE_PROTOCOL     *Pxe,
  IN     EFI_PXE_BASE_CODE_TFTP_OPCODE  Operation,
  IN     CONST MRM_SERVER               *Server,
  IN     CONST CHAR8                    *Place,
  OUT    VOID                           *Buffer,
  IN OUT UINT64                         *Size,
  OUT    CHAR8                          *Reason,
  IN     UINTN                          Room
  )
{
  EFI_STATUS      Status;
  EFI_IP_ADDRESS  Address;
  CHAR8           Words[sizeof (Pxe->Mode->TftpError.ErrorString)];

  ZeroMem (&Address, sizeof (Address));
  CopyMem (&Address, Server->Address, sizeof (Server->Address));
  Status = Pxe->Mtftp (Pxe, Operation, Buffer, FALSE, Size, NULL, &Address, (UINT8 *)Place, NULL, FALSE);
  if (Status != EFI_TFTP_ERROR) {
    AsciiSPrint (Reason, Room, "it cannot be fetched: %r", Status);
    return Status;
  }

  MrmTextPrintable (
    Words,
    sizeof (Words),
    (CONST UINT8 *)Pxe->Mode->TftpError.ErrorString,
    AsciiStrnLenS (Pxe->Mode->TftpError.ErrorString, sizeof (Words) - 1)
    );
  AsciiSPrint (Reason, Room, "the server says: %a", Words);
  return EFI_NOT_FOUND;
}

EFI_STATUS
FetchByTftp (
  IN  CONST EFI_DEVICE_PATH_PROTOCOL  *Device,
  IN  CONST MRM_SERVER                *Server,
  IN  CONST CHAR8                     *Place,
  IN  UINT64                          Most,
  OUT MRM_RANGE                       *File,
  OUT CHAR8                           *Reason,
  IN  UINTN                           Room
  )
{
  EFI_STATUS                  Status;
  EFI_PXE_BASE_CODE_PROTOCOL  *Pxe;
  UINT64                      Size;
  UINT64                      Came;
  VOID                        *Buffer;

  Status = FindPxe (Device, &Pxe);
  if (EFI_ERROR (Status)) {
    AsciiSPrint (Reason, Room, "its network interface is there no more: %r", Status);
    return EFI_NO_MEDIA;
  }

  Size   = 0;
  Status = Transfer (Pxe, EFI_PXE_BASE_CODE_TFTP_GET_FILE_SIZE, Server, Place, NULL, &Size, Reason, Room);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  if ((Size == 0) || (Size > Most)) {
    AsciiSPrint (Reason, Room, "the server says it has %ld bytes; expected 1 to %ld", Size, Most);
    return EFI_BAD_BUFFER_SIZE;
  }

  Buffer = AllocatePages (EFI_SIZE_TO_PAGES ((UINTN)Size));
  if (Buffer == NULL) {
    AsciiSPrint (Reason, Room, "there is no memory for its %ld bytes", Size);
    return EFI_OUT_OF_RESOURCES;
  }

  Came   = Size;
  Status = Transfer (Pxe, EFI_PXE_BASE_CODE_TFTP_READ_FILE, Server, Place, Buffer, &Came, Reason, Room);
  if (!EFI_ERROR (Status) && (Came != Size)) {
    AsciiSPrint (Reason, Room, "%ld of %ld bytes came", Came, Size);
    Status = EFI_END_OF_FILE;
  }

  if (EFI_ERROR (Status)) {
    FreePages (Buffer, EFI_SIZE_TO_PAGES ((UINTN)Size));
    return Status;
  }

  File->Base = (UINTN)Buffer;
  File->Size = Size;
  return EFI_SUCCESS;
}
