/** @file
  The controller's log, and how many lines are too many.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmLogLib.h>

#define TIME_WIDTH  7   ///< seconds before the point

VOID
EFIAPI
MrmLogAdd (
  IN OUT MRM_LOG      *Log,
  IN     UINT64       Time,
  IN     CONST CHAR8  *Line
  )
{
  MRM_LOG_ENTRY  *Entry;
  UINTN          Length;

  for (Length = 0; (Length < MRM_LOG_TEXT_SIZE) && (Line[Length] != '\0'); Length++) {
  }

  Entry       = &Log->Entries[Log->Next];
  Entry->Time = Time;
  MrmTextPrintable (Entry->Text, MRM_LOG_TEXT_SIZE, (CONST UINT8 *)Line, Length);
  Log->Next  = (Log->Next + 1) % Log->Capacity;
  Log->Count = MIN (Log->Count + 1, Log->Capacity);
  Log->Added++;
}

CONST MRM_LOG_ENTRY *
EFIAPI
MrmLogEntry (
  IN CONST MRM_LOG  *Log,
  IN UINT32         Back
  )
{
  if (Back >= Log->Count) {
    return NULL;
  }

  return &Log->Entries[(Log->Next + Log->Capacity - 1 - Back) % Log->Capacity];
}

/**
  Characters MrmLogRender() makes of an entry.

  @param[in] Entry  The entry.
**/
STATIC
UINTN
RenderedLength (
  IN CONST MRM_LOG_ENTRY  *Entry
  )
{
  UINTN   Length;
  UINT64  Seconds;
  UINTN   Digits;

  for (Length = 0; Entry->Text[Length] != '\0'; Length++) {
  }

  Digits = 1;
  for (Seconds = Entry->Time / 1000; Seconds >= 10; Seconds /= 10) {
    Digits++;
  }

  return MAX (Digits, TIME_WIDTH) + sizeof (".mmm \n") - 1 + Length;
}

VOID
EFIAPI
MrmLogRender (
  IN     CONST MRM_LOG  *Log,
  IN OUT MRM_TEXT       *Text
  )
{
  CONST MRM_LOG_ENTRY  *Entry;
  UINTN                Room;
  UINT32               Back;

  Room = Text->Size - Text->Length - 1;
  for (Back = 0; (Entry = MrmLogEntry (Log, Back)) != NULL; Back++) {
    if (RenderedLength (Entry) > Room) {
      break;
    }

    Room -= RenderedLength (Entry);
  }

  while (Back-- > 0) {
    Entry = MrmLogEntry (Log, Back);
    MrmTextAddNumber (Text, Entry->Time / 1000, TIME_WIDTH, ' ');
    MrmTextAdd (Text, ".");
    MrmTextAddNumber (Text, Entry->Time % 1000, 3, '0');
    MrmTextAdd (Text, " ");
    MrmTextAdd (Text, Entry->Text);
    MrmTextAdd (Text, "\n");
  }
}

BOOLEAN
EFIAPI
MrmRateTake (
  IN OUT MRM_RATE  *Rate,
  IN     UINT64    Now,
  IN     UINT32    AtOnce,
  IN     UINT32    Period
  )
{
  UINT64  Returned;

  Returned = (Now - Rate->Since) / Period;
  if (Returned >= Rate->Used) {
    Rate->Used  = 0;
    Rate->Since = Now;
  } else {
    Rate->Used  -= (UINT32)Returned;
    Rate->Since += Returned * Period;
  }

  if (Rate->Used >= AtOnce) {
    return FALSE;
  }

  Rate->Used++;
  return TRUE;
}
