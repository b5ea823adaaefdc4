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

#define HEX_DIGITS  16

STATIC CONST CHAR8  *CONST  mSeverityNames[] = {
  "none",
  "corrected",
  "uncorrected",
  "fatal"
};

/**
  Add a hexadecimal number, "0x" first, without leading zeros.

  @param[in,out] Text    The text.
  @param[in]     Number  The number.
**/
STATIC
VOID
AddHex (
  IN OUT MRM_TEXT  *Text,
  IN     UINT64    Number
  )
{
  CHAR8  Digits[HEX_DIGITS + 1];
  UINTN  Index;

  Index         = HEX_DIGITS;
  Digits[Index] = '\0';
  do {
    Digits[--Index] = "0123456789abcdef"[Number & 0xF];
    Number        >>= 4;
  } while (Number != 0);

  MrmTextAdd (Text, "0x");
  MrmTextAdd (Text, &Digits[Index]);
}

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
  AddHex (Text, Check->Status);
  if ((Check->Status & STATUS_ADDRESS_VALID) != 0) {
    MrmTextAdd (Text, ", address ");
    AddHex (Text, Check->Address);
  }
}
