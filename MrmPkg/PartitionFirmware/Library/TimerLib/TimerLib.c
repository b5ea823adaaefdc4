/** @file
  Time from the TSC, whose frequency the controller measured.  Nothing but the
  processor is touched, so that it works beside other partitions and at run time.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiDxe.h>
#include <Guid/MrmHandOff.h>
#include <Library/BaseLib.h>
#include <Library/HobLib.h>
#include <Library/TimerLib.h>

#define NANOSECONDS_PER_SECOND  1000000000ULL

STATIC UINT64  mTscFrequency = NANOSECONDS_PER_SECOND;  ///< Hz

/**
  Take the TSC frequency from the hand-off while HOBs exist.

  @retval RETURN_SUCCESS  Always; without a hand-off 1 GHz is assumed, and BDS says what is wrong.
**/
RETURN_STATUS
EFIAPI
MrmTimerLibConstructor (
  VOID
  )
{
  EFI_HOB_GUID_TYPE   *Hob;
  CONST MRM_HAND_OFF  *HandOff;

  Hob = GetFirstGuidHob (&gMrmHandOffGuid);
  if (Hob != NULL) {
    HandOff = GET_GUID_HOB_DATA (Hob);
    if (HandOff->TscFrequency != 0) {
      mTscFrequency = HandOff->TscFrequency;
    }
  }

  return RETURN_SUCCESS;
}

/**
  Wait until a number of TSC ticks has passed.

  @param[in] Ticks  Ticks to wait.
**/
STATIC
VOID
DelayTicks (
  IN UINT64  Ticks
  )
{
  UINT64  Start;

  Start = AsmReadTsc ();
  while (AsmReadTsc () - Start < Ticks) {
    CpuPause ();
  }
}

UINTN
EFIAPI
MicroSecondDelay (
  IN UINTN  MicroSeconds
  )
{
  DelayTicks (DivU64x32 (MultU64x64 (MicroSeconds, mTscFrequency), 1000000));
  return MicroSeconds;
}

UINTN
EFIAPI
NanoSecondDelay (
  IN UINTN  NanoSeconds
  )
{
  DelayTicks (DivU64x32 (MultU64x64 (NanoSeconds, mTscFrequency), (UINT32)NANOSECONDS_PER_SECOND) + 1);
  return NanoSeconds;
}

UINT64
EFIAPI
GetPerformanceCounter (
  VOID
  )
{
  return AsmReadTsc ();
}

UINT64
EFIAPI
GetPerformanceCounterProperties (
  OUT UINT64  *StartValue  OPTIONAL,
  OUT UINT64  *EndValue    OPTIONAL
  )
{
  if (StartValue != NULL) {
    *StartValue = 0;
  }

  if (EndValue != NULL) {
    *EndValue = MAX_UINT64;
  }

  return mTscFrequency;
}

UINT64
EFIAPI
GetTimeInNanoSecond (
  IN UINT64  Ticks
  )
{
  UINT64  Seconds;
  UINT64  Remainder;

  // Split so that the multiplication cannot overflow.
  Seconds = DivU64x64Remainder (Ticks, mTscFrequency, &Remainder);
  return MultU64x64 (Seconds, NANOSECONDS_PER_SECOND) +
         DivU64x64Remainder (MultU64x64 (Remainder, NANOSECONDS_PER_SECOND), mTscFrequency, NULL);
}
