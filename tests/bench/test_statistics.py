# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Medians, their intervals, ratios: against counting, and against what must hold for any samples."""

import itertools
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.statistics import figure, interval_ranks, speed_ratio

positive = st.floats(min_value=1e-6, max_value=1e9)
samples = st.lists(positive, min_size=1, max_size=40)


def counted_confidence(count: int, rank: int) -> float:
    """Go through all ways in which samples lie below or above the median."""
    ways = list(itertools.product((0, 1), repeat=count))
    inside = sum(1 for way in ways if rank < sum(way) < count - rank)
    return inside / len(ways)


@pytest.mark.parametrize("count", range(1, 13))
def test_the_confidence_of_an_interval_is_what_counting_says(count: int) -> None:
    rank, confidence = interval_ranks(count)
    assert confidence == pytest.approx(counted_confidence(count, rank))


@pytest.mark.parametrize("count", range(1, 13))
def test_no_narrower_interval_would_do(count: int) -> None:
    rank, confidence = interval_ranks(count)
    if rank:
        assert confidence >= 0.95
    if rank + 1 < (count + 1) // 2:
        assert counted_confidence(count, rank + 1) < 0.95


def test_six_samples_are_the_fewest_whose_range_reaches_95_percent() -> None:
    assert interval_ranks(5)[1] < 0.95 <= interval_ranks(6)[1]


@given(samples)
def test_a_figure_lies_in_its_interval_and_both_in_the_samples(values: list[float]) -> None:
    found = figure(values)
    assert found.median == median(values)
    assert min(values) <= found.low <= found.median <= found.high <= max(values)
    assert found.low in values and found.high in values
    assert found.spread >= 0 and 0 <= found.confidence < 1 and found.count == len(values)


@given(samples)
def test_the_order_of_samples_does_not_matter(values: list[float]) -> None:
    assert figure(values) == figure(sorted(values, reverse=True))


@given(samples)
def test_a_machine_is_as_fast_as_itself(values: list[float]) -> None:
    for smaller in (True, False):
        found = speed_ratio(values, values, smaller_is_better=smaller)
        assert (found.median, found.low, found.high) == (1, 1, 1)


@given(samples, st.sampled_from([0.25, 0.5, 2.0, 4.0]))
def test_twice_as_fast_is_two_for_times_and_for_rates(values: list[float], factor: float) -> None:
    quicker = speed_ratio(values, [value / factor for value in values], smaller_is_better=True)
    more = speed_ratio(values, [value * factor for value in values], smaller_is_better=False)
    assert quicker.median == more.median == factor


def test_a_slow_moment_of_both_does_not_count() -> None:
    found = speed_ratio([10, 1000, 10], [20, 2000, 20], smaller_is_better=True)
    assert (found.low, found.median, found.high) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(("base", "other"), [([], []), ([1.0], [1.0, 2.0]), ([0.0], [1.0]), ([1.0], [-1.0])])
def test_what_cannot_be_compared_is_refused(base: list[float], other: list[float]) -> None:
    with pytest.raises(ValueError, match="sample"):
        speed_ratio(base, other, smaller_is_better=True)
