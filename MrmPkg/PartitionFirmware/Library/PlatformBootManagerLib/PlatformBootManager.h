/** @file
  Parts of the partition's boot manager.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef PLATFORM_BOOT_MANAGER_H_
#define PLATFORM_BOOT_MANAGER_H_

#include <PiDxe.h>
#include <Library/MrmHandOffLib.h>

/**
  Make the partition's UART its console: ConIn, ConOut, ErrOut.

  @param[in] Console  The console of the hand-off; MrmConsoleNone leaves the variables alone.
**/
VOID
SetConsoleVariables (
  IN CONST MRM_CONSOLE  *Console
  );

/**
  Offer an initrd to a Linux loader: LoadFile2 on the LINUX_EFI_INITRD_MEDIA device path.

  @param[in] Initrd  The initrd; must stay in place until ExitBootServices.

  @retval EFI_SUCCESS  Offered.
  @return Other        Status of InstallMultipleProtocolInterfaces.
**/
EFI_STATUS
OfferInitrd (
  IN CONST MRM_RANGE  *Initrd
  );

#endif
