/** @file
  The clock that a guarded partition has instead of the PC's: an MC146818 that counts in BCD, 24 hours a day, and never
  interrupts.  What is set in it is an offset to the PC's time.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include "MrmGuardInternal.h"

#define CMOS_SECOND     0x00
#define CMOS_MINUTE     0x02
#define CMOS_HOUR       0x04
#define CMOS_WEEKDAY    0x06
#define CMOS_DAY        0x07
#define CMOS_MONTH      0x08
#define CMOS_YEAR       0x09
#define CMOS_STATUS_A   0x0A
#define CMOS_STATUS_B   0x0B
#define CMOS_STATUS_C   0x0C
#define CMOS_STATUS_D   0x0D
#define CMOS_CENTURY    0x32
#define CMOS_LAST       0x7F

#define STATUS_A  0x26      ///< 32,768 Hz
#define STATUS_B  BIT1      ///< 24 hours
#define STATUS_D  BIT7      ///< the battery is good
#define B_SET     BIT7      ///< the clock stands still while it is set

#define SECONDS_OF_DAY  86400
#define DAYS_OF_400     146097
#define DAYS_TO_1970    719468       ///< from 1 March of the year 0
#define LATEST          253402300799 ///< the last second of the year 9999

///
/// A date; a year of these begins in March, so that a leap day is its last one.
///
typedef struct {
  UINT64    Year;
  UINT64    Month;
  UINT64    Day;
} MRM_GUARD_DATE;

/**
  The date of a day.

  @param[in]  Days  Since 1970 began.
  @param[out] Date  Receives it.
**/
STATIC
VOID
DateOf (
  IN  UINT64          Days,
  OUT MRM_GUARD_DATE  *Date
  )
{
  UINT64  Cycle;
  UINT64  Day;
  UINT64  Year;
  UINT64  Month;

  Days       += DAYS_TO_1970;
  Cycle       = Days / DAYS_OF_400;
  Day         = Days % DAYS_OF_400;
  Year        = (Day - Day / 1460 + Day / 36524 - Day / 146096) / 365;
  Day        -= 365 * Year + Year / 4 - Year / 100;
  Month       = (5 * Day + 2) / 153;
  Date->Day   = Day - (153 * Month + 2) / 5 + 1;
  Date->Month = (Month < 10) ? Month + 3 : Month - 9;
  Date->Year  = Cycle * 400 + Year + ((Date->Month <= 2) ? 1 : 0);
}

/**
  The day of a date.

  @param[in] Date  From 1970 on.

  @return  Days since 1970 began.
**/
STATIC
UINT64
DayOf (
  IN CONST MRM_GUARD_DATE  *Date
  )
{
  UINT64  Year;
  UINT64  Month;

  Year  = Date->Year - ((Date->Month <= 2) ? 1 : 0);
  Month = (Date->Month > 2) ? Date->Month - 3 : Date->Month + 9;
  return Year / 400 * DAYS_OF_400 + Year % 400 * 365 + Year % 400 / 4 - Year % 400 / 100 +
         (153 * Month + 2) / 5 + Date->Day - 1 - DAYS_TO_1970;
}

/**
  A number below 100 in BCD.

  @param[in] Number  The number.
**/
STATIC
UINT8
ToBcd (
  IN UINT64  Number
  )
{
  return (UINT8)(Number / 10 % 10 * 16 + Number % 10);
}

/**
  A number of BCD.

  @param[in] Byte  Two digits.

  @return  The number; more than 99 if one is no digit.
**/
STATIC
UINT64
FromBcd (
  IN UINT8  Byte
  )
{
  return (((Byte >> 4) > 9) || ((Byte & 15) > 9)) ? MAX_UINT8 : (UINT64)(Byte >> 4) * 10 + (Byte & 15);
}

/**
  The time of a partition's clock.

  @param[in] Devices  Devices of the partition.
  @param[in] Seconds  Now.

  @return  Seconds since 1970 began, to the end of the year 9999.
**/
STATIC
UINT64
TimeOf (
  IN CONST MRM_GUARD_DEVICES  *Devices,
  IN UINT64                   Seconds
  )
{
  INT64  Time;

  // Both are below 2^40 by far, but the offset is not believed: several processors may write it at once.
  Time = (INT64)MIN (Seconds, LATEST) + MAX (MIN (Devices->CmosOffset, LATEST), -LATEST);
  return (UINT64)MAX (MIN (Time, LATEST), 0);
}

/**
  What a register of the clock says.

  @param[in]  Time      Seconds since 1970 began.
  @param[in]  Register  Its number.
  @param[out] Value     Receives it.

  @retval FALSE  It is no register of the time.
**/
STATIC
BOOLEAN
ReadTime (
  IN  UINT64  Time,
  IN  UINT8   Register,
  OUT UINT8   *Value
  )
{
  MRM_GUARD_DATE  Date;

  DateOf (Time / SECONDS_OF_DAY, &Date);
  switch (Register) {
    case CMOS_SECOND:
      *Value = ToBcd (Time % 60);
      return TRUE;
    case CMOS_MINUTE:
      *Value = ToBcd (Time / 60 % 60);
      return TRUE;
    case CMOS_HOUR:
      *Value = ToBcd (Time / 3600 % 24);
      return TRUE;
    case CMOS_WEEKDAY:
      // The first of 1970 was a Thursday, the fifth day of a week.
      *Value = (UINT8)((Time / SECONDS_OF_DAY + 4) % 7 + 1);
      return TRUE;
    case CMOS_DAY:
      *Value = ToBcd (Date.Day);
      return TRUE;
    case CMOS_MONTH:
      *Value = ToBcd (Date.Month);
      return TRUE;
    case CMOS_YEAR:
      *Value = ToBcd (Date.Year % 100);
      return TRUE;
    case CMOS_CENTURY:
      *Value = ToBcd (Date.Year / 100);
      return TRUE;
    default:
      return FALSE;
  }
}

/**
  Let the clock go on from what was set.  A date that does not exist changes nothing.

  @param[in,out] Devices  Devices of the partition.
  @param[in]     Seconds  Now.
**/
STATIC
VOID
TakeTime (
  IN OUT MRM_GUARD_DEVICES  *Devices,
  IN     UINT64             Seconds
  )
{
  MRM_GUARD_DATE  Date;
  MRM_GUARD_DATE  Found;
  UINT64          Second;
  UINT64          Minute;
  UINT64          Hour;
  UINT64          Century;
  UINT64          Year;
  UINT64          Time;

  Second     = FromBcd (Devices->Cmos[CMOS_SECOND]);
  Minute     = FromBcd (Devices->Cmos[CMOS_MINUTE]);
  Hour       = FromBcd (Devices->Cmos[CMOS_HOUR]);
  Date.Day   = FromBcd (Devices->Cmos[CMOS_DAY]);
  Date.Month = FromBcd (Devices->Cmos[CMOS_MONTH]);
  Century    = FromBcd (Devices->Cmos[CMOS_CENTURY]);
  Year       = FromBcd (Devices->Cmos[CMOS_YEAR]);
  Date.Year  = Century * 100 + Year;
  if ((Second > 59) || (Minute > 59) || (Hour > 23) || (Century > 99) || (Year > 99) || (Date.Year < 1970) ||
      (Date.Month < 1) || (Date.Month > 12) || (Date.Day < 1) || (Date.Day > 31))
  {
    return;
  }

  DateOf (DayOf (&Date), &Found);
  if (Found.Day == Date.Day) {
    Time                = DayOf (&Date) * SECONDS_OF_DAY + Hour * 3600 + Minute * 60 + Second;
    Devices->CmosOffset = (INT64)Time - (INT64)MIN (Seconds, LATEST);
  }
}

UINT8
MrmGuardReadCmos (
  IN CONST MRM_GUARD_DEVICES  *Devices,
  IN UINT64                   Seconds
  )
{
  UINT8  Register;
  UINT8  Value;

  Register = Devices->CmosIndex & CMOS_LAST;
  switch (Register) {
    case CMOS_STATUS_A:
      return STATUS_A;
    case CMOS_STATUS_B:
      return (UINT8)((Devices->Cmos[CMOS_STATUS_B] & B_SET) | STATUS_B);
    case CMOS_STATUS_C:
      return 0;
    case CMOS_STATUS_D:
      return STATUS_D;
    default:
      break;
  }

  if (((Devices->Cmos[CMOS_STATUS_B] & B_SET) == 0) && ReadTime (TimeOf (Devices, Seconds), Register, &Value)) {
    return Value;
  }

  return Devices->Cmos[Register];
}

VOID
MrmGuardWriteCmos (
  IN OUT MRM_GUARD_DEVICES  *Devices,
  IN     UINT64             Seconds,
  IN     UINT8              Value
  )
{
  UINT8    Register;
  UINT8    Each;
  BOOLEAN  Standing;

  Register = Devices->CmosIndex & CMOS_LAST;
  Standing = (BOOLEAN)((Devices->Cmos[CMOS_STATUS_B] & B_SET) != 0);
  if (Register == CMOS_STATUS_B) {
    if (!Standing && ((Value & B_SET) != 0)) {
      for (Each = 0; Each <= CMOS_CENTURY; Each++) {
        ReadTime (TimeOf (Devices, Seconds), Each, &Devices->Cmos[Each]);
      }
    } else if (Standing && ((Value & B_SET) == 0)) {
      TakeTime (Devices, Seconds);
    }
  }

  Devices->Cmos[Register] = Value;
}
