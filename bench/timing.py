# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The same work on the bare machine, in a partition, and in one with a busy neighbour, in turn.

All machines are up at the same time, and all but one are paused: a sample of each is taken before the next
sample of the first. So whatever slows the host down for a while slows all of them down.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from bench import subject
from bench.results import AGAIN, ALONE, BARE, NEIGHBOUR, Sample
from bench.subject import Subject
from ci.qemu.errors import QemuError

DEVICE = "/dev/nvme0n1"
ROW_SECONDS = 300.0
LOAD = (
    f"while :; do work -t 300 -d {DEVICE} compute memory-read memory-write disk-4k-random "
    "disk-1m-sequential; done >/dev/null 2>&1 &"
)
"""What the neighbour does: it computes, streams memory and reads its disk."""

ROWS = (
    "null-syscall",
    "read",
    "stat",
    "context-switch",
    "pipe",
    "af-unix",
    "fork-exit",
    "fork-sh",
    "compute",
    "memory-latency",
    "memory-read",
    "memory-write",
    "disk-4k-random",
    "disk-1m-sequential",
)


class WorkError(QemuError):
    """The work program could not do a row."""


def read_lines(output: str) -> list[dict[str, object]]:
    """Return the JSON objects that the work program has printed, whatever else is on the console."""
    found = []
    for line in output.splitlines():
        begin = line.find('{"row"')
        if begin >= 0:
            found.append(json.loads(line[begin:]))
    return found


async def _sample(name: str, measured: Subject, row: str, milliseconds: int, number: int) -> Sample:
    await measured.machine.resume()
    done = await measured.guest.run(f"work -t {milliseconds} -d {DEVICE} {row}", ROW_SECONDS)
    await measured.machine.pause()
    lines = read_lines(done.output)
    if done.status != 0 or len(lines) != 1 or "value" not in lines[0]:
        raise WorkError(f"{name}: {row} ended with {done.status}: {done.output}")
    return Sample(name, row, str(lines[0]["unit"]), float(str(lines[0]["value"])), number)


async def measure(
    folder: Path,
    rounds: int,
    milliseconds: int,
    rows: Sequence[str] = ROWS,
    say: Callable[[str], None] = print,
) -> list[Sample]:
    """Take samples; raises ci.qemu.errors.QemuError or SetupError.

    Args:
        folder: Receives images and logs.
        rounds: Samples of each row and subject.
        milliseconds: How long a sample takes at least.
        rows: What is done.
        say: Is told how far it is.
    """
    alone, both = subject.build("alone"), subject.build("neighbour")
    async with AsyncExitStack() as stack:
        subjects: dict[str, Subject] = {}
        starts = (
            (BARE, subject.bare(alone, folder / BARE)),
            (ALONE, subject.partition(alone, folder / ALONE)),
            (NEIGHBOUR, subject.partition(both, folder / NEIGHBOUR)),
            (AGAIN, subject.bare(alone, folder / AGAIN)),
        )
        for name, start in starts:
            say(f"booting {name}")
            subjects[name] = await stack.enter_async_context(start)
            if name == NEIGHBOUR:
                session = subjects[name].session
                assert session
                session.guests[subject.NEIGHBOUR].type(LOAD)
            await subjects[name].machine.pause()
        return await _rounds(subjects, rounds, milliseconds, rows, say)


async def _rounds(
    subjects: Mapping[str, Subject],
    rounds: int,
    milliseconds: int,
    rows: Sequence[str],
    say: Callable[[str], None],
) -> list[Sample]:
    samples = []
    # The first round warms caches and the emulator's translations.
    for number in range(-1, rounds):
        say(f"round {number + 1} of {rounds}")
        for row in rows:
            for name, measured in subjects.items():
                sample = await _sample(name, measured, row, milliseconds, number)
                if number >= 0:
                    samples.append(sample)
    return samples
