/** @file
  What a machine check means.  Pure: no globals, no I/O; MachineCheckBankLib reads the
  registers.

  Specification: Intel SDM volume 3, section 16.3.2; AMD APM volume 2, section 9.3.2, which agree on
  all that is used here.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_MACHINE_CHECK_LIB_H_
#define MRM_MACHINE_CHECK_LIB_H_

#include <Library/MrmLogLib.h>

///
/// Banks looked at, at most: IA32_MCG_CAP has 8 bits for their number, processors have up to 64.
///
#define MRM_MACHINE_CHECK_BANKS  64

///
/// Registers of a bank that holds an error.
///
typedef struct {
  UINT32    Bank;         ///< its number
  UINT64    Status;       ///< IA32_MCi_STATUS
  UINT64    Address;      ///< IA32_MCi_ADDR, or 0 when Status says that there is none
} MRM_MACHINE_CHECK;

///
/// From harmless to worst.
///
typedef enum {
  MrmMachineCheckNone,         ///< the bank holds no error
  MrmMachineCheckCorrected,    ///< the hardware has corrected it
  MrmMachineCheckUncorrected,  ///< something is lost, but the interrupted program can go on
  MrmMachineCheckFatal         ///< the interrupted program cannot go on
} MRM_MACHINE_CHECK_SEVERITY;

/**
  Judge one bank.

  @param[in] Status  IA32_MCi_STATUS.

  @return Its severity.
**/
MRM_MACHINE_CHECK_SEVERITY
EFIAPI
MrmMachineCheckJudge (
  IN UINT64  Status
  );

/**
  Judge a machine-check exception: the worst of its banks, and fatal in any case when the processor
  says that the interrupted program cannot be resumed, or no bank says what happened.

  @param[in] GlobalStatus  IA32_MCG_STATUS at the exception.
  @param[in] Checks        Banks that hold errors.
  @param[in] Count         Their number.

  @return Its severity, at least MrmMachineCheckCorrected.
**/
MRM_MACHINE_CHECK_SEVERITY
EFIAPI
MrmMachineCheckJudgeException (
  IN UINT64                   GlobalStatus,
  IN CONST MRM_MACHINE_CHECK  *Checks,
  IN UINTN                    Count
  );

/**
  Tell a machine check in words, such as "uncorrected, bank 4, status 0xbe00000000000135, address 0x12340000".

  @param[in]     Check     The bank.
  @param[in]     Severity  What it means.
  @param[in,out] Text      Receives the words.
**/
VOID
EFIAPI
MrmMachineCheckRender (
  IN     CONST MRM_MACHINE_CHECK     *Check,
  IN     MRM_MACHINE_CHECK_SEVERITY  Severity,
  IN OUT MRM_TEXT                    *Text
  );

#endif
