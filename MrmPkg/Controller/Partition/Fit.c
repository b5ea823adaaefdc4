/** @file
  Whether plans are for this PC, and what is to be said of those that are not.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Partition/Fit.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>

#define LINE_SIZE     1024  ///< bytes of what is said of a plan for another PC
#define MOST_MISFITS  64    ///< plans for other PCs that are told of

STATIC CHAR8  *mMisfits[MOST_MISFITS];   ///< from the pool; NULL: there was no memory
STATIC UINTN  mMisfitCount;              ///< those not kept included

/**
  What plans may know this PC by.

  @param[out] Pc  Receives it.
**/
STATIC
VOID
DescribePc (
  OUT MRM_PLAN_PC  *Pc
  )
{
  Pc->Uuid           = (CONST UINT8 *)&gMachine.Uuid;
  Pc->System         = gMachine.System;
  Pc->ProcessorCount = gMachine.ProcessorCount;
  Pc->Processors     = gMachine.ProcessorFacts;
}

MRM_PLAN_FIT
JudgeFit (
  IN     CONST MRM_PLAN  *Plan,
  IN OUT MRM_TEXT        *Difference
  )
{
  MRM_PLAN_PC  Pc;

  DescribePc (&Pc);
  return MrmPlanFit (Plan, &Pc, Difference);
}

BOOLEAN
NamePlan (
  IN  UINTN  Index,
  OUT CHAR8  *Name
  )
{
  MRM_PLAN_PC  Pc;
  MRM_TEXT     Text;

  DescribePc (&Pc);
  MrmTextBegin (&Text, Name, MRM_PLAN_NAME_SIZE);
  return MrmPlanFileName (Index, &Pc, &Text);
}

VOID
KeepMisfit (
  IN CONST CHAR8     *Name,
  IN CONST MRM_PLAN  *Plan,
  IN CONST CHAR8     *Difference
  )
{
  CHAR8  Line[LINE_SIZE];
  UINTN  Length;

  if (mMisfitCount < MOST_MISFITS) {
    Length = AsciiSPrint (
               Line,
               sizeof (Line),
               "%a is for another PC: %a; it is %a for %a",
               Name,
               Difference,
               Plan->Title,
               Plan->Machine
               );
    mMisfits[mMisfitCount] = AllocateCopyPool (Length + 1, Line);
  }

  mMisfitCount++;
}

UINTN
EndMisfits (
  IN BOOLEAN  Tell
  )
{
  UINTN  Count;
  UINTN  Index;

  Count        = mMisfitCount;
  mMisfitCount = 0;
  for (Index = 0; Index < MIN (Count, MOST_MISFITS); Index++) {
    if (mMisfits[Index] != NULL) {
      if (Tell) {
        Say ("%a", mMisfits[Index]);
      }

      FreePool (mMisfits[Index]);
      mMisfits[Index] = NULL;
    }
  }

  if (Tell && (Count > MOST_MISFITS)) {
    Say ("and %d plans more are for other PCs", Count - MOST_MISFITS);
  }

  return Count;
}
