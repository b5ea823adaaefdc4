/** @file
  A conversation with a server by HTTP (UEFI 2.10 section 29.6).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/HttpTalk.h"
#include "Core/Clock.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DevicePathLib.h>
#include <Library/MrmServerLib.h>
#include <Library/UefiBootServicesTableLib.h>

#define REQUEST_MILLISECONDS  10000    ///< for the PC's firmware to connect
#define STALL_MILLISECONDS    30000    ///< without a byte
#define WHOLE_MILLISECONDS    600000   ///< for one file

CONST EFI_DEVICE_PATH_PROTOCOL *
FindPathNode (
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
  ((MRM_HTTP_TALK *)Context)->Done = TRUE;
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
  IN OUT MRM_HTTP_TALK                   *Talk,
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
  Node4                  = (CONST IPv4_DEVICE_PATH *)FindPathNode (Device, MSG_IPv4_DP, sizeof (*Node4));
  Node6                  = (CONST IPv6_DEVICE_PATH *)FindPathNode (Device, MSG_IPv6_DP, sizeof (*Node6));
  if ((Node4 == NULL) && (Node6 != NULL)) {
    Config.LocalAddressIsIPv6   = TRUE;
    Config.AccessPoint.IPv6Node = &Point6;
    CopyMem (&Point6.LocalAddress, &Node6->LocalIpAddress, sizeof (Point6.LocalAddress));
  } else {
    Config.AccessPoint.IPv4Node = &Point4;
    Point4.UseDefaultAddress    = TRUE;
    if (Node4 != NULL) {
      Point4.UseDefaultAddress = IsZeroBuffer (&Node4->LocalIpAddress, sizeof (Node4->LocalIpAddress));
    }

    if (!Point4.UseDefaultAddress) {
      CopyMem (&Point4.LocalAddress, &Node4->LocalIpAddress, sizeof (Point4.LocalAddress));
      CopyMem (&Point4.LocalSubnet, &Node4->SubnetMask, sizeof (Point4.LocalSubnet));
    }
  }

  return Talk->Http->Configure (Talk->Http, &Config);
}

VOID
EndHttpTalk (
  IN OUT MRM_HTTP_TALK  *Talk
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

EFI_STATUS
BeginHttpTalk (
  OUT MRM_HTTP_TALK                   *Talk,
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
  IN OUT MRM_HTTP_TALK   *Talk,
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

EFI_STATUS
AskHttp (
  IN OUT MRM_HTTP_TALK  *Talk,
  IN     CONST CHAR8    *Place
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

EFI_STATUS
ReceiveHttp (
  IN OUT MRM_HTTP_TALK     *Talk,
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
