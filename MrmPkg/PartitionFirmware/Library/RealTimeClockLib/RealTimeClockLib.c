/** @file
  Time of day of one partition: the PC's at start, carried on by the TSC, and the difference that
  the partition has set.

  The CMOS clock belongs to the machine; a partition that sets its time changes only its own.  The
  difference is kept in a UEFI variable, with time zone and daylight, which the CMOS clock has not.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiDxe.h>
#include <Library/BaseLib.h>
#include <Library/MrmHandOffLib.h>
#include <Library/RealTimeClockLib.h>
#include <Library/TimeBaseLib.h>
#include <Library/UefiRuntimeLib.h>

///
/// Units of EFI_TIME_CAPABILITIES (UEFI 2.10 section 8.3): Hz, and 1e-6 parts per million.
///
#define CLOCK_RESOLUTION  1000000
#define CLOCK_ACCURACY    50000000

#define SECOND             1000000000ULL           ///< nanoseconds
#define FIRST_SECOND       946684800ULL            ///< 2000-01-01 00:00:00, seconds since 1970
#define LAST_SECOND        4102444799ULL           ///< 2099-12-31 23:59:59, the last that TimeBaseLib takes
#define SETTING_ATTRIBUTES (EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS | EFI_VARIABLE_RUNTIME_ACCESS)

///
/// What SetTime() has set, as it is kept.
///
#pragma pack(1)
typedef struct {
  INT64    Difference;                             ///< nanoseconds this clock is ahead of the PC's
  INT16    TimeZone;                               ///< as EFI_TIME has it
  UINT8    Daylight;
} SETTING;
#pragma pack()

STATIC UINT64   mPcNanoseconds;                    ///< the PC's clock at mPcTsc, since 1970
STATIC UINT64   mPcTsc;
STATIC UINT64   mTscFrequency;                     ///< Hz; 0 = no clock
STATIC SETTING  mSetting;

/**
  The PC's clock now, in nanoseconds since 1970.
**/
STATIC
UINT64
PcNow (
  VOID
  )
{
  UINT64  Remainder;
  UINT64  Seconds;

  Seconds = DivU64x64Remainder (AsmReadTsc () - mPcTsc, mTscFrequency, &Remainder);
  return   mPcNanoseconds + MultU64x32 (Seconds, (UINT32)SECOND)
         + DivU64x64Remainder (MultU64x32 (Remainder, (UINT32)SECOND), mTscFrequency, NULL);
}

/**
  TRUE if a setting can have been made by SetTime(): the OS can write anything to the variable.

  @param[in] Setting  The setting.
**/
STATIC
BOOLEAN
IsPlausible (
  IN CONST SETTING  *Setting
  )
{
  UINT64  Seconds;

  Seconds = DivU64x32 (PcNow () + (UINT64)Setting->Difference, (UINT32)SECOND);
  return   (Seconds >= FIRST_SECOND)
        && (Seconds <= LAST_SECOND)
        && IsValidTimeZone (Setting->TimeZone)
        && IsValidDaylight (Setting->Daylight);
}

EFI_STATUS
EFIAPI
LibGetTime (
  OUT EFI_TIME               *Time,
  OUT EFI_TIME_CAPABILITIES  *Capabilities
  )
{
  UINT32  Nanosecond;
  UINT64  Seconds;

  if (Time == NULL) {
    return EFI_INVALID_PARAMETER;
  }

  if (mTscFrequency == 0) {
    return EFI_DEVICE_ERROR;
  }

  Seconds = DivU64x32Remainder (PcNow () + (UINT64)mSetting.Difference, (UINT32)SECOND, &Nanosecond);
  EpochToEfiTime ((UINTN)Seconds, Time);
  Time->Nanosecond = Nanosecond;
  Time->TimeZone   = mSetting.TimeZone;
  Time->Daylight   = mSetting.Daylight;

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
  SETTING  Setting;

  if ((Time == NULL) || !IsTimeValid (Time)) {
    return EFI_INVALID_PARAMETER;
  }

  Setting.Difference = (INT64)(MultU64x32 (EfiTimeToEpoch (Time), (UINT32)SECOND) + Time->Nanosecond - PcNow ());
  Setting.TimeZone   = Time->TimeZone;
  Setting.Daylight   = Time->Daylight;

  // Fail if the time cannot be stored: it would be lost at the next start.
  if (EFI_ERROR (EfiSetVariable (L"Clock", &gEfiCallerIdGuid, SETTING_ATTRIBUTES, sizeof (Setting), &Setting))) {
    return EFI_DEVICE_ERROR;
  }

  mSetting = Setting;
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
  SETTING             Kept;
  UINTN               Size;

  HandOff = MrmGetHandOff ();
  if (HandOff == NULL) {
    return EFI_NOT_FOUND;
  }

  WallTime          = HandOff->WallTime;
  mTscFrequency     = HandOff->TscFrequency;
  mPcTsc            = HandOff->WallTimeTsc;
  mPcNanoseconds    = MultU64x32 (EfiTimeToEpoch (&WallTime), (UINT32)SECOND) + WallTime.Nanosecond;
  mSetting.TimeZone = WallTime.TimeZone;
  mSetting.Daylight = WallTime.Daylight;

  Size = sizeof (Kept);
  if (  !EFI_ERROR (EfiGetVariable (L"Clock", &gEfiCallerIdGuid, NULL, &Size, &Kept))
     && (Size == sizeof (Kept))
     && IsPlausible (&Kept))
  {
    mSetting = Kept;
  }

  return EFI_SUCCESS;
}
