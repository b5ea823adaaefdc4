/** @file
  Questions of the partition that the controller answers.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Uefi/UefiBaseType.h>
#include <Library/BaseLib.h>
#include <Library/MrmTalkLib.h>

VOID
EFIAPI
MrmCallAnswer (
  IN OUT MRM_CALL       *Call,
  IN     UINT32         Sequence,
  IN     RETURN_STATUS  Status
  )
{
  Call->Status = Status;

  // The partition looks at Answered: what was answered is there first.
  MemoryFence ();
  Call->Answered = Sequence;
}
