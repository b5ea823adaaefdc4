/** @file
  The PC's own drivers, which leave a device and come back to it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_DRIVERS_H_
#define MRM_CONTROLLER_DRIVERS_H_

#include <Uefi.h>

/**
  TRUE if a device is one of those that are meant.

  @param[in] Interface  The device's instance of the protocol it was found by.
  @param[in] Context    Who asks: as MoveDrivers() was given.
**/
typedef
BOOLEAN
(*MRM_IS_MEANT)(
  IN VOID        *Interface,
  IN CONST VOID  *Context
  );

/**
  Have the PC's drivers leave, or come back to, devices.

  @param[in] Protocol  What the devices are found by.
  @param[in] IsMeant   Says which of them are meant.
  @param[in] Context   For IsMeant.
  @param[in] Connect   TRUE: come back.
**/
VOID
MoveDrivers (
  IN EFI_GUID      *Protocol,
  IN MRM_IS_MEANT  IsMeant,
  IN CONST VOID    *Context,
  IN BOOLEAN       Connect
  );

#endif
