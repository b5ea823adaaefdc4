/** @file
  Judges a plan as a whole: what partitions promise each other.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPlanInternal.h"
#include "MrmPlanJudge.h"

/**
  Say what is wrong with a partition.

  @param[in,out] Fault   Receives it.
  @param[in]     Plan    The plan.
  @param[in]     Number  Which partition.
  @param[in]     What    What is wrong.

  @return  FALSE.
**/
STATIC
BOOLEAN
PartitionFault (
  IN OUT MRM_TEXT        *Fault,
  IN     CONST MRM_PLAN  *Plan,
  IN     UINT32          Number,
  IN     CONST CHAR8     *What
  )
{
  MrmTextAdd (Fault, "partition ");
  MrmTextAddNumber (Fault, Number, 0, ' ');
  MrmTextAdd (Fault, " (");
  MrmTextAdd (Fault, Plan->Partitions[Number].Name);
  MrmTextAdd (Fault, "): ");
  MrmTextAdd (Fault, What);
  return FALSE;
}

/**
  Whether a text is a digest.

  @param[in] Text  The text.

  @retval TRUE   It has MRM_DIGEST_LENGTH hexadecimal digits, small letters.
  @retval FALSE  It does not.
**/
STATIC
BOOLEAN
IsDigest (
  IN CONST CHAR8  *Text
  )
{
  UINTN  Index;

  for (Index = 0; Text[Index] != 0; Index++) {
    if (!((Text[Index] >= '0') && (Text[Index] <= '9')) && !((Text[Index] >= 'a') && (Text[Index] <= 'f'))) {
      return FALSE;
    }
  }

  return (BOOLEAN)(Index == MRM_DIGEST_LENGTH);
}

/**
  Whether two partitions have a processor in common.

  @param[in] One    One partition.
  @param[in] Other  Another one.

  @retval TRUE   They have.
  @retval FALSE  They have not.
**/
STATIC
BOOLEAN
ShareProcessor (
  IN CONST MRM_PLAN_PARTITION  *One,
  IN CONST MRM_PLAN_PARTITION  *Other
  )
{
  UINT32  Index;
  UINT32  Against;

  for (Index = 0; Index < One->ProcessorCount; Index++) {
    for (Against = 0; Against < Other->ProcessorCount; Against++) {
      if (One->ApicIds[Index] == Other->ApicIds[Against]) {
        return TRUE;
      }
    }
  }

  return FALSE;
}

/**
  Whether two partitions have a PCI port in common.

  @param[in] One    One partition.
  @param[in] Other  Another one.

  @retval TRUE   They have.
  @retval FALSE  They have not.
**/
STATIC
BOOLEAN
SharePort (
  IN CONST MRM_PLAN_PARTITION  *One,
  IN CONST MRM_PLAN_PARTITION  *Other
  )
{
  UINT32  Index;
  UINT32  Against;

  for (Index = 0; Index < One->PciBusCount; Index++) {
    for (Against = 0; Against < Other->PciBusCount; Against++) {
      if (MrmPlanShareDevice (&One->PciBuses[Index], &Other->PciBuses[Against])) {
        return TRUE;
      }
    }
  }

  return FALSE;
}

/**
  Whether two consoles are the same UART in I/O space.

  @param[in] One    One console.
  @param[in] Other  Another one.

  @retval TRUE   They are.
  @retval FALSE  They are not.
**/
STATIC
BOOLEAN
ShareUart (
  IN CONST MRM_PLAN_CONSOLE  *One,
  IN CONST MRM_PLAN_CONSOLE  *Other
  )
{
  return (BOOLEAN)(  (One->Kind == MrmConsoleUart16550Io)
                  && (Other->Kind == MrmConsoleUart16550Io)
                  && (One->IoBase == Other->IoBase));
}

/**
  Whether two partitions are on a network that they see differently, or with the same MAC.

  @param[in] One    One partition.
  @param[in] Other  Another one.

  @retval TRUE   They are.
  @retval FALSE  They are not.
**/
STATIC
BOOLEAN
DisagreeOnNetwork (
  IN CONST MRM_PLAN_PARTITION  *One,
  IN CONST MRM_PLAN_PARTITION  *Other
  )
{
  CONST MRM_PLAN_CARD  *Card;
  CONST MRM_PLAN_CARD  *Against;
  UINT32               Index;
  UINT32               Number;

  for (Index = 0; Index < One->CardCount; Index++) {
    for (Number = 0; Number < Other->CardCount; Number++) {
      Card    = &One->Cards[Index];
      Against = &Other->Cards[Number];
      if (  MrmPlanSameText (Card->Network, Against->Network)
         && ((Card->Mtu != Against->Mtu) || ((Card->Mac != 0) && (Card->Mac == Against->Mac))))
      {
        return TRUE;
      }
    }
  }

  return FALSE;
}

/**
  Judge a partition against those before it.

  @param[in]     Plan    The plan.
  @param[in]     Number  Which partition.
  @param[in,out] Fault   Receives what is wrong.

  @retval TRUE   It shares nothing with them.
  @retval FALSE  Fault says what they share.
**/
STATIC
BOOLEAN
JudgeAgainstOthers (
  IN     CONST MRM_PLAN  *Plan,
  IN     UINT32          Number,
  IN OUT MRM_TEXT        *Fault
  )
{
  CONST MRM_PLAN_PARTITION  *Partition;
  CONST MRM_PLAN_PARTITION  *Other;
  UINT32                    Index;

  Partition = &Plan->Partitions[Number];
  if (ShareUart (&Partition->Console, &Plan->Console)) {
    return PartitionFault (Fault, Plan, Number, "its console is the controller's");
  }

  for (Index = 0; Index < Number; Index++) {
    Other = &Plan->Partitions[Index];
    if (MrmPlanSameText (Partition->Name, Other->Name)) {
      return PartitionFault (Fault, Plan, Number, "another partition has this name");
    }

    if (ShareProcessor (Partition, Other)) {
      return PartitionFault (Fault, Plan, Number, "another partition has one of its processors");
    }

    if (Partition->Chipset && Other->Chipset) {
      return PartitionFault (Fault, Plan, Number, "another partition owns the chipset");
    }

    if (SharePort (Partition, Other)) {
      return PartitionFault (Fault, Plan, Number, "another partition has one of its PCI ports");
    }

    if (DisagreeOnNetwork (Partition, Other)) {
      return PartitionFault (Fault, Plan, Number, "another partition has another MTU, or its MAC, on its network");
    }

    if (!MrmPlanDisksAgree (Partition, Other)) {
      return PartitionFault (Fault, Plan, Number, "another partition has one of its served disks, and one of them could write on it");
    }

    if (ShareUart (&Partition->Console, &Other->Console)) {
      return PartitionFault (Fault, Plan, Number, "another partition has its console");
    }
  }

  return TRUE;
}

/**
  Whether partitions wait for each other in a circle.

  @param[in]     Plan   The plan; every element of After names a partition.
  @param[in,out] Fault  Receives which one does.

  @retval TRUE   None does.
  @retval FALSE  Fault names one.
**/
STATIC
BOOLEAN
JudgeOrder (
  IN     CONST MRM_PLAN  *Plan,
  IN OUT MRM_TEXT        *Fault
  )
{
  BOOLEAN                Started[MRM_MAX_PARTITIONS];
  CONST MRM_PLAN_POLICY  *Policy;
  UINT32                 Round;
  UINT32                 Number;
  UINT32                 Index;

  for (Number = 0; Number < Plan->PartitionCount; Number++) {
    Started[Number] = FALSE;
  }

  // In each round at least one more can start, unless there is a circle.
  for (Round = 0; Round < Plan->PartitionCount; Round++) {
    for (Number = 0; Number < Plan->PartitionCount; Number++) {
      Policy = &Plan->Partitions[Number].Policy;
      for (Index = 0; (Index < Policy->AfterCount) && Started[Policy->After[Index]]; Index++) {
      }

      Started[Number] = (BOOLEAN)(Started[Number] || (Index == Policy->AfterCount));
    }
  }

  for (Number = 0; Number < Plan->PartitionCount; Number++) {
    if (!Started[Number]) {
      return PartitionFault (Fault, Plan, Number, "it waits for a partition that waits for it");
    }
  }

  return TRUE;
}

/**
  Judge the processor of the controller's own that serves channels.

  @param[in]     Plan   The plan.
  @param[in,out] Fault  Receives what is wrong.

  @retval TRUE   Nothing is.
  @retval FALSE  Fault says what.
**/
STATIC
BOOLEAN
JudgeChannelProcessor (
  IN     CONST MRM_PLAN  *Plan,
  IN OUT MRM_TEXT        *Fault
  )
{
  CONST MRM_PLAN_PARTITION  *Partition;
  UINT32                    Number;
  UINT32                    Index;

  if (!Plan->ChannelProcessor) {
    if ((Plan->ChannelApicId != 0) || Plan->ChannelByCount) {
      MrmTextAdd (Fault, "it has no processor for channels, and says which one");
      return FALSE;
    }

    return TRUE;
  }

  for (Number = 0; Number < Plan->PartitionCount; Number++) {
    Partition = &Plan->Partitions[Number];
    for (Index = 0; Index < Partition->ProcessorCount; Index++) {
      if (Partition->ApicIds[Index] == Plan->ChannelApicId) {
        return PartitionFault (Fault, Plan, Number, "the controller's channels have one of its processors");
      }
    }
  }

  return TRUE;
}

/**
  Judge what belongs to no partition.

  @param[in]     Plan   The plan.
  @param[in,out] Fault  Receives what is wrong.

  @retval TRUE   Nothing is.
  @retval FALSE  Fault says what.
**/
STATIC
BOOLEAN
JudgeRest (
  IN     CONST MRM_PLAN  *Plan,
  IN OUT MRM_TEXT        *Fault
  )
{
  UINT32  Index;
  UINT32  Displays;
  UINT32  Nmis;

  if (!JudgeChannelProcessor (Plan, Fault)) {
    return FALSE;
  }

  if (!IsDigest (Plan->Structure) || !IsDigest (Plan->BuiltInPolicy)) {
    MrmTextAdd (Fault, "one of its digests is none");
    return FALSE;
  }

  for (Index = 0; Index < Plan->JsonSize; Index++) {
    if ((Plan->Json[Index] < ' ') || (Plan->Json[Index] > '~')) {
      MrmTextAdd (Fault, "its JSON is not printable ASCII");
      return FALSE;
    }
  }

  if (!MrmPlanJudgeConsole (&Plan->Console)) {
    MrmTextAdd (Fault, "the controller's console is incomplete");
    return FALSE;
  }

  Displays = 0;
  Nmis     = 0;
  for (Index = 0; Index < Plan->PartitionCount; Index++) {
    Displays += Plan->Partitions[Index].Display ? 1 : 0;
    Nmis     += Plan->Partitions[Index].Policy.Nmi ? 1 : 0;
  }

  if ((Displays > 1) || (Nmis > 1)) {
    MrmTextAdd (Fault, "more than one partition has the display, or gets the machine's NMIs");
    return FALSE;
  }

  if (MrmPlanCountShared (Plan) > MRM_MAX_SHARED) {
    MrmTextAdd (Fault, "it has too many shared memories");
    return FALSE;
  }

  return TRUE;
}

BOOLEAN
MrmPlanJudge (
  IN     CONST MRM_PLAN  *Plan,
  IN OUT MRM_TEXT        *Fault
  )
{
  UINT32       Number;
  CONST CHAR8  *What;

  if (!MrmPlanJudgeIdentity (Plan, Fault) || !JudgeRest (Plan, Fault)) {
    return FALSE;
  }

  for (Number = 0; Number < Plan->PartitionCount; Number++) {
    What = MrmPlanJudgePartition (Plan, Number);
    if (What != NULL) {
      return PartitionFault (Fault, Plan, Number, What);
    }

    if (!JudgeAgainstOthers (Plan, Number, Fault)) {
      return FALSE;
    }
  }

  What = MrmPlanJudgeUplinks (Plan);
  if (What != NULL) {
    MrmTextAdd (Fault, What);
    return FALSE;
  }

  return JudgeOrder (Plan, Fault);
}
