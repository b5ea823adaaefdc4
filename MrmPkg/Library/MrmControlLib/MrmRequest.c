/** @file
  The form of a request.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmControlLib.h>
#include <Uefi/UefiMultiPhase.h>

BOOLEAN
EFIAPI
MrmRequestIsWellFormed (
  IN  CONST MRM_AREA_REQUEST  *Request,
  IN  UINT32                  Longest,
  OUT CHAR8                   *Result,
  IN  UINTN                   ResultSize
  )
{
  MRM_TEXT  Text;

  if ((Request->Size != 0) && (Request->Size <= Longest) && (Request->Attributes == MRM_CONTROL_ATTRIBUTES)) {
    return TRUE;
  }

  MrmTextBegin (&Text, Result, ResultSize);
  MrmTextAdd (&Text, "refused: ");
  if (Request->Size == 0) {
    MrmTextAdd (&Text, "it is empty");
  } else if (Request->Size > Longest) {
    MrmTextAddNumber (&Text, Request->Size, 0, ' ');
    MrmTextAdd (&Text, " bytes are too long, the longest is ");
    MrmTextAddNumber (&Text, Longest, 0, ' ');
  } else {
    MrmTextAdd (&Text, "expected attributes ");
    MrmTextAddNumber (&Text, MRM_CONTROL_ATTRIBUTES, 0, ' ');
    MrmTextAdd (&Text, " (boot service and runtime access), found ");
    MrmTextAddNumber (&Text, Request->Attributes, 0, ' ');
  }

  return FALSE;
}
