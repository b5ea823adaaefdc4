/** @file
  Files of the server that an HTTP boot named (UEFI 2.10 section 29.6).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Http.h"
#include "Core/Clock.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/Http.h>
#include <Protocol/ServiceBinding.h>

#define REQUEST_MILLISECONDS  10000    ///< for the PC's firmware to connect
#define STALL_MILLISECONDS    30000    ///< without a byte
#define WHOLE_MILLISECONDS    600000   ///< for one file
#define MOST_AT_ONCE          SIZE_1MB

///
/// One file's conversation with a server.
///
typedef struct {
  EFI_SERVICE_BINDING_PROTOCOL    *Binding;
  EFI_HANDLE                      Child;
  EFI_HTTP_PROTOCOL               *Http;
  EFI_EVENT                       Event;    ///< of all tokens, one after the other
  volatile BOOLEAN                Done;     ///< set by the event
  UINT64                          Began;    ///< milliseconds
} TALK;

/**
  Find a node in a device path.

  @param[in] Path     The path.
  @param[in] SubType  Which one, of MESSAGING_DEVICE_PATH.
  @param[in] Least    Bytes it has at least.

  @return  The last such node; NULL when there is none.
**/
STATIC
CONST EFI_DEVICE_PATH_PROTOCOL *
FindNode (
  IN CONST EFI_DEVICE_PATH_PROTOCOL  *Path,
  IN UINT8                           SubType,
  IN UINTN                           Least
  )
{
  CONST EFI_DEVICE_PATH_PROTOCOL  *Found;

  Found = NULL;
  for ( ; !IsDevicePathEnd (Path); Path = NextDevicePathNode (Path)) {
    if (  (DevicePathType (Path) == MESSAGING_DEVICE_PATH)
       && (DevicePathSubType (Path) == SubType)
       && (DevicePathNodeLength (Path) >= Least))
    {
      Found = Path;
    }
  }

  return Found;
}

EFI_STATUS
FindHttpServer (
  IN  CONST EFI_DEVICE_PATH_PROTOCOL  *Device,
  OUT MRM_SERVER                      *Server
  )
{
  CONST EFI_DEVICE_PATH_PROTOCOL  *Node;

  Node = FindNode (Device, MSG_URI_DP, sizeof (*Node) + 1);
  if (Node == NULL) {
    return EFI_UNSUPPORTED;
  }

  return EFI_ERROR (MrmServerOfUri ((CONST UINT8 *)(Node + 1), DevicePathNodeLength (Node) - sizeof (*Node), Server)) ? EFI_NOT_FOUND : EFI_SUCCESS;
}

/**
  Take note that a token is done.

  @param[in] Event    The token's event.
  @param[in] Context  Its conversation.
**/
STATIC
VOID
EFIAPI
TokenDone (
  IN EFI_EVENT  Event,
  IN VOID       *Context
  )
{
  ((TALK *)Context)->Done = TRUE;
}

/**
  Configure a conversation as the PC's firmware had its own: with the address that the device path tells.

  @param[in,out] Talk    The conversation.
  @param[in]     Device  Device path of what Mrm.efi was loaded from.

  @return  Status of the PC's firmware.
**/
STATIC
EFI_STATUS
Configure (
  IN OUT TALK                            *Talk,
  IN     CONST EFI_DEVICE_PATH_PROTOCOL  *Device
  )
{
  EFI_HTTP_CONFIG_DATA     Config;
  EFI_HTTPv4_ACCESS_POINT  Point4;
  EFI_HTTPv6_ACCESS_POINT  Point6;
  CONST IPv4_DEVICE_PATH   *Node4;
  CONST IPv6_DEVICE_PATH   *Node6;

  ZeroMem (&Config, sizeof (Config));
  ZeroMem (&Point4, sizeof (Point4));
  ZeroMem (&Point6, sizeof (Point6));
  Config.HttpVersion     = HttpVersion11;
  Config.TimeOutMillisec = REQUEST_MILLISECONDS;
  Node4                  = (CONST IPv4_DEVICE_PATH *)FindNode (Device, MSG_IPv4_DP, sizeof (*Node4));
  Node6                  = (CONST IPv6_DEVICE_PATH *)FindNode (Device, MSG_IPv6_DP, sizeof (*Node6));
  if ((Node4 == NULL) && (Node6 != NULL)) {
    Config.LocalAddressIsIPv6   = TRUE;
    Config.AccessPoint.IPv6Node = &Point6;
    CopyMem (&Point6.LocalAddress, &Node6->LocalIpAddress, sizeof (Point6.LocalAddress));
  } else {
    Config.AccessPoint.IPv4Node = &Point4;
    Point4.UseDefaultAddress    = (BOOLEAN)((Node4 == NULL) || IsZeroBuffer (&Node4->LocalIpAddress, sizeof (Node4->LocalIpAddress)));
    if (!Point4.UseDefaultAddress) {
      CopyMem (&Point4.LocalAddress, &Node4->LocalIpAddress, sizeof (Point4.LocalAddress));
      CopyMem (&Point4.LocalSubnet, &Node4->SubnetMask, sizeof (Point4.LocalSubnet));
    }
  }

  return Talk->Http->Configure (Talk->Http, &Config);
}

/**
  End a conversation.

  @param[in,out] Talk  The conversation; may be half begun.
**/
STATIC
VOID
EndTalk (
  IN OUT TALK  *Talk
  )
{
  if (Talk->Http != NULL) {
    Talk->Http->Configure (Talk->Http, NULL);
  }

  if (Talk->Child != NULL) {
    Talk->Binding->DestroyChild (Talk->Binding, Talk->Child);
  }

  if (Talk->Event != NULL) {
    gBS->CloseEvent (Talk->Event);
  }
}

/**
  Begin a conversation.

  @param[out] Talk    The conversation; for EndTalk(), whatever is returned.
  @param[in]  Device  Device path of what Mrm.efi was loaded from.

  @return  Status of the PC's firmware.
**/
STATIC
EFI_STATUS
BeginTalk (
  OUT TALK                            *Talk,
  IN  CONST EFI_DEVICE_PATH_PROTOCOL  *Device
  )
{
  EFI_STATUS                Status;
  EFI_DEVICE_PATH_PROTOCOL  *Rest;
  EFI_HANDLE                Handle;

  ZeroMem (Talk, sizeof (*Talk));
  Talk->Began = Milliseconds ();
  Rest        = (EFI_DEVICE_PATH_PROTOCOL *)Device;
  Status      = gBS->LocateDevicePath (&gEfiHttpServiceBindingProtocolGuid, &Rest, &Handle);
  if (!EFI_ERROR (Status)) {
    Status = gBS->HandleProtocol (Handle, &gEfiHttpServiceBindingProtocolGuid, (VOID **)&Talk->Binding);
  }

  if (!EFI_ERROR (Status)) {
    Status = Talk->Binding->CreateChild (Talk->Binding, &Talk->Child);
  }

  if (!EFI_ERROR (Status)) {
    Status = gBS->HandleProtocol (Talk->Child, &gEfiHttpProtocolGuid, (VOID **)&Talk->Http);
  }

  if (!EFI_ERROR (Status)) {
    Status = Configure (Talk, Device);
  }

  return EFI_ERROR (Status) ? Status : gBS->CreateEvent (EVT_NOTIFY_SIGNAL, TPL_CALLBACK, TokenDone, Talk, &Talk->Event);
}

/**
  Wait until a token is done.

  @param[in,out] Talk   The conversation.
  @param[in,out] Token  The token; it has been queued.

  @retval EFI_TIMEOUT  It took too long.
  @return Other        Status of the token.
**/
STATIC
EFI_STATUS
WaitFor (
  IN OUT TALK            *Talk,
  IN OUT EFI_HTTP_TOKEN  *Token
  )
{
  UINT64  Begin;

  Begin = Milliseconds ();
  while (!Talk->Done) {
    if (  (Milliseconds () - Begin > STALL_MILLISECONDS)
       || (Milliseconds () - Talk->Began > WHOLE_MILLISECONDS))
    {
      Talk->Http->Cancel (Talk->Http, Token);
      return EFI_TIMEOUT;
    }

    Talk->Http->Poll (Talk->Http);
  }

  return Token->Status;
}

/**
  Ask for a file.

  @param[in,out] Talk   The conversation.
  @param[in]     Place  URI of the file.

  @return  Status of the PC's firmware.
**/
STATIC
EFI_STATUS
Ask (
  IN OUT TALK         *Talk,
  IN     CONST CHAR8  *Place
  )
{
  EFI_STATUS             Status;
  EFI_HTTP_TOKEN         Token;
  EFI_HTTP_MESSAGE       Message;
  EFI_HTTP_REQUEST_DATA  Request;
  CHAR8                  Host[MRM_SERVER_HOST_SIZE];
  CHAR16                 Url[MRM_SERVER_PLACE_SIZE];
  EFI_HTTP_HEADER        Headers[] = {
    { "Host",       Host  },
    { "Accept",     "*/*" },
    { "User-Agent", "MRM" }
  };

  MrmServerHost (Place, Host);
  AsciiStrToUnicodeStrS (Place, Url, ARRAY_SIZE (Url));
  Request.Method       = HttpMethodGet;
  Request.Url          = Url;
  Message.Data.Request = &Request;
  Message.HeaderCount  = ARRAY_SIZE (Headers);
  Message.Headers      = Headers;
  Message.BodyLength   = 0;
  Message.Body         = NULL;
  Token.Event          = Talk->Event;
  Token.Status         = EFI_NOT_READY;
  Token.Message        = &Message;
  Talk->Done           = FALSE;
  Status               = Talk->Http->Request (Talk->Http, &Token);
  return EFI_ERROR (Status) ? Status : WaitFor (Talk, &Token);
}

/**
  Receive a part of an answer.

  @param[in,out] Talk     The conversation.
  @param[in,out] Message  What to receive, and what came.

  @return  Status of the PC's firmware; EFI_HTTP_ERROR with the server's own in Message.
**/
STATIC
EFI_STATUS
Receive (
  IN OUT TALK              *Talk,
  IN OUT EFI_HTTP_MESSAGE  *Message
  )
{
  EFI_STATUS      Status;
  EFI_HTTP_TOKEN  Token;

  Token.Event   = Talk->Event;
  Token.Status  = EFI_NOT_READY;
  Token.Message = Message;
  Talk->Done    = FALSE;
  Status        = Talk->Http->Response (Talk->Http, &Token);
  return EFI_ERROR (Status) ? Status : WaitFor (Talk, &Token);
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
  IN OUT TALK    *Talk,
  IN     UINT64  Most,
  OUT    UINT64  *Size,
  OUT    CHAR8   *Reason,
  IN     UINTN   Room
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
  Status                = Receive (Talk, &Message);
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
  IN OUT TALK    *Talk,
  IN     UINT64  Size,
  OUT    UINT8   *Buffer,
  OUT    UINT64  *Came
  )
{
  EFI_STATUS        Status;
  EFI_HTTP_MESSAGE  Message;

  for (*Came = 0; *Came < Size; *Came += Message.BodyLength) {
    ZeroMem (&Message, sizeof (Message));
    Message.BodyLength = (UINTN)MIN (Size - *Came, MOST_AT_ONCE);
    Message.Body       = Buffer + *Came;
    Status             = Receive (Talk, &Message);
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
  EFI_STATUS  Status;
  TALK        Talk;
  UINT64      Size;
  UINT64      Came;
  VOID        *Buffer;

  Status = BeginTalk (&Talk, Device);
  if (EFI_ERROR (Status)) {
    AsciiSPrint (Reason, Room, "its network interface does not take it, or is there no more: %r", Status);
    EndTalk (&Talk);
    return EFI_NO_MEDIA;
  }

  Status = Ask (&Talk, Place);
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

  EndTalk (&Talk);
  return Status;
}
