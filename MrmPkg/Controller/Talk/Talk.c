/** @file
  All conversations with a partition: they begin with its start, and end with it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Talk/Talk.h"
#include "Talk/Area.h"
#include "Talk/Channel.h"
#include "Talk/Control.h"
#include "Talk/Disk.h"
#include "Talk/Variables.h"

VOID
StartTalk (
  IN OUT MRM_PARTITION  *Partition
  )
{
  LoadControl (Partition);
  LoadStore (Partition);
  StartArea (Partition);
  StartCards (Partition);
  StartDisks (Partition);
}

VOID
EndTalk (
  IN OUT MRM_PARTITION  *Partition
  )
{
  QuiesceCards (Partition);
  QuiesceDisks (Partition);
  ReportWaits (Partition);
}
