/** @file
  Access to the hand-off and the mailbox from partition firmware modules.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiDxe.h>
#include <Library/BaseLib.h>
#include <Library/CpuLib.h>
#include <Library/HobLib.h>
#include <Library/MrmHandOffLib.h>
#include <Library/MrmTalkLib.h>
#include <Library/PrintLib.h>
#include <Library/SerialPortLib.h>

#define LINE_SIZE  512   ///< of an event

CONST MRM_HAND_OFF *
EFIAPI
MrmGetHandOff (
  VOID
  )
{
  EFI_HOB_GUID_TYPE   *Hob;
  CONST MRM_HAND_OFF  *HandOff;

  Hob = GetFirstGuidHob (&gMrmHandOffGuid);
  if ((Hob == NULL) || (GET_GUID_HOB_DATA_SIZE (Hob) < sizeof (MRM_HAND_OFF))) {
    return NULL;
  }

  HandOff = GET_GUID_HOB_DATA (Hob);
  if ((HandOff->Version != MRM_HAND_OFF_VERSION) || (HandOff->Size != sizeof (MRM_HAND_OFF))) {
    return NULL;
  }

  return HandOff;
}

MRM_MAILBOX *
EFIAPI
MrmGetMailbox (
  VOID
  )
{
  CONST MRM_HAND_OFF  *HandOff;

  HandOff = MrmGetHandOff ();
  return (HandOff == NULL) ? NULL : (MRM_MAILBOX *)(UINTN)HandOff->Mailbox;
}

VOID
EFIAPI
MrmEnterPhase (
  IN MRM_PHASE  Phase
  )
{
  MRM_MAILBOX  *Mailbox;

  Mailbox = MrmGetMailbox ();
  if ((Mailbox == NULL) || (Mailbox->Phase >= (UINT32)Phase)) {
    return;
  }

  Mailbox->PhaseTsc[Phase] = AsmReadTsc ();
  MemoryFence ();
  Mailbox->Phase = Phase;
}

VOID
EFIAPI
MrmEvent (
  IN CONST CHAR8  *Format,
  ...
  )
{
  CONST MRM_HAND_OFF  *HandOff;
  CHAR8               Line[LINE_SIZE];
  UINTN               Length;
  VA_LIST             Marker;

  HandOff = MrmGetHandOff ();
  if (HandOff == NULL) {
    return;
  }

  // One character is left for the line feed.
  VA_START (Marker, Format);
  Length = AsciiVSPrint (Line, sizeof (Line) - 1, Format, Marker);
  VA_END (Marker);
  Line[Length++] = '\n';
  MrmRingWrite ((MRM_RING *)(UINTN)HandOff->EventRing.Base, HandOff->EventRing.Size, Line, Length);
}

VOID
EFIAPI
MrmFail (
  IN EFI_STATUS   Status,
  IN CONST CHAR8  *Format,
  ...
  )
{
  MRM_MAILBOX  *Mailbox;
  CHAR8        Text[MRM_MAILBOX_TEXT_SIZE];
  UINTN        Length;
  UINTN        Index;
  VA_LIST      Marker;

  VA_START (Marker, Format);
  Length = AsciiVSPrint (Text, sizeof (Text), Format, Marker);
  VA_END (Marker);

  SerialPortWrite ((UINT8 *)"MRM: failed: ", 13);
  SerialPortWrite ((UINT8 *)Text, Length);
  SerialPortWrite ((UINT8 *)"\r\n", 2);

  Mailbox = MrmGetMailbox ();
  if (Mailbox != NULL) {
    for (Index = 0; Index < Length; Index++) {
      Mailbox->Text[Index] = Text[Index];
    }

    Mailbox->TextLength = (UINT32)Length;
    Mailbox->Status     = Status;
    MemoryFence ();
    Mailbox->Request = MrmRequestFailed;
  }

  while (TRUE) {
    DisableInterrupts ();
    CpuSleep ();
  }
}
