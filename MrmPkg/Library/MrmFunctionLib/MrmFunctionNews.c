/** @file
  What people are told of a function that is memory.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmFunctionInternal.h"

CONST CHAR8 *
EFIAPI
MrmFunctionNews (
  IN OUT MRM_FUNCTION_TOLD  *Told,
  IN     BOOLEAN            Used,
  IN     UINT64             Refused,
  IN     UINT64             Now
  )
{
  if ((Used == Told->Used) && ((Refused == 0) || Told->Refused)) {
    return NULL;
  }

  if (!MrmRateTake (&Told->Rate, Now, MRM_FUNCTION_NEWS, MRM_FUNCTION_NEWS_PERIOD)) {
    return NULL;
  }

  if (Used != Told->Used) {
    Told->Used = Used;
    return Used ? "a driver has come" : "its driver has gone";
  }

  Told->Refused = TRUE;
  return "something that its driver asks for is refused (told once)";
}
