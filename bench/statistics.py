# SPDX-License-Identifier: BSD-2-Clause-Patent
"""From samples to figures: medians, spread, and ratios with confidence intervals.

Pure, and free of assumptions on how samples are distributed: an interval for a median lies between two of
the samples themselves (order statistics; the number of samples below the median is binomial). So the same
samples always give the same figures, and few samples give a wide interval instead of a wrong one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

CONFIDENCE = 0.95
"""What an interval should reach; it is the narrowest that reaches it, or all samples if none does."""


@dataclass(frozen=True)
class Figure:
    """A median with what is known of it.

    Attributes:
        median: Of the samples.
        low: Lower end of the median's confidence interval.
        high: Upper end of it.
        confidence: How likely such an interval holds the true median: less than wanted when there are few
            samples.
        spread: Distance from the first to the third quartile, divided by the median.
        count: Number of samples.
    """

    median: float
    low: float
    high: float
    confidence: float
    spread: float
    count: int

    @property
    def enough(self) -> bool:
        """Whether there were samples enough for an interval to be judged by."""
        return self.confidence >= CONFIDENCE


def interval_ranks(count: int, confidence: float = CONFIDENCE) -> tuple[int, float]:
    """Return which sample, from each end, ends the interval of the median, and the confidence reached.

    The interval goes from the sample with this rank (0: the smallest) to the one with the same rank from the
    end. Its confidence is the probability that at least rank + 1 and at most count − rank − 1 samples are
    below the median.

    Raises:
        ValueError: There are no samples.
    """
    if count < 1:
        raise ValueError("no samples")
    reached, best = 0, _confidence(count, 0)
    for rank in range(1, (count + 1) // 2):
        found = _confidence(count, rank)
        if found < confidence:
            break
        reached, best = rank, found
    return reached, best


def _confidence(count: int, rank: int) -> float:
    """Confidence of the interval that leaves `rank` samples out at each end."""
    outside = sum(math.comb(count, below) for below in range(rank + 1))
    return max(0.0, 1 - outside / (1 << (count - 1)))


def figure(samples: Sequence[float], confidence: float = CONFIDENCE) -> Figure:
    """Return the median of samples with its interval and their spread; raises ValueError without samples."""
    ordered = sorted(samples)
    rank, reached = interval_ranks(len(ordered), confidence)
    middle = median(ordered)
    spread = _quantile(ordered, 0.75) - _quantile(ordered, 0.25)
    return Figure(
        median=middle,
        low=ordered[rank],
        high=ordered[-1 - rank],
        confidence=reached,
        spread=spread / middle if middle else 0.0,
        count=len(ordered),
    )


def _quantile(ordered: Sequence[float], part: float) -> float:
    """A quantile, between the two samples that are next to it."""
    place = part * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    # Kept between both, whatever is rounded.
    value = ordered[below] + (ordered[above] - ordered[below]) * (place - below)
    return min(max(value, ordered[below]), ordered[above])


def speed_ratio(
    base: Sequence[float], other: Sequence[float], *, smaller_is_better: bool, confidence: float = CONFIDENCE
) -> Figure:
    """Return how fast `other` is, as a multiple of `base`, from samples that were taken in turn.

    Each sample of one is divided by the sample of the other that was taken next to it. So what slowed both
    down for a while does not count. More than 1 means faster.

    Raises:
        ValueError: The numbers of samples differ, there are none, or one is not positive.
    """
    if len(base) != len(other):
        raise ValueError(f"{len(base)} samples beside {len(other)}")
    if any(sample <= 0 for sample in (*base, *other)):
        raise ValueError("a sample is not positive")
    pairs = zip(base, other, strict=True)
    return figure([a / b if smaller_is_better else b / a for a, b in pairs], confidence)


def quotient(base: Sequence[float], other: Sequence[float]) -> Figure:
    """Return `other` as a multiple of `base`, from samples that were taken in turn.

    Raises:
        ValueError: As speed_ratio.
    """
    return speed_ratio(base, other, smaller_is_better=False)
