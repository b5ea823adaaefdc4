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

  @param[in] Field  Where it is.
**/
STATIC
VOID *
Value (
  IN CONST POLICY_FIELD  *Field
  )
{
  UINT8  *Base;

  Base = (Field->Owner == MRM_MAX_PARTITIONS) ? (UINT8 *)Field->Policy
                                              : (UINT8 *)&Field->Policy->Partitions[Field->Owner];
  return Base + Field->Key->Offset;
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

  @param[in] Field  Where it goes; what was there before counts no more.
  @param[in] Rest   The list.

  @retval TRUE   Read.
  @retval FALSE  Something in it is unknown, or there twice.
**/
STATIC
BOOLEAN
SetList (
  IN CONST POLICY_FIELD  *Field,
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

  Policy = &Field->Policy->Partitions[Field->Owner];
  Bit    = (UINT8)(1U << Field->Key->First);
  if ((Field->Key->Kind == PolicyPermits) && MrmWordIs (&Rest, POLICY_EVERYBODY)) {
    for (Index = 0; Index < Field->Plan->PartitionCount; Index++) {
      Field->Policy->Permits[Field->Owner][Index] |= Bit;
    }

    return TRUE;
  }

  ZeroMem (Seen, sizeof (Seen));
  Limit = (Field->Key->Kind == PolicySet) ? MAX_CHOICES : Field->Plan->PartitionCount;
  do {
    Word  = MrmWordCut (&Rest, ",");
    Index = (Field->Key->Kind == PolicySet) ? Choice (Field->Key, &Word) : MrmPolicyFind (Field->Plan, &Word);
    if ((Index == Limit) || Seen[Index]) {
      return FALSE;
    }

    Seen[Index] = TRUE;
    switch (Field->Key->Kind) {
      case PolicyAfter:
        Field->Policy->After[Field->Owner][Policy->AfterCount++] = (UINT16)Index;
        break;
      case PolicyPermits:
        Field->Policy->Permits[Field->Owner][Index] |= Bit;
        break;
      default:
        *(UINT8 *)Value (Field) |= (UINT8)(Bit << Index);
        break;
    }
  } while (Rest.Length != 0);

  // A comma at the end is followed by nothing.
  return Rest.Start[-1] != ',';
}

BOOLEAN
MrmPolicySet (
  IN CONST POLICY_FIELD  *Field,
  IN MRM_WORD            Word
  )
{
  UINT32  Index;

  switch (Field->Key->Kind) {
    case PolicyNumber:
      return SetNumber (Field->Key, &Word, Value (Field));
    case PolicyChoice:
    case PolicyTruth:
    case PolicyBit:
      Index = Choice (Field->Key, &Word);
      if (Index == MAX_CHOICES) {
        return FALSE;
      }

      if (Field->Key->Kind == PolicyChoice) {
        *(UINT32 *)Value (Field) = Index;
      } else if (Field->Key->Kind == PolicyTruth) {
        *(BOOLEAN *)Value (Field) = (BOOLEAN)Index;
      } else {
        *(UINT8 *)Value (Field) |= (UINT8)(Index << Field->Key->First);
      }

      return TRUE;
    default:
      return SetList (Field, Word);
  }
}
