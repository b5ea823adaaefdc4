/** @file
  Whether a processor can hold a partition in guest mode.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Vmcb.h"
#include <Library/BaseLib.h>
#include <Register/Intel/Cpuid.h>

#define SVM_IN_ECX         BIT2
#define NESTED_PAGING      BIT0
#define VM_CR_SVM_OFF      BIT4

MRM_GUARD_ABILITY
EFIAPI
MrmGuardProbe (
  VOID
  )
{
  UINT32  Most;
  UINT32  Features;

  AsmCpuid (CPUID_EXTENDED_FUNCTION, &Most, NULL, NULL, NULL);
  if (Most < CPUID_SVM) {
    return MrmGuardNoSvm;
  }

  AsmCpuid (CPUID_EXTENDED_CPU_SIG, NULL, NULL, &Features, NULL);
  if ((Features & SVM_IN_ECX) == 0) {
    return MrmGuardNoSvm;
  }

  if ((AsmReadMsr64 (MSR_VM_CR) & VM_CR_SVM_OFF) != 0) {
    return MrmGuardOff;
  }

  AsmCpuid (CPUID_SVM, NULL, NULL, NULL, &Features);
  return ((Features & NESTED_PAGING) == 0) ? MrmGuardNoNesting : MrmGuardCapable;
}
