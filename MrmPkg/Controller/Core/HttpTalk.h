/** @file
  A conversation with a server by HTTP: one request, and its answer in parts.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_HTTP_TALK_H_
#define MRM_CONTROLLER_HTTP_TALK_H_

#include <Uefi.h>
#include <Protocol/DevicePath.h>
#include <Protocol/Http.h>
#include <Protocol/ServiceBinding.h>

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
} MRM_HTTP_TALK;

/**
  Find a node in a device path.

  @param[in] Path     The path.
  @param[in] SubType  Which one, of MESSAGING_DEVICE_PATH.
  @param[in] Least    Bytes it has at least.

  @return  The last such node; NULL when there is none.
**/
CONST EFI_DEVICE_PATH_PROTOCOL *
FindPathNode (
  IN CONST EFI_DEVICE_PATH_PROTOCOL  *Path,
  IN UINT8                           SubType,
  IN UINTN                           Least
  );

/**
  Begin a conversation.

  @param[out] Talk    The conversation; for EndHttpTalk(), whatever is returned.
  @param[in]  Device  Device path of what Mrm.efi was loaded from.

  @return  Status of the PC's firmware.
**/
EFI_STATUS
BeginHttpTalk (
  OUT MRM_HTTP_TALK                   *Talk,
  IN  CONST EFI_DEVICE_PATH_PROTOCOL  *Device
  );

/**
  End a conversation.

  @param[in,out] Talk  The conversation; may be half begun.
**/
VOID
EndHttpTalk (
  IN OUT MRM_HTTP_TALK  *Talk
  );

/**
  Ask for a file.

  @param[in,out] Talk   The conversation.
  @param[in]     Place  URI of the file.

  @return  Status of the PC's firmware.
**/
EFI_STATUS
AskHttp (
  IN OUT MRM_HTTP_TALK  *Talk,
  IN     CONST CHAR8    *Place
  );

/**
  Receive a part of an answer.

  @param[in,out] Talk     The conversation.
  @param[in,out] Message  What to receive, and what came.

  @return  Status of the PC's firmware; EFI_HTTP_ERROR with the server's own in Message.
**/
EFI_STATUS
ReceiveHttp (
  IN OUT MRM_HTTP_TALK     *Talk,
  IN OUT EFI_HTTP_MESSAGE  *Message
  );

#endif
