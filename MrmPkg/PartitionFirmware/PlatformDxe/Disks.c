/** @file
  Offers served disks to EDK2's NVMe driver.

  EDK2's PCI bus driver does not know BARs at fixed places (Enhanced Allocation), so it is not shown their segment: each
  disk is a device that nobody discovers.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformDxe.h"
#include <Library/MrmDiskLib.h>
#include <Library/NonDiscoverableDeviceRegistrationLib.h>

EFI_STATUS
OfferDisks (
  VOID
  )
{
  CONST MRM_HAND_OFF  *HandOff;
  EFI_STATUS          Status;
  UINT32              Index;

  HandOff = MrmGetHandOff ();
  Status  = EFI_SUCCESS;
  for (Index = 0; !EFI_ERROR (Status) && (Index < HandOff->DiskCount); Index++) {
    Status = RegisterNonDiscoverableMmioDevice (
               NonDiscoverableDeviceTypeNvme,
               NonDiscoverableDeviceDmaTypeCoherent,
               NULL,
               NULL,
               1,
               (UINTN)HandOff->Disks + Index * MRM_FUNCTION_WINDOW_SIZE,
               (UINTN)MRM_DISK_REGISTERS
               );
  }

  return Status;
}
