/** @file
  Keys of a policy, and what reading and writing share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_POLICY_INTERNAL_H_
#define MRM_POLICY_INTERNAL_H_

#include <Library/MrmPolicyLib.h>
#include <Library/BaseMemoryLib.h>

#define POLICY_FORMAT      "mrm-policy"
#define POLICY_VERSION     "1"
#define POLICY_CONTROLLER  "controller"
#define POLICY_NOBODY      "-"
#define POLICY_EVERYBODY   "*"
#define MAX_CHOICES        4

typedef enum {
  PolicyChoice,          ///< one of Choices, as UINT32
  PolicyTruth,           ///< one of two Choices, as BOOLEAN
  PolicyNumber,          ///< 0, or Least to Most, as UINT32
  PolicyAfter,           ///< list of partitions: After
  PolicyPermits,         ///< list of partitions: bit First of Permits
  PolicySet,             ///< list of Choices: bits of a UINT8 from bit First on
  PolicyBit              ///< one of two Choices: bit First of a UINT8
} POLICY_KIND;

typedef struct {
  CONST CHAR8    *Name;
  POLICY_KIND    Kind;
  UINT32         Offset;                   ///< in MRM_POLICY or MRM_PLAN_POLICY
  UINT32         Least;
  UINT32         Most;
  UINT8          First;
  CONST CHAR8    *Choices[MAX_CHOICES];    ///< in the order of their values; NULL = there is none
} POLICY_KEY;

///
/// Where a key's value is: in the policy of partition Owner, or, at MRM_MAX_PARTITIONS, in the controller's.
///
typedef struct {
  CONST MRM_PLAN      *Plan;
  MRM_POLICY          *Policy;
  UINT32              Owner;
  CONST POLICY_KEY    *Key;
} POLICY_FIELD;

/**
  The keys of a line, in order.

  @param[in]  Owner  Which partition; MRM_MAX_PARTITIONS for the controller.
  @param[out] Count  Receives their number.
**/
CONST POLICY_KEY *
MrmPolicyKeys (
  IN  UINT32  Owner,
  OUT UINT32  *Count
  );

/**
  Find a partition by its name.

  @param[in] Plan  The plan.
  @param[in] Word  The name.

  @return  Its index; the number of partitions when there is none.
**/
UINT32
MrmPolicyFind (
  IN CONST MRM_PLAN  *Plan,
  IN CONST MRM_WORD  *Word
  );

/**
  Read a value.

  @param[in] Field  Where it goes.
  @param[in] Word   The value.

  @retval TRUE   It is there.
  @retval FALSE  It is not a value of this key.
**/
BOOLEAN
MrmPolicySet (
  IN CONST POLICY_FIELD  *Field,
  IN MRM_WORD            Word
  );

/**
  Write a value.

  @param[in]     Field  Where it is.
  @param[in,out] Text   The text.
**/
VOID
MrmPolicyShow (
  IN     CONST POLICY_FIELD  *Field,
  IN OUT MRM_TEXT            *Text
  );

/**
  Say which values a key has.

  @param[in]     Key   The key.
  @param[in,out] Text  The text.
**/
VOID
MrmPolicyExpect (
  IN     CONST POLICY_KEY  *Key,
  IN OUT MRM_TEXT          *Text
  );

/**
  TRUE if the same key has the same value in two policies of one plan.

  @param[in] One    Where it is in the one.
  @param[in] Other  Where it is in the other.
**/
BOOLEAN
MrmPolicySame (
  IN CONST POLICY_FIELD  *One,
  IN CONST POLICY_FIELD  *Other
  );

#endif
