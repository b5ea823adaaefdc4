/** @file
  Networks in memory: whether the boot processor serves them, or the channel processor does; and how they are stopped.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CHANNEL_PROCESSOR_H_
#define MRM_CHANNEL_PROCESSOR_H_

#include "Machine/Worker.h"

///
/// Who has been stopped.
///
typedef struct {
  BOOLEAN    Worker;     ///< the channel processor; else what the boot processor does in between
  EFI_TPL    Tpl;
} MRM_STOPPED;

/**
  Have the channel processor serve the cards of all partitions, if there is one.  It has been stopped, or has not begun.

  @param[in] Work      What it does, over and over.
  @param[in] Networks  What it looks at besides the cards: whole pages; empty: there is nothing to serve.

  @retval TRUE   It does.
  @retval FALSE  There is no channel processor: the boot processor has to.
**/
BOOLEAN
ServeElsewhere (
  IN MRM_WORK         Work,
  IN CONST MRM_RANGE  *Networks
  );

/**
  Have nobody look at any card, until ResumeService().

  @param[out] Stopped  Receives who has been stopped.
**/
VOID
StopService (
  OUT MRM_STOPPED  *Stopped
  );

/**
  Have those who looked at cards go on.

  @param[in] Stopped  Who has been stopped.
**/
VOID
ResumeService (
  IN CONST MRM_STOPPED  *Stopped
  );

#endif
