# SPDX-License-Identifier: BSD-2-Clause-Patent
"""How late a real-time thread wakes up: on the bare machine and in a partition, in turn.

The kernel is Debian's 6.1 with PREEMPT_RT, the thread cyclictest's, on a processor of its own.  Meanwhile
nobody else does anything, or a program writes UEFI variables on the other or on the same processor: Linux
calls runtime services with preemption off.  All waits raise what `Machine.until` raises.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from bench import cyclictest, subject
from bench.counts import EFIVARS
from bench.guest import make_guest
from bench.results import ALONE, BARE, Latency
from bench.subject import Subject
from bench.timing import WorkError
from ci.guests import initrd

KERNEL = "linux-6.1-rt"
QUIET, OTHER, SAME = "nobody", "other", "same"
CONDITIONS = (QUIET, OTHER, SAME)
"""Who writes variables: nobody, a program on the other processor, or one on the same."""

_THREAD = 1
"""The processor of the thread."""

_MASKS = {OTHER: 1, SAME: 1 << _THREAD}
_WRITING = "/run/writing"
_PERIOD = 1000
"""Microseconds between two times at which the thread is to wake up."""

_LONGEST = 50_000
"""Microseconds: the histogram's end."""

_SECONDS = 300.0
_WARM_SECONDS = 1.0
"""Long enough to write a variable."""

_WRITER = Path(__file__).parent / "work" / "write-variables.sh"


def command(condition: str, seconds: float) -> str:
    """Return what is typed for a sample."""
    loops = round(seconds * 1e6 / _PERIOD)
    measure = (
        f"cyclictest -q -m -t1 -a {_THREAD} -p 90 -i {_PERIOD} -l {loops} -h {_LONGEST} | grep -v ' 000000$'"
    )
    if condition == QUIET:
        return measure
    writer = f"taskset {_MASKS[condition]} write-variables {_WRITING}"
    return f": >{_WRITING}; {writer} & {measure}; rm {_WRITING}; wait"


def read_sample(output: str, name: str, condition: str, number: int) -> Latency:
    """Return the sample of what was printed; raises bench.cyclictest.OutputError, or WorkError."""
    found = cyclictest.read_histogram(output)
    writes = re.search(r"^WRITES (\d+) ([\d.]+) ([\d.]+)\s*$", output, re.MULTILINE)
    if (condition != QUIET) != bool(writes and int(writes[1])):
        raise WorkError(f"{name}: variables were {'not ' if condition != QUIET else ''}written: {output}")
    return Latency(
        name,
        condition,
        number,
        found.quantile(0.5),
        found.quantile(0.999),
        found.most,
        found.total,
        int(writes[1]) if writes else 0,
        round(float(writes[3]) - float(writes[2]), 2) if writes else 0.0,
    )


async def _sample(name: str, measured: Subject, condition: str, seconds: float, number: int) -> Latency:
    await measured.machine.resume()
    done = await measured.guest.run(command(condition, seconds), _SECONDS + 4 * seconds)
    await measured.machine.pause()
    return read_sample(done.output.replace("\r", ""), name, condition, number)


async def measure(
    folder: Path, rounds: int, seconds: float, say: Callable[[str], None] = print, warm: bool = True
) -> Sequence[Latency]:
    """Take samples; raises ci.qemu.errors.QemuError, SetupError, or bench.cyclictest.OutputError.

    Args:
        folder: Receives images and logs.
        rounds: Samples of each condition and machine.
        seconds: How long a sample takes.
        say: Is told how far it is.
        warm: Whether a short round is taken before, which warms the emulator's translations.
    """
    writer = initrd.regular("bin/write-variables", _WRITER.read_bytes(), executable=True)
    make_guest(KERNEL, [*cyclictest.entries(), writer])
    build = subject.build("realtime")
    async with AsyncExitStack() as stack:
        subjects = {}
        starts = (
            (BARE, subject.bare(build, folder / f"realtime-{BARE}", options="efi=runtime")),
            (ALONE, subject.partition(build, folder / f"realtime-{ALONE}")),
        )
        for name, start in starts:
            say(f"booting {name} with {KERNEL}")
            subjects[name] = await stack.enter_async_context(start)
            await subjects[name].guest.run(
                f"modprobe efivarfs; mount -t efivarfs efivarfs {EFIVARS}", _SECONDS
            )
            await subjects[name].machine.pause()
        taken = []
        for number in range(-1 if warm else 0, rounds):
            say(f"latencies: round {number + 1} of {rounds}")
            for condition in CONDITIONS:
                for name, measured in subjects.items():
                    long = seconds if number >= 0 else min(seconds, _WARM_SECONDS)
                    sample = await _sample(name, measured, condition, long, number)
                    taken += [sample] if number >= 0 else []
        return taken
