/** @file
  What the PC has to hold a partition to its isolation level.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Isolation.h"
#include "Partition/Verdict.h"

VOID
BindIsolation (
  IN OUT MRM_PARTITION  *Partition
  )
{
  // Never start unguarded what was promised to be guarded.
  if (Partition->Plan->Isolation != MrmIsolationCooperative) {
    Refuse (
      Partition,
      MRM_RULE_ISOLATION,
      "promised isolation 'guarded', found a controller without a guard"
      );
  }
}
