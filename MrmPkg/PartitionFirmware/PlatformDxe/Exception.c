/** @file
  Exceptions in firmware and loader: registers on the console, then a failure.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformDxe.h"
#include <Library/BaseLib.h>
#include <Library/CpuExceptionHandlerLib.h>
#include <Library/HobLib.h>
#include <Library/MachineCheckBankLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>

#define EXCEPTIONS     32    ///< vectors the processor keeps for itself
#define MEMORY_RANGES  16    ///< of the partition
#define WORDS_SIZE     640   ///< of a failure

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
  Read what memory the partition has.

  @param[out] Memory  Receives up to MEMORY_RANGES ranges.

  @return  Their number.
**/
STATIC
UINTN
ReadMemory (
  OUT MRM_RANGE  *Memory
  )
{
  CONST EFI_HOB_RESOURCE_DESCRIPTOR  *Resource;
  VOID                               *Hob;
  UINTN                              Count;

  Count = 0;
  Hob   = GetFirstHob (EFI_HOB_TYPE_RESOURCE_DESCRIPTOR);
  for ( ; Hob != NULL && Count < MEMORY_RANGES; Hob = GetNextHob (EFI_HOB_TYPE_RESOURCE_DESCRIPTOR, GET_NEXT_HOB (Hob))) {
    Resource = Hob;
    if (  (Resource->ResourceType == EFI_RESOURCE_SYSTEM_MEMORY)
       && ((Resource->ResourceAttribute & EFI_RESOURCE_ATTRIBUTE_PERSISTENT) == 0))
    {
      Memory[Count].Base   = Resource->PhysicalStart;
      Memory[Count++].Size = Resource->ResourceLength;
    }
  }

  return Count;
}

/**
  Address of the code that caused an exception: after a jump to memory without code, the return address on the stack.

  @param[in] Fault  The facts; HandOff and the registers are filled in.
**/
STATIC
UINT64
BlamedAddress (
  IN CONST MRM_FAULT  *Fault
  )
{
  BOOLEAN  OnStack;

  OnStack = (Fault->Rsp >= Fault->HandOff->Stack.Base) &&
            (Fault->Rsp - Fault->HandOff->Stack.Base <= Fault->HandOff->Stack.Size - sizeof (UINT64));
  if (OnStack && (Fault->Vector == EXCEPT_X64_PAGE_FAULT) && ((Fault->ErrorCode & MRM_FAULT_EXECUTE) != 0)) {
    return ReadUnaligned64 ((UINT64 *)(UINTN)Fault->Rsp);
  }

  return Fault->Rip;
}

/**
  Put an exception into words.

  @param[in]  Vector  The vector.
  @param[in]  State   The processor's state.
  @param[out] Words   Receives the words, WORDS_SIZE bytes.
**/
STATIC
VOID
Describe (
  IN  EFI_EXCEPTION_TYPE            Vector,
  IN  CONST EFI_SYSTEM_CONTEXT_X64  *State,
  OUT CHAR8                         *Words
  )
{
  MRM_FAULT  Fault;
  MRM_RANGE  Memory[MEMORY_RANGES];
  CHAR8      Name[MRM_IMAGE_NAME_SIZE];
  MRM_TEXT   Text;

  Fault.HandOff     = MrmGetHandOff ();
  Fault.MemoryCount = ReadMemory (Memory);
  Fault.Memory      = Memory;
  Fault.Vector      = (UINT32)Vector;
  Fault.ErrorCode   = State->ExceptionData;
  Fault.Address     = State->Cr2;
  Fault.Rip         = State->Rip;
  Fault.Rsp         = State->Rsp;
  Fault.Code        = NameImage (BlamedAddress (&Fault), Name);
  Fault.CodeName    = Name;
  MrmTextBegin (&Text, Words, WORDS_SIZE);
  MrmFaultRender (&Fault, &Text);
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
  CHAR8                         Words[WORDS_SIZE];

  State = Context.SystemContextX64;
  if (!mBusy) {
    mBusy = TRUE;
    if (Vector == EXCEPT_X64_MACHINE_CHECK) {
      FailByMachineCheck ();
    }

    DumpCpuContext (Vector, Context);
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
    Describe (Vector, State, Words);
    MrmFail (EFI_ABORTED, "%a", Words);
  }

  MrmFail (EFI_ABORTED, "exception %d at 0x%lx, amid another one", (UINT32)Vector, State->Rip);
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

  ProtectMemory (Cpu);
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
