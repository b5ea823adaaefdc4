/** @file
  Boot files of partitions, read from where Mrm.efi came from.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_BOOT_FILES_H_
#define MRM_CONTROLLER_BOOT_FILES_H_

#include "Partition/Partition.h"


/**
  Read the boot files of a partition from the ESP.

  @param[in,out] Partition  Receives BootFiles, or is refused when no source is left to boot from.
**/
VOID
BindFiles (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Free the controller's copies of a partition's boot files.

  @param[in,out] Partition  BootFiles become empty.
**/
VOID
ReleaseFiles (
  IN OUT MRM_PARTITION  *Partition
  );

#endif
