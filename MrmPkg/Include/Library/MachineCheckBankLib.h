/** @file
  The machine-check registers of the processor this runs on.

  Specification: Intel SDM volume 3, section 16.3.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MACHINE_CHECK_BANK_LIB_H_
#define MACHINE_CHECK_BANK_LIB_H_

#include <Library/MrmMachineCheckLib.h>

#define MRM_MACHINE_CHECK_WORDS  128   ///< bytes of one in words, with terminating zero

/**
  TRUE if this processor has machine-check exceptions and banks that tell of them.
**/
BOOLEAN
EFIAPI
MachineCheckIsSupported (
  VOID
  );

/**
  Have machine checks of this processor delivered as exceptions, for which there must be a handler:
  without, the first one shuts the processor down, and with it the PC.
**/
VOID
EFIAPI
MachineCheckEnable (
  VOID
  );

/**
  Take the errors out of this processor's banks: what is returned is cleared.

  @param[out] Checks  Receives the banks that hold errors, up to MRM_MACHINE_CHECK_BANKS.

  @return Their number.
**/
UINTN
EFIAPI
MachineCheckTake (
  OUT MRM_MACHINE_CHECK  *Checks
  );

/**
  Take the errors out of this processor's banks and tell the first of them in words.

  @param[out] Words  Receives the words, MRM_MACHINE_CHECK_WORDS bytes.
**/
VOID
EFIAPI
MachineCheckTell (
  OUT CHAR8  *Words
  );

/**
  IA32_MCG_STATUS of this processor.
**/
UINT64
EFIAPI
MachineCheckGlobalStatus (
  VOID
  );

/**
  Say that the machine check is dealt with: another one while it is not shuts the processor down.
**/
VOID
EFIAPI
MachineCheckDone (
  VOID
  );

#endif
