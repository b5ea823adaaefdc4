/** @file
  A policy as text, and what differs between two.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPolicyInternal.h"

/**
  Where a key's value lies in memory.

  @param[in] Field  Where it is.
**/
STATIC
CONST VOID *
Value (
  IN CONST POLICY_FIELD  *Field
  )
{
  CONST UINT8  *Base;

  Base = (Field->Owner == MRM_MAX_PARTITIONS) ? (CONST UINT8 *)Field->Policy
                                              : (CONST UINT8 *)&Field->Policy->Partitions[Field->Owner];
  return Base + Field->Key->Offset;
}

/**
  The value of a key that is a number or one of its choices.

  @param[in] Field  Where it is.
**/
STATIC
UINT32
Scalar (
  IN CONST POLICY_FIELD  *Field
  )
{
  switch (Field->Key->Kind) {
    case PolicyTruth:
      return *(CONST BOOLEAN *)Value (Field) ? 1 : 0;
    case PolicyBit:
      return (*(CONST UINT8 *)Value (Field) >> Field->Key->First) & 1;
    default:
      return *(CONST UINT32 *)Value (Field);
  }
}

/**
  TRUE if something is in the list of a key that is a set.

  @param[in] Field  Where it is.
  @param[in] Index  Which partition, or which choice.
**/
STATIC
BOOLEAN
Contains (
  IN CONST POLICY_FIELD  *Field,
  IN UINT32              Index
  )
{
  CONST MRM_PLAN_POLICY  *Policy;

  if (Field->Key->Kind == PolicySet) {
    return ((*(CONST UINT8 *)Value (Field) >> (Field->Key->First + Index)) & 1) != 0;
  }

  Policy = &Field->Policy->Partitions[Field->Owner];
  return (Policy->Permits != NULL) && (((Policy->Permits[Index] >> Field->Key->First) & 1) != 0);
}

/**
  How many things can be in the list of a key that is a set.

  @param[in] Field  Where it is.
**/
STATIC
UINT32
Members (
  IN CONST POLICY_FIELD  *Field
  )
{
  UINT32  Count;

  if (Field->Key->Kind != PolicySet) {
    return Field->Plan->PartitionCount;
  }

  for (Count = 0; (Count < MAX_CHOICES) && (Field->Key->Choices[Count] != NULL); Count++) {
  }

  return Count;
}

/**
  Write a list.

  @param[in]     Field  Where it is.
  @param[in,out] Text   The text.
**/
STATIC
VOID
ShowList (
  IN     CONST POLICY_FIELD  *Field,
  IN OUT MRM_TEXT            *Text
  )
{
  CONST MRM_PLAN_POLICY  *Policy;
  UINT32                 Shown;
  UINT32                 Index;

  Policy = &Field->Policy->Partitions[Field->Owner];
  Shown  = 0;
  if (Field->Key->Kind == PolicyAfter) {
    for ( ; Shown < Policy->AfterCount; Shown++) {
      MrmTextAdd (Text, (Shown == 0) ? "" : ",");
      MrmTextAdd (Text, Field->Plan->Partitions[Policy->After[Shown]].Name);
    }
  } else {
    for (Index = 0; Index < Members (Field); Index++) {
      Shown += Contains (Field, Index) ? 1 : 0;
    }

    if ((Field->Key->Kind == PolicyPermits) && (Shown == Members (Field))) {
      MrmTextAdd (Text, POLICY_EVERYBODY);
      return;
    }

    Shown = 0;
    for (Index = 0; Index < Members (Field); Index++) {
      if (Contains (Field, Index)) {
        MrmTextAdd (Text, (Shown == 0) ? "" : ",");
        MrmTextAdd (
          Text,
          (Field->Key->Kind == PolicySet) ? Field->Key->Choices[Index] : Field->Plan->Partitions[Index].Name
          );
        Shown++;
      }
    }
  }

  MrmTextAdd (Text, (Shown == 0) ? POLICY_NOBODY : "");
}

VOID
MrmPolicyShow (
  IN     CONST POLICY_FIELD  *Field,
  IN OUT MRM_TEXT            *Text
  )
{
  switch (Field->Key->Kind) {
    case PolicyNumber:
      MrmTextAddNumber (Text, Scalar (Field), 0, ' ');
      break;
    case PolicyChoice:
    case PolicyTruth:
    case PolicyBit:
      MrmTextAdd (Text, Field->Key->Choices[Scalar (Field)]);
      break;
    default:
      ShowList (Field, Text);
      break;
  }
}

BOOLEAN
MrmPolicySame (
  IN CONST POLICY_FIELD  *One,
  IN CONST POLICY_FIELD  *Other
  )
{
  CONST MRM_PLAN_POLICY  *Mine;
  CONST MRM_PLAN_POLICY  *Theirs;
  UINT32                 Index;

  switch (One->Key->Kind) {
    case PolicyAfter:
      Mine   = &One->Policy->Partitions[One->Owner];
      Theirs = &Other->Policy->Partitions[Other->Owner];
      for (Index = 0; (Index < Mine->AfterCount) && (Index < Theirs->AfterCount); Index++) {
        if (Mine->After[Index] != Theirs->After[Index]) {
          return FALSE;
        }
      }

      return Mine->AfterCount == Theirs->AfterCount;
    case PolicyPermits:
    case PolicySet:
      for (Index = 0; Index < Members (One); Index++) {
        if (Contains (One, Index) != Contains (Other, Index)) {
          return FALSE;
        }
      }

      return TRUE;
    default:
      return Scalar (One) == Scalar (Other);
  }
}

/**
  Write the keys of one line.

  @param[in]     Plan    The plan.
  @param[in]     Policy  Its policy.
  @param[in]     Owner   Which partition; MRM_MAX_PARTITIONS for the controller.
  @param[in,out] Text    The text.
**/
STATIC
VOID
ShowLine (
  IN     CONST MRM_PLAN    *Plan,
  IN     CONST MRM_POLICY  *Policy,
  IN     UINT32            Owner,
  IN OUT MRM_TEXT          *Text
  )
{
  CONST POLICY_KEY  *Keys;
  UINT32            Count;
  UINT32            Index;
  POLICY_FIELD      Field;

  Keys = MrmPolicyKeys (Owner, &Count);
  MrmTextAdd (Text, (Owner == MRM_MAX_PARTITIONS) ? POLICY_CONTROLLER : Plan->Partitions[Owner].Name);
  Field.Plan   = Plan;
  Field.Policy = (MRM_POLICY *)Policy;   // read only
  Field.Owner  = Owner;
  for (Index = 0; Index < Count; Index++) {
    Field.Key = &Keys[Index];
    MrmTextAdd (Text, " ");
    MrmTextAdd (Text, Field.Key->Name);
    MrmTextAdd (Text, "=");
    MrmPolicyShow (&Field, Text);
  }

  MrmTextAdd (Text, "\n");
}

VOID
EFIAPI
MrmPolicyRender (
  IN     CONST MRM_PLAN    *Plan,
  IN     CONST MRM_POLICY  *Policy,
  IN OUT MRM_TEXT          *Text
  )
{
  UINT32  Index;

  MrmTextAdd (Text, POLICY_FORMAT " " POLICY_VERSION " ");
  MrmTextAdd (Text, Plan->Structure);
  MrmTextAdd (Text, "\n");
  ShowLine (Plan, Policy, MRM_MAX_PARTITIONS, Text);
  for (Index = 0; Index < Plan->PartitionCount; Index++) {
    ShowLine (Plan, Policy, Index, Text);
  }
}

BOOLEAN
EFIAPI
MrmPolicyChange (
  IN     CONST MRM_PLAN    *Plan,
  IN     CONST MRM_POLICY  *Old,
  IN     CONST MRM_POLICY  *New,
  IN OUT UINT32            *Cursor,
  IN OUT MRM_TEXT          *Text
  )
{
  CONST POLICY_KEY  *Controller;
  CONST POLICY_KEY  *Partition;
  UINT32            Controllers;
  UINT32            Partitions;
  POLICY_FIELD      Was;
  POLICY_FIELD      Is;
  UINT32            Number;

  Controller = MrmPolicyKeys (MRM_MAX_PARTITIONS, &Controllers);
  Partition  = MrmPolicyKeys (0, &Partitions);
  while (*Cursor < Controllers + Plan->PartitionCount * Partitions) {
    Number     = (*Cursor)++;
    Was.Plan   = Plan;
    Was.Policy = (MRM_POLICY *)Old;
    if (Number < Controllers) {
      Was.Owner = MRM_MAX_PARTITIONS;
      Was.Key   = &Controller[Number];
    } else {
      Number   -= Controllers;
      Was.Owner = Number / Partitions;
      Was.Key   = &Partition[Number % Partitions];
    }

    Is        = Was;
    Is.Policy = (MRM_POLICY *)New;
    if (!MrmPolicySame (&Was, &Is)) {
      MrmTextAdd (Text, (Was.Owner == MRM_MAX_PARTITIONS) ? POLICY_CONTROLLER : Plan->Partitions[Was.Owner].Name);
      MrmTextAdd (Text, ": ");
      MrmTextAdd (Text, Was.Key->Name);
      MrmTextAdd (Text, "=");
      MrmPolicyShow (&Is, Text);
      MrmTextAdd (Text, ", was ");
      MrmPolicyShow (&Was, Text);
      return TRUE;
    }
  }

  return FALSE;
}

VOID
MrmPolicyExpect (
  IN     CONST POLICY_KEY  *Key,
  IN OUT MRM_TEXT          *Text
  )
{
  UINT32  Index;

  switch (Key->Kind) {
    case PolicyNumber:
      MrmTextAdd (Text, (Key->Least == 0) ? "" : "0, or ");
      MrmTextAddNumber (Text, Key->Least, 0, ' ');
      MrmTextAdd (Text, " to ");
      MrmTextAddNumber (Text, Key->Most, 0, ' ');
      break;
    case PolicyAfter:
      MrmTextAdd (Text, "different names of partitions with commas, or -");
      break;
    case PolicyPermits:
      MrmTextAdd (Text, "different names of partitions with commas, -, or *");
      break;
    default:
      for (Index = 0; (Index < MAX_CHOICES) && (Key->Choices[Index] != NULL); Index++) {
        MrmTextAdd (Text, (Index == 0) ? "" : " or ");
        MrmTextAdd (Text, Key->Choices[Index]);
      }

      MrmTextAdd (Text, (Key->Kind == PolicySet) ? " or both with a comma, or -" : "");
      break;
  }
}
