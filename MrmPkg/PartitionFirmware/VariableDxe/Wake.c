/** @file
  Wakes the controller by an interrupt to the boot processor.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "VariableDxe.h"
#include <Library/BaseLib.h>
#include <Library/DxeServicesTableLib.h>
#include <Library/IoLib.h>
#include <Library/MrmPartitionLib.h>
#include <Library/UefiRuntimeLib.h>
#include <Register/Intel/ArchitecturalMsr.h>
#include <Register/Intel/LocalApic.h>

///
/// Interrupt command register (Intel SDM volume 3, sections 11.6.1 and 11.12.9): fixed delivery, physical destination, assert.
///
#define ICR_FIXED_PHYSICAL  BIT14
#define ICR_PENDING         BIT12
#define ICR_DESTINATION     24         ///< bit of the destination in the upper half, xAPIC mode
#define PENDING_LIMIT       100000     ///< readings until what was sent before must have been accepted

STATIC UINT32  mVector;                ///< 0 = the controller is not woken
STATIC UINT32  mApicId;
STATIC UINT64  mPhysical;              ///< registers of the local APIC in xAPIC mode
STATIC UINTN   mRegisters;             ///< where they are mapped; 0 = nowhere

VOID
PrepareWake (
  IN CONST MRM_HAND_OFF  *HandOff
  )
{
  EFI_GCD_MEMORY_SPACE_DESCRIPTOR  Descriptor;
  EFI_STATUS                       Status;

  mVector   = HandOff->WakeVector;
  mApicId   = HandOff->WakeApicId;
  mPhysical = HandOff->LocalApic;

  // So the OS maps them for runtime services (UEFI 2.10 section 8.4).
  Status = gDS->GetMemorySpaceDescriptor (mPhysical, &Descriptor);
  if (!EFI_ERROR (Status)) {
    Status = gDS->SetMemorySpaceAttributes (mPhysical, SIZE_4KB, Descriptor.Attributes | EFI_MEMORY_RUNTIME);
  }

  mRegisters = EFI_ERROR (Status) ? 0 : (UINTN)mPhysical;
}

VOID
ConvertWake (
  VOID
  )
{
  if ((mRegisters != 0) && EFI_ERROR (EfiConvertPointer (0, (VOID **)&mRegisters))) {
    mRegisters = 0;
  }
}

/**
  Wait until the local APIC, in xAPIC mode, has taken the interrupt that was sent last.
**/
STATIC
VOID
WaitUntilSent (
  VOID
  )
{
  UINTN  Readings;

  for (Readings = 0; Readings < PENDING_LIMIT; Readings++) {
    if ((MmioRead32 (mRegisters + XAPIC_ICR_LOW_OFFSET) & ICR_PENDING) == 0) {
      return;
    }

    CpuPause ();
  }
}

/**
  Send the interrupt by registers in memory.
**/
STATIC
VOID
SendByRegisters (
  VOID
  )
{
  BOOLEAN  Enabled;
  UINT32   High;

  // No interrupt handler of the OS may send one between the two writes; and if its code was interrupted between its own,
  // by an NMI, it goes on with what it wrote.
  Enabled = SaveAndDisableInterrupts ();
  WaitUntilSent ();
  High = MmioRead32 (mRegisters + XAPIC_ICR_HIGH_OFFSET);
  MmioWrite32 (mRegisters + XAPIC_ICR_HIGH_OFFSET, mApicId << ICR_DESTINATION);
  MmioWrite32 (mRegisters + XAPIC_ICR_LOW_OFFSET, ICR_FIXED_PHYSICAL | mVector);
  WaitUntilSent ();
  MmioWrite32 (mRegisters + XAPIC_ICR_HIGH_OFFSET, High);
  SetInterruptState (Enabled);
}

VOID
WakeController (
  VOID
  )
{
  UINT64  Registers;

  Registers = (mRegisters != 0) ? mPhysical : 0;
  switch (MrmWakeWay (AsmReadMsr64 (MSR_IA32_APIC_BASE), Registers, mApicId, mVector)) {
    case MrmWakeByRegisters:
      SendByRegisters ();
      break;
    case MrmWakeByMsr:
      // The write waits for nothing that was written to memory before (Intel SDM volume 3, section 11.12.3).
      AsmLfence ();
      AsmWriteMsr64 (X2APIC_MSR_ICR_ADDRESS, LShiftU64 (mApicId, 32) | ICR_FIXED_PHYSICAL | mVector);
      break;
    default:
      break;
  }
}
