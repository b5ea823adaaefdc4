/** @file
  The PC's own drivers, which leave a device and come back to it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Drivers.h"
#include <Library/MemoryAllocationLib.h>
#include <Library/UefiBootServicesTableLib.h>

VOID
MoveDrivers (
  IN EFI_GUID      *Protocol,
  IN MRM_IS_MEANT  IsMeant,
  IN CONST VOID    *Context,
  IN BOOLEAN       Connect
  )
{
  EFI_STATUS  Status;
  EFI_HANDLE  *Handles;
  VOID        *Interface;
  UINTN       Count;
  UINTN       Index;

  Status = gBS->LocateHandleBuffer (ByProtocol, Protocol, NULL, &Count, &Handles);
  if (EFI_ERROR (Status)) {
    return;
  }

  for (Index = 0; Index < Count; Index++) {
    // A handle can disappear together with the device above it.
    Status = gBS->HandleProtocol (Handles[Index], Protocol, &Interface);
    if (EFI_ERROR (Status) || !IsMeant (Interface, Context)) {
      continue;
    }

    if (Connect) {
      gBS->ConnectController (Handles[Index], NULL, NULL, TRUE);
    } else {
      gBS->DisconnectController (Handles[Index], NULL, NULL);
    }
  }

  FreePool (Handles);
}
