# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Clocks measured from readings of which some were disturbed (MrmMachineLib)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide

PM_TIMER = 3_579_545
MHZ = 1_000_000
TSC = 2_596_110_000
STEP = TSC // 100
"""Ticks of the TSC between two readings: 10 ms."""
MOST = 16


@dataclass(frozen=True)
class Clock:
    """A PC with a TSC and a counter, both of which are exact."""

    tsc: int = TSC
    counter: int = PM_TIMER
    mask: int = 0xFFFFFF
    start: int = 0
    """What the counter says at first."""

    def count(self, ticks: int) -> int:
        """The counter after so many ticks of the TSC."""
        return (self.start + ticks * self.counter // self.tsc) & self.mask


@dataclass(frozen=True)
class Delay:
    """What holds the processor up at one reading, in ticks of the TSC."""

    before: int = 0
    """Before the reading begins."""
    early: int = 0
    """Between its first look at the TSC and the counter."""
    late: int = 0
    """Between the counter and its second look at the TSC."""


NONE = Delay()
LOOK = 2000
"""Ticks that a look at the counter takes without any delay."""


def readings(clock: Clock, delays: Sequence[Delay], step: int = STEP) -> list[tuple[int, int, int]]:
    """What the processor sees."""
    now, found = 10**9, []
    origin = now
    for delay in delays:
        before = now + delay.before
        look = before + LOOK // 2 + delay.early
        after = look + LOOK // 2 + delay.late
        found.append((before, clock.count(look - origin), after))
        now = after + step
    return found


def measure(
    decide: Decide, clock: Clock, seen: Sequence[tuple[int, int, int]], measured: str = "tsc"
) -> tuple[int, Any]:
    """The status and result of MrmClockMeasure."""
    known = (clock.counter, 0) if measured == "tsc" else (0, clock.tsc)
    c = decide.ffi.new("MRM_CLOCK *", (clock.mask, *known))
    array = decide.ffi.new("MRM_CLOCK_READING[]", list(seen))
    result = decide.ffi.new("MRM_CLOCK_RESULT *")
    return decide.call("MrmClockMeasure", c, array, len(seen), result), result


def error(found: int, real: int) -> float:
    """Parts per million."""
    return abs(found - real) / real * 1e6


CLOCKS = st.builds(
    Clock,
    st.integers(800, 6000).map(lambda mhz: mhz * MHZ),
    st.just(PM_TIMER),
    st.sampled_from([0xFFFFFF, 0xFFFFFFFF]),
    st.integers(0, 0xFFFFFFFF),
)


@given(CLOCKS, st.integers(4, MOST))
def test_undisturbed_readings_are_exact(decide: Decide, clock: Clock, count: int) -> None:
    status, result = measure(decide, clock, readings(clock, [NONE] * count, clock.tsc // 100))
    assert status == decide.RETURN_SUCCESS
    assert error(result.Frequency, clock.tsc) <= result.Spread + 1


@pytest.mark.parametrize("delay", [Delay(late=int(1.2 * TSC)), Delay(early=int(1.2 * TSC))])
@pytest.mark.parametrize("at", [0, 7, 15])
def test_a_pause_amid_a_reading_does_not_count(decide: Decide, delay: Delay, at: int) -> None:
    """As once seen: the counter is read, the processor stands still for 1.2 s, and then reads its TSC."""
    clock = Clock()
    delays = [delay if index == at else NONE for index in range(MOST)]
    status, result = measure(decide, clock, readings(clock, delays))
    assert status == decide.RETURN_SUCCESS
    assert result.Spread <= decide.MRM_CLOCK_STEADY and error(result.Frequency, TSC) < 10


@pytest.mark.parametrize("ticks", [TSC // 10_000, TSC // 1000])
def test_system_management_interrupts_at_some_readings_do_not_count(decide: Decide, ticks: int) -> None:
    """100 µs and 1 ms at every third reading."""
    clock = Clock()
    delays = [Delay(late=ticks) if index % 3 == 0 else NONE for index in range(MOST)]
    status, result = measure(decide, clock, readings(clock, delays))
    assert status == decide.RETURN_SUCCESS
    assert result.Spread <= decide.MRM_CLOCK_STEADY and error(result.Frequency, TSC) < 10


def test_what_disturbs_most_readings_is_told(decide: Decide) -> None:
    """Nobody can say when between two looks the counter was read; the result tells how far off it may be."""
    clock = Clock()
    delays = [Delay(late=TSC // 1000 * (index % 3)) for index in range(MOST)]
    status, result = measure(decide, clock, readings(clock, delays))
    assert status == decide.RETURN_ABORTED or result.Spread > decide.MRM_CLOCK_CORRECTABLE


def test_a_pause_between_readings_does_no_harm(decide: Decide) -> None:
    clock = Clock()
    delays = [Delay(before=4 * TSC) if index == 8 else NONE for index in range(MOST)]
    status, result = measure(decide, clock, readings(clock, delays))
    assert status == decide.RETURN_SUCCESS and error(result.Frequency, TSC) < 10


@pytest.mark.parametrize("seconds", [4.7, 9.4, 60.0])
@pytest.mark.parametrize("at", [1, 8, 15])
def test_a_pause_longer_than_the_counter_s_range_is_noticed(decide: Decide, seconds: float, at: int) -> None:
    clock = Clock()
    delays = [Delay(before=int(seconds * TSC)) if index == at else NONE for index in range(MOST)]
    status, result = measure(decide, clock, readings(clock, delays))
    assert (status, result.Frequency) == (decide.RETURN_ABORTED, 0)


def test_a_counter_of_32_bits_tells_more(decide: Decide) -> None:
    clock = Clock(mask=0xFFFFFFFF)
    delays = [Delay(before=60 * TSC) if index == 8 else NONE for index in range(MOST)]
    status, result = measure(decide, clock, readings(clock, delays))
    assert status == decide.RETURN_SUCCESS and error(result.Frequency, TSC) < 10


@given(
    CLOCKS,
    st.lists(
        st.builds(
            Delay,
            st.integers(0, 4 * 800 * MHZ),
            st.integers(0, 2 * 800 * MHZ) | st.just(0),
            st.integers(0, 2 * 800 * MHZ) | st.just(0),
        ),
        min_size=4,
        max_size=MOST,
    ),
)
def test_whatever_is_found_is_as_near_as_it_says(decide: Decide, clock: Clock, delays: list[Delay]) -> None:
    """No pause, wherever it comes, makes a wrong frequency pass for a good one."""
    status, result = measure(decide, clock, readings(clock, delays, clock.tsc // 100))
    if status == decide.RETURN_SUCCESS and result.Spread <= decide.MRM_CLOCK_CORRECTABLE:
        # One tick of the counter at either end is what no bracket shows.
        ticks = clock.counter // 100 * (len(delays) // 4)
        assert error(result.Frequency, clock.tsc) <= result.Spread + 2e6 / ticks


@pytest.mark.parametrize("counter", [24 * MHZ, 100 * MHZ, 1000 * MHZ])
def test_a_counter_is_measured_by_the_tsc(decide: Decide, counter: int) -> None:
    """A local APIC timer, 2 ms between two readings."""
    clock = Clock(counter=counter, mask=0xFFFFFFFF, start=0xFFFFF000)
    delays = [Delay(late=TSC // 100) if index == 3 else NONE for index in range(MOST)]
    status, result = measure(decide, clock, readings(clock, delays, TSC // 500), "counter")
    assert status == decide.RETURN_SUCCESS
    assert result.Spread <= decide.MRM_CLOCK_STEADY and error(result.Frequency, counter) < 10


def test_a_rate_that_no_processor_has_is_not_believed(decide: Decide) -> None:
    """Even if all readings agree."""
    status, _ = measure(decide, Clock(tsc=33_582_823_000), readings(Clock(tsc=33_582_823_000), [NONE] * MOST))
    assert status == decide.RETURN_ABORTED


def test_a_counter_that_stands_still_is_told(decide: Decide) -> None:
    clock = Clock()
    seen = [(before, 0xFFFFFF, after) for before, _, after in readings(clock, [NONE] * MOST)]
    assert measure(decide, clock, seen)[0] == decide.RETURN_DEVICE_ERROR


@given(
    st.lists(st.tuples(*[st.integers(0, 2**64 - 1)] * 3), min_size=0, max_size=MOST),
    st.integers(0, 2**33),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
)
def test_any_readings_can_be_judged(
    decide: Decide, seen: list[tuple[int, int, int]], mask: int, counter: int, tsc: int
) -> None:
    for known in ((counter, 0), (0, tsc), (counter, tsc)):
        clock = decide.ffi.new("MRM_CLOCK *", (mask, *known))
        array = decide.ffi.new("MRM_CLOCK_READING[]", seen or [(0, 0, 0)])
        result = decide.ffi.new("MRM_CLOCK_RESULT *")
        status = decide.call("MrmClockMeasure", clock, array, len(seen), result)
        if status != decide.RETURN_SUCCESS:
            assert (result.Frequency, result.Spread) == (0, 0)
        decide.call("MrmClockJudge", result, tsc, 1000)


def claim(decide: Decide, *leaves: int) -> tuple[int, int, int]:
    """What a processor says with these values of CPUID 15h and 16h."""
    c = decide.ffi.new("MRM_CLOCK_CLAIM *")
    decide.call("MrmClockClaim", *leaves, c)
    return c.TscFrequency, c.CrystalFrequency, c.Tolerance


def test_what_processors_say_of_their_clocks(decide: Decide) -> None:
    exact, rounded = decide.MRM_CLOCK_EXACT, decide.MRM_CLOCK_ROUNDED
    assert claim(decide, 2, 216, 24 * MHZ, 2600) == (2592 * MHZ, 24 * MHZ, exact)
    # Skylake tells the ratio and not the crystal; AMD's tell nothing.
    assert claim(decide, 2, 216, 0, 2600) == (2600 * MHZ, 0, rounded)
    assert claim(decide, 0, 0, 0, 2600) == (2600 * MHZ, 0, rounded)
    assert claim(decide, 0, 216, 24 * MHZ, 0) == (0, 0, 0)


@given(*[st.integers(0, 2**32 - 1)] * 4)
def test_any_claim_can_be_understood(
    decide: Decide, denominator: int, numerator: int, crystal: int, base: int
) -> None:
    claim(decide, denominator, numerator, crystal, base)


@pytest.mark.parametrize(
    ("frequency", "spread", "said", "verdict"),
    [
        (TSC, 5, 0, "Good"),
        (TSC, 5, 2_596_000_000, "Good"),
        (TSC, 5, 2_592_000_000, "Doubtful"),
        (TSC, 101, 0, "Doubtful"),
        (TSC, 501, 0, "Wrong"),
        (33_582_823_000, 5, 2_592_000_000, "Wrong"),
        (33_582_823_000, 5, 0, "Good"),
        (0, 0, 0, "Wrong"),
    ],
)
def test_what_a_measurement_is_worth(
    decide: Decide, frequency: int, spread: int, said: int, verdict: str
) -> None:
    result = decide.ffi.new("MRM_CLOCK_RESULT *", (frequency, spread))
    found = decide.call("MrmClockJudge", result, said, decide.MRM_CLOCK_EXACT)
    assert found == getattr(decide, f"MrmClock{verdict}")
