/** @file
  Scanning the PC: what its firmware knows, written down for `python -m generator scan`.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_SCAN_H_
#define MRM_CONTROLLER_SCAN_H_

#include <Uefi.h>

/**
  Write what the PC's firmware knows of the machine to \EFI\MRM\machine.tar of the volume Mrm.efi came from
  (docs/machine-file.md, "Scanning by the firmware").  Nothing else is changed.

  @retval EFI_SUCCESS  Written, which is said.
  @return Other        Not written; why is said.
**/
EFI_STATUS
ScanMachine (
  VOID
  );

#endif
