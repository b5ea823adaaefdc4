/** @file
  Files of the server that an HTTP boot named.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Http.h"
#include "Core/HttpTalk.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>

#define MOST_AT_ONCE  SIZE_1MB

EFI_STATUS
FindHttpServer (
  IN  CONST EFI_DEVICE_PATH_PROTOCOL  *Device,
  OUT MRM_SERVER                      *Server
  )
{
  CONST EFI_DEVICE_PATH_PROTOCOL  *Node;

  Node = FindPathNode (Device, MSG_URI_DP, sizeof (*Node) + 1);
  if (Node == NULL) {
    return EFI_UNSUPPORTED;
  }

  if (EFI_ERROR (MrmServerOfUri ((CONST UINT8 *)(Node + 1), DevicePathNodeLength (Node) - sizeof (*Node), Server))) {
    return EFI_NOT_FOUND;
  }

  return EFI_SUCCESS;
}

/**
  Find out how long an answer is, and free its headers.

  @param[in,out] Message  The answer.
  @param[out]    Size     Receives the bytes that follow.

  @retval TRUE   Known.
  @retval FALSE  The server does not say.
**/
STATIC
BOOLEAN
TakeLength (
  IN OUT EFI_HTTP_MESSAGE  *Message,
  OUT    UINT64            *Size
  )
{
  UINTN    Index;
  BOOLEAN  Known;

  Known = FALSE;
  for (Index = 0; Index < Message->HeaderCount; Index++) {
    if (AsciiStriCmp (Message->Headers[Index].FieldName, "Content-Length") == 0) {
      Known = MrmServerLength (Message->Headers[Index].FieldValue, Size);
    }

    // Each was allocated for us (UEFI 2.10 section 29.6.6).
    FreePool (Message->Headers[Index].FieldName);
    FreePool (Message->Headers[Index].FieldValue);
  }

  if (Message->Headers != NULL) {
    FreePool (Message->Headers);
    Message->Headers = NULL;
  }

  return Known;
}

/**
  Receive the head of an answer.

  @param[in,out] Talk    The conversation.
  @param[in]     Most    Bytes that are taken at most.
  @param[out]    Size    Receives the bytes that follow.
  @param[out]    Reason  Receives what came instead.
  @param[in]     Room    Bytes of Reason.

  @retval EFI_SUCCESS    The file follows.
  @retval EFI_NOT_FOUND  The server has none.
  @return Other          It does not follow.
**/
STATIC
EFI_STATUS
ReceiveHead (
  IN OUT MRM_HTTP_TALK  *Talk,
  IN     UINT64         Most,
  OUT    UINT64         *Size,
  OUT    CHAR8          *Reason,
  IN     UINTN          Room
  )
{
  EFI_STATUS              Status;
  EFI_HTTP_MESSAGE        Message;
  EFI_HTTP_RESPONSE_DATA  Response;
  BOOLEAN                 Known;

  ZeroMem (&Message, sizeof (Message));
  Response.StatusCode   = HTTP_STATUS_UNSUPPORTED_STATUS;
  Message.Data.Response = &Response;
  *Size                 = 0;
  Status                = ReceiveHttp (Talk, &Message);
  Known                 = TakeLength (&Message, Size);
  if ((Status == EFI_HTTP_ERROR) || (!EFI_ERROR (Status) && (Response.StatusCode != HTTP_STATUS_200_OK))) {
    if (Response.StatusCode == HTTP_STATUS_404_NOT_FOUND) {
      AsciiSPrint (Reason, Room, "not found");
      return EFI_NOT_FOUND;
    }

    AsciiSPrint (Reason, Room, "the server answers neither 200 nor 404 (EFI_HTTP_STATUS_CODE %d)", Response.StatusCode);
    return EFI_PROTOCOL_ERROR;
  }

  if (EFI_ERROR (Status)) {
    AsciiSPrint (Reason, Room, "no answer: %r", Status);
  } else if (!Known) {
    AsciiSPrint (Reason, Room, "the server does not say how long it is (Content-Length)");
    Status = EFI_PROTOCOL_ERROR;
  } else if ((*Size == 0) || (*Size > Most)) {
    AsciiSPrint (Reason, Room, "the server says it has %ld bytes; expected 1 to %ld", *Size, Most);
    Status = EFI_BAD_BUFFER_SIZE;
  }

  return Status;
}

/**
  Receive what follows the head.

  @param[in,out] Talk    The conversation.
  @param[in]     Size    Bytes that follow.
  @param[out]    Buffer  Receives them.
  @param[out]    Came    Receives how many came.

  @return  Status of the PC's firmware.
**/
STATIC
EFI_STATUS
ReceiveBody (
  IN OUT MRM_HTTP_TALK  *Talk,
  IN     UINT64         Size,
  OUT    UINT8          *Buffer,
  OUT    UINT64         *Came
  )
{
  EFI_STATUS        Status;
  EFI_HTTP_MESSAGE  Message;

  for (*Came = 0; *Came < Size; *Came += Message.BodyLength) {
    ZeroMem (&Message, sizeof (Message));
    Message.BodyLength = (UINTN)MIN (Size - *Came, MOST_AT_ONCE);
    Message.Body       = Buffer + *Came;
    Status             = ReceiveHttp (Talk, &Message);
    if (EFI_ERROR (Status)) {
      return Status;
    }

    if ((Message.BodyLength == 0) || (Message.BodyLength > Size - *Came)) {
      return EFI_END_OF_FILE;
    }
  }

  return EFI_SUCCESS;
}

EFI_STATUS
FetchByHttp (
  IN  CONST EFI_DEVICE_PATH_PROTOCOL  *Device,
  IN  CONST CHAR8                     *Place,
  IN  UINT64                          Most,
  OUT MRM_RANGE                       *File,
  OUT CHAR8                           *Reason,
  IN  UINTN                           Room
  )
{
  EFI_STATUS     Status;
  MRM_HTTP_TALK  Talk;
  UINT64         Size;
  UINT64         Came;
  VOID           *Buffer;

  Status = BeginHttpTalk (&Talk, Device);
  if (EFI_ERROR (Status)) {
    AsciiSPrint (Reason, Room, "its network interface does not take it, or is there no more: %r", Status);
    EndHttpTalk (&Talk);
    return EFI_NO_MEDIA;
  }

  Status = AskHttp (&Talk, Place);
  if (EFI_ERROR (Status)) {
    AsciiSPrint (Reason, Room, "the server cannot be asked: %r", Status);
  } else {
    Status = ReceiveHead (&Talk, Most, &Size, Reason, Room);
  }

  if (!EFI_ERROR (Status)) {
    Buffer = AllocatePages (EFI_SIZE_TO_PAGES ((UINTN)Size));
    if (Buffer == NULL) {
      AsciiSPrint (Reason, Room, "there is no memory for its %ld bytes", Size);
      Status = EFI_OUT_OF_RESOURCES;
    } else {
      Status = ReceiveBody (&Talk, Size, Buffer, &Came);
      if (EFI_ERROR (Status)) {
        AsciiSPrint (Reason, Room, "%ld of %ld bytes came: %r", Came, Size, Status);
        FreePages (Buffer, EFI_SIZE_TO_PAGES ((UINTN)Size));
      } else {
        File->Base = (UINTN)Buffer;
        File->Size = Size;
      }
    }
  }

  EndHttpTalk (&Talk);
  return Status;
}
