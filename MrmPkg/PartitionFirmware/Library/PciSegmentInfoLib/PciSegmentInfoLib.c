/** @file
  The PCI segments of a partition: one ECAM bus range per owned root port.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiDxe.h>
#include <Library/MrmHandOffLib.h>
#include <Library/PciSegmentInfoLib.h>

STATIC PCI_SEGMENT_INFO  mSegments[MRM_MAX_PCI_BUSES];
STATIC UINTN             mSegmentCount;

PCI_SEGMENT_INFO *
EFIAPI
GetPciSegmentInfo (
  OUT UINTN  *Count
  )
{
  CONST MRM_HAND_OFF  *HandOff;
  UINTN               Index;

  if (Count == NULL) {
    return NULL;
  }

  HandOff = MrmGetHandOff ();
  if ((mSegmentCount == 0) && (HandOff != NULL)) {
    for (Index = 0; Index < MIN (HandOff->PciBusCount, MRM_MAX_PCI_BUSES); Index++) {
      mSegments[Index].SegmentNumber  = HandOff->PciBuses[Index].Segment;
      mSegments[Index].BaseAddress    = HandOff->PciBuses[Index].EcamBase;
      mSegments[Index].StartBusNumber = HandOff->PciBuses[Index].FirstBus;
      mSegments[Index].EndBusNumber   = HandOff->PciBuses[Index].LastBus;
    }

    mSegmentCount = Index;
  }

  *Count = mSegmentCount;
  return (mSegmentCount == 0) ? NULL : mSegments;
}
