/** @file
  Drives of the PC that its firmware has not looked at yet.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Pci/Drives.h"
#include "Partition/Partition.h"
#include "Core/Drivers.h"
#include <IndustryStandard/Pci.h>
#include <Protocol/PciIo.h>

/**
  TRUE if a device is a disk controller (MRM_IS_MEANT).

  @param[in] Interface  Its EFI_PCI_IO_PROTOCOL.
  @param[in] Context    Not used.
**/
STATIC
BOOLEAN
IsDiskController (
  IN VOID        *Interface,
  IN CONST VOID  *Context
  )
{
  EFI_PCI_IO_PROTOCOL  *PciIo;
  UINT8                Class;

  PciIo = Interface;
  return (BOOLEAN)(  !EFI_ERROR (PciIo->Pci.Read (PciIo, EfiPciIoWidthUint8, PCI_CLASSCODE_OFFSET + 2, 1, &Class))
                  && (Class == PCI_CLASS_MASS_STORAGE));
}

/**
  TRUE if a partition is to be served a GPT partition.
**/
STATIC
BOOLEAN
IsGptServed (
  VOID
  )
{
  CONST MRM_PLAN_PARTITION  *Plan;
  UINTN                     Index;
  UINT32                    Disk;

  for (Index = 0; Index < gPartitionCount; Index++) {
    Plan = gPartitions[Index].Plan;
    for (Disk = 0; Disk < Plan->DiskCount; Disk++) {
      if (Plan->Disks[Disk].Kind == MrmDiskGpt) {
        return TRUE;
      }
    }
  }

  return FALSE;
}

VOID
ConnectDrives (
  VOID
  )
{
  if (IsGptServed ()) {
    MoveDrivers (&gEfiPciIoProtocolGuid, IsDiskController, NULL, TRUE);
  }
}
