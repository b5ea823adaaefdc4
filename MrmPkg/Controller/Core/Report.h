/** @file
  All that was said until partitions run, in a file on the ESP.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_REPORT_H_
#define MRM_CONTROLLER_REPORT_H_

#include <Uefi.h>

/**
  Begin a new report, after one was written: what is said from now on is for it.
**/
VOID
BeginReport (
  VOID
  );

/**
  Add a line to the report: a sink of the log.  It is lost without a word when there is no memory.

  @param[in] Line  The line without its end.
**/
VOID
AddToReport (
  IN CONST CHAR8  *Line
  );

/**
  Write the report to \EFI\MRM\report.txt of the volume Mrm.efi came from, and end it whether that
  succeeds or not: what is said later goes to console and log.

  @retval EFI_SUCCESS      Written.
  @retval EFI_VOLUME_FULL  There is no room for it.
  @return Other            Status of the file system; nothing depends on it.
**/
EFI_STATUS
WriteReport (
  VOID
  );

#endif
