/** @file
  Where functions of a partition have the messages by which they interrupt.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Pci/Messages.h"
#include <Library/BaseMemoryLib.h>
#include <Library/MrmIommuLib.h>

#define TABLE_DWORDS  4    ///< of a message in an MSI-X table
#define TABLE_DATA    2

STATIC_ASSERT (MRM_GUARD_MESSAGE_TARGETS == MRM_IOMMU_PROCESSORS, "what the guard writes is what the IOMMU looks up");

/**
  Check whether a partition reaches a range by one of some windows.

  @param[in] Range    Whole pages.
  @param[in] Windows  The windows, or pages of registers.
  @param[in] Count    How many.
**/
STATIC
BOOLEAN
IsWithin (
  IN CONST MRM_RANGE  *Range,
  IN CONST MRM_RANGE  *Windows,
  IN UINTN            Count
  )
{
  UINTN  Index;

  for (Index = 0; Index < Count; Index++) {
    if (  (Range->Base >= Windows[Index].Base)
       && (Range->Base - Windows[Index].Base < Windows[Index].Size)
       && (Range->Size <= Windows[Index].Size - (Range->Base - Windows[Index].Base)))
    {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Check whether a partition reaches the pages of an MSI-X table.

  @param[in] Partition  The partition.
  @param[in] Number     Which of its buses the function is on.
  @param[in] Function   The function.
  @param[in] Messages   The table.
**/
STATIC
BOOLEAN
IsReached (
  IN CONST MRM_PARTITION       *Partition,
  IN UINTN                     Number,
  IN CONST MRM_PCI_FUNCTION    *Function,
  IN CONST MRM_GUARD_MESSAGES  *Messages
  )
{
  MRM_RANGE  Windows[MRM_PCI_BARS];
  MRM_RANGE  Pages;
  UINTN      Count;
  UINTN      Bar;

  MrmGuardMessagePages (Messages, &Pages);
  Count = 0;
  if (Partition->PciPorts[Number].ByFunction) {
    for (Bar = 0; Bar < Function->BarCount; Bar++) {
      if (!Function->Bars[Bar].Io) {
        MrmPciPages (&Function->Bars[Bar], &Windows[Count++]);
      }
    }
  } else {
    Windows[Count++] = Partition->PciBuses[Number].Memory;
    Windows[Count++] = Partition->PciBuses[Number].Prefetchable;
  }

  return IsWithin (&Pages, Windows, Count);
}

/**
  Add the registers that hold messages of a function.

  @param[in]     Partition  The partition.
  @param[in]     Number     Which of its buses the function is on.
  @param[in]     Function   The function.
  @param[in,out] Messages   Receives two elements at most.
  @param[in,out] Count      How many elements it has.
**/
STATIC
VOID
AddMessages (
  IN     CONST MRM_PARTITION     *Partition,
  IN     UINTN                   Number,
  IN     CONST MRM_PCI_FUNCTION  *Function,
  IN OUT MRM_GUARD_MESSAGES      *Messages,
  IN OUT UINTN                   *Count
  )
{
  MRM_GUARD_MESSAGES  *Told;
  UINT32              Offset;
  BOOLEAN             Wide;

  Told = &Messages[*Count];
  if (MrmPciMessageTable (&Function->Capabilities, Function->Config, &Told->Address, &Told->Count)) {
    Told->Dwords = TABLE_DWORDS;
    Told->Data   = TABLE_DATA;
    *Count      += IsReached (Partition, Number, Function, Told) ? 1 : 0;
  }

  if (MrmPciMessageRegisters (&Function->Capabilities, Function->Config, &Offset, &Wide)) {
    Told          = &Messages[(*Count)++];
    Told->Count   = 1;
    Told->Data    = Wide ? 2 : 1;
    Told->Dwords  = Told->Data + 1;
    Told->Address = Offset + ConfigRange (
                               Partition->PciBuses[Number].EcamBase,
                               Function->Address.Bus,
                               Function->Address.Device,
                               Function->Address.Function
                               ).Base;
  }
}

BOOLEAN
CollectMessages (
  IN  CONST MRM_PARTITION  *Partition,
  OUT MRM_GUARD_MESSAGES   *Messages,
  OUT UINTN                *Count
  )
{
  MRM_GUARD_MESSAGES  Some[2];
  UINTN               Number;
  UINTN               Index;
  UINTN               SomeCount;

  *Count = 0;
  for (Number = 0; Number < Partition->PciBusCount; Number++) {
    for (Index = 0; Index < Partition->PciPorts[Number].FunctionCount; Index++) {
      SomeCount = 0;
      AddMessages (Partition, Number, &Partition->PciPorts[Number].Functions[Index], Some, &SomeCount);
      if (SomeCount > MRM_GUARD_MAX_MESSAGES - *Count) {
        return FALSE;
      }

      CopyMem (&Messages[*Count], Some, SomeCount * sizeof (*Some));
      *Count += SomeCount;
    }
  }

  return TRUE;
}

UINTN
CollectWatchedMessages (
  IN  CONST MRM_PARTITION  *Partition,
  OUT MRM_GUARD_MESSAGES   *Messages
  )
{
  UINTN  Count;

  Count = 0;
  if (Partition->Steered && (Partition->Plan->ProcessorCount > 1)) {
    CollectMessages (Partition, Messages, &Count);
  }

  return Count;
}

EFI_STATUS
CollectWatchedPages (
  IN     CONST MRM_PARTITION  *Partition,
  IN     BOOLEAN              Tables,
  IN OUT MRM_RANGE_SET        *Pages
  )
{
  MRM_GUARD_MESSAGES  Messages[MRM_GUARD_MAX_MESSAGES];
  MRM_RANGE           Range;
  EFI_STATUS          Status;
  UINTN               Count;
  UINTN               Index;

  Status = EFI_SUCCESS;
  Count  = CollectWatchedMessages (Partition, Messages);
  for (Index = 0; !EFI_ERROR (Status) && (Index < Count); Index++) {
    if (!Tables || (Messages[Index].Dwords == TABLE_DWORDS)) {
      MrmGuardMessagePages (&Messages[Index], &Range);
      Status = MrmRangeAdd (Pages, Range.Base, Range.Size);
    }
  }

  return Status;
}
