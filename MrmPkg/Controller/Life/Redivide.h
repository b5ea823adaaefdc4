/** @file
  Another plan while partitions run: what is the same goes on untouched, the rest of the PC is
  divided anew.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_REDIVIDE_H_
#define MRM_CONTROLLER_REDIVIDE_H_

#include <Uefi.h>

/**
  Judge a plan that is to take the place of the one in force. It is kept on the ESP, and put in
  force by PollRedivision(): all of it, or nothing is changed.

  @param[in]  Who     Name of the partition that asks.
  @param[in]  Bytes   The plan, a blob or an image; before it there may be MRM_RESTART_PREFIX.
  @param[in]  Size    Bytes of it.
  @param[out] Result  Receives what becomes of it, for people.
  @param[in]  Room    Bytes of Result.
**/
VOID
AskRedivision (
  IN  CONST CHAR8  *Who,
  IN  CONST UINT8  *Bytes,
  IN  UINTN        Size,
  OUT CHAR8        *Result,
  IN  UINTN        Room
  );

/**
  Whether bytes are for AskRedivision().

  @param[in] Bytes  What somebody wants to be reloaded.
  @param[in] Size   Bytes of it.

  @retval TRUE   They are.
  @retval FALSE  They are the text of a policy.
**/
BOOLEAN
MeansRedivision (
  IN CONST UINT8  *Bytes,
  IN UINTN        Size
  );

/**
  Put the plan in force that waits for it, as soon as nothing runs any more that it changes.
  gPartitions is another one afterwards.

  @retval TRUE   It was put in force.
  @retval FALSE  There is none, or it waits.
**/
BOOLEAN
PollRedivision (
  VOID
  );

/**
  Whether a partition waits for its end, because the plan that is to be in force changes it.

  @param[in] Number  Which of gPartitions.

  @retval TRUE   It does: it is not to be started.
  @retval FALSE  It does not.
**/
BOOLEAN
RedivisionEnds (
  IN UINTN  Number
  );

/**
  Take note that somebody has ordered to stop a partition that waits for its end: it is not started again.

  @param[in] Number  Which of gPartitions; RedivisionEnds() is TRUE of it.
**/
VOID
NoteStop (
  IN UINTN  Number
  );


#endif
