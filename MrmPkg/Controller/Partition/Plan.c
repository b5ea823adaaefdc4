/** @file
  Which plan is carried out. There are three carriers of the same bytes: the source this
  image was built of, a section added to the image, and files where the image came from: on
  the ESP, or on the server of a network boot. A plan that was reloaded while one of these was
  in force takes its place, until there is another one.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Partition/Plan.h"
#include "Partition/Fit.h"
#include "Partition/PlanKeep.h"
#include "Core/Esp.h"
#include "Core/Log.h"
#include "Core/Origin.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmBuiltInLib.h>
#include <Library/MrmPlanLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>

#define PLAN_FILE       L"plan.bin"
#define PLANS_FOLDER    L"plans"
#define PLAN_ENDING     L".bin"
#define LONGEST_PATH    300                            ///< characters: a folder and the longest name FAT knows
#define NAME_SIZE       (MRM_ORIGIN_PLACE + 8)         ///< bytes of where a plan came from
#define MOST_PLAN_SIZE  (MRM_PLAN_LARGEST + SIZE_1MB)  ///< bytes of a file that holds one, with its signatures

CONST MRM_PLAN  *gPlan;

STATIC MRM_READ_PLAN  mPlan;
STATIC MRM_PLAN_FIT   mFit;               ///< how well it fits this PC
STATIC CHAR8          mPlace[NAME_SIZE];  ///< where it came from, for people: "from plan.bin"

/**
  Read the plan this image carries.

  @param[out] Read  Receives the plan; empty when there is none or it is not taken, which is said.
**/
STATIC
VOID
ReadCarried (
  OUT MRM_READ_PLAN  *Read
  )
{
  CHAR8     Reason[MRM_PLAN_FAULT_SIZE];
  MRM_TEXT  Fault;
  UINTN     BuiltIn;

  BuiltIn = (UINTN)(gMrmBuiltInPlanEnd - gMrmBuiltInPlan);
  MrmTextBegin (&Fault, Reason, sizeof (Reason));
  if (!ReadPlanSection (gImageHandle, Read, &Fault) && (Fault.Length == 0) && (BuiltIn != 0)) {
    ReadPlanBlob (gMrmBuiltInPlan, BuiltIn, Read, &Fault);
  }

  if (Fault.Length != 0) {
    Say ("the plan in this image is not taken: %a", Reason);
  }
}

/**
  Read a plan from where Mrm.efi came from.

  @param[in]  Path  Its path.
  @param[in]  Name  What it is called.
  @param[out] Read  Receives the plan; empty when there is none or it is not taken, which is said.
**/
STATIC
VOID
ReadPlanFile (
  IN  CONST CHAR16   *Path,
  IN  CONST CHAR8    *Name,
  OUT MRM_READ_PLAN  *Read
  )
{
  EFI_STATUS  Status;
  MRM_RANGE   File;
  CHAR8       Reason[MRM_PLAN_FAULT_SIZE];
  MRM_TEXT    Fault;

  ZeroMem (Read, sizeof (*Read));
  Status = ReadOriginFile (Path, MOST_PLAN_SIZE, &File, Reason);
  if (EFI_ERROR (Status)) {
    if ((Status != EFI_NOT_FOUND) || CameFromServer ()) {
      Say ("%a: %a", Name, Reason);
    }

    return;
  }

  MrmTextBegin (&Fault, Reason, sizeof (Reason));
  if (!ReadAnyPlan ((CONST UINT8 *)(UINTN)File.Base, (UINTN)File.Size, Read, &Fault)) {
    Say ("%a is not taken: %a", Name, Reason);
  }

  FreeEspFile (&File);
}

/**
  Take a plan if it is for this PC and goes before the one taken so far.

  @param[in,out] Read   The plan; becomes empty.  May be empty.
  @param[in]     Name   What it is called.
  @param[in]     Place  Where it is.
**/
STATIC
VOID
Consider (
  IN OUT MRM_READ_PLAN  *Read,
  IN     CONST CHAR8    *Name,
  IN     CONST CHAR8    *Place
  )
{
  MRM_PLAN_FIT  Fit;
  MRM_TEXT      Difference;
  CHAR8         Reason[MRM_PLAN_FAULT_SIZE];

  if (Read->Plan == NULL) {
    return;
  }

  MrmTextBegin (&Difference, Reason, sizeof (Reason));
  Fit = JudgeFit (Read->Plan, &Difference);
  if (Fit == MrmFitNot) {
    KeepMisfit (Name, Read->Plan, Reason);
  } else if ((mPlan.Plan == NULL) || MrmPlanGoesBefore (Read->Plan, Fit, mPlan.Plan, mFit)) {
    AdoptPlan (Read);
    mFit = Fit;
    AsciiSPrint (mPlace, sizeof (mPlace), "%a", Place);
  } else {
    Say (
      "%a is not taken: %a the plan %a",
      Name,
      (Fit < mFit) ? "it says less of which PC it is for than" : "it is not newer than",
      mPlace
      );
  }

  FreePlan (Read);
}

/**
  Consider a plan from where Mrm.efi came from.

  @param[in] Folder  Its folder below MRM_FOLDER, with a backslash behind it; empty for none.
  @param[in] File    Its name there.
**/
STATIC
VOID
ConsiderFile (
  IN CONST CHAR16  *Folder,
  IN CONST CHAR16  *File
  )
{
  MRM_READ_PLAN  Read;
  CHAR16         Path[LONGEST_PATH];
  CHAR8          Name[MRM_ORIGIN_PLACE];
  CHAR8          Place[NAME_SIZE];

  UnicodeSPrint (Path, sizeof (Path), L"%s\\%s%s", MRM_FOLDER, Folder, File);
  if (CameFromServer ()) {
    DescribeOriginFile (Path, Name);
  } else {
    AsciiSPrint (Name, sizeof (Name), "%s%s", Folder, File);
  }

  AsciiSPrint (Place, sizeof (Place), "from %a", Name);
  ReadPlanFile (Path, Name, &Read);
  Consider (&Read, Name, Place);
}

/**
  Consider a file of the folder of plans.

  @param[in] File  Its name; a plan's ends with PLAN_ENDING, in letters of either case.
**/
STATIC
VOID
VisitPlan (
  IN CONST CHAR16  *File
  )
{
  UINTN  Length;
  UINTN  Index;

  Length = StrLen (File);
  if (Length < ARRAY_SIZE (PLAN_ENDING)) {
    return;
  }

  File += Length - (ARRAY_SIZE (PLAN_ENDING) - 1);
  for (Index = 0; Index < ARRAY_SIZE (PLAN_ENDING) - 1; Index++) {
    if (CharToUpper (File[Index]) != CharToUpper (PLAN_ENDING[Index])) {
      return;
    }
  }

  ConsiderFile (PLANS_FOLDER L"\\", File + Index - Length);
}

/**
  CRC-32 of a plan.

  @param[in] Read  The plan; may be empty.

  @return  The CRC-32 its header states, or 0.
**/
STATIC
UINT32
ChecksumOf (
  IN CONST MRM_READ_PLAN  *Read
  )
{
  return (Read->Plan == NULL) ? 0 : ((CONST MRM_PLAN_HEADER *)Read->Blob)->Crc32;
}

/**
  Consider the plans of the server that Mrm.efi came from: a server cannot be listed, so it is asked for those whose
  names this PC knows.
**/
STATIC
VOID
AskForPlans (
  VOID
  )
{
  UINTN   Index;
  CHAR8   Name[MRM_PLAN_NAME_SIZE];
  CHAR16  File[MRM_PLAN_NAME_SIZE];

  for (Index = 0; Index < MRM_PLAN_NAMES; Index++) {
    if (NamePlan (Index, Name)) {
      AsciiStrToUnicodeStrS (Name, File, ARRAY_SIZE (File));
      ConsiderFile (L"", File);
    }
  }
}

/**
  Consider the plans on the ESP.
**/
STATIC
VOID
ListPlans (
  VOID
  )
{
  EFI_STATUS  Status;

  ConsiderFile (L"", PLAN_FILE);
  Status = VisitEspFiles (MRM_FOLDER L"\\" PLANS_FOLDER, VisitPlan);
  if (EFI_ERROR (Status) && (Status != EFI_NOT_FOUND)) {
    Say ("the folder of plans cannot be read: %r", Status);
  }
}

VOID
OpenPlan (
  VOID
  )
{
  MRM_READ_PLAN  Read;

  ReadCarried (&Read);
  Consider (&Read, "the plan in this image", "in this image");
  if (CameFromServer ()) {
    AskForPlans ();
  } else {
    ListPlans ();
  }
}

EFI_STATUS
SettlePlan (
  VOID
  )
{
  MRM_READ_PLAN  Read;
  UINTN          Misfits;

  if (mPlan.Plan != NULL) {
    ReadKeptPlan (ChecksumOf (&mPlan), &Read);
    if (Read.Plan != NULL) {
      AdoptPlan (&Read);
      AsciiSPrint (mPlace, sizeof (mPlace), "as it was reloaded");
    }
  }

  Misfits = EndMisfits ((BOOLEAN)(gPlan == NULL));
  if (gPlan == NULL) {
    Say (
      (Misfits == 0) ? "there is no plan: make one by `mrm esp FILE --output DIR`, "
                       "in a checkout by `python -m generator esp`"
                     : "there is no plan for this PC"
      );
    return EFI_NOT_FOUND;
  }

  Say ("plan %a for %a, %d partitions, %a", gPlan->Title, gPlan->Machine, gPlan->PartitionCount, mPlace);
  return EFI_SUCCESS;
}

VOID
AdoptPlan (
  IN OUT MRM_READ_PLAN  *Read
  )
{
  FreePlan (&mPlan);
  mPlan = *Read;
  gPlan = mPlan.Plan;
  ZeroMem (Read, sizeof (*Read));
}

VOID
ReleasePlan (
  VOID
  )
{
  CloseKeptPlan ();
  FreePlan (&mPlan);
  gPlan = NULL;
}
