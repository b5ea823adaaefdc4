# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The same work on the bare machine, in a partition, and in one with a busy neighbour, in turn.

The work is that of our own small program, of tools that everybody knows, and of the network card: a process
of the host answers there.

All machines are up at the same time, and all but one are paused: a sample of each is taken before the next
sample of the first. So whatever slows the host down for a while slows all of them down.
"""

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import subject, tools
from bench.guest import build_wire
from bench.results import AGAIN, BARE, NEIGHBOUR, SUBJECTS, Sample
from bench.subject import Subject
from ci.guests import initrd
from ci.qemu.devices import Network
from ci.qemu.errors import QemuError
from ci.qemu.guest import Done

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


VIRTIO_DISK = "/dev/vda"
TOOL_ROWS = {
    "fio-4k-random-nvme": f"-d {DEVICE} fio-4k-random",
    "fio-1m-sequential-nvme": f"-d {DEVICE} fio-1m-sequential",
    "fio-4k-random-virtio": f"-d {VIRTIO_DISK} fio-4k-random",
    "fio-1m-sequential-virtio": f"-d {VIRTIO_DISK} fio-1m-sequential",
    "stress-cpu": "stress-cpu",
    "stress-matrix": "stress-matrix",
    "stress-switch": "stress-switch",
    "stress-vm": "stress-vm",
    "openssl-sha256": "openssl-sha256",
    "openssl-aes": "openssl-aes",
}
"""Rows of work/tools.sh, and what it is given."""

TOOL_MILLISECONDS = 300
"""How long a sample of theirs takes at least."""

CARD_PORT = "PciRoot(0x0)/Pci(0xB,0x0)"
"""The root port of the network card (bench/partitions/times.yaml)."""

ANSWERS = "10.0.2.100"
"""Who answers in the network of QEMU's own, in which DHCP gives the guest an address."""

NETWORK_ROWS = ("net-round-trip", "net-stream")
ALL_ROWS = (*ROWS, *TOOL_ROWS, *NETWORK_ROWS)
QUICK_ROWS = (
    "null-syscall",
    "pipe",
    "fork-sh",
    "compute",
    "memory-read",
    "disk-4k-random",
    "fio-4k-random-nvme",
    "net-round-trip",
)
"""One or two of each kind; a sample of a tool takes a second and its start."""


class WorkError(QemuError):
    """The work program could not do a row."""


@dataclass(frozen=True)
class Extent:
    """How much is measured.

    Attributes:
        rounds: Samples of each row and subject.
        milliseconds: How long a sample takes at least.
        trips: Round trips over the network card in a sample.
        mebibytes: Data that is sent over it.
        rows: What is done.
        subjects: What does it.
    """

    rounds: int
    milliseconds: int
    trips: int
    mebibytes: int
    rows: Sequence[str] = ALL_ROWS
    subjects: Sequence[str] = SUBJECTS


def command(row: str, extent: Extent) -> str:
    """Return what is typed for a sample of a row."""
    if row == "net-round-trip":
        return f"wire round-trip {ANSWERS} {extent.trips} 0"
    if row == "net-stream":
        return f"wire stream {ANSWERS} {extent.mebibytes}"
    if row in TOOL_ROWS:
        return f"tools -t {max(TOOL_MILLISECONDS, extent.milliseconds)} {TOOL_ROWS[row]}"
    return f"work -t {extent.milliseconds} -d {DEVICE} {row}"


def read_lines(output: str) -> list[dict[str, object]]:
    """Return the JSON objects that the work program has printed, whatever else is on the console."""
    found = []
    for line in output.splitlines():
        begin = line.find('{"row"')
        if begin >= 0:
            found.append(json.loads(line[begin:]))
    return found


def read_sample(done: Done, name: str, row: str, number: int) -> Sample:
    """Return the sample of what was printed; raises WorkError."""
    lines = read_lines(done.output)
    if done.status != 0 or len(lines) != 1 or "value" not in lines[0]:
        raise WorkError(f"{name}: {row} ended with {done.status}: {done.output}")
    return Sample(name, row, str(lines[0]["unit"]), float(str(lines[0]["value"])), number)


async def _sample(name: str, measured: Subject, row: str, extent: Extent, number: int) -> Sample:
    await measured.machine.resume()
    done = await measured.guest.run(command(row, extent), ROW_SECONDS)
    await measured.machine.pause()
    return read_sample(done, name, row, number)


async def measure(folder: Path, extent: Extent, say: Callable[[str], None] = print) -> list[Sample]:
    """Take samples; raises ci.qemu.errors.QemuError or SetupError.

    Args:
        folder: Receives images and logs.
        extent: How much is measured.
        say: Is told how far it is.
    """
    script = initrd.regular("bin/tools", tools.SCRIPT.read_bytes(), executable=True)
    behind = tools.packed()

    def build(name: str) -> subject.Build:
        return subject.build(name, more=[script], behind=behind)

    alone = build("times")
    networks = {
        CARD_PORT: Network({}, servers={f"{ANSWERS}:7700": shlex.join([str(build_wire()), "answer"])})
    }
    async with AsyncExitStack() as stack:
        subjects: dict[str, Subject] = {}
        for name in extent.subjects:
            say(f"booting {name}")
            place = folder / name
            if name in (BARE, AGAIN):
                start = subject.bare(alone, place, networks=networks)
            else:
                what = build("times-neighbour") if name == NEIGHBOUR else alone
                start = subject.partition(what, place, networks=networks)
            subjects[name] = await stack.enter_async_context(start)
            if name == NEIGHBOUR:
                session = subjects[name].session
                assert session
                session.guests[subject.NEIGHBOUR].type(LOAD)
            await subjects[name].machine.pause()
        return await _rounds(subjects, extent, say)


async def _rounds(
    subjects: Mapping[str, Subject], extent: Extent, say: Callable[[str], None]
) -> list[Sample]:
    samples = []
    # The first round warms caches and the emulator's translations.
    for number in range(-1, extent.rounds):
        say(f"round {number + 1} of {extent.rounds}")
        for row in extent.rows:
            for name, measured in subjects.items():
                sample = await _sample(name, measured, row, extent, number)
                if number >= 0:
                    samples.append(sample)
    return samples
