/** @file
  Exits of SVM (APM appendix C), as all of the guard sees them.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include <Library/BaseMemoryLib.h>

#define SVM_EXCEPTION  0x40   ///< plus the vector
#define SVM_DEBUG      0x41
#define SVM_ALIGNMENT  0x51
#define SVM_NMI        0x61
#define SVM_INVLPGA    0x7A
#define SVM_IOIO       0x7B
#define SVM_MSR        0x7C
#define SVM_SHUTDOWN   0x7F
#define SVM_VMRUN      0x80
#define SVM_SKINIT     0x86   ///< VMRUN, VMMCALL, VMLOAD, VMSAVE, STGI, CLGI come before it
#define SVM_NESTED     0x400
#define SVM_INVALID    MAX_UINT64

//
// EXITINFO1 of an I/O instruction (APM 15.10.2).
//
#define IO_IN          BIT0
#define IO_STRING      BIT2
#define IO_REPEAT      BIT3
#define IO_SIZE_SHIFT  4
#define IO_SIZES       7
#define IO_PORT_SHIFT  16

//
// EXITINFO1 of a nested fault (APM 15.25.6).
//
#define FAULT_WRITE  BIT1
#define FAULT_FETCH  BIT4
#define FAULT_WALK   BIT33

#define REGISTER_C  1     ///< RCX among the general registers
#define MSR_LENGTH  2     ///< bytes of RDMSR and WRMSR

VOID
EFIAPI
MrmGuardDecodeSvm (
  IN  CONST MRM_GUARD_SVM_EXIT  *Raw,
  IN  CONST MRM_GUARD_STATE     *State,
  OUT MRM_GUARD_EXIT            *Exit
  )
{
  ZeroMem (Exit, sizeof (*Exit));
  Exit->Code    = Raw->Code;
  Exit->NextRip = Raw->NextRip;
  switch (Raw->Code) {
    case SVM_NMI:
      Exit->Kind = MrmExitKick;
      break;
    case SVM_DEBUG:
    case SVM_ALIGNMENT:
      Exit->Kind   = MrmExitException;
      Exit->Vector = (UINT8)(Raw->Code - SVM_EXCEPTION);
      break;
    case SVM_SHUTDOWN:
      Exit->Kind = MrmExitShutdown;
      break;
    case SVM_IOIO:
      Exit->Kind    = MrmExitIo;
      Exit->NextRip = Raw->Info2;
      Exit->Port    = (UINT16)(Raw->Info1 >> IO_PORT_SHIFT);
      Exit->Width   = (UINT8)((Raw->Info1 >> IO_SIZE_SHIFT) & IO_SIZES);
      Exit->Write   = (BOOLEAN)((Raw->Info1 & IO_IN) == 0);
      Exit->String  = (BOOLEAN)((Raw->Info1 & IO_STRING) != 0);
      Exit->Repeat  = (BOOLEAN)((Raw->Info1 & IO_REPEAT) != 0);
      break;
    case SVM_MSR:
      Exit->Kind    = MrmExitMsr;
      Exit->Msr     = (UINT32)State->General[REGISTER_C];
      Exit->Write   = (BOOLEAN)((Raw->Info1 & 1) != 0);
      Exit->NextRip = State->Rip + MSR_LENGTH;
      break;
    case SVM_NESTED:
      Exit->Kind    = MrmExitNestedFault;
      Exit->Address = Raw->Info2;
      Exit->Walk    = (BOOLEAN)((Raw->Info1 & FAULT_WALK) != 0);
      Exit->Access  = ((Raw->Info1 & FAULT_FETCH) != 0) ? MRM_GUARD_EXECUTE
                    : ((Raw->Info1 & FAULT_WRITE) != 0) ? MRM_GUARD_WRITE : MRM_GUARD_READ;
      break;
    case SVM_INVALID:
      Exit->Kind = MrmExitEntryFailed;
      break;
    default:
      if (((Raw->Code >= SVM_VMRUN) && (Raw->Code <= SVM_SKINIT)) || (Raw->Code == SVM_INVLPGA)) {
        Exit->Kind = MrmExitVirtualization;
      }

      break;
  }
}
