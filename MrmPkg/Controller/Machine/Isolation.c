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
  if (Partition->Plan->Isolation == MrmIsolationCooperative) {
    return;
  }

  switch (MrmGuardProbe ()) {
    case MrmGuardCapable:
      Keep (Partition, MRM_RULE_ISOLATION, "isolation: guarded, by AMD's SVM with nested paging");
      break;
    case MrmGuardOff:
      Refuse (
        Partition,
        MRM_RULE_ISOLATION,
        "promised isolation 'guarded', found AMD's SVM turned off: turn it on in the firmware set-up"
        );
      break;
    case MrmGuardNoNesting:
      Refuse (Partition, MRM_RULE_ISOLATION, "promised isolation 'guarded', found AMD's SVM without nested paging");
      break;
    default:
      Refuse (Partition, MRM_RULE_ISOLATION, "promised isolation 'guarded', found processors without AMD's SVM");
      break;
  }
}
