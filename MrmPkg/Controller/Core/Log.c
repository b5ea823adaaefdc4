/** @file
  The controller's log: the last lines, and the sinks that get each line.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Log.h"
#include "Core/Clock.h"
#include <Library/DebugLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>

#define LINE_SIZE  512
#define LOG_LINES  128
#define MAX_SINKS  2     ///< report, consoles

STATIC MRM_LOG       mLog;
STATIC MRM_LOG_SINK  mSinks[MAX_SINKS];
STATIC UINTN         mSinkCount;

VOID
AddLogSink (
  IN MRM_LOG_SINK  Sink
  )
{
  ASSERT (mSinkCount < MAX_SINKS);
  mSinks[mSinkCount++] = Sink;
}

CONST MRM_LOG *
GetLog (
  VOID
  )
{
  return &mLog;
}

/**
  Add a line to the log.

  @param[in] Line  The line without its end.
**/
STATIC
VOID
AddToLog (
  IN CONST CHAR8  *Line
  )
{
  if (mLog.Entries == NULL) {
    mLog.Entries  = AllocateZeroPool (LOG_LINES * sizeof (*mLog.Entries));
    mLog.Capacity = LOG_LINES;
  }

  if (mLog.Entries != NULL) {
    MrmLogAdd (&mLog, Milliseconds (), Line);
  }
}

VOID
EFIAPI
Say (
  IN CONST CHAR8  *Format,
  ...
  )
{
  CHAR8    Line[LINE_SIZE];
  UINTN    Index;
  VA_LIST  Marker;

  VA_START (Marker, Format);
  AsciiVSPrint (Line, sizeof (Line), Format, Marker);
  VA_END (Marker);
  AddToLog (Line);
  for (Index = 0; Index < mSinkCount; Index++) {
    mSinks[Index](Line);
  }
}
