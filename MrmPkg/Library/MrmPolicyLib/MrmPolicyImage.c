/** @file
  A policy as an image that is committed, and the one of the tables.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPolicyInternal.h"

#define IMAGE_SIGNATURE  SIGNATURE_32 ('M', 'R', 'M', 'P')
#define IMAGE_VERSION    1

typedef struct {
  UINT32    Signature;                       ///< IMAGE_SIGNATURE
  UINT32    Version;                         ///< IMAGE_VERSION
  UINT32    TextSize;                        ///< bytes; 0 = the policy of the tables was asked for
  CHAR8     BuiltIn[MRM_DIGEST_LENGTH];      ///< MRM_PLAN.BuiltInPolicy of the build that committed it
  CHAR8     Who[MRM_NAME_LENGTH];
  // the text
} POLICY_IMAGE;

STATIC_ASSERT (sizeof (POLICY_IMAGE) + MRM_POLICY_TEXT_SIZE <= MRM_POLICY_IMAGE_SIZE, "the longest text fits");

VOID
EFIAPI
MrmPolicyBuiltIn (
  IN  CONST MRM_PLAN  *Plan,
  OUT MRM_POLICY      *Policy
  )
{
  UINT32           Index;
  MRM_PLAN_POLICY  *Own;

  ZeroMem (Policy, sizeof (*Policy));
  Policy->AllOff      = Plan->AllOff;
  Policy->PowerButton = Plan->PowerButton;
  for (Index = 0; Index < Plan->PartitionCount; Index++) {
    Own  = &Policy->Partitions[Index];
    *Own = Plan->Partitions[Index].Policy;
    CopyMem (Policy->After[Index], Own->After, Own->AfterCount * sizeof (*Own->After));
    Own->After = Policy->After[Index];
    if (Own->Permits != NULL) {
      CopyMem (Policy->Permits[Index], Own->Permits, Plan->PartitionCount);
    }

    Own->Permits = Policy->Permits[Index];
  }
}

VOID
EFIAPI
MrmPolicyPack (
  IN  CONST MRM_PLAN  *Plan,
  IN  CONST CHAR8     *Who,
  IN  CONST UINT8     *Bytes,
  IN  UINTN           Size,
  OUT UINT8           *Image
  )
{
  POLICY_IMAGE  *Header;
  UINTN         Index;

  ZeroMem (Image, MRM_POLICY_IMAGE_SIZE);
  Header            = (POLICY_IMAGE *)Image;
  Header->Signature = IMAGE_SIGNATURE;
  Header->Version   = IMAGE_VERSION;
  Header->TextSize  = (UINT32)Size;
  CopyMem (Header->BuiltIn, Plan->BuiltInPolicy, sizeof (Header->BuiltIn));
  for (Index = 0; (Index + 1 < sizeof (Header->Who)) && (Who[Index] != '\0'); Index++) {
    Header->Who[Index] = Who[Index];
  }

  CopyMem (Header + 1, Bytes, Size);
}

RETURN_STATUS
EFIAPI
MrmPolicyUnpack (
  IN     CONST MRM_PLAN  *Plan,
  IN     CONST UINT8     *Image,
  OUT    MRM_POLICY      *Policy,
  OUT    CHAR8           *Who,
  IN OUT MRM_TEXT        *Fault
  )
{
  POLICY_IMAGE  Header;
  UINTN         Length;

  CopyMem (&Header, Image, sizeof (Header));
  for (Length = 0; (Length < sizeof (Header.Who)) && (Header.Who[Length] != '\0'); Length++) {
  }

  MrmTextPrintable (Who, MRM_NAME_LENGTH, (CONST UINT8 *)Header.Who, Length);
  if (Header.Signature != IMAGE_SIGNATURE) {
    return RETURN_NOT_FOUND;
  }

  if (  (Header.Version != IMAGE_VERSION)
     || (CompareMem (Header.BuiltIn, Plan->BuiltInPolicy, sizeof (Header.BuiltIn)) != 0))
  {
    MrmTextAdd (Fault, "it was made for another build");
    return RETURN_INCOMPATIBLE_VERSION;
  }

  if (Header.TextSize == 0) {
    return RETURN_NOT_FOUND;
  }

  if (Header.TextSize > MRM_POLICY_TEXT_SIZE) {
    MrmTextAdd (Fault, "it is damaged");
    return RETURN_INVALID_PARAMETER;
  }

  return MrmPolicyParse (Plan, Image + sizeof (Header), Header.TextSize, Policy, Fault);
}
