/** @file
  Counts what the undefined behaviour sanitizer reports, so that a test fails with
  its input instead of the process ending.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Base.h>

UINT64  gHostSanitizerReports;

/**
  Called by the sanitizer's run-time library for each report, before it is printed.
**/
void
__ubsan_on_report (
  void
  );

void
__ubsan_on_report (
  void
  )
{
  gHostSanitizerReports++;
}
