/** @file
  What Mrm.efi has inside: generated when it is built (MrmPkg/BuiltInLib).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_BUILT_IN_LIB_H_
#define MRM_BUILT_IN_LIB_H_

#include <Uefi/UefiBaseType.h>

///
/// The compressed firmware volume that every partition runs.
///
extern CONST UINT8  gMrmFirmwareVolume[];
extern CONST UINT8  gMrmFirmwareVolumeEnd[];

///
/// The plan of the partition file it was built of; both are the same where there was none.
///
extern CONST UINT8  gMrmBuiltInPlan[];
extern CONST UINT8  gMrmBuiltInPlanEnd[];

///
/// When MRM was released, as SMBIOS wants it: mm/dd/yyyy.
///
extern CONST CHAR8  gMrmReleaseDate[];

#endif
