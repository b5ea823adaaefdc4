/** @file
  Which processors of the live machine a partition gets.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmMachineLib.h>
#include <Library/BaseMemoryLib.h>

///
/// What is looked at, and for whom.
///
typedef struct {
  CONST MRM_PROCESSOR_FACTS    *Processors;
  UINTN                        Count;
  CONST MRM_PLAN               *Plan;
  UINTN                        Partition;
  CONST UINT32                 *Domain;      ///< of its memory, or NULL
  CONST UINTN                  *Chosen;
  UINTN                        ChosenCount;
} CHOICE;

///
/// Whose core a spare processor may be on, the best first.  Others who are on it share cores, all of them.
///
typedef enum {
  CoreOwn,         ///< of the partition itself, nobody else on it
  CoreNobodys,
  CoreOwnShared,   ///< of the partition itself, others are on it
  CoreShared       ///< others are on it
} CORE;

BOOLEAN
EFIAPI
MrmProcessorsLocate (
  IN OUT MRM_PROCESSOR_FACTS  *Processors,
  IN     UINTN                Count
  )
{
  UINTN  Index;
  UINTN  Other;

  for (Index = 0; Index < Count; Index++) {
    for (Other = 0; Other < Index; Other++) {
      if (  (Processors[Index].Package == Processors[Other].Package)
         && (Processors[Index].Core == Processors[Other].Core)
         && (Processors[Index].Thread == Processors[Other].Thread))
      {
        for (Index = 0; Index < Count; Index++) {
          Processors[Index].Package = 0;
          Processors[Index].Core    = (UINT32)Index;
          Processors[Index].Thread  = 0;
        }

        return FALSE;
      }
    }
  }

  return TRUE;
}

/**
  Whether a partition has processors already: then the plan's are not its own any more.

  @param[in] Choice     What is looked at.
  @param[in] Partition  Number of the partition.

  @retval TRUE   It has.
  @retval FALSE  It has not.
**/
STATIC
BOOLEAN
HasProcessors (
  IN CONST CHOICE  *Choice,
  IN UINTN         Partition
  )
{
  UINTN  Index;

  for (Index = 0; Index < Choice->Count; Index++) {
    if (Choice->Processors[Index].Owner == Partition) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Whose a processor is or will be.

  @param[in] Choice  What is looked at.
  @param[in] Index   The processor.

  @return  Index of the partition that has it, is about to get it, or has it in its plan; MRM_CONTROLLER; MRM_NOBODY.
**/
STATIC
UINTN
OwnerOf (
  IN CONST CHOICE  *Choice,
  IN UINTN         Index
  )
{
  CONST MRM_PLAN_PARTITION  *Plan;
  UINTN                     Partition;
  UINTN                     Number;

  if (Choice->Processors[Index].Owner != MRM_NOBODY) {
    return Choice->Processors[Index].Owner;
  }

  for (Number = 0; Number < Choice->ChosenCount; Number++) {
    if (Choice->Chosen[Number] == Index) {
      return Choice->Partition;
    }
  }

  for (Partition = 0; Partition < Choice->Plan->PartitionCount; Partition++) {
    Plan = &Choice->Plan->Partitions[Partition];
    for (Number = 0; (Partition != Choice->Partition) && (Number < Plan->ProcessorCount); Number++) {
      if ((Plan->ApicIds[Number] == Choice->Processors[Index].ApicId) && !HasProcessors (Choice, Partition)) {
        return Partition;
      }
    }
  }

  if (  (Choice->Partition != MRM_CONTROLLER)
     && Choice->Plan->ChannelProcessor
     && (Choice->Plan->ChannelApicId == Choice->Processors[Index].ApicId)
     && !HasProcessors (Choice, MRM_CONTROLLER))
  {
    return MRM_CONTROLLER;
  }

  return MRM_NOBODY;
}

/**
  Whether an owner shares cores with others.

  @param[in] Choice  What is looked at.
  @param[in] Owner   Index of a partition, or MRM_CONTROLLER.

  @retval TRUE   It does.
  @retval FALSE  It does not.
**/
STATIC
BOOLEAN
SharesCores (
  IN CONST CHOICE  *Choice,
  IN UINTN         Owner
  )
{
  return (Owner != MRM_CONTROLLER) && Choice->Plan->Partitions[Owner].SharedCores;
}

/**
  TRUE if two processors are on one core; a processor is so with itself.

  @param[in] Choice  What is looked at.
  @param[in] One     One of them.
  @param[in] Other   The other.
**/
STATIC
BOOLEAN
IsOneCore (
  IN CONST CHOICE  *Choice,
  IN UINTN         One,
  IN UINTN         Other
  )
{
  return (Choice->Processors[One].Package == Choice->Processors[Other].Package)
         && (Choice->Processors[One].Core == Choice->Processors[Other].Core);
}

/**
  Find somebody else on the core of a processor with whom the partition may not share it.

  @param[in] Choice  What is looked at.
  @param[in] Index   The processor.

  @return  A processor of theirs; Choice->Count when there is none.
**/
STATIC
UINTN
FindForeigner (
  IN CONST CHOICE  *Choice,
  IN UINTN         Index
  )
{
  CONST MRM_PROCESSOR_FACTS  *Other;
  UINTN                      Number;
  UINTN                      Owner;
  BOOLEAN                    Shares;

  Shares = SharesCores (Choice, Choice->Partition);
  for (Number = 0; Number < Choice->Count; Number++) {
    if ((Number == Index) || !IsOneCore (Choice, Index, Number)) {
      continue;
    }

    Other = &Choice->Processors[Number];
    Owner = OwnerOf (Choice, Number);
    if (Other->Bsp || ((Owner != MRM_NOBODY) && (Owner != Choice->Partition))) {
      if (!Shares || (!Other->Bsp && !SharesCores (Choice, Owner))) {
        return Number;
      }
    }
  }

  return Choice->Count;
}

/**
  Whose core a processor is on.

  @param[in] Choice  What is looked at.
  @param[in] Index   The processor, on whose core nobody is with whom the partition may not share it.
**/
STATIC
CORE
CoreOf (
  IN CONST CHOICE  *Choice,
  IN UINTN         Index
  )
{
  CONST MRM_PROCESSOR_FACTS  *Other;
  BOOLEAN                    Own;
  BOOLEAN                    Shared;
  UINTN                      Number;
  UINTN                      Owner;

  Own    = FALSE;
  Shared = FALSE;
  for (Number = 0; Number < Choice->Count; Number++) {
    if (IsOneCore (Choice, Index, Number)) {
      Other = &Choice->Processors[Number];
      Owner = OwnerOf (Choice, Number);
      if (Other->Bsp || ((Owner != MRM_NOBODY) && (Owner != Choice->Partition))) {
        Shared = TRUE;
      } else if (Owner == Choice->Partition) {
        Own = TRUE;
      }
    }
  }

  if (Shared) {
    return Own ? CoreOwnShared : CoreShared;
  }

  return Own ? CoreOwn : CoreNobodys;
}

/**
  The first processor of a core, by which cores have an order.

  @param[in] Choice  What is looked at.
  @param[in] Index   A processor of the core, usable.

  @return  Its index; those that cannot be used do not count.
**/
STATIC
UINTN
FirstOfCore (
  IN CONST CHOICE  *Choice,
  IN UINTN         Index
  )
{
  UINTN  Number;

  for (Number = 0; Number < Index; Number++) {
    if (  IsOneCore (Choice, Index, Number)
       && (Choice->Processors[Number].Usable || Choice->Processors[Number].Bsp))
    {
      break;
    }
  }

  return Number;
}

/**
  How well a spare processor suits: by the core, then near the partition's memory, then in the order of the machine.

  @param[in] Choice  What is looked at.
  @param[in] Index   The processor, on whose core nobody is with whom the partition may not share it.

  @return  A number, the lower the better; the same for all that are spare on one core.
**/
STATIC
UINT64
RankOf (
  IN CONST CHOICE  *Choice,
  IN UINTN         Index
  )
{
  UINT64  Far;

  Far = ((Choice->Domain != NULL) && (Choice->Processors[Index].Domain != *Choice->Domain)) ? 1 : 0;
  return ((UINT64)CoreOf (Choice, Index) << 33) | (Far << 32) | FirstOfCore (Choice, Index);
}

/**
  Judge a processor that the plan names.

  @param[in]  Choice  What is looked at.
  @param[in]  ApicId  Its APIC ID.
  @param[out] Index   Receives which one it is, if there is one.
  @param[out] Result  Receives what is wrong with it, or MrmProcessorsFound.
**/
STATIC
VOID
JudgePlanned (
  IN  CONST CHOICE           *Choice,
  IN  UINT32                 ApicId,
  OUT UINTN                  *Index,
  OUT MRM_PROCESSORS_RESULT  *Result
  )
{
  UINTN  Foreigner;

  Result->ApicId = ApicId;
  for (*Index = 0; (*Index < Choice->Count) && (Choice->Processors[*Index].ApicId != ApicId); (*Index)++) {
  }

  if (*Index == Choice->Count) {
    Result->Verdict = MrmProcessorsMissing;
  } else if (Choice->Processors[*Index].Bsp) {
    Result->Verdict = MrmProcessorsBsp;
  } else if (!Choice->Processors[*Index].Usable) {
    Result->Verdict = MrmProcessorsUnusable;
  } else if (OwnerOf (Choice, *Index) != MRM_NOBODY) {
    Result->Verdict = MrmProcessorsOwned;
  } else {
    Foreigner       = FindForeigner (Choice, *Index);
    Result->Verdict = MrmProcessorsFound;
    if (Foreigner != Choice->Count) {
      Result->Verdict = MrmProcessorsCore;
      Result->Sibling = Choice->Processors[Foreigner].ApicId;
    }
  }
}

/**
  Find a spare processor.

  @param[in] Choice  What is looked at.

  @return  Its index; Choice->Count when there is none.
**/
STATIC
UINTN
FindSpare (
  IN CONST CHOICE  *Choice
  )
{
  UINTN   Index;
  UINTN   Best;
  UINT64  Rank;
  UINT64  BestRank;

  Best     = Choice->Count;
  BestRank = MAX_UINT64;
  for (Index = 0; Index < Choice->Count; Index++) {
    if (  Choice->Processors[Index].Usable
       && (OwnerOf (Choice, Index) == MRM_NOBODY)
       && (FindForeigner (Choice, Index) == Choice->Count))
    {
      Rank = RankOf (Choice, Index);
      if (Rank < BestRank) {
        Best     = Index;
        BestRank = Rank;
      }
    }
  }

  return Best;
}

VOID
EFIAPI
MrmProcessorsChoose (
  IN  CONST MRM_PROCESSOR_FACTS  *Processors,
  IN  UINTN                      Count,
  IN  CONST MRM_PLAN             *Plan,
  IN  UINTN                      Partition,
  IN  CONST UINT32               *Domain OPTIONAL,
  OUT UINTN                      *Chosen,
  OUT MRM_PROCESSORS_RESULT      *Result
  )
{
  CONST UINT32  *Wanted;
  UINTN         WantedCount;
  BOOLEAN       ByCount;
  CHOICE        Choice;
  UINTN         Number;

  Wanted      = &Plan->ChannelApicId;
  WantedCount = 1;
  ByCount     = Plan->ChannelByCount;
  if (Partition != MRM_CONTROLLER) {
    Wanted      = Plan->Partitions[Partition].ApicIds;
    WantedCount = Plan->Partitions[Partition].ProcessorCount;
    ByCount     = Plan->Partitions[Partition].ProcessorsByCount;
  }

  Choice.Processors  = Processors;
  Choice.Count       = Count;
  Choice.Plan        = Plan;
  Choice.Partition   = Partition;
  Choice.Domain      = Domain;
  Choice.Chosen      = Chosen;
  Choice.ChosenCount = 0;
  ZeroMem (Result, sizeof (*Result));

  // First come all processors that the plan names, so that a spare one is not one of those.
  for (Number = 0; Number < WantedCount; Number++) {
    JudgePlanned (&Choice, Wanted[Number], &Chosen[Choice.ChosenCount], Result);
    if (Result->Verdict == MrmProcessorsFound) {
      Choice.ChosenCount++;
    } else if (!ByCount) {
      return;
    }
  }

  while (Choice.ChosenCount < WantedCount) {
    Chosen[Choice.ChosenCount] = FindSpare (&Choice);
    if (Chosen[Choice.ChosenCount] == Count) {
      Result->Verdict = MrmProcessorsFew;
      Result->Found   = Choice.ChosenCount;
      return;
    }

    Choice.ChosenCount++;
  }

  Result->Verdict = MrmProcessorsFound;
}
