/** @file
  Values of a policy's keys: read, written, compared.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPolicyInternal.h"

#define MAX_DIGITS  9   ///< of a number: far more than any may have, and no overflow

UINT32
MrmPolicyFind (
  IN CONST MRM_PLAN  *Plan,
  IN CONST MRM_WORD  *Word
  )
{
  UINT32  Index;

  for (Index = 0; (Index < Plan->PartitionCount) && !MrmWordIs (Word, Plan->Partitions[Index].Name); Index++) {
  }

  return Index;
}

/**
  Where a key's value lies in memory.

  @param[in] Place  Where it is.
**/
STATIC
VOID *
Value (
  IN CONST POLICY_PLACE  *Place
  )
{
  UINT8  *Base;

  Base = (Place->Owner == MRM_MAX_PARTITIONS) ? (UINT8 *)Place->Policy
                                              : (UINT8 *)&Place->Policy->Partitions[Place->Owner];
  return Base + Place->Key->Offset;
}

/**
  Which of a key's choices a word is.

  @param[in] Key   The key.
  @param[in] Word  The word.

  @return  Its index; MAX_CHOICES when it is none of them.
**/
STATIC
UINT32
Choice (
  IN CONST POLICY_KEY  *Key,
  IN CONST MRM_WORD    *Word
  )
{
  UINT32  Index;

  for (Index = 0; (Index < MAX_CHOICES) && (Key->Choices[Index] != NULL); Index++) {
    if (MrmWordIs (Word, Key->Choices[Index])) {
      return Index;
    }
  }

  return MAX_CHOICES;
}

/**
  Read a number.

  @param[in]  Key     The key, with the number's bounds.
  @param[in]  Word    The digits.
  @param[out] Number  Receives the number.

  @retval TRUE   Read.
  @retval FALSE  It is none, or out of bounds.
**/
STATIC
BOOLEAN
SetNumber (
  IN  CONST POLICY_KEY  *Key,
  IN  CONST MRM_WORD    *Word,
  OUT UINT32            *Number
  )
{
  UINTN   Index;
  UINT32  Sum;

  if ((Word->Length == 0) || (Word->Length > MAX_DIGITS)) {
    return FALSE;
  }

  Sum = 0;
  for (Index = 0; Index < Word->Length; Index++) {
    if ((Word->Start[Index] < '0') || (Word->Start[Index] > '9')) {
      return FALSE;
    }

    Sum = Sum * 10 + (Word->Start[Index] - '0');
  }

  *Number = Sum;
  return (Sum == 0) || ((Sum >= Key->Least) && (Sum <= Key->Most));
}

/**
  Read a list: of partitions, or of choices.

  @param[in] Place  Where it goes; what was there before counts no more.
  @param[in] Rest   The list.

  @retval TRUE   Read.
  @retval FALSE  Something in it is unknown, or there twice.
**/
STATIC
BOOLEAN
SetList (
  IN CONST POLICY_PLACE  *Place,
  IN MRM_WORD            Rest
  )
{
  MRM_PLAN_POLICY  *Policy;
  BOOLEAN          Seen[MRM_MAX_PARTITIONS];
  MRM_WORD         Word;
  UINT32           Index;
  UINT32           Limit;
  UINT8            Bit;

  if (MrmWordIs (&Rest, POLICY_NOBODY)) {
    return TRUE;
  }

  Policy = &Place->Policy->Partitions[Place->Owner];
  Bit    = (UINT8)(1U << Place->Key->First);
  if ((Place->Key->Kind == PolicyPermits) && MrmWordIs (&Rest, POLICY_EVERYBODY)) {
    for (Index = 0; Index < Place->Plan->PartitionCount; Index++) {
      Place->Policy->Permits[Place->Owner][Index] |= Bit;
    }

    return TRUE;
  }

  ZeroMem (Seen, sizeof (Seen));
  Limit = (Place->Key->Kind == PolicySet) ? MAX_CHOICES : Place->Plan->PartitionCount;
  do {
    Word  = MrmWordCut (&Rest, ",");
    Index = (Place->Key->Kind == PolicySet) ? Choice (Place->Key, &Word) : MrmPolicyFind (Place->Plan, &Word);
    if ((Index == Limit) || Seen[Index]) {
      return FALSE;
    }

    Seen[Index] = TRUE;
    switch (Place->Key->Kind) {
      case PolicyAfter:
        Place->Policy->After[Place->Owner][Policy->AfterCount++] = (UINT16)Index;
        break;
      case PolicyPermits:
        Place->Policy->Permits[Place->Owner][Index] |= Bit;
        break;
      default:
        *(UINT8 *)Value (Place) |= (UINT8)(Bit << Index);
        break;
    }
  } while (Rest.Length != 0);

  // A comma at the end is followed by nothing.
  return Rest.Start[-1] != ',';
}

BOOLEAN
MrmPolicySet (
  IN CONST POLICY_PLACE  *Place,
  IN MRM_WORD            Word
  )
{
  UINT32  Index;

  switch (Place->Key->Kind) {
    case PolicyNumber:
      return SetNumber (Place->Key, &Word, Value (Place));
    case PolicyChoice:
    case PolicyTruth:
    case PolicyBit:
      Index = Choice (Place->Key, &Word);
      if (Index == MAX_CHOICES) {
        return FALSE;
      }

      if (Place->Key->Kind == PolicyChoice) {
        *(UINT32 *)Value (Place) = Index;
      } else if (Place->Key->Kind == PolicyTruth) {
        *(BOOLEAN *)Value (Place) = (BOOLEAN)Index;
      } else {
        *(UINT8 *)Value (Place) |= (UINT8)(Index << Place->Key->First);
      }

      return TRUE;
    default:
      return SetList (Place, Word);
  }
}
