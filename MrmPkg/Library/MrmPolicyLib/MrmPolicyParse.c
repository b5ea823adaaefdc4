/** @file
  A policy from text that somebody else wrote: right as a whole, or refused with the place.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPolicyInternal.h"

#define MAX_FOUND  40   ///< characters of what was found that are told

///
/// A text as it is read.
///
typedef struct {
  CONST MRM_PLAN    *Plan;
  MRM_POLICY        *Policy;
  MRM_WORD          Rest;            ///< lines that come
  MRM_WORD          Line;            ///< what is left of the one that is read
  UINT32            Number;          ///< of that line, from 1
  UINT32            NmiOwner;        ///< partition that gets NMIs; MRM_MAX_PARTITIONS while there is none
  MRM_TEXT          *Fault;
} POLICY_READER;

/**
  Begin to tell what is wrong in a line.

  @param[in,out] Reader  The reader.
  @param[in]     Number  The line.
**/
STATIC
VOID
FaultIn (
  IN OUT POLICY_READER  *Reader,
  IN     UINT32         Number
  )
{
  MrmTextAdd (Reader->Fault, "line ");
  MrmTextAddNumber (Reader->Fault, Number, 0, ' ');
  MrmTextAdd (Reader->Fault, ": ");
}

/**
  Tell what was found instead.

  @param[in,out] Reader  The reader.
  @param[in]     Word    What was found.
**/
STATIC
VOID
Found (
  IN OUT POLICY_READER   *Reader,
  IN     CONST MRM_WORD  *Word
  )
{
  CHAR8  Text[MAX_FOUND + 1];

  MrmTextPrintable (Text, sizeof (Text), Word->Start, Word->Length);
  MrmTextAdd (Reader->Fault, ", found ");
  MrmTextAdd (Reader->Fault, (Word->Length == 0) ? "nothing" : Text);
}

/**
  Tell that a word was expected.

  @param[in,out] Reader    The reader.
  @param[in]     Expected  What was expected.
  @param[in]     Word      What was found.

  @retval FALSE  Always.
**/
STATIC
BOOLEAN
Expected (
  IN OUT POLICY_READER   *Reader,
  IN     CONST CHAR8     *Expected,
  IN     CONST MRM_WORD  *Word
  )
{
  FaultIn (Reader, Reader->Number);
  MrmTextAdd (Reader->Fault, "expected ");
  MrmTextAdd (Reader->Fault, Expected);
  Found (Reader, Word);
  return FALSE;
}

/**
  Go on to the next line.

  @param[in,out] Reader  The reader; Line becomes empty when there is none.
**/
STATIC
VOID
NextLine (
  IN OUT POLICY_READER  *Reader
  )
{
  Reader->Line = MrmWordCut (&Reader->Rest, "\n");
  Reader->Number++;
  if ((Reader->Line.Length != 0) && (Reader->Line.Start[Reader->Line.Length - 1] == '\r')) {
    Reader->Line.Length--;
  }
}

/**
  Take the next word of the line.

  @param[in,out] Reader  The reader.

  @return  The word; empty at the end of the line.
**/
STATIC
MRM_WORD
NextWord (
  IN OUT POLICY_READER  *Reader
  )
{
  return MrmWordNext (&Reader->Line, " ");
}

/**
  See that the next word is the one expected.

  @param[in,out] Reader  The reader.
  @param[in]     String  The word; "" for the end of the line.

  @retval TRUE   It is.
  @retval FALSE  It is not; Fault says so.
**/
STATIC
BOOLEAN
Expect (
  IN OUT POLICY_READER  *Reader,
  IN     CONST CHAR8    *String
  )
{
  MRM_WORD  Word;

  Word = NextWord (Reader);
  if (MrmWordIs (&Word, String)) {
    return TRUE;
  }

  return Expected (Reader, (String[0] == '\0') ? "the end of the line" : String, &Word);
}

/**
  Read the keys of a line.

  @param[in,out] Reader  The reader, behind the line's first word.
  @param[in]     Owner   Which partition; MRM_MAX_PARTITIONS for the controller.

  @retval TRUE   Read.
  @retval FALSE  Something is wrong; Fault says what.
**/
STATIC
BOOLEAN
ReadKeys (
  IN OUT POLICY_READER  *Reader,
  IN     UINT32         Owner
  )
{
  CONST POLICY_KEY  *Keys;
  UINT32            Count;
  POLICY_FIELD      Field;
  MRM_WORD          Whole;
  MRM_WORD          Word;
  MRM_WORD          Name;
  UINT32            Index;

  Keys         = MrmPolicyKeys (Owner, &Count);
  Field.Plan   = Reader->Plan;
  Field.Policy = Reader->Policy;
  Field.Owner  = Owner;
  for (Index = 0; Index < Count; Index++) {
    Field.Key = &Keys[Index];
    Whole     = NextWord (Reader);
    Word      = Whole;
    Name      = MrmWordCut (&Word, "=");
    if (!MrmWordIs (&Name, Field.Key->Name) || (Name.Length == Whole.Length)) {
      FaultIn (Reader, Reader->Number);
      MrmTextAdd (Reader->Fault, "expected ");
      MrmTextAdd (Reader->Fault, Field.Key->Name);
      MrmTextAdd (Reader->Fault, "=");
      Found (Reader, &Whole);
      return FALSE;
    }

    if (!MrmPolicySet (&Field, Word)) {
      FaultIn (Reader, Reader->Number);
      MrmTextAdd (Reader->Fault, Field.Key->Name);
      MrmTextAdd (Reader->Fault, ": expected ");
      MrmPolicyExpect (Field.Key, Reader->Fault);
      Found (Reader, &Word);
      return FALSE;
    }
  }

  return Expect (Reader, "");
}

/**
  Read the line of a partition.

  @param[in,out] Reader  The reader.
  @param[in]     Owner   Which partition.

  @retval TRUE   Read.
  @retval FALSE  Something is wrong; Fault says what.
**/
STATIC
BOOLEAN
ReadPartition (
  IN OUT POLICY_READER  *Reader,
  IN     UINT32         Owner
  )
{
  MRM_WORD         Word;
  MRM_PLAN_POLICY  *Policy;

  NextLine (Reader);
  Word = NextWord (Reader);
  if (MrmPolicyFind (Reader->Plan, &Word) != Owner) {
    FaultIn (Reader, Reader->Number);
    MrmTextAdd (Reader->Fault, "expected partition ");
    MrmTextAdd (Reader->Fault, Reader->Plan->Partitions[Owner].Name);
    Found (Reader, &Word);
    return FALSE;
  }

  Policy              = &Reader->Policy->Partitions[Owner];
  *Policy             = Reader->Plan->Partitions[Owner].Policy;
  Policy->After       = Reader->Policy->After[Owner];
  Policy->AfterCount  = 0;
  Policy->Permits     = Reader->Policy->Permits[Owner];
  Policy->PcPermits   = 0;
  if (!ReadKeys (Reader, Owner)) {
    return FALSE;
  }

  if (Policy->Nmi && (Reader->NmiOwner != MRM_MAX_PARTITIONS)) {
    FaultIn (Reader, Reader->Number);
    MrmTextAdd (Reader->Fault, "nmi: the machine's NMIs go to ");
    MrmTextAdd (Reader->Fault, Reader->Plan->Partitions[Reader->NmiOwner].Name);
    MrmTextAdd (Reader->Fault, " already");
    return FALSE;
  }

  if (Policy->Nmi) {
    Reader->NmiOwner = Owner;
  }

  return TRUE;
}

/**
  See that partitions do not wait for each other.

  @param[in,out] Reader  The reader, all partitions read.

  @retval TRUE   There is an order in which all can start.
  @retval FALSE  There is none; Fault names one of those that wait for themselves.
**/
STATIC
BOOLEAN
CheckOrder (
  IN OUT POLICY_READER  *Reader
  )
{
  BOOLEAN                Starts[MRM_MAX_PARTITIONS];
  CONST MRM_PLAN_POLICY  *Policy;
  UINT32                 Count;
  UINT32                 Round;
  UINT32                 Index;
  UINT32                 Other;
  UINT32                 Left;

  Count = Reader->Plan->PartitionCount;
  Left  = 0;
  ZeroMem (Starts, sizeof (Starts));
  // If a round finds no further partition that starts, the later rounds do not either.
  for (Round = 0; Round < Count; Round++) {
    for (Index = 0; Index < Count; Index++) {
      Policy = &Reader->Policy->Partitions[Index];
      for (Other = 0; (Other < Policy->AfterCount) && Starts[Policy->After[Other]]; Other++) {
      }

      Starts[Index] = (BOOLEAN)(Other == Policy->AfterCount);
    }
  }

  for (Left = 0; (Left < Count) && Starts[Left]; Left++) {
  }

  if (Left == Count) {
    return TRUE;
  }

  // A partition that does not start waits for another that does not either.  After Count steps this is in a circle.
  for (Round = 0; Round < Count; Round++) {
    Policy = &Reader->Policy->Partitions[Left];
    for (Other = 0; Starts[Policy->After[Other]]; Other++) {
    }

    Left = Policy->After[Other];
  }

  FaultIn (Reader, Left + 3);
  MrmTextAdd (Reader->Fault, "after: ");
  MrmTextAdd (Reader->Fault, Reader->Plan->Partitions[Left].Name);
  MrmTextAdd (Reader->Fault, " would wait for itself, at once or through others");
  return FALSE;
}

/**
  Read everything behind the first line.

  @param[in,out] Reader  The reader.

  @retval TRUE   It is right as a whole.
  @retval FALSE  Something is wrong; Fault says what.
**/
STATIC
BOOLEAN
ReadPolicies (
  IN OUT POLICY_READER  *Reader
  )
{
  UINT32  Index;

  NextLine (Reader);
  if (!Expect (Reader, POLICY_CONTROLLER) || !ReadKeys (Reader, MRM_MAX_PARTITIONS)) {
    return FALSE;
  }

  for (Index = 0; Index < Reader->Plan->PartitionCount; Index++) {
    if (!ReadPartition (Reader, Index)) {
      return FALSE;
    }
  }

  NextLine (Reader);
  if ((Reader->Line.Length != 0) || (Reader->Rest.Length != 0)) {
    return Expected (Reader, "the end: there are no more partitions", &Reader->Line);
  }

  return CheckOrder (Reader);
}

RETURN_STATUS
EFIAPI
MrmPolicyParse (
  IN     CONST MRM_PLAN  *Plan,
  IN     CONST UINT8     *Bytes,
  IN     UINTN           Size,
  OUT    MRM_POLICY      *Policy,
  IN OUT MRM_TEXT        *Fault
  )
{
  POLICY_READER  Reader;
  MRM_WORD       Word;

  while ((Size > 0) && (Bytes[Size - 1] <= ' ')) {
    Size--;
  }

  ZeroMem (Policy, sizeof (*Policy));
  ZeroMem (&Reader, sizeof (Reader));
  Reader.Plan        = Plan;
  Reader.Policy      = Policy;
  Reader.Fault       = Fault;
  Reader.NmiOwner    = MRM_MAX_PARTITIONS;
  Reader.Rest.Start  = Bytes;
  Reader.Rest.Length = Size;
  NextLine (&Reader);
  if (!Expect (&Reader, POLICY_FORMAT)) {
    return RETURN_INVALID_PARAMETER;
  }

  if (!Expect (&Reader, POLICY_VERSION)) {
    return RETURN_INCOMPATIBLE_VERSION;
  }

  Word = NextWord (&Reader);
  if (!MrmWordIs (&Word, Plan->Structure)) {
    FaultIn (&Reader, Reader.Number);
    MrmTextAdd (Fault, "it is for another plan than ");
    MrmTextAdd (Fault, Plan->Structure);
    Found (&Reader, &Word);
    return RETURN_INCOMPATIBLE_VERSION;
  }

  return (Expect (&Reader, "") && ReadPolicies (&Reader)) ? RETURN_SUCCESS : RETURN_INVALID_PARAMETER;
}
