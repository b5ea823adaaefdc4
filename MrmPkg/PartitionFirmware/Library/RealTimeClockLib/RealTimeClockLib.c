/** @file
  Time of day of one partition: the PC's at start, carried on by the TSC.

  The CMOS clock belongs to the machine; a partition that sets its time changes
  only its own.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiDxe.h>
#include <Library/BaseLib.h>
#include <Library/MrmHandOffLib.h>
#include <Library/RealTimeClockLib.h>
#include <Library/TimeBaseLib.h>

///
/// Units of EFI_TIME_CAPABILITIES (UEFI 2.10 section 8.3): Hz, and 1e-6 parts per million.
///
#define CLOCK_RESOLUTION  1000000
#define CLOCK_ACCURACY    50000000

STATIC UINT64  mEpochSeconds;      ///< seconds since 1970 at mEpochTsc
STATIC UINT64  mEpochTsc;
STATIC UINT64  mTscFrequency;      ///< Hz; 0 = no clock
STATIC INT16   mTimeZone = EFI_UNSPECIFIED_TIMEZONE;
STATIC UINT8   mDaylight;

EFI_STATUS
EFIAPI
LibGetTime (
  OUT EFI_TIME               *Time,
  OUT EFI_TIME_CAPABILITIES  *Capabilities
  )
{
  UINT64  Remainder;
  UINT64  Seconds;

  if (Time == NULL) {
    return EFI_INVALID_PARAMETER;
  }

  if (mTscFrequency == 0) {
    return EFI_DEVICE_ERROR;
  }

  Seconds = DivU64x64Remainder (AsmReadTsc () - mEpochTsc, mTscFrequency, &Remainder);
  EpochToEfiTime ((UINTN)(mEpochSeconds + Seconds), Time);
  Time->Nanosecond = (UINT32)DivU64x64Remainder (MultU64x32 (Remainder, 1000000000), mTscFrequency, NULL);
  Time->TimeZone   = mTimeZone;
  Time->Daylight   = mDaylight;

  if (Capabilities != NULL) {
    Capabilities->Resolution = CLOCK_RESOLUTION;
    Capabilities->Accuracy   = CLOCK_ACCURACY;
    Capabilities->SetsToZero = FALSE;
  }

  return EFI_SUCCESS;
}

EFI_STATUS
EFIAPI
LibSetTime (
  IN EFI_TIME  *Time
  )
{
  if ((Time == NULL) || !IsTimeValid (Time)) {
    return EFI_INVALID_PARAMETER;
  }

  // The second began Nanosecond ago.
  mEpochTsc     = AsmReadTsc () - DivU64x32 (MultU64x32 (mTscFrequency, Time->Nanosecond), 1000000000);
  mEpochSeconds = EfiTimeToEpoch (Time);
  mTimeZone     = Time->TimeZone;
  mDaylight     = Time->Daylight;
  return EFI_SUCCESS;
}

EFI_STATUS
EFIAPI
LibGetWakeupTime (
  OUT BOOLEAN   *Enabled,
  OUT BOOLEAN   *Pending,
  OUT EFI_TIME  *Time
  )
{
  return EFI_UNSUPPORTED;
}

EFI_STATUS
EFIAPI
LibSetWakeupTime (
  IN BOOLEAN    Enabled,
  OUT EFI_TIME  *Time
  )
{
  return EFI_UNSUPPORTED;
}

EFI_STATUS
EFIAPI
LibRtcInitialize (
  IN EFI_HANDLE        ImageHandle,
  IN EFI_SYSTEM_TABLE  *SystemTable
  )
{
  CONST MRM_HAND_OFF  *HandOff;
  EFI_TIME            WallTime;

  HandOff = MrmGetHandOff ();
  if (HandOff == NULL) {
    return EFI_NOT_FOUND;
  }

  WallTime      = HandOff->WallTime;
  mTscFrequency = HandOff->TscFrequency;
  mEpochTsc     = HandOff->WallTimeTsc - DivU64x32 (MultU64x32 (mTscFrequency, WallTime.Nanosecond), 1000000000);
  mTimeZone     = WallTime.TimeZone;
  mDaylight     = WallTime.Daylight;
  mEpochSeconds = EfiTimeToEpoch (&WallTime);
  return EFI_SUCCESS;
}
