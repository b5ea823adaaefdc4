/** @file
  Interrupts to the boot processor: the one by which partitions wake the controller, and
  those the PC's firmware does not know.

  An interrupt left in service blocks all of lower priority for good, the firmware's
  timer included: acknowledge it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Interrupt.h"
#include "Partition/Partition.h"
#include "Core/Clock.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/IoLib.h>
#include <Library/LocalApicLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/Cpu.h>
#include <Register/Intel/LocalApic.h>

#define TELL_PERIOD         10000  ///< milliseconds between two reports of stray interrupts
#define WHAT_SIZE           32
#define NMI_VECTOR          2
#define FIRST_STRAY_VECTOR  0x30   ///< below lie exceptions and the 8259's usual range
#define LAST_STRAY_VECTOR   0xFE   ///< 0xFF is the spurious vector, never in service
#define LAST_WAKE_VECTOR    0xEF   ///< above lie local APIC errors and such of many systems

///
/// In-service register (Intel SDM volume 3, section 11.8.4 and table 11-6).
///
#define XAPIC_IN_SERVICE_OFFSET  0x100
#define X2APIC_MSR_IN_SERVICE    0x810

STATIC EFI_CPU_ARCH_PROTOCOL  *mCpu;
STATIC BOOLEAN                mCaught[LAST_STRAY_VECTOR + 1];   ///< vectors whose handler is ours
STATIC volatile UINT32        mSeen[LAST_STRAY_VECTOR + 1];     ///< how often each came
STATIC UINT32                 mTold[LAST_STRAY_VECTOR + 1];     ///< of those, told
STATIC UINT64                 mToldAt;                          ///< milliseconds
STATIC volatile UINT32        mWakes;                           ///< how often partitions asked for a look
STATIC UINT32                 mLooked;                          ///< mWakes when the last look began

///
/// Interrupt command register (Intel SDM volume 3, sections 11.6.1 and 11.12.9).
///
#define XAPIC_ICR_LOW_OFFSET   0x300
#define XAPIC_ICR_HIGH_OFFSET  0x310
#define X2APIC_MSR_ICR         0x830
#define ICR_NMI_PHYSICAL       0x4400   ///< delivery mode NMI, physical destination, level assert
#define ICR_PENDING            BIT12

/**
  TRUE if the local APIC of this processor has a vector in service: an interrupt that
  came through an 8259 has not, and must not be acknowledged here.

  @param[in] Vector  The vector.
**/
STATIC
BOOLEAN
InService (
  IN UINTN  Vector
  )
{
  UINT32  Bits;

  if (GetApicMode () == LOCAL_APIC_MODE_X2APIC) {
    Bits = AsmReadMsr32 ((UINT32)(X2APIC_MSR_IN_SERVICE + Vector / 32));
  } else {
    Bits = MmioRead32 (GetLocalApicBaseAddress () + XAPIC_IN_SERVICE_OFFSET + Vector / 32 * 0x10);
  }

  return (Bits & (1U << (Vector % 32))) != 0;
}

/**
  Acknowledge a stray interrupt.

  @param[in] InterruptType  Vector.
  @param[in] Context        Not used.
**/
STATIC
VOID
EFIAPI
OnStrayInterrupt (
  IN CONST EFI_EXCEPTION_TYPE    InterruptType,
  IN CONST EFI_SYSTEM_CONTEXT    Context
  )
{
  mSeen[InterruptType]++;
  if ((InterruptType != NMI_VECTOR) && InService ((UINTN)InterruptType)) {
    SendApicEoi ();
  }
}

/**
  A partition asks for a look at its mailbox.  Nothing else is done here: the PC's firmware may
  be amid anything.

  @param[in] InterruptType  Vector.
  @param[in] Context        Not used.
**/
STATIC
VOID
EFIAPI
OnWake (
  IN CONST EFI_EXCEPTION_TYPE    InterruptType,
  IN CONST EFI_SYSTEM_CONTEXT    Context
  )
{
  mWakes++;
  if (InService ((UINTN)InterruptType)) {
    SendApicEoi ();
  }
}

UINT32
Wakes (
  VOID
  )
{
  return mWakes;
}

VOID
RequestPoll (
  VOID
  )
{
  mWakes++;
}

VOID
BeginPoll (
  VOID
  )
{
  mLooked = mWakes;
}

BOOLEAN
HaltUnlessAsked (
  VOID
  )
{
  // Interrupts are off from this look until the halt: one in between would not end the halt.
  DisableInterrupts ();
  if (mLooked != mWakes) {
    EnableInterrupts ();
    return TRUE;
  }

  MrmEnableInterruptsAndHalt ();
  return FALSE;
}

VOID
ForwardNmi (
  IN CONST CHAR8  *What
  )
{
  UINTN  Index;

  for (Index = 0; Index < gPartitionCount; Index++) {
    if (gPartitions[Index].Policy->Nmi && (gPartitions[Index].Life.State == MrmStateRunning)) {
      SendNmi (gPartitions[Index].ApicIds[0]);
      Say ("%a, sent on to %a", What, gPartitions[Index].Plan->Name);
      return;
    }
  }

  Say ("%a, no running OS to send it on to", What);
}

VOID
PollInterrupts (
  VOID
  )
{
  UINTN   Vector;
  UINT32  Seen;
  CHAR8   What[WHAT_SIZE];

  if ((mTold[NMI_VECTOR] != mSeen[NMI_VECTOR]) || (Milliseconds () - mToldAt >= TELL_PERIOD)) {
    for (Vector = 0; Vector <= LAST_STRAY_VECTOR; Vector++) {
      Seen = mSeen[Vector];
      if (Seen == mTold[Vector]) {
        continue;
      }

      if (Vector == NMI_VECTOR) {
        AsciiSPrint (What, sizeof (What), "NMI: %d came", Seen - mTold[Vector]);
        ForwardNmi (What);
      } else {
        Say ("stray interrupts to the boot processor, vector 0x%x: %d, in all %d", Vector, Seen - mTold[Vector], Seen);
      }

      mTold[Vector] = Seen;
    }

    mToldAt = Milliseconds ();
  }
}

EFI_STATUS
CatchStrayInterrupts (
  VOID
  )
{
  EFI_STATUS             Status;
  EFI_CPU_ARCH_PROTOCOL  *Cpu;
  UINTN                  Vector;

  Status = gBS->LocateProtocol (&gEfiCpuArchProtocolGuid, NULL, (VOID **)&Cpu);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  // If the firmware has a handler of its own for a vector, it answers EFI_ALREADY_STARTED, and its handler stays.
  for (Vector = LAST_WAKE_VECTOR; (Vector >= FIRST_STRAY_VECTOR) && (gMachine.WakeVector == 0); Vector--) {
    if (!EFI_ERROR (Cpu->RegisterInterruptHandler (Cpu, (EFI_EXCEPTION_TYPE)Vector, OnWake))) {
      gMachine.WakeVector = (UINT32)Vector;
      mCaught[Vector]     = TRUE;
    }
  }

  for (Vector = 0; Vector <= LAST_STRAY_VECTOR; Vector++) {
    if (((Vector == NMI_VECTOR) || (Vector >= FIRST_STRAY_VECTOR)) && (Vector != gMachine.WakeVector)) {
      Status          = Cpu->RegisterInterruptHandler (Cpu, (EFI_EXCEPTION_TYPE)Vector, OnStrayInterrupt);
      mCaught[Vector] = !EFI_ERROR (Status);
    }
  }

  mCpu = Cpu;
  return EFI_SUCCESS;
}

VOID
SendNmi (
  IN UINT32  ApicId
  )
{
  UINTN    Base;
  BOOLEAN  Enabled;

  if (GetApicMode () == LOCAL_APIC_MODE_X2APIC) {
    AsmWriteMsr64 (X2APIC_MSR_ICR, LShiftU64 (ApicId, 32) | ICR_NMI_PHYSICAL);
    return;
  }

  Base    = GetLocalApicBaseAddress ();
  Enabled = SaveAndDisableInterrupts ();
  MmioWrite32 (Base + XAPIC_ICR_HIGH_OFFSET, ApicId << 24);
  MmioWrite32 (Base + XAPIC_ICR_LOW_OFFSET, ICR_NMI_PHYSICAL);
  while ((MmioRead32 (Base + XAPIC_ICR_LOW_OFFSET) & ICR_PENDING) != 0) {
    CpuPause ();
  }

  SetInterruptState (Enabled);
}

VOID
SendInterrupts (
  IN CONST MRM_FUNCTION_INTERRUPT  *Interrupts,
  IN UINTN                         Count
  )
{
  UINTN  Index;

  for (Index = 0; Index < Count; Index++) {
    SendFixedIpi (Interrupts[Index].ApicId, Interrupts[Index].Vector);
  }
}

VOID
ReleaseStrayInterrupts (
  VOID
  )
{
  UINTN  Vector;

  for (Vector = 0; Vector <= LAST_STRAY_VECTOR; Vector++) {
    if (mCaught[Vector]) {
      mCpu->RegisterInterruptHandler (mCpu, (EFI_EXCEPTION_TYPE)Vector, NULL);
      mCaught[Vector] = FALSE;
    }
  }
}
