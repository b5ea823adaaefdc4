/** @file
  Whether two partitions would have one function.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmPciLib.h>

BOOLEAN
EFIAPI
MrmPciSharesMeet (
  IN CONST MRM_PCI_SHARE  *One,
  IN CONST MRM_PCI_SHARE  *Other
  )
{
  if ((One->Segment != Other->Segment) || (One->FirstBus > Other->LastBus) || (Other->FirstBus > One->LastBus)) {
    return FALSE;
  }

  return (BOOLEAN)(  !One->Alone
                  || !Other->Alone
                  || ((One->Device == Other->Device) && (One->Function == Other->Function)));
}
