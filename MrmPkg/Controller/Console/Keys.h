/** @file
  Keys of the PC's consoles, and orders that come from there.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_KEYS_H_
#define MRM_CONTROLLER_KEYS_H_

#include "Console/Paint.h"
#include <Protocol/SimpleTextIn.h>

/**
  Take the keys that were pressed on a console's own input.

  @param[in,out] Console  The console.
  @param[in]     In       Its input, or a keyboard.
**/
VOID
PollKeys (
  IN OUT MRM_CONSOLE_SCREEN              *Console,
  IN     EFI_SIMPLE_TEXT_INPUT_PROTOCOL  *In
  );

/**
  Let time pass for what keys began.

  @param[in,out] Console  The console.
**/
VOID
PassTime (
  IN OUT MRM_CONSOLE_SCREEN  *Console
  );

#endif
