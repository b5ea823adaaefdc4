/** @file
  How a function comes back after the reset of its bus.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPciInternal.h"

#define READY_LOOKS  10   ///< MRM_PCI_READY_MICROSECONDS apart: a second (PCIe 6.6.1)

MRM_PCI_BACK_VERDICT
EFIAPI
MrmPciBackStep (
  IN     CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN     CONST UINT32                *Saved,
  IN     CONST UINT32                *Now,
  IN OUT MRM_PCI_BACK                *Back,
  OUT    MRM_PCI_WRITE               *Writes,
  OUT    UINTN                       *Count
  )
{
  *Count = 0;
  if (Back->Restored) {
    return MrmPciIsRestored (Capabilities, Saved, Now) ? MrmPciBackDone : MrmPciBackLost;
  }

  if (Now[0] != Saved[0]) {
    if (Back->Waited == READY_LOOKS) {
      return MrmPciBackSilent;
    }

    ZeroMem (Writes, sizeof (*Writes));
    Writes->Wait = MRM_PCI_READY_MICROSECONDS;
    *Count       = 1;
    Back->Waited++;
    return MrmPciBackGoesOn;
  }

  Back->Waited = 0;
  if ((Back->Alone && (Back->Tried == MrmPciResetNone)) || !MrmPciWasReset (Capabilities, Saved, Now)) {
    // The bus was reset already, or is not to be.
    Back->Tried = MrmPciNextReset (Capabilities, MAX (Back->Tried, MrmPciResetBus));
    if (Back->Tried != MrmPciResetFailed) {
      *Count = MrmPciResetWrites (Capabilities, Back->Tried, Now, Writes);
      return MrmPciBackGoesOn;
    }

    Back->NotReset = TRUE;
  }

  Back->Restored = TRUE;
  *Count         = MrmPciRestore (Capabilities, Saved, Writes);
  return MrmPciBackGoesOn;
}
