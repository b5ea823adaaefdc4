/** @file
  What the PC's firmware says about the machine.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_SURVEY_H_
#define MRM_CONTROLLER_SURVEY_H_

#include "Partition/Partition.h"

/**
  Collect what the PC's firmware says about the machine into gMachine and measure
  its TSC.

  @param[in] ImageHandle  Handle of Mrm.efi.

  @retval EFI_SUCCESS  Done.
  @return Other        The machine lacks something MRM cannot do without; it was said on the console.
**/
EFI_STATUS
SurveyMachine (
  IN EFI_HANDLE  ImageHandle
  );

/**
  Free what SurveyMachine() has collected, and close the volume Mrm.efi came from.
**/
VOID
FreeMachine (
  VOID
  );

/**
  See that the machine has what every partition needs.

  @param[in,out] Partition  Refused when it has not.
**/
VOID
BindMachine (
  IN OUT MRM_PARTITION  *Partition
  );

#endif
