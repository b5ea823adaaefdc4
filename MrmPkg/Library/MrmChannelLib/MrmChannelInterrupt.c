/** @file
  Which interrupts a partition is sent.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

/**
  TRUE if the driver looks for itself what a vector would tell it.

  @param[in] Port    The network card.
  @param[in] Number  The vector.
**/
STATIC
BOOLEAN
LooksAnyway (
  IN CONST MRM_CHANNEL_PORT  *Port,
  IN UINTN                   Number
  )
{
  return (SwapBytes32 (Port->Doorbells[DOORBELL_INTERRUPT + DOORBELL_STEP * Number]) & INTERRUPT_MASKED) != 0;
}

UINTN
EFIAPI
MrmChannelInterrupts (
  IN OUT MRM_CHANNEL_PORT        *Port,
  OUT    MRM_FUNCTION_INTERRUPT  *Interrupts
  )
{
  UINTN  Number;

  if (!Port->Open || (Port->Function.Wanted == 0)) {
    return 0;
  }

  for (Number = 0; Number < MRM_CHANNEL_NOTIFIERS; Number++) {
    if (LooksAnyway (Port, Number)) {
      Port->Function.Wanted &= ~(1U << Number);
    }
  }

  return MrmFunctionInterrupts (&Port->Function, Interrupts, &Port->Refused);
}
