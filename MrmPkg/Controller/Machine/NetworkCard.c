/** @file
  A network card that stays with the PC, claimed from the network stack of the PC's firmware: only its driver is used,
  EFI_SIMPLE_NETWORK_PROTOCOL (UEFI 2.10 section 24.1).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/NetworkCard.h"
#include "Pci/Find.h"
#include "Pci/Quiesce.h"
#include <Library/MemoryAllocationLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/PciIo.h>

#define FILTERS_BASIC  (EFI_SIMPLE_NETWORK_RECEIVE_UNICAST | EFI_SIMPLE_NETWORK_RECEIVE_BROADCAST)
#define FILTERS_ALL    (EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS | EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS_MULTICAST)

/**
  Find the first device with a protocol that is on a PCI function.

  @param[in]  Protocol  The protocol.
  @param[in]  Address   The function.
  @param[out] Handle    Receives the device.

  @retval TRUE   There is one.
  @retval FALSE  There is none.
**/
STATIC
BOOLEAN
FindOn (
  IN  EFI_GUID               *Protocol,
  IN  CONST MRM_PCI_ADDRESS  *Address,
  OUT EFI_HANDLE             *Handle
  )
{
  MRM_PCI_ADDRESS  Found;
  EFI_HANDLE       *Handles;
  UINTN            Count;
  UINTN            Index;

  if (EFI_ERROR (gBS->LocateHandleBuffer (ByProtocol, Protocol, NULL, &Count, &Handles))) {
    return FALSE;
  }

  for (Index = 0; Index < Count; Index++) {
    if (  !EFI_ERROR (FindFunctionOf (Handles[Index], &Found))
       && (Found.Segment == Address->Segment)
       && (Found.Bus == Address->Bus)
       && (Found.Device == Address->Device)
       && (Found.Function == Address->Function))
    {
      break;
    }
  }

  if (Index < Count) {
    *Handle = Handles[Index];
  }

  FreePool (Handles);
  return (BOOLEAN)(Index < Count);
}

/**
  Find the network device of the PC's firmware that is on a PCI function.  A firmware that boots from a disk may not
  have connected its driver: then this does.

  @param[in]  Address  The function.
  @param[out] Handle   Receives the device.

  @retval TRUE   There is one.
  @retval FALSE  The firmware has no driver for the function.
**/
STATIC
BOOLEAN
FindNetworkDevice (
  IN  CONST MRM_PCI_ADDRESS  *Address,
  OUT EFI_HANDLE             *Handle
  )
{
  EFI_HANDLE  Function;
  UINTN       Deep;

  // Most drivers need one step.  What the firmware builds on top would cost time, and is taken apart again.
  for (Deep = 0; Deep <= 1; Deep++) {
    if (FindOn (&gEfiSimpleNetworkProtocolGuid, Address, Handle)) {
      return TRUE;
    }

    if (FindOn (&gEfiPciIoProtocolGuid, Address, &Function)) {
      gBS->ConnectController (Function, NULL, NULL, (BOOLEAN)(Deep == 1));
    }
  }

  return FindOn (&gEfiSimpleNetworkProtocolGuid, Address, Handle);
}

/**
  Have a card work and receive all frames that it can.

  @param[in] Snp  Its driver.

  @retval EFI_SUCCESS  It works.
  @return Other        Status of its driver.
**/
STATIC
EFI_STATUS
Begin (
  IN EFI_SIMPLE_NETWORK_PROTOCOL  *Snp
  )
{
  EFI_STATUS  Status;

  // The driver that had it last may have left it in any state.
  if (Snp->Mode->State == EfiSimpleNetworkInitialized) {
    Snp->Shutdown (Snp);
  }

  Status = EFI_SUCCESS;
  if (Snp->Mode->State == EfiSimpleNetworkStopped) {
    Status = Snp->Start (Snp);
  }

  if (!EFI_ERROR (Status)) {
    Status = Snp->Initialize (Snp, 0, 0);
  }

  if (EFI_ERROR (Status)) {
    return Status;
  }

  return Snp->ReceiveFilters (Snp, (FILTERS_BASIC | FILTERS_ALL) & Snp->Mode->ReceiveFilterMask, 0, TRUE, 0, NULL);
}

/**
  Whether the firmware's network stack uses a card.

  @param[in] Handle  The card.

  @retval TRUE   It does.
  @retval FALSE  It does not, or that cannot be told.
**/
STATIC
BOOLEAN
IsUsed (
  IN EFI_HANDLE  Handle
  )
{
  EFI_OPEN_PROTOCOL_INFORMATION_ENTRY  *Users;
  UINTN                                Count;
  UINTN                                Index;

  if (EFI_ERROR (gBS->OpenProtocolInformation (Handle, &gEfiSimpleNetworkProtocolGuid, &Users, &Count))) {
    return FALSE;
  }

  for (Index = 0; (Index < Count) && ((Users[Index].Attributes & EFI_OPEN_PROTOCOL_BY_DRIVER) == 0); Index++) {
  }

  if (Users != NULL) {
    FreePool (Users);
  }

  return (BOOLEAN)(Index < Count);
}

EFI_STATUS
ClaimNetworkCard (
  IN  CONST CHAR8   *Path,
  OUT NETWORK_CARD  *Card
  )
{
  EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL  *RootBridge;
  MRM_PCI_ADDRESS                  Address;
  EFI_STATUS                       Status;

  Status = FindFunction (Path, &RootBridge, &Address);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  if (IsSpoiled (&Address)) {
    return EFI_ACCESS_DENIED;
  }

  if (!FindNetworkDevice (&Address, &Card->Handle)) {
    return EFI_NOT_FOUND;
  }

  // The firmware's own stack lets go of it, and does not come back while it is open.
  Card->WasUsed = IsUsed (Card->Handle);
  Status        = gBS->OpenProtocol (
                         Card->Handle,
                         &gEfiSimpleNetworkProtocolGuid,
                         (VOID **)&Card->Snp,
                         gImageHandle,
                         Card->Handle,
                         EFI_OPEN_PROTOCOL_BY_DRIVER | EFI_OPEN_PROTOCOL_EXCLUSIVE
                         );
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Status = Begin (Card->Snp);
  if (EFI_ERROR (Status)) {
    ReleaseNetworkCard (Card);
  }

  return Status;
}

VOID
ReleaseNetworkCard (
  IN CONST NETWORK_CARD  *Card
  )
{
  if (Card->Snp->Mode->State == EfiSimpleNetworkInitialized) {
    Card->Snp->Shutdown (Card->Snp);
  }

  if (Card->Snp->Mode->State == EfiSimpleNetworkStarted) {
    Card->Snp->Stop (Card->Snp);
  }

  gBS->CloseProtocol (Card->Handle, &gEfiSimpleNetworkProtocolGuid, gImageHandle, Card->Handle);
  if (Card->WasUsed) {
    gBS->ConnectController (Card->Handle, NULL, NULL, TRUE);
  }
}

BOOLEAN
HasLink (
  IN CONST NETWORK_CARD  *Card
  )
{
  CONST EFI_SIMPLE_NETWORK_MODE  *Mode;

  Mode = Card->Snp->Mode;
  return (BOOLEAN)(  (Mode->State == EfiSimpleNetworkInitialized)
                  && (!Mode->MediaPresentSupported || Mode->MediaPresent));
}
