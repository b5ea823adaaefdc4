/** @file
  Exceptions in firmware and loader: registers on the console, then a failure.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformDxe.h"
#include <Library/CpuExceptionHandlerLib.h>
#include <Library/MachineCheckBankLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>
#include <Protocol/Cpu.h>

#define EXCEPTIONS   32   ///< vectors the processor keeps for itself
#define NAME_SIZE    128

STATIC BOOLEAN  mBusy;
STATIC VOID     *mRegistration;

/**
  A machine check: this partition fails with what the first bank tells, and nobody else.  Does not return.
**/
STATIC
VOID
FailByMachineCheck (
  VOID
  )
{
  CHAR8  Words[MRM_MACHINE_CHECK_WORDS];

  MachineCheckTell (Words);
  MachineCheckDone ();
  MrmFail (EFI_ABORTED, "machine check: %a", Words);
}

/**
  EFI_CPU_INTERRUPT_HANDLER: does not return.

  @param[in] Vector   The vector.
  @param[in] Context  The processor's state.
**/
STATIC
VOID
EFIAPI
OnException (
  IN EFI_EXCEPTION_TYPE  Vector,
  IN EFI_SYSTEM_CONTEXT  Context
  )
{
  CONST EFI_SYSTEM_CONTEXT_X64  *State;
  CHAR8                         Name[NAME_SIZE];

  State = Context.SystemContextX64;
  if (!mBusy) {
    mBusy = TRUE;
    if (Vector == EXCEPT_X64_MACHINE_CHECK) {
      FailByMachineCheck ();
    }

    DumpCpuContext (Vector, Context);
    NameImage (State->Rip, Name, sizeof (Name));
    MrmEvent (
      "exception %d: rip %lx cr2 %lx error %lx rsp %lx rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx",
      (UINT32)Vector,
      State->Rip,
      State->Cr2,
      State->ExceptionData,
      State->Rsp,
      State->Rax,
      State->Rbx,
      State->Rcx,
      State->Rdx,
      State->Rsi,
      State->Rdi
      );
    MrmFail (EFI_ABORTED, "exception %d at 0x%lx in %a", (UINT32)Vector, State->Rip, Name);
  }

  MrmFail (EFI_ABORTED, "exception %d at 0x%lx", (UINT32)Vector, State->Rip);
}

/**
  The processor's driver is there: take its exceptions over.

  @param[in] Event    Closed when done.
  @param[in] Context  Not used.
**/
STATIC
VOID
EFIAPI
OnCpuArch (
  IN EFI_EVENT  Event,
  IN VOID       *Context
  )
{
  EFI_CPU_ARCH_PROTOCOL  *Cpu;
  EFI_EXCEPTION_TYPE     Vector;

  if (EFI_ERROR (gBS->LocateProtocol (&gEfiCpuArchProtocolGuid, NULL, (VOID **)&Cpu))) {
    return;
  }

  for (Vector = 0; Vector < EXCEPTIONS; Vector++) {
    Cpu->RegisterInterruptHandler (Cpu, Vector, OnException);
  }

  gBS->CloseEvent (Event);
}

EFI_STATUS
CatchExceptions (
  VOID
  )
{
  EFI_EVENT  Event;

  Event = EfiCreateProtocolNotifyEvent (&gEfiCpuArchProtocolGuid, TPL_CALLBACK, OnCpuArch, NULL, &mRegistration);
  return (Event == NULL) ? EFI_OUT_OF_RESOURCES : EFI_SUCCESS;
}
