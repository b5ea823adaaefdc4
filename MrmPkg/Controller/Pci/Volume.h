/** @file
  Which volume is written to when Mrm.efi came from a server.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PCI_VOLUME_H_
#define MRM_CONTROLLER_PCI_VOLUME_H_

#include <Uefi.h>

/**
  Choose the volume that variable stores, reloads and the report go to, and tell which it is.  It is the first one, in
  the order of the PC's firmware, that has the folder `\EFI\MRM`.  A RAM disk does not count, nor does a volume behind a
  port that gPlan gives to a partition.  Without one gMachine.Esp stays NULL, and what is lost is told.
**/
VOID
ChooseVolume (
  VOID
  );

#endif
