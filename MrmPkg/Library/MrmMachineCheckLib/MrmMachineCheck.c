/** @file
  What a machine check means.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Base.h>
#include <Library/MrmMachineCheckLib.h>

///
/// IA32_MCi_STATUS (Intel SDM volume 3, section 16.3.2.2).
///
#define STATUS_VALID              BIT63
#define STATUS_UNCORRECTED        BIT61
#define STATUS_ADDRESS_VALID      BIT58
#define STATUS_CONTEXT_CORRUPT    BIT57

///
/// IA32_MCG_STATUS (Intel SDM volume 3, section 16.3.1.2).
///
#define GLOBAL_RESTART_IP_VALID  BIT0

STATIC CONST CHAR8  *CONST  mSeverityNames[] = {
  "none",
  "corrected",
  "uncorrected",
  "fatal"
};

MRM_MACHINE_CHECK_SEVERITY
EFIAPI
MrmMachineCheckJudge (
  IN UINT64  Status
  )
{
  if ((Status & STATUS_VALID) == 0) {
    return MrmMachineCheckNone;
  }

  if ((Status & STATUS_CONTEXT_CORRUPT) != 0) {
    return MrmMachineCheckFatal;
  }

  return ((Status & STATUS_UNCORRECTED) != 0) ? MrmMachineCheckUncorrected : MrmMachineCheckCorrected;
}

MRM_MACHINE_CHECK_SEVERITY
EFIAPI
MrmMachineCheckJudgeException (
  IN UINT64                   GlobalStatus,
  IN CONST MRM_MACHINE_CHECK  *Checks,
  IN UINTN                    Count
  )
{
  MRM_MACHINE_CHECK_SEVERITY  Worst;
  UINTN                       Index;

  Worst = MrmMachineCheckNone;
  for (Index = 0; Index < Count; Index++) {
    Worst = MAX (Worst, MrmMachineCheckJudge (Checks[Index].Status));
  }

  if ((Worst == MrmMachineCheckNone) || ((GlobalStatus & GLOBAL_RESTART_IP_VALID) == 0)) {
    return MrmMachineCheckFatal;
  }

  return Worst;
}

VOID
EFIAPI
MrmMachineCheckRender (
  IN     CONST MRM_MACHINE_CHECK     *Check,
  IN     MRM_MACHINE_CHECK_SEVERITY  Severity,
  IN OUT MRM_TEXT                    *Text
  )
{
  MrmTextAdd (Text, mSeverityNames[Severity]);
  MrmTextAdd (Text, ", bank ");
  MrmTextAddNumber (Text, Check->Bank, 0, ' ');
  MrmTextAdd (Text, ", status ");
  MrmTextAddHex (Text, Check->Status);
  if ((Check->Status & STATUS_ADDRESS_VALID) != 0) {
    MrmTextAdd (Text, ", address ");
    MrmTextAddHex (Text, Check->Address);
  }
}
