# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Latencies of a real-time kernel as a table and a goal.  Pure functions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from bench.report.table import interval, markdown, thousands
from bench.results import ALONE, BARE, Latency
from bench.statistics import Figure, quotient

GOAL = 1.05
"""What a partition's 99.9th percentile may be of the bare machine's, while nobody writes variables."""

TITLES = {
    "nobody": "nobody",
    "other": "a program on the other processor",
    "same": "a program on the same processor",
}
_JUDGED = "nobody"


@dataclass(frozen=True)
class Condition:
    """Samples under one condition, those of the bare machine and of the partition by round.

    Attributes:
        title: Who wrote variables.
        samples: By subject, of the rounds that both have.
        ratio: Of the 99.9th percentiles, partition ÷ bare machine.
    """

    title: str
    samples: dict[str, list[Latency]]
    ratio: Figure


def by_condition(latencies: Sequence[Latency]) -> list[Condition]:
    """Return what was seen under each condition under which both were measured in some round."""
    found: dict[str, dict[str, dict[int, Latency]]] = {}
    for one in latencies:
        found.setdefault(one.condition, {}).setdefault(one.subject, {})[one.round] = one
    conditions = []
    for name, subjects in found.items():
        rounds = sorted(subjects.get(BARE, {}).keys() & subjects.get(ALONE, {}).keys())
        if rounds:
            samples = {kind: [subjects[kind][number] for number in rounds] for kind in (BARE, ALONE)}
            # A latency of no microsecond is less than one.
            late = [[max(one.late, 1) for one in samples[kind]] for kind in (BARE, ALONE)]
            conditions.append(Condition(TITLES.get(name, name), samples, quotient(*late)))
    return conditions


def _writes_a_second(taken: Sequence[Latency]) -> str:
    """How often somebody wrote, in the time in which he did: that is longer than the thread was watched."""
    writes, seconds = sum(one.writes for one in taken), sum(one.writing for one in taken)
    return "0" if writes == 0 else f"{writes / seconds:.0f}" if seconds else "–"


def latency_table(conditions: Sequence[Condition]) -> str:
    """Return two rows for each condition."""
    titles = [
        "who writes variables",
        "",
        "median",
        "99.9 %",
        "latest",
        "writes each second",
        "partition ÷ bare",
    ]
    rows = []
    for condition in conditions:
        for kind, what in ((BARE, "bare machine"), (ALONE, "partition")):
            taken = condition.samples[kind]
            cells = [
                thousands(median(one.median for one in taken)),
                thousands(median(one.late for one in taken)),
                thousands(max(one.most for one in taken)),
                _writes_a_second(taken),
            ]
            first, last = (condition.title, "") if kind == BARE else ("", interval(condition.ratio))
            rows.append([first, what, *cells, last])
    return markdown(titles, rows, 2)


def latency_goal(conditions: Sequence[Condition]) -> Iterator[tuple[str, str, bool | None]]:
    """Yield what was aimed at, what was seen, and whether that is enough, within the interval.

    None: there were too few rounds to say.
    """
    for condition in conditions:
        if condition.title == TITLES[_JUDGED]:
            goal = f"99.9 % of latencies of a real-time kernel: {GOAL} of bare at most, within noise"
            reached = condition.ratio.low <= GOAL if condition.ratio.enough else None
            yield goal, interval(condition.ratio), reached
