/** @file
  Which interrupts a partition is sent.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

/**
  TRUE if the driver looks for itself what a vector would tell it.

  @param[in] Card    The network card.
  @param[in] Number  The vector.
**/
STATIC
BOOLEAN
LooksAnyway (
  IN CONST MRM_CHANNEL_CARD  *Card,
  IN UINTN                   Number
  )
{
  return (SwapBytes32 (Card->Doorbells[DOORBELL_INTERRUPT + DOORBELL_STEP * Number]) & INTERRUPT_MASKED) != 0;
}

UINTN
EFIAPI
MrmChannelInterrupts (
  IN OUT MRM_CHANNEL_CARD        *Card,
  OUT    MRM_FUNCTION_INTERRUPT  *Interrupts
  )
{
  UINTN  Number;

  if (!Card->Open || (Card->Function.Wanted == 0)) {
    return 0;
  }

  for (Number = 0; Number < 2 * Card->Pairs; Number++) {
    if (LooksAnyway (Card, Number)) {
      Card->Function.Wanted &= ~(1U << Number);
    }
  }

  return MrmFunctionInterrupts (&Card->Function, Interrupts, &Card->Refused);
}
