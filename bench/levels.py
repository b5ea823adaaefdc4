# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What isolation levels cost: the same work at each, counted, and exits from guest mode by reason.

All waits raise what `Machine.until` raises; analysis raises bench.analysis.AnalysisError.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench import subject
from bench.analysis import AnalysisError
from bench.counts import EFIVARS, LOAD, ROWS, marked_rows
from bench.results import ExitCount, LevelCount
from bench.subject import MEASURED, Subject
from ci.qemu.guest import Guest

COOPERATIVE = "alone"
LEVELS = ("guarded", "contained")
"""Names of files in bench/partitions, which are names of levels."""

_SECONDS = 600.0
_REFRESH_SECONDS = 2.0
"""After which `State` shows what has been counted."""


def exits_of(metrics: str, partition: str = MEASURED) -> dict[str, int]:
    """Return a partition's exits by reason, from what `mrmctl metrics` prints; raises AnalysisError."""
    sample = rf'^mrm_partition_exits_total\{{partition="{re.escape(partition)}",reason="([^"]*)"\}} (\d+)\s*$'
    found = {reason: int(count) for reason, count in re.findall(sample, metrics, re.MULTILINE)}
    if not found:
        raise AnalysisError(f"mrmctl prints no exits of {partition}: {metrics}")
    return found


def since(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """Return what came between two counts."""
    return {reason: count - before.get(reason, 0) for reason, count in after.items()}


async def _exits(guest: Guest) -> dict[str, int]:
    await asyncio.sleep(_REFRESH_SECONDS)
    return exits_of((await guest.run("mrmctl metrics", _SECONDS)).output)


async def _watch(measured: Subject, level: str, seconds: int) -> list[ExitCount]:
    """Count the exits of an idle and of a busy partition."""
    guest = measured.guest
    await guest.run(f"modprobe efivarfs; mount -t efivarfs efivarfs {EFIVARS}", _SECONDS)
    found = []
    for what, command in (("idle", "sleep SECONDS"), ("load", LOAD)):
        before, begun = await _exits(guest), time.monotonic()
        await guest.run(command.replace("SECONDS", str(seconds)), _SECONDS + 4 * seconds)
        after = await _exits(guest)
        found.append(ExitCount(level, what, round(time.monotonic() - begun, 1), since(before, after)))
    return found


async def count_levels(
    folder: Path,
    runs: int,
    seconds: int,
    rows: Sequence[str] = ROWS,
    levels: Sequence[str] = LEVELS,
    say: Callable[[str], None] = print,
) -> tuple[list[LevelCount], list[ExitCount]]:
    """Count work and exits at each level, in turn, each time booted anew.

    Args:
        folder: Receives images and logs.
        runs: How often each row is counted.
        seconds: How long exits are counted of an idle and of a busy partition, in the first run.
        rows: What is done.
        levels: Which of LEVELS.
        say: Is told how far it is.
    """
    builds = {name: subject.build(name) for name in (COOPERATIVE, *levels)}
    least: dict[str, list[int]] = {}
    exits: list[ExitCount] = []
    for run in range(runs):
        for name, build in builds.items():
            say(f"counting the same work at the isolation level {name}, run {run + 1} of {runs}")
            place = folder / f"level-{run}-{name}"
            place.mkdir(parents=True, exist_ok=True)
            async with subject.partition(build, place, True) as measured:
                found = await marked_rows(measured, rows)
                if name in levels and run == 0:
                    exits += await _watch(measured, name, seconds)
            least[name] = list(map(min, found, least.get(name, found)))
    counts = [
        LevelCount(level, row, cooperative, held, runs)
        for level in levels
        for row, cooperative, held in zip(rows, least[COOPERATIVE], least[level], strict=True)
    ]
    return counts, exits
