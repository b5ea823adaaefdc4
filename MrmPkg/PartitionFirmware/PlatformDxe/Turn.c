/** @file
  A kernel's turn at what it shares with those of other partitions while it boots.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformDxe.h"
#include <Guid/EventGroup.h>
#include <Library/TimerLib.h>
#include <Library/UefiBootServicesTableLib.h>

#define STEP         1000                ///< microseconds between two looks
#define STEPS_LIMIT  60000               ///< looks, until it goes on without an answer: one minute

/**
  The loader is about to leave boot services: wait for the kernel's turn.

  @param[in] Event    Not used.
  @param[in] Context  The mailbox.
**/
STATIC
VOID
EFIAPI
OnBeforeExitBootServices (
  IN EFI_EVENT  Event,
  IN VOID       *Context
  )
{
  MRM_MAILBOX  *Mailbox;
  UINTN        Step;

  Mailbox             = Context;
  Mailbox->Turn.Asked = 1;
  for (Step = 0; (Step < STEPS_LIMIT) && (Mailbox->Turn.Granted == 0); Step++) {
    MicroSecondDelay (STEP);
    // The timer event of the heartbeat has no higher priority than this, so it does not run now.
    Mailbox->Heartbeat++;
  }
}

EFI_STATUS
PrepareTurn (
  VOID
  )
{
  EFI_EVENT  Event;

  return gBS->CreateEventEx (
                EVT_NOTIFY_SIGNAL,
                TPL_CALLBACK,
                OnBeforeExitBootServices,
                MrmGetMailbox (),
                &gEfiEventBeforeExitBootServicesGuid,
                &Event
                );
}
