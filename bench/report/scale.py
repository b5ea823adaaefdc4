# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Starts of several partitions at a time as a table, a chart and a goal.  Pure functions."""

from collections.abc import Iterator, Sequence

from bench.report.bars import Bar, bars
from bench.report.table import markdown, thousands
from bench.results import StartCount

GOAL = 1.3
"""What each of several starts may take of a start by itself."""

PARTS = ("building", "to the loader", "loader and kernel's stub", "platform driver")


def parts_of(start: StartCount) -> list[float]:
    """Return the instructions for each partition, by PARTS."""
    each = (start.built, start.loader, start.kernel - start.loader - start.platform, start.platform)
    return [count / start.partitions for count in each]


def relative(starts: Sequence[StartCount]) -> list[tuple[int, float, float]]:
    """Return how many were started, and what each took beside one by itself: to the loader, to its end.

    Empty if no start by itself was counted.
    """
    alone = next((start for start in starts if start.partitions == 1), None)
    if alone is None:
        return []
    return [
        (
            start.partitions,
            (start.built + start.loader) / (start.partitions * (alone.built + alone.loader)),
            (start.built + start.kernel) / (start.partitions * (alone.built + alone.kernel)),
        )
        for start in starts
    ]


def scale_table(starts: Sequence[StartCount]) -> str:
    """Return a row for each number of partitions."""
    titles = ["at a time", *(f"{part}, each" for part in PARTS), "each beside one: to the loader", "in all"]
    rows = [
        [str(start.partitions), *map(thousands, parts_of(start)), f"{loader:.3f}", f"{whole:.3f}"]
        for start, (_, loader, whole) in zip(starts, relative(starts), strict=True)
    ]
    return markdown(titles, rows)


def scale_chart(starts: Sequence[StartCount]) -> str:
    """Return the chart as SVG."""
    drawn = [
        Bar(f"{start.partitions} at a time", [part / 1e6 for part in parts_of(start)]) for start in starts
    ]
    return bars(drawn, PARTS, "Millions of instructions for each partition's start")


def scale_goal(starts: Sequence[StartCount]) -> Iterator[tuple[str, str, bool]]:
    """Yield what was aimed at, what was seen, and whether that is enough."""
    found = relative(starts)
    if len(found) > 1:
        count, _, whole = max(found)
        goal = f"{count} starts at a time: {GOAL} of as many starts by themselves at most"
        yield goal, f"{whole:.3f}", whole <= GOAL
