/** @file
  Networks in memory: the controller serves the partitions' cards, and MrmChannelLib decides.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CHANNEL_H_
#define MRM_CHANNEL_H_

#include "Partition/Partition.h"

/**
  Put the networks together, if anybody is on one: all partitions have been bound.  What the PC's firmware lacks for
  it is said; partitions run all the same.
**/
VOID
OpenNetworks (
  VOID
  );

/**
  Take the networks apart; partitions may run on.  Nobody looks at cards until OpenNetworks().
**/
VOID
CloseNetworks (
  VOID
  );

/**
  Look at the cards of a partition from now on; after StartArea().

  @param[in,out] Partition  About to start; none of its processors runs.
**/
VOID
StartCards (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Look no longer at the cards of a partition: its memory is about to become something else.

  @param[in,out] Partition  The partition.
**/
VOID
QuiesceCards (
  IN OUT MRM_PARTITION  *Partition
  );

/**
  Serve all networks as long as there is something to do, for a few milliseconds at most; say what has become of
  drivers.

  @retval TRUE   There may be more to do at once.
  @retval FALSE  There is not; or there are no networks.
**/
BOOLEAN
PollNetworks (
  VOID
  );

#endif
