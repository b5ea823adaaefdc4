/** @file
  The time of day by the TSC, while the PC's clock is somebody else's: reading the clock's index and data registers at the
  same time as its owner would give both a wrong time (UEFI 2.10 section 8.3).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/WallClock.h"
#include "Core/Clock.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/TimeBaseLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiRuntimeServicesTableLib.h>

STATIC EFI_GET_TIME         mGetTime;        ///< of the PC's firmware while ours is in its place; NULL: it is not
STATIC EFI_SET_TIME         mSetTime;
STATIC EFI_GET_WAKEUP_TIME  mGetWakeup;
STATIC EFI_SET_WAKEUP_TIME  mSetWakeup;
STATIC EFI_TIME             mBegin;          ///< the time at mBeginAt
STATIC UINT64               mBeginAt;        ///< milliseconds

/**
  EFI_GET_TIME by the TSC.

  @param[out] Time          Receives the time.
  @param[out] Capabilities  Receives what such a clock can do, or NULL.

  @retval EFI_SUCCESS            Done.
  @retval EFI_INVALID_PARAMETER  Time is NULL.
**/
STATIC
EFI_STATUS
EFIAPI
TellTime (
  OUT EFI_TIME               *Time,
  OUT EFI_TIME_CAPABILITIES  *Capabilities OPTIONAL
  )
{
  if (Time == NULL) {
    return EFI_INVALID_PARAMETER;
  }

  EpochToEfiTime (EfiTimeToEpoch (&mBegin) + (UINTN)DivU64x32 (Milliseconds () - mBeginAt, 1000), Time);
  Time->TimeZone = mBegin.TimeZone;
  Time->Daylight = mBegin.Daylight;
  if (Capabilities != NULL) {
    ZeroMem (Capabilities, sizeof (*Capabilities));
    Capabilities->Resolution = 1;
  }

  return EFI_SUCCESS;
}

/**
  EFI_SET_TIME: the clock is somebody else's.

  @param[in] Time  Not used.

  @retval EFI_UNSUPPORTED  Always.
**/
STATIC
EFI_STATUS
EFIAPI
RefuseTime (
  IN EFI_TIME  *Time
  )
{
  return EFI_UNSUPPORTED;
}

/**
  EFI_GET_WAKEUP_TIME: the clock is somebody else's.

  @param[out] Enabled  Not used.
  @param[out] Pending  Not used.
  @param[out] Time     Not used.

  @retval EFI_UNSUPPORTED  Always.
**/
STATIC
EFI_STATUS
EFIAPI
RefuseToTellWakeup (
  OUT BOOLEAN   *Enabled,
  OUT BOOLEAN   *Pending,
  OUT EFI_TIME  *Time
  )
{
  return EFI_UNSUPPORTED;
}

/**
  EFI_SET_WAKEUP_TIME: the clock is somebody else's.

  @param[in] Enable  Not used.
  @param[in] Time    Not used.

  @retval EFI_UNSUPPORTED  Always.
**/
STATIC
EFI_STATUS
EFIAPI
RefuseWakeup (
  IN BOOLEAN   Enable,
  IN EFI_TIME  *Time OPTIONAL
  )
{
  return EFI_UNSUPPORTED;
}

/**
  Put services about time into the table of the PC's firmware.

  @param[in] GetTime    EFI_GET_TIME.
  @param[in] SetTime    EFI_SET_TIME.
  @param[in] GetWakeup  EFI_GET_WAKEUP_TIME.
  @param[in] SetWakeup  EFI_SET_WAKEUP_TIME.
**/
STATIC
VOID
Install (
  IN EFI_GET_TIME         GetTime,
  IN EFI_SET_TIME         SetTime,
  IN EFI_GET_WAKEUP_TIME  GetWakeup,
  IN EFI_SET_WAKEUP_TIME  SetWakeup
  )
{
  EFI_TPL  Tpl;
  UINT32   Crc32;

  Tpl                = gBS->RaiseTPL (TPL_HIGH_LEVEL);
  gRT->GetTime       = GetTime;
  gRT->SetTime       = SetTime;
  gRT->GetWakeupTime = GetWakeup;
  gRT->SetWakeupTime = SetWakeup;
  gRT->Hdr.CRC32     = 0;
  Crc32              = 0;
  gBS->CalculateCrc32 (gRT, gRT->Hdr.HeaderSize, &Crc32);
  gRT->Hdr.CRC32 = Crc32;
  gBS->RestoreTPL (Tpl);
}

EFI_STATUS
KeepTime (
  VOID
  )
{
  EFI_STATUS  Status;

  if (mGetTime != NULL) {
    return EFI_SUCCESS;
  }

  Status = gRT->GetTime (&mBegin, NULL);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  mBeginAt   = Milliseconds ();
  mGetTime   = gRT->GetTime;
  mSetTime   = gRT->SetTime;
  mGetWakeup = gRT->GetWakeupTime;
  mSetWakeup = gRT->SetWakeupTime;
  Install (TellTime, RefuseTime, RefuseToTellWakeup, RefuseWakeup);
  return EFI_SUCCESS;
}

VOID
ReleaseTime (
  VOID
  )
{
  if (mGetTime != NULL) {
    Install (mGetTime, mSetTime, mGetWakeup, mSetWakeup);
    mGetTime = NULL;
  }
}
