/** @file
  Carries out writes to pages with registers that hold messages.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Common.h"
#include <Library/IoLib.h>

#define BITS_OF_BYTE  8

/**
  Write to a message, as MrmGuardJudgeMessage() lets it.

  @param[in] Facts     What the guard knows.
  @param[in] Messages  The registers that it is in.
  @param[in] Place     Which dword of it is written.
  @param[in] Address   Of the write.
  @param[in] Width     Bytes: 1, 2 or 4.
  @param[in] Value     What is written.

  @retval FALSE  It leads nowhere.
**/
STATIC
BOOLEAN
WriteOneMessage (
  IN CONST MRM_GUARD_FACTS     *Facts,
  IN CONST MRM_GUARD_MESSAGES  *Messages,
  IN UINT32                    Place,
  IN UINT64                    Address,
  IN UINT32                    Width,
  IN UINT32                    Value
  )
{
  MRM_GUARD_MESSAGE_ANSWER  Judged;
  UINT32                    Now[MRM_GUARD_MESSAGE_DWORDS];
  UINT64                    Dword;
  UINT64                    First;
  UINT32                    Index;

  Dword = Address & ~(UINT64)(sizeof (UINT32) - 1);
  First = Dword - Place * sizeof (UINT32);
  for (Index = 0; Index < Messages->Dwords; Index++) {
    Now[Index] = MmioRead32 ((UINTN)First + Index * sizeof (UINT32));
  }

  MrmGuardJudgeMessage (Facts, Messages, Place, (UINT32)(Address - Dword) * BITS_OF_BYTE, Width, Value, Now, &Judged);
  WriteOnce (Dword, sizeof (UINT32), Judged.Value);
  if (Judged.SetData) {
    WriteOnce (First + Messages->Data * sizeof (UINT32), sizeof (UINT32), Judged.Data);
  }

  return (BOOLEAN)!Judged.Denied;
}

BOOLEAN
WriteLocked (
  IN CONST MRM_GUARD_FACTS  *Facts,
  IN UINT64                 Address,
  IN UINT32                 Width,
  IN UINT64                 Value
  )
{
  CONST MRM_GUARD_MESSAGES  *Messages;
  CONST MRM_GUARD_MESSAGES  *Upper;
  UINT32                    Place;
  BOOLEAN                   Lower;

  Messages = MrmGuardFindMessage (Facts->Messages, Facts->MessageCount, Address, &Place);
  if (Width > sizeof (UINT32)) {
    Upper = MrmGuardFindMessage (Facts->Messages, Facts->MessageCount, Address + sizeof (UINT32), &Place);
    if ((Messages != NULL) || (Upper != NULL)) {
      Lower = WriteLocked (Facts, Address, sizeof (UINT32), Value & MAX_UINT32);
      return (BOOLEAN)(WriteLocked (Facts, Address + sizeof (UINT32), sizeof (UINT32), Value >> 32) && Lower);
    }
  }

  if (Messages != NULL) {
    return WriteOneMessage (Facts, Messages, Place, Address, Width, (UINT32)Value);
  }

  WriteOnce (Address, Width, Value);
  return TRUE;
}

VOID
WriteMessage (
  IN OUT MRM_GUARD_PROCESSOR     *Processor,
  IN     CONST MRM_GUARD_FACTS   *Facts,
  IN     CONST MRM_GUARD_ANSWER  *Answer
  )
{
  BOOLEAN  Arrives;

  if (!LockRegisters (Processor)) {
    return;
  }

  Arrives = WriteLocked (Facts, Answer->Address, Answer->Width, Answer->Value);
  UnlockRegisters (Processor->Guard);
  if (!Arrives) {
    Processor->Counts.Denied++;
  }
}
