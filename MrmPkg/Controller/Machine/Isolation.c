/** @file
  What the PC has to hold a partition to its isolation level.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Isolation.h"
#include "Partition/Verdict.h"
#include <Library/MrmGuardHostLib.h>

VOID
BindIsolation (
  IN OUT MRM_PARTITION  *Partition
  )
{
  CONST CHAR8  *Level;

  if (Partition->Plan->Isolation == MrmIsolationCooperative) {
    return;
  }

  Level = (Partition->Plan->Isolation == MrmIsolationContained) ? "contained" : "guarded";
  switch (MrmGuardProbe ()) {
    case MrmGuardCapable:
      Keep (Partition, MRM_RULE_ISOLATION, "isolation: %a, by AMD's SVM with nested paging", Level);
      break;
    case MrmGuardOff:
      Refuse (
        Partition,
        MRM_RULE_ISOLATION,
        "promised isolation '%a', found AMD's SVM turned off: turn it on in the firmware set-up",
        Level
        );
      break;
    case MrmGuardNoNesting:
      Refuse (Partition, MRM_RULE_ISOLATION, "promised isolation '%a', found AMD's SVM without nested paging", Level);
      break;
    default:
      Refuse (Partition, MRM_RULE_ISOLATION, "promised isolation '%a', found processors without AMD's SVM", Level);
      break;
  }
}
