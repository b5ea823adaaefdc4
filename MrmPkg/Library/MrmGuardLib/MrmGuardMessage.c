/** @file
  Writes to registers that hold messages: which of the partition's processors they interrupt.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include <Library/BaseMemoryLib.h>
#include "MrmGuardInternal.h"

//
// A message that interrupts (SDM 3, 11.11.1 and 11.11.2).
//
#define INTERRUPT           0xFEE00000
#define INTERRUPT_MASK      0xFFF00000
#define TO_SHIFT            12
#define TO_MASK             0xFF
#define TO_LOGICAL          BIT2
#define VECTOR              0xFF
#define MODE_SHIFT          8
#define MODE_MASK           7
#define MODE_LOWEST         1             ///< lowest priority; below it there is fixed only
#define DATA_BITS           0xFFFF

#define BITS_OF_BYTE        8

CONST MRM_GUARD_MESSAGES *
EFIAPI
MrmGuardFindMessage (
  IN  CONST MRM_GUARD_MESSAGES  *Messages,
  IN  UINTN                     Count,
  IN  UINT64                    Address,
  OUT UINT32                    *Place
  )
{
  UINTN   Index;
  UINT64  Dword;

  *Place = 0;
  for (Index = 0; Index < Count; Index++) {
    if (Address < Messages[Index].Address) {
      continue;
    }

    Dword = (Address - Messages[Index].Address) / sizeof (UINT32);
    if (Dword < (UINT64)Messages[Index].Count * Messages[Index].Dwords) {
      *Place = (UINT32)(Dword % Messages[Index].Dwords);
      return &Messages[Index];
    }
  }

  return NULL;
}

VOID
EFIAPI
MrmGuardMessagePages (
  IN  CONST MRM_GUARD_MESSAGES  *Messages,
  OUT MRM_RANGE                 *Pages
  )
{
  UINT64  End;

  End         = Messages->Address + (UINT64)Messages->Count * Messages->Dwords * sizeof (UINT32);
  Pages->Base = Messages->Address & ~(UINT64)(MRM_GUARD_PAGE - 1);
  Pages->Size = ((End + MRM_GUARD_PAGE - 1) & ~(UINT64)(MRM_GUARD_PAGE - 1)) - Pages->Base;
}

BOOLEAN
MrmGuardIsWatched (
  IN CONST MRM_GUARD_FACTS  *Facts,
  IN UINT64                 Address
  )
{
  MRM_RANGE  Pages;
  UINTN      Index;

  for (Index = 0; Index < Facts->MessageCount; Index++) {
    MrmGuardMessagePages (&Facts->Messages[Index], &Pages);
    if ((Address >= Pages.Base) && (Address - Pages.Base < Pages.Size)) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  The number of the processor that a message names.

  @param[in] Facts    What the guard knows.
  @param[in] Address  Lower half of the message's address.

  @return  Below MRM_GUARD_MESSAGE_TARGETS.
**/
STATIC
UINT32
ProcessorOf (
  IN CONST MRM_GUARD_FACTS  *Facts,
  IN UINT32                 Address
  )
{
  UINT32  Index;

  for (Index = 0; Index < MIN (Facts->ApicIdCount, MRM_GUARD_MESSAGE_TARGETS); Index++) {
    if (MrmGuardIsNamed (Facts, Index, (BOOLEAN)((Address & TO_LOGICAL) != 0), (Address >> TO_SHIFT) & TO_MASK)) {
      return Index;
    }
  }

  return 0;
}

/**
  What the data of a message becomes.

  @param[in]  Facts     What the guard knows.
  @param[in]  Messages  The registers.
  @param[in]  Message   The message as its system wants it.
  @param[out] Denied    Receives whether it leads nowhere.
**/
STATIC
UINT32
DataFor (
  IN  CONST MRM_GUARD_FACTS     *Facts,
  IN  CONST MRM_GUARD_MESSAGES  *Messages,
  IN  CONST UINT32              *Message,
  OUT BOOLEAN                   *Denied
  )
{
  UINT32  Data;

  *Denied = FALSE;
  Data    = Message[Messages->Data];
  if (((Message[0] & INTERRUPT_MASK) != INTERRUPT) || ((Messages->Data > 1) && (Message[1] != 0))) {
    return Data;
  }

  *Denied = (BOOLEAN)(((Data >> MODE_SHIFT) & MODE_MASK) > MODE_LOWEST);
  if (*Denied) {
    return Data & ~(UINT32)DATA_BITS;
  }

  return (Data & ~(UINT32)DATA_BITS) | (ProcessorOf (Facts, Message[0]) << MODE_SHIFT) | (Data & VECTOR);
}

VOID
EFIAPI
MrmGuardJudgeMessage (
  IN  CONST MRM_GUARD_FACTS      *Facts,
  IN  CONST MRM_GUARD_MESSAGES   *Messages,
  IN  UINT32                     Place,
  IN  UINT32                     Shift,
  IN  UINT32                     Width,
  IN  UINT32                     Value,
  IN  CONST UINT32               *Now,
  OUT MRM_GUARD_MESSAGE_ANSWER   *Answer
  )
{
  UINT32  Wanted[MRM_GUARD_MESSAGE_DWORDS];
  UINT32  Lanes;

  ZeroMem (Answer, sizeof (*Answer));
  CopyMem (Wanted, Now, Messages->Dwords * sizeof (*Wanted));
  Lanes         = ((Width == sizeof (UINT32)) ? MAX_UINT32 : ((UINT32)1 << (Width * BITS_OF_BYTE)) - 1) << Shift;
  Wanted[Place] = (Now[Place] & ~Lanes) | ((Value << Shift) & Lanes);
  Answer->Value = Wanted[Place];
  if (Place > Messages->Data) {
    return;
  }

  Answer->Data = DataFor (Facts, Messages, Wanted, &Answer->Denied);
  if (Place == Messages->Data) {
    Answer->Value = Answer->Data;
  } else {
    Answer->SetData = (BOOLEAN)(Answer->Data != Now[Messages->Data]);
  }
}
