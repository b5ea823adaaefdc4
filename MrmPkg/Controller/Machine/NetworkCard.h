/** @file
  A network card that stays with the PC, claimed from the network stack of the PC's firmware.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_NETWORK_CARD_H_
#define MRM_NETWORK_CARD_H_

#include <Uefi.h>
#include <Protocol/SimpleNetwork.h>

///
/// A network card of the PC.
///
typedef struct {
  EFI_HANDLE                     Handle;    ///< of the firmware's device
  EFI_SIMPLE_NETWORK_PROTOCOL    *Snp;      ///< its driver; at TPL_CALLBACK at most (UEFI 2.10 section 7.1)
  BOOLEAN                        WasUsed;   ///< the firmware's network stack had it
} NETWORK_CARD;

/**
  Claim a card from the firmware's network stack, and have it receive all frames that it can.  This may take seconds,
  as long as its driver looks for a link.

  @param[in]  Path  Device path text of its PCI function.
  @param[out] Card  Receives the card, for ReleaseNetworkCard().

  @retval EFI_SUCCESS        It works.
  @retval EFI_NOT_FOUND      The PC has no such function, or its firmware has no driver for it.
  @retval EFI_ACCESS_DENIED  A partition had it, and it could not be reset since.
  @return Other              The firmware does not give it, or it does not work; nothing is to be released.
**/
EFI_STATUS
ClaimNetworkCard (
  IN  CONST CHAR8   *Path,
  OUT NETWORK_CARD  *Card
  );

/**
  Stop a card, and release it to the firmware's network stack if that had it.

  @param[in] Card  The card.
**/
VOID
ReleaseNetworkCard (
  IN CONST NETWORK_CARD  *Card
  );

/**
  Whether a card has a link, as its driver was told last.

  @param[in] Card  The card.

  @retval TRUE   It has; or it works, and its driver cannot tell.
  @retval FALSE  It has not.
**/
BOOLEAN
HasLink (
  IN CONST NETWORK_CARD  *Card
  );

#endif
