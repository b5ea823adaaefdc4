/** @file
  Interrupts that the guard sends and gets.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Common.h"
#include <Library/BaseLib.h>
#include <Library/IoLib.h>
#include <Register/Intel/ArchitecturalMsr.h>
#include <Register/Intel/Cpuid.h>
#include <Register/Intel/LocalApic.h>

#define VECTORS              256
#define NMI_VECTOR           2
#define NMI                  0x4400     ///< delivery mode NMI, level assert (Intel SDM volume 3, section 11.6.1)
#define FIXED                0x4000     ///< delivery mode fixed, level assert
#define ICR_PENDING          BIT12
#define SPURIOUS_ENABLED     BIT8       ///< of the spurious interrupt vector register: the local APIC is on
#define SPURIOUS_AFTER_INIT  0xFF       ///< the same register (Intel SDM volume 3, section 11.4.7.3)

VOID
EFIAPI
MrmGuardNmi (
  VOID
  );

VOID
EFIAPI
MrmGuardFault (
  VOID
  );

VOID
SendCommand (
  IN UINT64  LocalApic,
  IN UINT32  ApicId,
  IN UINT32  Command
  )
{
  MSR_IA32_APIC_BASE_REGISTER  Base;
  UINT32                       High;

  Base.Uint64 = AsmReadMsr64 (MSR_IA32_APIC_BASE);
  if (Base.Bits.EXTD != 0) {
    AsmWriteMsr64 (X2APIC_MSR_ICR_ADDRESS, LShiftU64 (ApicId, 32) | Command);
    return;
  }

  // The partition may be between its own two writes of the command register.
  High = MmioRead32 ((UINTN)LocalApic + XAPIC_ICR_HIGH_OFFSET);
  while ((MmioRead32 ((UINTN)LocalApic + XAPIC_ICR_LOW_OFFSET) & ICR_PENDING) != 0) {
    CpuPause ();
  }

  MmioWrite32 ((UINTN)LocalApic + XAPIC_ICR_HIGH_OFFSET, ApicId << 24);
  MmioWrite32 ((UINTN)LocalApic + XAPIC_ICR_LOW_OFFSET, Command);
  while ((MmioRead32 ((UINTN)LocalApic + XAPIC_ICR_LOW_OFFSET) & ICR_PENDING) != 0) {
    CpuPause ();
  }

  MmioWrite32 ((UINTN)LocalApic + XAPIC_ICR_HIGH_OFFSET, High);
}

BOOLEAN
IsX2Apic (
  VOID
  )
{
  MSR_IA32_APIC_BASE_REGISTER  Base;

  Base.Uint64 = AsmReadMsr64 (MSR_IA32_APIC_BASE);
  return (BOOLEAN)(Base.Bits.EXTD != 0);
}

BOOLEAN
HasX2Apic (
  VOID
  )
{
  CPUID_VERSION_INFO_ECX  Features;

  AsmCpuid (CPUID_VERSION_INFO, NULL, NULL, &Features.Uint32, NULL);
  return (BOOLEAN)(Features.Bits.x2APIC != 0);
}

BOOLEAN
SetApicBase (
  IN UINT64  Base
  )
{
  MSR_IA32_APIC_BASE_REGISTER  Off;
  BOOLEAN                      Leaves;

  Leaves = IsX2Apic ();
  if (Leaves) {
    Off.Uint64    = Base;
    Off.Bits.EXTD = 0;
    Off.Bits.EN   = 0;
    AsmWriteMsr64 (MSR_IA32_APIC_BASE, Off.Uint64);
  }

  AsmWriteMsr64 (MSR_IA32_APIC_BASE, Base);
  return Leaves;
}

UINT32
CommandHigh (
  IN UINT64  LocalApic
  )
{
  return IsX2Apic () ? 0 : MmioRead32 ((UINTN)LocalApic + XAPIC_ICR_HIGH_OFFSET);
}

BOOLEAN
IsApicOn (
  IN UINT64  LocalApic
  )
{
  UINT32  Spurious;

  Spurious = IsX2Apic () ? AsmReadMsr32 (MSR_IA32_X2APIC_SIVR)
             : MmioRead32 ((UINTN)LocalApic + XAPIC_SPURIOUS_VECTOR_OFFSET);
  return (BOOLEAN)((Spurious & SPURIOUS_ENABLED) != 0);
}

VOID
SwitchX2ApicOff (
  VOID
  )
{
  if (IsX2Apic ()) {
    AsmWriteMsr64 (MSR_IA32_X2APIC_SIVR, SPURIOUS_AFTER_INIT);
  }
}

VOID
SendGuardNmi (
  IN UINT64  LocalApic,
  IN UINT32  ApicId
  )
{
  SendCommand (LocalApic, ApicId, NMI);
}

VOID
WakeController (
  IN CONST MRM_GUARD  *Guard
  )
{
  if (Guard->WakeVector != 0) {
    SendCommand (Guard->LocalApic, Guard->WakeApicId, FIXED | Guard->WakeVector);
  }
}

VOID
EFIAPI
MrmGuardWriteIdt (
  OUT IA32_IDT_GATE_DESCRIPTOR  *Idt,
  IN  UINT16                    Selector
  )
{
  UINTN  Vector;
  UINTN  Handler;

  for (Vector = 0; Vector < VECTORS; Vector++) {
    Handler                      = (Vector == NMI_VECTOR) ? (UINTN)MrmGuardNmi : (UINTN)MrmGuardFault;
    Idt[Vector].Bits.OffsetLow   = (UINT32)(UINT16)Handler;
    Idt[Vector].Bits.Selector    = Selector;
    Idt[Vector].Bits.Reserved_0  = 0;
    Idt[Vector].Bits.GateType    = IA32_IDT_GATE_TYPE_INTERRUPT_32;
    Idt[Vector].Bits.OffsetHigh  = (UINT32)(UINT16)(Handler >> 16);
    Idt[Vector].Bits.OffsetUpper = (UINT32)(Handler >> 32);
    Idt[Vector].Bits.Reserved_1  = 0;
  }
}
