/** @file
  What the controller says.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_LOG_H_
#define MRM_CONTROLLER_LOG_H_

#include <Uefi.h>
#include <Library/MrmLogLib.h>

/**
  Take a line of the log, which has it already.

  @param[in] Line  The line without its end.
**/
typedef
VOID
(*MRM_LOG_SINK)(
  IN CONST CHAR8  *Line
  );

/**
  Hand each line on from now on.

  @param[in] Sink  Gets it; called in the order in which sinks were added.
**/
VOID
AddLogSink (
  IN MRM_LOG_SINK  Sink
  );

/**
  Say something: a line of the log, and of whatever the sinks write to.

  @param[in] Format  PrintLib ASCII format string without line end.
  @param[in] ...     Its arguments.
**/
VOID
EFIAPI
Say (
  IN CONST CHAR8  *Format,
  ...
  );

/**
  The controller's log: what it said last.
**/
CONST MRM_LOG *
GetLog (
  VOID
  );

#endif
