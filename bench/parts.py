# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The parts of a run: each measures something, and returns the results with that in place of the old."""

import asyncio
import datetime
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bench import counts, latency, levels, links, machine, memory, modules, planner, restart, scale, timing
from bench.results import ALONE, BARE, Results, Taken, rounds_of


@dataclass(frozen=True)
class Extent:
    """How much is measured.

    Attributes:
        folder: Receives images and logs.
        quick: Fewer samples.
        rounds: Samples of each time; None for as many as `quick` says.
    """

    folder: Path
    quick: bool
    rounds: int | None = None


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def _counts(old: Results, extent: Extent) -> Results:
    runs, seconds, writes, rate_seconds = (1, 3, 20, 3) if extent.quick else (3, 60, 50, 10)
    found = asyncio.run(
        counts.count_all(
            extent.folder,
            modules.load,
            runs=runs,
            seconds=seconds,
            writes=writes,
            rate_seconds=rate_seconds,
            twice=not extent.quick,
            say=say,
        )
    )
    kept = old.counts
    found = replace(found, boot_processor={**kept.boot_processor, **found.boot_processor})
    return replace(old, counts=replace(found, starts=kept.starts, levels=kept.levels, exits=kept.exits))


def _channels(old: Results, extent: Extent) -> Results:
    # What this part measures, and does not measure this time, is not kept: it would have today's date.
    without = counts.WITHOUT_CHANNELS
    rates = {what: rate for what, rate in old.counts.boot_processor.items() if what in without}
    if not extent.quick:
        rates |= asyncio.run(counts.channels(extent.folder, 30, say))
    much = links.Extent(15, 10, 2000, 32, 500)
    if extent.quick:
        much = links.Extent(1, 3, 50, 2, 50, own=False)
    if extent.rounds:
        much = replace(much, rounds=extent.rounds)
    taken = asyncio.run(links.measure(extent.folder / "links", much, say))
    return replace(old, counts=replace(old.counts, boot_processor=rates), links=taken)


def _levels(old: Results, extent: Extent) -> Results:
    if extent.quick:
        return old
    work, exits = asyncio.run(levels.count_levels(extent.folder, runs=3, seconds=60, say=say))
    return replace(old, counts=replace(old.counts, levels=work, exits=exits))


def _starts(old: Results, extent: Extent) -> Results:
    numbers = (1,) if extent.quick else (1, 2, 4, scale.MOST)
    starts = asyncio.run(scale.count_starts(extent.folder, numbers, say))
    return replace(old, counts=replace(old.counts, starts=starts))


def _times(old: Results, extent: Extent) -> Results:
    much = timing.Extent(15, 100, 1000, 32)
    if extent.quick:
        much = timing.Extent(2, 20, 50, 2, timing.QUICK_ROWS, (BARE, ALONE))
    if extent.rounds:
        much = replace(much, rounds=extent.rounds)
    return replace(old, samples=asyncio.run(timing.measure(extent.folder, much, say)))


def _restarts(old: Results, extent: Extent) -> Results:
    loaders, rounds = (restart.LOADERS[:1], 1) if extent.quick else (restart.LOADERS, 6)
    return replace(
        old, restarts=asyncio.run(restart.measure(extent.folder, loaders, extent.rounds or rounds, say))
    )


def _latencies(old: Results, extent: Extent) -> Results:
    rounds, seconds = (1, 2) if extent.quick else (6, 10)
    taken = asyncio.run(
        latency.measure(extent.folder, extent.rounds or rounds, seconds, say, warm=not extent.quick)
    )
    return replace(old, latencies=taken)


def _memory(old: Results, extent: Extent) -> Results:
    if extent.quick:
        return old
    return replace(old, memory=asyncio.run(memory.measure(extent.folder, say)))


def _plans(old: Results, extent: Extent) -> Results:
    say("planning large machines")
    return replace(old, plans=planner.plan_times(planner.SHOWN[:1] if extent.quick else planner.SHOWN))


def _sizes(old: Results, _: Extent) -> Results:
    return replace(old, sizes=machine.sizes(modules.READY))


PARTS: Mapping[str, Callable[[Results, Extent], Results]] = {
    "counts": _counts,
    "channels": _channels,
    "levels": _levels,
    "starts": _starts,
    "times": _times,
    "restarts": _restarts,
    "latencies": _latencies,
    "memory": _memory,
    "plans": _plans,
    "sizes": _sizes,
}
"""In the order in which they are measured; bench.results names them, too."""


def measure(part: str, old: Results, extent: Extent) -> Results:
    """Measure a part; return the results with it, and with when and on what it was measured.

    What is left out, as by `quick`, stays as it was.
    """
    date, host = datetime.date.today().isoformat(), machine.describe_machine()
    found = PARTS[part](old, extent)
    if found is old:
        return old
    return replace(found, taken={**old.taken, part: Taken(date, host, rounds_of(found, part))})
