/** @file
  Judges the ways out of networks: cards that stay with the PC.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPlanJudge.h"
#include <Library/MrmChannelLib.h>

/**
  Judge an uplink against what a partition has.

  @param[in] Uplink     The uplink.
  @param[in] Partition  The partition.

  @return  What is wrong; NULL for nothing.
**/
STATIC
CONST CHAR8 *
JudgeAgainst (
  IN CONST MRM_PLAN_UPLINK     *Uplink,
  IN CONST MRM_PLAN_PARTITION  *Partition
  )
{
  UINT32  Index;

  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    if (MrmPlanHasDevice (&Partition->PciBuses[Index], Uplink->Card)) {
      return "the card of an uplink is a partition's";
    }
  }

  for (Index = 0; Index < Partition->CardCount; Index++) {
    if (  MrmPlanSameText (Uplink->Network, Partition->Cards[Index].Network)
       && (Partition->Cards[Index].Mtu > MRM_CHANNEL_UPLINK_MTU))
    {
      return "a network with an uplink has a larger MTU than what is outside";
    }
  }

  return NULL;
}

CONST CHAR8 *
MrmPlanJudgeUplinks (
  IN CONST MRM_PLAN  *Plan
  )
{
  CONST MRM_PLAN_UPLINK  *Uplink;
  CONST CHAR8            *What;
  UINT32                 Index;
  UINT32                 Other;

  for (Index = 0; Index < Plan->UplinkCount; Index++) {
    Uplink = &Plan->Uplinks[Index];
    if (!MrmPlanIsName (Uplink->Network)) {
      return "the network of an uplink is not a-z, then a-z, 0-9 and hyphens";
    }

    for (Other = 0; Other < Index; Other++) {
      if (MrmPlanSameText (Uplink->Network, Plan->Uplinks[Other].Network)) {
        return "a network has two uplinks";
      }

      if (MrmPlanSameText (Uplink->Card, Plan->Uplinks[Other].Card)) {
        return "two networks have the same card as their uplink";
      }
    }

    for (Other = 0; Other < Plan->PartitionCount; Other++) {
      What = JudgeAgainst (Uplink, &Plan->Partitions[Other]);
      if (What != NULL) {
        return What;
      }
    }
  }

  return NULL;
}
