/** @file
  What the parts of MrmPartitionLib share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_PARTITION_INTERNAL_H_
#define MRM_PARTITION_INTERNAL_H_

#include <Uefi/UefiBaseType.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmLogLib.h>
#include <Library/MrmPartitionLib.h>

/**
  Whether a character separates words.

  @param[in] Character  The character.
**/
BOOLEAN
MrmIsBlank (
  IN CHAR8  Character
  );

/**
  Whether a character is a decimal digit.

  @param[in] Character  The character.
**/
BOOLEAN
MrmIsDigit (
  IN CHAR8  Character
  );

#endif
