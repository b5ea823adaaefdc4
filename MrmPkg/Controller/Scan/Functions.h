/** @file
  PCI functions, for a scan.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_FUNCTIONS_H_
#define MRM_CONTROLLER_FUNCTIONS_H_

#include <Uefi.h>

/**
  Add the device path of a handle as a line, as text (UEFI 2.10 section 10.6).

  @param[in] Handle  The handle; without a path the line is empty.
**/
VOID
AddDevicePath (
  IN EFI_HANDLE  Handle
  );

/**
  Add all PCI functions that the PC's firmware knows: configuration space, device path, base address registers.
**/
VOID
AddFunctions (
  VOID
  );

#endif
