/** @file
  The machine-check registers of the processor this runs on.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Base.h>
#include <Library/BaseLib.h>
#include <Library/MachineCheckBankLib.h>
#include <Register/Intel/ArchitecturalMsr.h>
#include <Register/Intel/Cpuid.h>

#define CR4_MCE          BIT6
#define STATUS_VALID     BIT63   ///< of IA32_MCi_STATUS
#define STATUS_ADDRESS   BIT58

///
/// Each bank has four registers: CTL, STATUS, ADDR, MISC (Intel SDM volume 3, section 16.3.2).
///
#define BANK_REGISTERS  4

BOOLEAN
EFIAPI
MachineCheckIsSupported (
  VOID
  )
{
  CPUID_VERSION_INFO_EDX  Features;

  AsmCpuid (CPUID_VERSION_INFO, NULL, NULL, NULL, &Features.Uint32);
  return (Features.Bits.MCE != 0) && (Features.Bits.MCA != 0);
}

VOID
EFIAPI
MachineCheckEnable (
  VOID
  )
{
  AsmWriteCr4 (AsmReadCr4 () | CR4_MCE);
}

UINTN
EFIAPI
MachineCheckTake (
  OUT MRM_MACHINE_CHECK  *Checks
  )
{
  MSR_IA32_MCG_CAP_REGISTER  Capabilities;
  UINT32                     Bank;
  UINT32                     Register;
  UINT64                     Status;
  UINTN                      Count;

  Count               = 0;
  Capabilities.Uint64 = AsmReadMsr64 (MSR_IA32_MCG_CAP);
  for (Bank = 0; Bank < MIN (Capabilities.Bits.Count, MRM_MACHINE_CHECK_BANKS); Bank++) {
    Register = Bank * BANK_REGISTERS;
    Status   = AsmReadMsr64 (MSR_IA32_MC0_STATUS + Register);
    if ((Status & STATUS_VALID) == 0) {
      continue;
    }

    Checks[Count].Bank    = Bank;
    Checks[Count].Status  = Status;
    Checks[Count].Address = ((Status & STATUS_ADDRESS) != 0) ? AsmReadMsr64 (MSR_IA32_MC0_ADDR + Register) : 0;
    Count++;
    AsmWriteMsr64 (MSR_IA32_MC0_STATUS + Register, 0);
  }

  return Count;
}

VOID
EFIAPI
MachineCheckTell (
  OUT CHAR8  *Words
  )
{
  MRM_MACHINE_CHECK  Checks[MRM_MACHINE_CHECK_BANKS];
  UINTN              Count;
  MRM_TEXT           Text;

  Count = MachineCheckTake (Checks);
  MrmTextBegin (&Text, Words, MRM_MACHINE_CHECK_WORDS);
  if (Count == 0) {
    MrmTextAdd (&Text, "no bank tells what");
  } else {
    MrmMachineCheckRender (&Checks[0], MrmMachineCheckJudge (Checks[0].Status), &Text);
  }
}

UINT64
EFIAPI
MachineCheckGlobalStatus (
  VOID
  )
{
  return AsmReadMsr64 (MSR_IA32_MCG_STATUS);
}

VOID
EFIAPI
MachineCheckDone (
  VOID
  )
{
  AsmWriteMsr64 (MSR_IA32_MCG_STATUS, 0);
}
