/** @file
  When a partition's processor takes an NMI: none between one and the return from it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>

/**
  Have the processor stop behind the IRET that it stands at.

  @param[in,out] Nmi  Of the processor.
**/
STATIC
VOID
Step (
  IN OUT MRM_GUARD_NMI  *Nmi
  )
{
  Nmi->Steps = (BOOLEAN)(Nmi->Waits && Nmi->Returns);
}

BOOLEAN
EFIAPI
MrmGuardTakeNmi (
  IN OUT MRM_GUARD_NMI  *Nmi
  )
{
  if (Nmi->Masked) {
    Nmi->Waits = TRUE;
    Step (Nmi);
    return FALSE;
  }

  Nmi->Masked = TRUE;
  Nmi->Waits  = FALSE;
  return TRUE;
}

VOID
EFIAPI
MrmGuardReturnFromNmi (
  IN OUT MRM_GUARD_NMI  *Nmi,
  IN     UINT64         Rip
  )
{
  Nmi->Returns = TRUE;
  Nmi->Rip     = Rip;
  Step (Nmi);
}

VOID
EFIAPI
MrmGuardNoteNmi (
  IN OUT MRM_GUARD_NMI  *Nmi,
  IN     UINT64         Rip,
  IN     BOOLEAN        Stepped
  )
{
  // Where IRET returns to itself only the step tells that it was executed.
  if (Nmi->Returns && (Stepped || (Rip != Nmi->Rip))) {
    Nmi->Returns = FALSE;
    Nmi->Masked  = FALSE;
    Nmi->Steps   = FALSE;
  }
}
