/** @file
  How fast a clock runs, from readings of which some were disturbed.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmMachineLib.h>
#include <Library/BaseMemoryLib.h>

#define MILLION         1000000
#define LEAST_READINGS  4
#define STEP_TOLERANCE  10             ///< a tenth: by which two neighbouring readings may differ from most
#define LONGEST         BIT40          ///< ticks of the TSC that are believed in: minutes
#define HIGHEST         BIT34          ///< Hz that are believed in

/**
  The median of some numbers.

  @param[in,out] Numbers  The numbers; sorted.
  @param[in]     Count    How many, at least 1.
**/
STATIC
UINT64
Median (
  IN OUT UINT64  *Numbers,
  IN     UINTN   Count
  )
{
  UINTN   Index;
  UINTN   Hole;
  UINT64  Number;

  for (Index = 1; Index < Count; Index++) {
    Number = Numbers[Index];
    for (Hole = Index; (Hole > 0) && (Numbers[Hole - 1] > Number); Hole--) {
      Numbers[Hole] = Numbers[Hole - 1];
    }

    Numbers[Hole] = Number;
  }

  return Numbers[Count / 2];
}

/**
  Leave out readings with a bracket more than twice as wide as most.

  @param[in]  Readings  The readings.
  @param[in]  Count     Their number.
  @param[out] Kept      MRM_CLOCK_READINGS elements; receives the others.

  @return  Number of readings kept, at least half of them.
**/
STATIC
UINTN
KeepNarrow (
  IN  CONST MRM_CLOCK_READING  *Readings,
  IN  UINTN                    Count,
  OUT MRM_CLOCK_READING        *Kept
  )
{
  UINT64  Widths[MRM_CLOCK_READINGS];
  UINT64  Most;
  UINTN   Index;
  UINTN   Number;

  for (Index = 0; Index < Count; Index++) {
    Widths[Index] = Readings[Index].After - Readings[Index].Before;
  }

  Most   = Median (Widths, Count);
  Number = 0;
  for (Index = 0; Index < Count; Index++) {
    if ((Readings[Index].After - Readings[Index].Before) / 2 <= Most) {
      CopyMem (&Kept[Number++], &Readings[Index], sizeof (*Kept));
    }
  }

  return Number;
}

/**
  The frequency that is looked for, from two readings.

  @param[in]  Clock      The counter, and the frequency that is known.
  @param[in]  From       The earlier reading.
  @param[in]  To         The later one.
  @param[out] Frequency  Receives it, Hz.
  @param[out] Bracket    Receives how much the brackets leave open, parts per million.

  @retval RETURN_SUCCESS       Done.
  @retval RETURN_DEVICE_ERROR  One of the counters has not moved.
  @retval RETURN_ABORTED       Too long a time, not in order, or no frequency a clock has.
**/
STATIC
RETURN_STATUS
Sample (
  IN  CONST MRM_CLOCK          *Clock,
  IN  CONST MRM_CLOCK_READING  *From,
  IN  CONST MRM_CLOCK_READING  *To,
  OUT UINT64                   *Frequency,
  OUT UINT32                   *Bracket
  )
{
  UINT64  Ticks;
  UINT64  Counted;
  UINT64  Open;
  UINT64  Known;
  UINT64  Dividend;
  UINT64  Divisor;

  Ticks   = (To->Before + (To->After - To->Before) / 2) - (From->Before + (From->After - From->Before) / 2);
  Open    = (From->After - From->Before) / 2 + (To->After - To->Before) / 2;
  Counted = (To->Counter - From->Counter) & Clock->Mask;
  if ((Ticks == 0) || (Counted == 0)) {
    return RETURN_DEVICE_ERROR;
  }

  Known    = (Clock->CounterFrequency != 0) ? Clock->CounterFrequency : Clock->TscFrequency;
  Dividend = (Clock->CounterFrequency != 0) ? Ticks : Counted;
  Divisor  = (Clock->CounterFrequency != 0) ? Counted : Ticks;
  if ((Ticks >= LONGEST) || (Dividend > MAX_UINT64 / Known)) {
    return RETURN_ABORTED;
  }

  *Frequency = Dividend * Known / Divisor;
  if (*Frequency >= HIGHEST) {
    return RETURN_ABORTED;
  }

  Open     = MIN (Open, Ticks);
  *Bracket = (UINT32)(Open * MILLION / Ticks);
  return RETURN_SUCCESS;
}

/**
  See that neighbouring readings say much the same: over a pause longer than its whole range a counter tells nothing.

  @param[in]  Clock     The counter, and the frequency that is known.
  @param[in]  Readings  The readings.
  @param[in]  Count     Their number, at least 2.

  @retval RETURN_SUCCESS  They do.
  @return Other           As Sample(), or RETURN_ABORTED.
**/
STATIC
RETURN_STATUS
CheckSteps (
  IN CONST MRM_CLOCK          *Clock,
  IN CONST MRM_CLOCK_READING  *Readings,
  IN UINTN                    Count
  )
{
  RETURN_STATUS  Status;
  UINT64         Steps[MRM_CLOCK_READINGS];
  UINT64         Most;
  UINT32         Bracket;
  UINTN          Index;

  for (Index = 0; Index + 1 < Count; Index++) {
    Status = Sample (Clock, &Readings[Index], &Readings[Index + 1], &Steps[Index], &Bracket);
    if (RETURN_ERROR (Status)) {
      return Status;
    }
  }

  // Sorted, so that the ends are the extremes.
  Most = Median (Steps, Count - 1);
  if ((Steps[0] < Most - Most / STEP_TOLERANCE) || (Steps[Count - 2] > Most + Most / STEP_TOLERANCE)) {
    return RETURN_ABORTED;
  }

  return RETURN_SUCCESS;
}

RETURN_STATUS
EFIAPI
MrmClockMeasure (
  IN  CONST MRM_CLOCK          *Clock,
  IN  CONST MRM_CLOCK_READING  *Readings,
  IN  UINTN                    Count,
  OUT MRM_CLOCK_RESULT         *Result
  )
{
  RETURN_STATUS      Status;
  MRM_CLOCK_READING  Kept[MRM_CLOCK_READINGS];
  UINT64             Samples[MRM_CLOCK_READINGS];
  UINT32             Bracket;
  UINT32             Widest;
  UINTN              Half;
  UINTN              Index;
  UINTN              Number;

  ZeroMem (Result, sizeof (*Result));
  if (  (Count < LEAST_READINGS)
     || (Count > MRM_CLOCK_READINGS)
     || (Clock->Mask > MAX_UINT32)
     || ((Clock->CounterFrequency == 0) == (Clock->TscFrequency == 0)))
  {
    return RETURN_INVALID_PARAMETER;
  }

  Number = KeepNarrow (Readings, Count, Kept);
  Status = CheckSteps (Clock, Kept, Number);
  if (RETURN_ERROR (Status)) {
    return Status;
  }

  Widest = 0;
  Half   = Number / 2;
  for (Index = 0; Index + Half < Number; Index++) {
    Status = Sample (Clock, &Kept[Index], &Kept[Index + Half], &Samples[Index], &Bracket);
    if (RETURN_ERROR (Status)) {
      return Status;
    }

    Widest = MAX (Widest, Bracket);
  }

  Number            = Index;
  Result->Frequency = Median (Samples, Number);
  Result->Spread    = MAX (Widest, MrmClockDistance (Samples[0], Result->Frequency));
  Result->Spread    = MAX (Result->Spread, MrmClockDistance (Samples[Number - 1], Result->Frequency));
  return RETURN_SUCCESS;
}

UINT32
EFIAPI
MrmClockDistance (
  IN UINT64  One,
  IN UINT64  Another
  )
{
  UINT64  Distance;

  Distance = (One > Another) ? One - Another : Another - One;
  if ((Another == 0) || (Distance > MAX_UINT64 / MILLION)) {
    return MAX_UINT32;
  }

  Distance = Distance * MILLION / Another;
  return (UINT32)MIN (Distance, MAX_UINT32);
}

VOID
EFIAPI
MrmClockClaim (
  IN  UINT32           Denominator,
  IN  UINT32           Numerator,
  IN  UINT32           Crystal,
  IN  UINT32           BaseMhz,
  OUT MRM_CLOCK_CLAIM  *Claim
  )
{
  ZeroMem (Claim, sizeof (*Claim));
  if ((Denominator != 0) && (Numerator != 0) && (Crystal != 0)) {
    Claim->TscFrequency     = (UINT64)Crystal * Numerator / Denominator;
    Claim->CrystalFrequency = Crystal;
    Claim->Tolerance        = MRM_CLOCK_EXACT;
  } else if ((BaseMhz & MAX_UINT16) != 0) {
    Claim->TscFrequency = (UINT64)(BaseMhz & MAX_UINT16) * MILLION;
    Claim->Tolerance    = MRM_CLOCK_ROUNDED;
  }
}

MRM_CLOCK_VERDICT
EFIAPI
MrmClockJudge (
  IN CONST MRM_CLOCK_RESULT  *Result,
  IN UINT64                  Said,
  IN UINT32                  Tolerance
  )
{
  UINT32  Distance;

  Distance = (Said == 0) ? 0 : MrmClockDistance (Result->Frequency, Said);
  if ((Result->Frequency == 0) || (Result->Spread > MRM_CLOCK_CORRECTABLE) || (Distance > MRM_CLOCK_ABSURD)) {
    return MrmClockWrong;
  }

  return ((Result->Spread > MRM_CLOCK_STEADY) || (Distance > Tolerance)) ? MrmClockDoubtful : MrmClockGood;
}
