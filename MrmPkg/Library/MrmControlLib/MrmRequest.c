/** @file
  The form of a request.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmControlLib.h>
#include <Uefi/UefiMultiPhase.h>

BOOLEAN
EFIAPI
MrmRequestIsWellFormed (
  IN  UINT32  Size,
  IN  UINT32  Attributes,
  IN  UINT32  Longest,
  OUT CHAR8   *Result,
  IN  UINTN   ResultSize
  )
{
  MRM_TEXT  Text;

  if ((Size != 0) && (Size <= Longest) && (Attributes == MRM_CONTROL_ATTRIBUTES)) {
    return TRUE;
  }

  MrmTextBegin (&Text, Result, ResultSize);
  MrmTextAdd (&Text, "refused: ");
  if (Size == 0) {
    MrmTextAdd (&Text, "it is empty");
  } else if (Size > Longest) {
    MrmTextAddNumber (&Text, Size, 0, ' ');
    MrmTextAdd (&Text, " bytes are too long, the longest is ");
    MrmTextAddNumber (&Text, Longest, 0, ' ');
  } else {
    MrmTextAdd (&Text, "expected attributes ");
    MrmTextAddNumber (&Text, MRM_CONTROL_ATTRIBUTES, 0, ' ');
    MrmTextAdd (&Text, " (boot service and runtime access), found ");
    MrmTextAddNumber (&Text, Attributes, 0, ' ');
  }

  return FALSE;
}
