# SPDX-License-Identifier: BSD-2-Clause-Patent
"""How fast each subject is beside the bare machine, row by row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.results import AGAIN, ALONE, BARE, SUBJECTS, Sample
from bench.statistics import Figure, figure, speed_ratio

SPEED = 0.99
"""Of the bare machine's, as a goal."""
LESS_IS_BETTER = "ns"
"""The unit of which less is better."""


@dataclass(frozen=True)
class Comparison:
    """A row of the table.

    Attributes:
        row: Its name.
        unit: `ns` or `MB/s`.
        bare: The bare machine's figure.
        ratios: By subject, how fast it is: the bare machine is 1, and more is faster.
    """

    row: str
    unit: str
    bare: Figure
    ratios: dict[str, Figure]


def compare(samples: Sequence[Sample]) -> list[Comparison]:
    """Return a row for each kind of work, in the order of the samples.

    A kind of work that one subject lacks in a round is left out of that round for all.  So only samples that
    were taken next to each other are divided by each other.
    """
    found: dict[str, dict[str, dict[int, float]]] = {}
    units: dict[str, str] = {}
    for sample in samples:
        units[sample.row] = sample.unit
        found.setdefault(sample.row, {}).setdefault(sample.subject, {})[sample.round] = sample.value
    return [_comparison(row, units[row], subjects) for row, subjects in found.items() if subjects.get(BARE)]


def speed_goal(rows: Sequence[Comparison]) -> Iterator[tuple[str, str, bool | None]]:
    """Yield what was aimed at, what was seen, and whether that is enough; None if there were too few rounds.

    An interval misses the true median now and then, and there are many rows. So as many rows have to reach
    the goal as of a second bare machine, where that was measured.
    """
    alone = [row.ratios[ALONE] for row in rows if ALONE in row.ratios]
    again = [row.ratios[AGAIN] for row in rows if AGAIN in row.ratios]
    if not alone:
        return
    found, noise = (sum(one.high >= SPEED for one in ratios) for ratios in (alone, again))
    seen = f"{found} of {len(alone)} rows reach it within their interval"
    if again:
        seen += f"; of the bare machine again {noise} of {len(again)}"
    wanted = noise if len(again) == len(alone) else len(alone)
    reached = found >= wanted if all(one.enough for one in (*alone, *again)) else None
    yield f"speed of a partition alone: {SPEED} of bare, within noise", seen, reached


def _comparison(row: str, unit: str, subjects: dict[str, dict[int, float]]) -> Comparison:
    bare = subjects[BARE]
    ratios = {}
    for name in SUBJECTS:
        other = subjects.get(name, {})
        rounds = sorted(bare.keys() & other.keys())
        if name != BARE and rounds:
            ratios[name] = speed_ratio(
                [bare[number] for number in rounds],
                [other[number] for number in rounds],
                smaller_is_better=unit == LESS_IS_BETTER,
            )
    return Comparison(row, unit, figure(list(bare.values())), ratios)
