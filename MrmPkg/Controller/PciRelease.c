/** @file
  Devices of partitions, released by the PC's drivers.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Mrm.h"
#include <Library/MemoryAllocationLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/PciIo.h>

VOID
ReleasePci (
  IN CONST MRM_PARTITION  *Partition
  )
{
  EFI_STATUS           Status;
  EFI_HANDLE           *Handles;
  EFI_PCI_IO_PROTOCOL  *PciIo;
  UINTN                Count;
  UINTN                Index;
  UINTN                Port;
  UINTN                Segment;
  UINTN                Bus;
  UINTN                Device;
  UINTN                Function;

  Status = gBS->LocateHandleBuffer (ByProtocol, &gEfiPciIoProtocolGuid, NULL, &Count, &Handles);
  if (EFI_ERROR (Status)) {
    return;
  }

  for (Index = 0; Index < Count; Index++) {
    // A handle can go away with the bridge above it.
    Status = gBS->HandleProtocol (Handles[Index], &gEfiPciIoProtocolGuid, (VOID **)&PciIo);
    if (EFI_ERROR (Status) || EFI_ERROR (PciIo->GetLocation (PciIo, &Segment, &Bus, &Device, &Function))) {
      continue;
    }

    for (Port = 0; Port < Partition->PciBusCount; Port++) {
      if (  (Segment == Partition->PciPorts[Port].PortSegment)
         && (Bus >= Partition->PciBuses[Port].FirstBus)
         && (Bus <= Partition->PciBuses[Port].LastBus))
      {
        gBS->DisconnectController (Handles[Index], NULL, NULL);
      }
    }
  }

  FreePool (Handles);
}
