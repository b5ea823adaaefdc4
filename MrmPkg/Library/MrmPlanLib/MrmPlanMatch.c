/** @file
  Compares partitions of two plans, field by field as the description has them.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPlanInternal.h"
#include "MrmPlanJudge.h"
#include <Library/BaseMemoryLib.h>

STATIC
BOOLEAN
SameRecord (
  IN CONST MRM_PLAN_RECORD  *Record,
  IN CONST UINT8            *One,
  IN CONST UINT8            *Other
  );

/**
  Read a pointer member.

  @param[in] Member  Where it lies.

  @return  The pointer.
**/
STATIC
CONST VOID *
Pointer (
  IN CONST UINT8  *Member
  )
{
  CONST VOID  *Value;

  CopyMem (&Value, Member, sizeof (Value));
  return Value;
}

/**
  Compare two texts; both may lack.

  @param[in] One    A text, or NULL.
  @param[in] Other  Another one, or NULL.
  @param[in] Width  Bytes of a character.

  @retval TRUE   They are the same.
  @retval FALSE  They differ.
**/
STATIC
BOOLEAN
SameTexts (
  IN CONST VOID  *One,
  IN CONST VOID  *Other,
  IN UINT32      Width
  )
{
  CONST CHAR16  *Wide;
  CONST CHAR16  *Against;

  if ((One == NULL) || (Other == NULL)) {
    return (BOOLEAN)(One == Other);
  }

  if (Width == 1) {
    return MrmPlanSameText (One, Other);
  }

  Wide    = One;
  Against = Other;
  while ((*Wide == *Against) && (*Wide != 0)) {
    Wide++;
    Against++;
  }

  return (BOOLEAN)(*Wide == *Against);
}

/**
  Compare two lists.

  @param[in] Field  The field.
  @param[in] One    A record.
  @param[in] Other  Another one.

  @retval TRUE   They are the same.
  @retval FALSE  They differ.
**/
STATIC
BOOLEAN
SameLists (
  IN CONST MRM_PLAN_FIELD  *Field,
  IN CONST UINT8           *One,
  IN CONST UINT8           *Other
  )
{
  CONST UINT8  *Elements;
  CONST UINT8  *Against;
  UINT32       Count;
  UINT32       Index;

  if (CompareMem (One + Field->CountOffset, Other + Field->CountOffset, sizeof (Count)) != 0) {
    return FALSE;
  }

  CopyMem (&Count, One + Field->CountOffset, sizeof (Count));
  if (Count == 0) {
    return TRUE;
  }

  Elements = Pointer (One + Field->Offset);
  Against  = Pointer (Other + Field->Offset);
  if (Field->Kind == MrmFieldNumbers) {
    return (BOOLEAN)(CompareMem (Elements, Against, (UINTN)Count * Field->Width) == 0);
  }

  for (Index = 0; Index < Count; Index++) {
    if (!SameRecord (Field->Record, Elements + (UINTN)Index * Field->Record->Size, Against + (UINTN)Index * Field->Record->Size)) {
      return FALSE;
    }
  }

  return TRUE;
}

/**
  Compare two records, but for what is policy.

  @param[in] Record  Their description.
  @param[in] One     A record.
  @param[in] Other   Another one.

  @retval TRUE   They are the same.
  @retval FALSE  They differ.
**/
STATIC
BOOLEAN
SameRecord (
  IN CONST MRM_PLAN_RECORD  *Record,
  IN CONST UINT8            *One,
  IN CONST UINT8            *Other
  )
{
  CONST MRM_PLAN_FIELD  *Field;
  UINT32                Index;
  BOOLEAN               Same;

  for (Index = 0; Index < Record->FieldCount; Index++) {
    Field = &Record->Fields[Index];
    if (Field->Policy) {
      continue;
    }

    switch (Field->Kind) {
      case MrmFieldText:
        Same = SameTexts (Pointer (One + Field->Offset), Pointer (Other + Field->Offset), Field->Width);
        break;
      case MrmFieldNumbers:
      case MrmFieldRecords:
        Same = SameLists (Field, One, Other);
        break;
      case MrmFieldInline:
        Same = SameRecord (Field->Record, One + Field->Offset, Other + Field->Offset);
        break;
      case MrmFieldTruth:
        Same = (BOOLEAN)(One[Field->Offset] == Other[Field->Offset]);
        break;
      default:
        Same = (BOOLEAN)(CompareMem (One + Field->Offset, Other + Field->Offset, Field->Width) == 0);
        break;
    }

    if (!Same) {
      return FALSE;
    }
  }

  return TRUE;
}

/**
  Compare two partitions, but for what is policy.

  @param[in] One    A partition.
  @param[in] Other  Another one.

  @retval TRUE   They are the same.
  @retval FALSE  They differ.
**/
STATIC
BOOLEAN
SamePartition (
  IN CONST MRM_PLAN_PARTITION  *One,
  IN CONST MRM_PLAN_PARTITION  *Other
  )
{
  MRM_PLAN_PARTITION  Alike;

  Alike = *Other;
  if (One->ProcessorsByCount && Other->ProcessorsByCount && (One->ProcessorCount == Other->ProcessorCount)) {
    // Any others would have done as well.
    Alike.ApicIds = One->ApicIds;
  }

  return SameRecord (&gMrmPlanPartition, (CONST UINT8 *)One, (CONST UINT8 *)&Alike);
}

VOID
EFIAPI
MrmPlanMatch (
  IN  CONST MRM_PLAN  *Old,
  IN  CONST MRM_PLAN  *New,
  OUT UINT32          *Same
  )
{
  UINT32  Index;
  UINT32  Before;

  for (Index = 0; Index < New->PartitionCount; Index++) {
    Same[Index] = MRM_PLAN_NOBODY;
    for (Before = 0; Before < Old->PartitionCount; Before++) {
      if (SamePartition (&Old->Partitions[Before], &New->Partitions[Index])) {
        Same[Index] = Before;
      }
    }
  }
}
