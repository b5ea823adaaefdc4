/** @file
  Which volume is written to when Mrm.efi came from a server.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PCI_VOLUME_H_
#define MRM_CONTROLLER_PCI_VOLUME_H_

#include <Uefi.h>

/**
  Choose the volume that variable stores, reloads and the report go to: the first one, in the order of the PC's
  firmware, that has the folder `\EFI\MRM`, is no RAM disk, and does not lie behind a port that gPlan, if there is one,
  gives to a partition. What was chosen is told; without one gMachine.Esp stays NULL, and what is lost is told.
**/
VOID
ChooseVolume (
  VOID
  );

#endif
