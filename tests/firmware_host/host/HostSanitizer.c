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

/**
  Overflows when asked to: shows that the sanitizer is at work.

  @param[in] Number  A number.

  @return Number + 1, which the largest one has not.
**/
INT32
HostIncrement (
  IN INT32  Number
  );

INT32
HostIncrement (
  IN INT32  Number
  )
{
  return Number + 1;
}
