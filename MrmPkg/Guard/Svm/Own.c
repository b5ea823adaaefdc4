/** @file
  Exits that the guard asks for, for its own sake.

  - EFER reads without SVME: Linux 6.1 executes STGI before a reset of a processor that has it.
  - IRET while the partition deals with an NMI: it returns from that.
  - LSTAR: each kernel writes it once on each processor.  A second time, a new kernel begins without a restart (kexec),
    and will start the other processors again.
  - WBINVD and INVD: Linux executes WBINVD on a processor that it is about to take offline.  INVD would throw away what
    others have in caches.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Nmi.h"
#include "Vmcb.h"
#include "../Common/Backend.h"
#include "../Common/Common.h"
#include <Library/BaseLib.h>

#define MSR_INSTRUCTION_SIZE  2
#define ESCAPE                0x0F

#define CPUID_FEATURES_2   0x80000021U
#define UPPER_IGNORE       BIT7     ///< in EAX, for bit 20 of EFER
#define AUTOMATIC_IBRS     BIT8     ///< in EAX, for bit 21 of EFER

VOID
EFIAPI
MrmGuardCloseMsrs (
  IN OUT UINT8  *Map
  )
{
  UINTN  Bit;

  // The second 2 KiB are for C000_0000h on: two bits each, read and write (APM 15.11).
  Bit                      = (MSR_EFER - 0xC0000000U) * 2;
  Map[SIZE_2KB + Bit / 8] |= (UINT8)(1 << (Bit % 8));
  Bit                      = (MSR_LSTAR - 0xC0000000U) * 2 + 1;
  Map[SIZE_2KB + Bit / 8] |= (UINT8)(1 << (Bit % 8));
}

/**
  Write LSTAR for the partition, and notice a new kernel.

  @param[in,out] Processor  Its part.
  @param[in]     Value      What it wrote.
**/
STATIC
VOID
WriteLstar (
  IN OUT MRM_GUARD_PROCESSOR  *Processor,
  IN     UINT64               Value
  )
{
  ((VMCB *)(UINTN)Processor->Vmcb)->Lstar = Value;
  Processor->Systems++;
  if (Processor->Systems > 1) {
    WatchLocalApic (Processor, TRUE);
  }
}

/**
  How long the instruction WBINVD or INVD is that the processor stands at.

  @param[in] Processor  Its part.
**/
STATIC
UINTN
CacheInstructionSize (
  IN CONST MRM_GUARD_PROCESSOR  *Processor
  )
{
  UINT8  Code[MRM_GUARD_INSTRUCTION];
  UINTN  Size;
  UINTN  Prefixes;

  Size = FetchCode (Processor, Code);
  for (Prefixes = 0; (Prefixes < Size) && (Code[Prefixes] != ESCAPE); Prefixes++) {
  }

  return ((Prefixes < Size) ? Prefixes : 0) + 2;
}

UINT64
BackendEferMore (
  VOID
  )
{
  UINT32  Most;
  UINT32  Features;

  AsmCpuid (0x80000000U, &Most, NULL, NULL, NULL);
  if (Most < CPUID_FEATURES_2) {
    return 0;
  }

  AsmCpuid (CPUID_FEATURES_2, &Features, NULL, NULL, NULL);
  return (((Features & UPPER_IGNORE) != 0) ? BIT20 : 0) | (((Features & AUTOMATIC_IBRS) != 0) ? BIT21 : 0);
}

BOOLEAN
BackendAnswer (
  IN OUT MRM_GUARD_PROCESSOR   *Processor,
  IN     CONST MRM_GUARD_EXIT  *Exit
  )
{
  UINT64  Value;

  if (SvmNoteNmi (Processor)) {
    BackendResume (Processor, FALSE);
    return TRUE;
  }

  if (Exit->Code == SVM_EXIT_IRET) {
    SvmReturnFromNmi (Processor);
    BackendResume (Processor, FALSE);
    return TRUE;
  }

  if ((Exit->Code == SVM_EXIT_WBINVD) || (Exit->Code == SVM_EXIT_INVD)) {
    AsmWbinvd ();
    Processor->Registers.Rip += CacheInstructionSize (Processor);
    WatchLocalApic (Processor, FALSE);
    BackendResume (Processor, TRUE);
    return TRUE;
  }

  if ((Exit->Kind == MrmExitMsr) && !Exit->Write && (Exit->Msr == MSR_EFER)) {
    Value                            = Processor->Registers.Efer & ~(UINT64)EFER_SVME;
    Processor->Registers.General[0]  = (UINT32)Value;
    Processor->Registers.General[2]  = RShiftU64 (Value, 32);
    Processor->Registers.Rip        += MSR_INSTRUCTION_SIZE;
    BackendResume (Processor, TRUE);
    return TRUE;
  }

  if ((Exit->Kind != MrmExitMsr) || !Exit->Write || (Exit->Msr != MSR_LSTAR)) {
    return FALSE;
  }

  Value = LShiftU64 (Processor->Registers.General[2], 32) | (UINT32)Processor->Registers.General[0];
  WriteLstar (Processor, Value);
  Processor->Registers.Rip += MSR_INSTRUCTION_SIZE;
  BackendResume (Processor, TRUE);
  return TRUE;
}
