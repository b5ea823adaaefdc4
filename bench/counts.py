# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What is counted: the work itself, ways into firmware, runtime services, a start, the boot processor.

All waits raise what `Machine.until` raises; analysis raises bench.analysis.AnalysisError.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from bench import analysis, links, subject, timing
from bench.analysis import RUNNING, AnalysisError, Ways
from bench.counter.record import Record
from bench.modules import Modules
from bench.results import CommitCount, Counts, Outside, RowCount, ServiceCount
from bench.subject import Build, Subject
from bench.timing import DEVICE, read_lines

ROWS = tuple(row for row in timing.ROWS if row != "memory-write" and not row.startswith("disk-"))
"""Rows whose work is the same on both; what a disk takes depends on the host, and a write of 1 MiB is one
instruction."""

SAMPLES = 200
"""How often a row is counted in a run (work.c); the least counts."""

SERVICES = (
    "GetTime",
    "SetTime",
    "GetWakeupTime",
    "SetWakeupTime",
    "SetVirtualAddressMap",
    "ConvertPointer",
    "GetVariable",
    "GetNextVariableName",
    "SetVariable",
    "GetNextHighMonotonicCount",
    "ResetSystem",
    "UpdateCapsule",
    "QueryCapsuleCapabilities",
    "QueryVariableInfo",
)
"""EFI_RUNTIME_SERVICES, in its order (UEFI 2.10 section 4.5.1)."""

_SIGNATURE = 0x56524553544E5552
_HEADER_WORDS = 3
EFIVARS = "/sys/firmware/efi/efivars"
_VENDOR = "cfc8fc79-be2e-4ddc-97f0-9f98bfe298a0"
_SECONDS = 600.0
WITHOUT_CHANNELS = ("idle", "busy")
"""What a partition does that has no channels, while the boot processor is counted."""

CARDS_DOWN = "idle; two partitions with a card and a disk in memory each, links down"
CARDS_UP = "idle; the same with links up, nothing moves"
"""What partitions do while channels have nothing to do."""

CHANNELS_USED = {
    "the same; a message of 64 bytes and its answer each 300 ms": "wire round-trip {server} 1000000 300",
    "the same; such messages one after the other": "wire round-trip {server} 5000000 0",
    "the same; TCP as fast as it goes": "wire stream {server} 1000000",
    "the same; 4 KiB at a time are read from the disk in memory": "work -t 1000000 -d {disk} disk-4k-random",
}
"""What is typed for what partitions do while channels are used."""

_SETTLE = 3.0
"""Seconds until what a driver does at first is over."""
LOAD = (
    f"e=$(($(cut -d. -f1 /proc/uptime) + SECONDS)); while [ $(cut -d. -f1 /proc/uptime) -lt $e ]; do "
    f"work -t 100 -p 0 -d {DEVICE} compute fork-sh disk-4k-random & work -t 100 -p 1 pipe memory-read; wait; "
    "done >/dev/null 2>&1"
)
"""What keeps both processors busy for SECONDS."""

_WRITES = (
    "i=0; while [ $i -lt TIMES ]; do i=$((i + 1)); "
    rf"printf '\007\000\000\000%s' $i >/run/v; "
    f"dd if=/run/v of={EFIVARS}/Count-{_VENDOR} bs=200 2>/dev/null || break; "
    f"cat {EFIVARS}/Count-{_VENDOR} >/dev/null; done; [ $i = TIMES ]"
)


@dataclass(frozen=True)
class Machinery:
    """What a counted partition's OS was told about its firmware.

    Attributes:
        services: Names of runtime services by physical address of their first instruction.
        own: Memory that the OS has for itself.
    """

    services: dict[int, str]
    own: list[range]


async def count_rows(
    build: Build, folder: Path, runs: int, first: Sequence[int], twice: bool
) -> list[RowCount]:
    """Count the same work on the bare machine and in a partition, in turn, each time booted anew.

    Args:
        build: What boots.
        folder: Receives images and logs.
        runs: How often each row is counted.
        first: What the rows took in a partition already.
        twice: Whether another bare machine is booted in each run.
    """
    bare: list[Sequence[int]] = []
    again: list[Sequence[int]] = []
    partition = [first]
    for run in range(runs):
        bare.append(await _marked_rows(subject.bare, build, folder / f"rows-{run}-bare"))
        if run:
            partition.append(await _marked_rows(subject.partition, build, folder / f"rows-{run}-partition"))
        if twice:
            again.append(await _marked_rows(subject.bare, build, folder / f"rows-{run}-bare-again"))
    return row_counts(bare, partition, again)


def row_counts(
    bare: Sequence[Sequence[int]], partition: Sequence[Sequence[int]], again: Sequence[Sequence[int]]
) -> list[RowCount]:
    """Return a count for each row of the least of all boots; each has counted all rows, in their order.

    There need be no boots in `again`.
    """
    ones, others, seconds = (_least(boots) for boots in (bare, partition, again))
    return [
        RowCount(row, ones[number], others[number], len(bare), seconds[number] if seconds else None)
        for number, row in enumerate(ROWS)
    ]


def _least(boots: Sequence[Sequence[int]]) -> list[int]:
    return [min(counts) for counts in zip(*boots, strict=True)]


Start = Callable[[Build, Path, bool], AbstractAsyncContextManager[Subject]]


async def _marked_rows(start: Start, build: Build, folder: Path) -> list[int]:
    folder.mkdir(parents=True, exist_ok=True)
    async with start(build, folder, True) as measured:
        return await marked_rows(measured)


async def marked_rows(measured: Subject, rows: Sequence[str] = ROWS) -> list[int]:
    """Have a counted system do rows of work, and return the least that each took."""
    # No moment is kept free for who has no real-time priority.
    command = f"echo -1 >/proc/sys/kernel/sched_rt_runtime_us; work -m {' '.join(rows)}"
    done = await measured.guest.run(command, _SECONDS)
    if done.status != 0 or len(read_lines(done.output)) != len(rows):
        raise AnalysisError(f"the work program ended with {done.status}: {done.output}")
    assert measured.counter
    await measured.counter.snapshot("rows")
    found = analysis.marked(measured.counter.records())
    if len(found) != SAMPLES * len(rows):
        raise AnalysisError(f"{len(rows)} rows were marked {len(found)} times")
    return [min(found[begin : begin + SAMPLES]) for begin in range(0, len(found), SAMPLES)]


async def learn(measured: Subject) -> Machinery:
    """Ask a partition's OS where the runtime services are, and which memory it has."""
    guest = measured.guest
    told = await guest.run("cat /sys/firmware/efi/runtime; cat /proc/iomem", 60)
    place = re.search(r"^0x[0-9a-f]+", told.output, re.MULTILINE)
    if not place:
        raise AnalysisError(f"the OS does not say where the runtime services are: {told.output}")
    own = [
        range(int(found[1], 16), int(found[2], 16) + 1)
        for found in re.finditer(r"^([0-9a-f]+)-([0-9a-f]+) : System RAM", told.output, re.MULTILINE)
    ]
    mapped = await guest.run(
        "for f in /sys/firmware/efi/runtime-map/*; do "
        "echo MAP $(cat $f/phys_addr $f/virt_addr $f/num_pages); done",
        60,
    )
    regions = [
        (int(found[2], 16), int(found[1], 16), int(found[3], 16) << 12)
        for found in re.finditer(r"MAP (0x[0-9a-f]+) (0x[0-9a-f]+) (0x[0-9a-f]+)", mapped.output)
    ]
    words = await _words(measured, int(place[0], 16), _HEADER_WORDS + len(SERVICES))
    if words[0] != _SIGNATURE:
        raise AnalysisError(f"at {place[0]} is no table of runtime services")
    services = {}
    for name, pointer in zip(SERVICES, words[_HEADER_WORDS:], strict=True):
        for virtual, physical, size in regions:
            # Services that only boot code may call keep their physical addresses.
            for begin in (virtual, physical):
                if begin <= pointer < begin + size:
                    services[pointer - begin + physical] = name
    return Machinery(services, own)


async def _words(measured: Subject, address: int, count: int) -> list[int]:
    """Read 64-bit words of physical memory."""
    shown = await measured.machine.monitor(f"xp /{count}gx {address:#x}")
    return [int(word, 16) for word in re.findall(r"\b0x[0-9a-f]{16}\b", shown)]


@dataclass(frozen=True)
class Watched:
    """What was seen of a partition from the end of boot services on.

    Attributes:
        outside: In figures.
        ways: How its processors came into firmware.
        elsewhere: Pages that are neither its OS's nor the firmware's, with the instructions executed there.
        commit: What a change of a variable took, if it wrote some.
    """

    outside: Outside
    ways: Ways
    elsewhere: dict[int, int]
    commit: CommitCount | None = None


def watched(
    what: str,
    seconds: float,
    before: Record,
    after: Record,
    measured: Subject,
    told: Machinery,
    modules: Modules,
) -> Watched:
    """Judge what a partition's processors did between two records."""
    processors = measured.processors
    ways = analysis.ways_in(before, after, processors, told.services, modules)
    elsewhere = analysis.elsewhere(before, after, processors, told.own, modules)
    instructions = sum(after.totals[number] - before.totals[number] for number in processors)
    strays = round(sum(stray.mean * stray.calls for stray in ways.strays)) + sum(elsewhere.values())
    calls = sum(service.calls for service in ways.services)
    return Watched(Outside(what, round(seconds, 1), instructions, calls, strays), ways, elsewhere)


async def watch(
    measured: Subject, modules: Modules, seconds: int, writes: int
) -> tuple[list[Watched], Machinery]:
    """Watch a partition boot, under load, and calling runtime services; it has just come up."""
    counter = measured.counter
    assert counter
    begun = time.monotonic()
    up = await counter.snapshot("up")
    told = await learn(measured)
    running = analysis.named(list(counter.records()), RUNNING)
    found = [watched("boot", begun - measured.machine.started_at, running, up, measured, told, modules)]
    if seconds:
        before, begun = await counter.snapshot("idle"), time.monotonic()
        await measured.guest.run(LOAD.replace("SECONDS", str(seconds)), _SECONDS + 4 * seconds)
        after = await counter.snapshot("loaded")
        found.append(watched("load", time.monotonic() - begun, before, after, measured, told, modules))
    if writes:
        await measured.guest.run(f"modprobe efivarfs; mount -t efivarfs efivarfs {EFIVARS}", 60)
        before, begun = await counter.snapshot("quiet"), time.monotonic()
        done = await measured.guest.run(_WRITES.replace("TIMES", str(writes)), _SECONDS)
        if done.status != 0:
            raise AnalysisError(f"variables could not be written: {done.output}")
        after = await counter.snapshot("wrote")
        seen = watched("variables", time.monotonic() - begun, before, after, measured, told, modules)
        changes = sum(one.calls for one in seen.ways.services if one.service == "SetVariable")
        commit = analysis.commits(before, after, measured.processors, modules, changes)
        found.append(replace(seen, commit=commit))
    return found, told


async def _rate(measured: Subject, seconds: float) -> float:
    """Return the boot processor's instructions per second, for some time."""
    counter = measured.counter
    assert counter
    before, begun = await counter.snapshot("rate-begin"), time.monotonic()
    await asyncio.sleep(seconds)
    after = await counter.snapshot("rate-end")
    return (after.totals[0] - before.totals[0]) / (time.monotonic() - begun)


async def boot_processor(measured: Subject, seconds: float) -> dict[str, float]:
    """Return the boot processor's instructions per second while a partition idles, and while it computes."""
    found = {}
    loads = ("", "work -t 100000 compute >/dev/null & ")
    for what, load in zip(WITHOUT_CHANNELS, loads, strict=True):
        await measured.guest.run(f"{load}:", 60)
        found[what] = await _rate(measured, seconds)
    await measured.guest.run("killall work", 60)
    return found


async def channels(folder: Path, seconds: float, say: Callable[[str], None]) -> dict[str, float]:
    """Return the boot processor's instructions per second while cards and served disks are idle, and used."""
    say("counting what channels cost the boot processor")
    build = subject.build("channels")
    place = folder / "channels"
    place.mkdir(parents=True, exist_ok=True)
    async with subject.partition(build, place, True) as measured:
        assert measured.session
        found = {}
        for what, command in ((CARDS_DOWN, "down"), (CARDS_UP, "up")):
            for guest in measured.session.guests.values():
                done = await guest.run(f"ip link set {links.CARD} {command}", _SECONDS)
                if done.status != 0:
                    raise AnalysisError(f"a card cannot be set {command}: {done.output}")
            await asyncio.sleep(_SETTLE)
            found[what] = await _rate(measured, seconds)
        await links.join(measured)
        disk = await links.device_of(measured.guest, "memory")
        for what, command in CHANNELS_USED.items():
            typed = command.format(server=links.SERVER, disk=disk)
            await measured.guest.run(f"{typed} >/dev/null 2>&1 & sleep 1", _SECONDS)
            found[what] = await _rate(measured, seconds)
            done = await measured.guest.run("kill $(pidof wire work)", _SECONDS)
            if done.status != 0:
                raise AnalysisError(f"{typed}: it has ended by itself")
        return found


async def count_all(
    folder: Path,
    modules: Callable[[Path], Modules],
    *,
    runs: int,
    seconds: int,
    writes: int,
    rate_seconds: float,
    twice: bool,
    say: Callable[[str], None],
) -> Counts:
    """Count everything.

    Args:
        folder: Receives images and logs.
        modules: Names images, given the ESP that is booted.
        runs: How often each row is counted.
        seconds: How long a partition is watched under load.
        writes: How many variables it writes.
        rate_seconds: How long the boot processor is watched.
        twice: Whether another bare machine is booted in each run.
        say: Is told how far it is.
    """
    build = subject.build("alone")
    names = modules(build.esp)
    say("counting a partition's start, and its ways into firmware")
    watching = folder / "watched"
    watching.mkdir(parents=True, exist_ok=True)
    async with subject.partition(build, watching, True) as measured:
        found, told = await watch(measured, names, seconds, writes)
        assert measured.counter
        phases = analysis.phases(list(measured.counter.records()), measured.processors[0], names)
        rates = await boot_processor(measured, rate_seconds)
        say("counting the same work in a partition and on the bare machine")
        first = await marked_rows(measured)
    resident = subject.promise_of(build.plan).memory - sum(len(memory) for memory in told.own)
    rows = await count_rows(build, folder, runs, first, twice)
    services = [service for one in found for service in one.ways.services]
    commit = next((one.commit for one in found if one.commit), None)
    outside = [one.outside for one in found]
    return Counts(rows, outside, merge(services), phases, rates, resident, commit=commit)


def merge(services: Iterable[ServiceCount]) -> list[ServiceCount]:
    """Return one count for each service, the most called ones first."""
    found: dict[str, ServiceCount] = {}
    for service in services:
        name = service.service
        found[name] = analysis.together(found[name], service) if name in found else service
    return sorted(found.values(), key=lambda service: -service.calls)
