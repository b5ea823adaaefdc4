/** @file
  Whether a plan is for this PC, and which of two plans is carried out.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPlanJudge.h"
#include <Library/MrmPlanLib.h>
#include <Library/BaseMemoryLib.h>

#define FIRST_OF_WORD  '!'
#define LAST_OF_WORD   '~'
#define NONE           0xFF   ///< each byte of a UUID that is not set (SMBIOS 3.3 section 7.2.1)

/**
  Whether a UUID says anything.

  @param[in] Uuid  MRM_UUID_SIZE bytes.

  @retval TRUE   It does.
  @retval FALSE  All its bytes are 0, or all are 0xFF.
**/
STATIC
BOOLEAN
IsUuid (
  IN CONST UINT8  *Uuid
  )
{
  UINTN  Index;

  for (Index = 1; Index < MRM_UUID_SIZE; Index++) {
    if (Uuid[Index] != Uuid[0]) {
      return TRUE;
    }
  }

  return (BOOLEAN)((Uuid[0] != 0) && (Uuid[0] != NONE));
}

/**
  Add a UUID as people write it.

  @param[in,out] Text  Receives it.
  @param[in]     Uuid  MRM_UUID_SIZE bytes; SMBIOS keeps the first three numbers little-endian.
**/
STATIC
VOID
AddUuid (
  IN OUT MRM_TEXT     *Text,
  IN     CONST UINT8  *Uuid
  )
{
  STATIC CONST UINT8  Order[MRM_UUID_SIZE] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
  STATIC CONST CHAR8  Digits[]             = "0123456789abcdef";
  CHAR8               Byte[3];
  UINTN               Index;

  Byte[2] = '\0';
  for (Index = 0; Index < MRM_UUID_SIZE; Index++) {
    if ((Index == 4) || (Index == 6) || (Index == 8) || (Index == 10)) {
      MrmTextAdd (Text, "-");
    }

    Byte[0] = Digits[Uuid[Order[Index]] >> 4];
    Byte[1] = Digits[Uuid[Order[Index]] & 0xF];
    MrmTextAdd (Text, Byte);
  }
}

/**
  Add what a PC is called.

  @param[in,out] Text    Receives it.
  @param[in]     System  Its name; empty for none.
**/
STATIC
VOID
AddSystem (
  IN OUT MRM_TEXT     *Text,
  IN     CONST CHAR8  *System
  )
{
  if (System[0] == '\0') {
    MrmTextAdd (Text, "a PC without a name");
  } else {
    MrmTextAdd (Text, "\"");
    MrmTextAdd (Text, System);
    MrmTextAdd (Text, "\"");
  }
}

/**
  Whether the PC has a processor.

  @param[in] Pc      The PC.
  @param[in] ApicId  Its local APIC ID.

  @retval TRUE   It has.
  @retval FALSE  It has not.
**/
STATIC
BOOLEAN
HasProcessor (
  IN CONST MRM_PLAN_PC  *Pc,
  IN UINT32             ApicId
  )
{
  UINTN  Index;

  for (Index = 0; Index < Pc->ProcessorCount; Index++) {
    if (Pc->Processors[Index].ApicId == ApicId) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Whether the PC has the processors of the plan's PC, and no others.

  @param[in]     Identity    Which PC the plan is for.
  @param[in]     Pc          This PC.
  @param[in,out] Difference  Receives what differs.

  @retval TRUE   It has.
  @retval FALSE  It has not.
**/
STATIC
BOOLEAN
SameProcessors (
  IN     CONST MRM_PLAN_IDENTITY  *Identity,
  IN     CONST MRM_PLAN_PC        *Pc,
  IN OUT MRM_TEXT                 *Difference
  )
{
  UINT32  Index;

  if (Identity->ApicIdCount != Pc->ProcessorCount) {
    MrmTextAdd (Difference, "that has ");
    MrmTextAddNumber (Difference, Identity->ApicIdCount, 0, ' ');
    MrmTextAdd (Difference, " processors, this one ");
    MrmTextAddNumber (Difference, Pc->ProcessorCount, 0, ' ');
    return FALSE;
  }

  // Both have the same number, and the reader has checked that none is in the plan twice.  So it is enough to look for
  // each processor of the plan.
  for (Index = 0; Index < Identity->ApicIdCount; Index++) {
    if (!HasProcessor (Pc, Identity->ApicIds[Index])) {
      MrmTextAdd (Difference, "that has a processor with APIC ID ");
      MrmTextAddNumber (Difference, Identity->ApicIds[Index], 0, ' ');
      MrmTextAdd (Difference, ", this one has none");
      return FALSE;
    }
  }

  return TRUE;
}

MRM_PLAN_FIT
EFIAPI
MrmPlanFit (
  IN     CONST MRM_PLAN     *Plan,
  IN     CONST MRM_PLAN_PC  *Pc,
  IN OUT MRM_TEXT           *Difference
  )
{
  CONST MRM_PLAN_IDENTITY  *Identity;

  Identity = &Plan->Identity;
  if (Identity->UuidSize != 0) {
    if (CompareMem (Identity->Uuid, Pc->Uuid, MRM_UUID_SIZE) == 0) {
      return MrmFitUuid;
    }

    MrmTextAdd (Difference, "that has the UUID ");
    AddUuid (Difference, Identity->Uuid);
    MrmTextAdd (Difference, ", this one ");
    if (IsUuid (Pc->Uuid)) {
      AddUuid (Difference, Pc->Uuid);
    } else {
      MrmTextAdd (Difference, "tells none");
    }

    return MrmFitNot;
  }

  if (Identity->System == NULL) {
    return MrmFitAny;
  }

  if (!MrmPlanSameText (Identity->System, Pc->System)) {
    MrmTextAdd (Difference, "that is ");
    AddSystem (Difference, Identity->System);
    MrmTextAdd (Difference, ", this one ");
    AddSystem (Difference, Pc->System);
    return MrmFitNot;
  }

  return SameProcessors (Identity, Pc, Difference) ? MrmFitMachine : MrmFitNot;
}

BOOLEAN
EFIAPI
MrmPlanGoesBefore (
  IN CONST MRM_PLAN  *Plan,
  IN MRM_PLAN_FIT    Fit,
  IN CONST MRM_PLAN  *Other,
  IN MRM_PLAN_FIT    OtherFit
  )
{
  return (BOOLEAN)((Fit > OtherFit) || ((Fit == OtherFit) && (Plan->Made > Other->Made)));
}

/**
  Add what a PC is called as a part of a file name: what is neither letter, digit nor '.' becomes one '-'.

  @param[in,out] Text    Receives it.
  @param[in]     System  Its name, of words with one blank between them.
**/
STATIC
VOID
AddSystemName (
  IN OUT MRM_TEXT     *Text,
  IN     CONST CHAR8  *System
  )
{
  CHAR8    Letter[2];
  UINTN    Before;
  BOOLEAN  Apart;

  Apart     = FALSE;
  Before    = Text->Length;
  Letter[1] = '\0';
  for ( ; *System != '\0'; System++) {
    Letter[0] = *System;
    if (  ((Letter[0] >= '0') && (Letter[0] <= '9'))
       || ((Letter[0] >= 'A') && (Letter[0] <= 'Z'))
       || ((Letter[0] >= 'a') && (Letter[0] <= 'z'))
       || (Letter[0] == '.'))
    {
      MrmTextAdd (Text, (Apart && (Text->Length != Before)) ? "-" : "");
      MrmTextAdd (Text, Letter);
      Apart = FALSE;
    } else {
      Apart = TRUE;
    }
  }
}

BOOLEAN
EFIAPI
MrmPlanFileName (
  IN     UINTN              Index,
  IN     CONST MRM_PLAN_PC  *Pc,
  IN OUT MRM_TEXT           *Name
  )
{
  UINTN  Before;

  if (Index == MRM_PLAN_NAMES - 1) {
    MrmTextAdd (Name, "plan.bin");
    return TRUE;
  }

  MrmTextAdd (Name, "plans\\");
  Before = Name->Length;
  if (Index != 0) {
    AddSystemName (Name, Pc->System);
  } else if (IsUuid (Pc->Uuid)) {
    AddUuid (Name, Pc->Uuid);
  }

  if (Name->Length == Before) {
    return FALSE;
  }

  MrmTextAdd (Name, ".bin");
  return TRUE;
}

BOOLEAN
MrmPlanJudgeIdentity (
  IN     CONST MRM_PLAN  *Plan,
  IN OUT MRM_TEXT        *Fault
  )
{
  CONST MRM_PLAN_IDENTITY  *Identity;
  CONST CHAR8              *What;
  UINT32                   Index;

  Identity = &Plan->Identity;
  What     = NULL;
  if ((Identity->UuidSize != 0) && ((Identity->UuidSize != MRM_UUID_SIZE) || !IsUuid (Identity->Uuid))) {
    What = "the UUID of its PC is none";
  } else if ((Identity->System == NULL) ? (Identity->ApicIdCount != 0) : (Identity->ApicIdCount == 0)) {
    What = "its PC has a name without processors, or processors without a name";
  }

  for (Index = 1; (What == NULL) && (Index < Identity->ApicIdCount); Index++) {
    if (Identity->ApicIds[Index - 1] >= Identity->ApicIds[Index]) {
      What = "the processors of its PC are not in order";
    }
  }

  if (What != NULL) {
    MrmTextAdd (Fault, What);
  }

  return (BOOLEAN)(What == NULL);
}

VOID
EFIAPI
MrmPlanSystem (
  IN  CONST CHAR8  *Vendor,
  IN  CONST CHAR8  *Product,
  OUT CHAR8        *System
  )
{
  CONST CHAR8  *Parts[2];
  UINTN        Part;
  UINTN        Length;
  BOOLEAN      Apart;

  Parts[0] = Vendor;
  Parts[1] = Product;
  Length   = 0;
  for (Part = 0; Part < ARRAY_SIZE (Parts); Part++) {
    Apart = TRUE;
    for ( ; *Parts[Part] != '\0'; Parts[Part]++) {
      if ((*Parts[Part] < FIRST_OF_WORD) || (*Parts[Part] > LAST_OF_WORD)) {
        Apart = TRUE;
        continue;
      }

      if (Apart && (Length != 0) && (Length < MRM_SYSTEM_LENGTH)) {
        System[Length++] = ' ';
      }

      Apart = FALSE;
      if (Length < MRM_SYSTEM_LENGTH) {
        System[Length++] = *Parts[Part];
      }
    }
  }

  if ((Length != 0) && (System[Length - 1] == ' ')) {
    Length--;
  }

  System[Length] = '\0';
}
