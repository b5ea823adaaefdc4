/** @file
  Cards on networks: what the controller has of them, by partition.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CARDS_H_
#define MRM_CARDS_H_

#include "Partition/Partition.h"
#include <Library/MrmChannelLib.h>
#include <Library/MrmControlLib.h>

/**
  Make what the controller needs for a partition's cards, if it has any; after OpenArea().

  @param[in,out] Partition  Receives Cards, or is refused.
**/
VOID
OpenCards (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Forget the cards of a partition; nothing of it runs.

  @param[in,out] Partition  The partition.
**/
VOID
CloseCards (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  How many cards a partition has.

  @param[in] Partition  The partition; 0 also before OpenCards().
**/
UINTN
CountCards (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  A card of a partition.

  @param[in] Partition  The partition.
  @param[in] Number     Which, below CountCards().

  @return  It; valid until CloseCards().
**/
MRM_CHANNEL_CARD *
GetCard (
  IN CONST MRM_PARTITION  *Partition,
  IN UINTN                Number
  );

/**
  Add up what the cards of a partition were given since it was started.

  @param[in]     Partition  The partition.
  @param[in,out] Moved      Packets, Bytes and Dropped are added to.
**/
VOID
AddCardCounts (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT MRM_CHANNEL_COUNTS   *Moved
  );

/**
  Open the cards of a partition.

  @param[in,out] Partition  About to start; nobody serves its cards at this moment.
**/
VOID
BeginCards (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Close the cards of a partition.

  @param[in,out] Partition  The partition; nobody serves its cards at this moment.
**/
VOID
EndCards (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Say what has become of all cards.
**/
VOID
TellAllCards (
  VOID
  );

#endif
