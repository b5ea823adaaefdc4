/** @file
  Judges names and texts of a plan.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPlanJudge.h"

BOOLEAN
MrmPlanIsName (
  IN CONST CHAR8  *Name
  )
{
  UINTN  Index;

  if ((Name[0] < 'a') || (Name[0] > 'z')) {
    return FALSE;
  }

  for (Index = 1; Name[Index] != 0; Index++) {
    if (  !((Name[Index] >= 'a') && (Name[Index] <= 'z'))
       && !((Name[Index] >= '0') && (Name[Index] <= '9'))
       && (Name[Index] != '-'))
    {
      return FALSE;
    }
  }

  return TRUE;
}

BOOLEAN
MrmPlanSameText (
  IN CONST CHAR8  *One,
  IN CONST CHAR8  *Other
  )
{
  UINTN  Index;

  for (Index = 0; (One[Index] == Other[Index]) && (One[Index] != 0); Index++) {
  }

  return (BOOLEAN)(One[Index] == Other[Index]);
}
