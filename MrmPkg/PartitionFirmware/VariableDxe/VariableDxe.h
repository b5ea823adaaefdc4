/** @file
  Parts of the variable driver.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef VARIABLE_DXE_H_
#define VARIABLE_DXE_H_

#include <PiDxe.h>
#include <Library/MrmHandOffLib.h>

/**
  Ask the controller something and wait for the answer, for 15 seconds; for one second if it did not answer the call
  before.  Also at run time.

  @param[in,out] Call          The call in the mailbox.
  @param[in]     TscFrequency  Hz.

  @retval EFI_DEVICE_ERROR  The controller did not answer in time.
  @return Other             Its answer.
**/
EFI_STATUS
CallController (
  IN OUT MRM_CALL  *Call,
  IN     UINT64    TscFrequency
  );

/**
  Prepare to wake the controller, at run time too.

  @param[in] HandOff  The hand-off.
**/
VOID
PrepareWake (
  IN CONST MRM_HAND_OFF  *HandOff
  );

/**
  Follow the OS into virtual addressing.
**/
VOID
ConvertWake (
  VOID
  );

/**
  Have the controller look at the mailbox now.  Where that cannot be it looks by itself, some 20 ms later at the latest.
**/
VOID
WakeController (
  VOID
  );

#endif
