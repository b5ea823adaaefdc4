# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What was measured, as one JSON file: raw samples and exact counts, and what they were taken on.

The page, the table and the chart are made from it (`bench.report`), so whoever doubts a figure can make it
again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

FORMAT = 1

PARTS = (
    "counts",
    "channels",
    "levels",
    "starts",
    "times",
    "restarts",
    "latencies",
    "memory",
    "plans",
    "sizes",
)
"""What is measured, in this order."""

WHOLE = "Mrm.efi without a plan"
UNPACKED = "partition firmware, unpacked"
"""What there are sizes of, by which goals are judged."""

LOAD = "load of the host at the start"
"""What is described of a machine, but is no part of it."""

BARE, AGAIN, ALONE, NEIGHBOUR = "bare", "bare-again", "alone", "neighbour"
SUBJECTS = (BARE, AGAIN, ALONE, NEIGHBOUR)
"""The bare machine, another one like it, a partition alone, a partition with a busy neighbour."""

BOUND = 0.002
"""How far a ratio of instructions may be from 1."""

EXACT = frozenset(("null-syscall", "read", "compute", "memory-latency", "memory-read"))
"""Rows that take as many instructions in each boot of one machine; the others differ from boot to boot."""


class ResultsError(Exception):
    """The file is not one of these; the message says why."""


@dataclass(frozen=True)
class Sample:
    """One figure of one row.

    Attributes:
        subject: What it was taken on.
        row: The row's name.
        unit: `ns`, of which less is better, or `MB/s`.
        value: The figure.
        round: Samples of one round were taken one after the other.
    """

    subject: str
    row: str
    unit: str
    value: float
    round: int


@dataclass(frozen=True)
class Restart:
    """A restart, in seconds since it was asked for.

    Attributes:
        subject: BARE for the PC itself, ALONE for a partition.
        loader: What it was booted by.
        round: Restarts of one round and loader were taken one after the other.
        started: When the firmware started the loader.
        kernel: When the kernel wrote its first line.
        process: When its first process began.
    """

    subject: str
    loader: str
    round: int
    started: float
    kernel: float
    process: float


@dataclass(frozen=True)
class Latency:
    """How late a real-time thread woke up, in microseconds.

    Attributes:
        subject: BARE or ALONE.
        condition: Who wrote UEFI variables meanwhile.
        round: Samples of one round and condition were taken one after the other.
        median: Of all times it woke up.
        late: The 99.9th percentile of them.
        most: The latest.
        count: How often it woke up.
        writes: How often a variable was written.
        writing: Seconds in which it was; 0 in results of runs that did not tell.
    """

    subject: str
    condition: str
    round: int
    median: int
    late: int
    most: int
    count: int
    writes: int
    writing: float = 0.0


@dataclass(frozen=True)
class RowCount:
    """Instructions of the same work on the bare machine and in a partition: the least of `count` runs.

    Attributes:
        row: What is done.
        bare: On the bare machine.
        partition: In a partition.
        count: How many boots of each there were.
        again: On the bare machine, in as many other boots; None in results of runs that had none.
    """

    row: str
    bare: float
    partition: float
    count: int
    again: float | None = None

    @property
    def ratio(self) -> float:
        """Partition ÷ bare."""
        return self.partition / self.bare

    @property
    def noise(self) -> float:
        """How far boots of the bare machine are from each other."""
        return 0.0 if self.again is None else abs(self.again / self.bare - 1)


@dataclass(frozen=True)
class ServiceCount:
    """Instructions of a runtime service, from its first one until it returns."""

    service: str
    calls: int
    least: int
    mean: float
    most: int


@dataclass(frozen=True)
class CommitCount:
    """Instructions of a change of a UEFI variable, from the call until it lies on the ESP: means of `writes`.

    Attributes:
        writes: How many changes there were.
        caller: The partition's firmware, but what waits for the controller.
        controller: Mrm.efi on the boot processor: all it did meanwhile, its look for the next one as well.
        firmware: What else the boot processor did: drivers of the PC's firmware, and its timer.
    """

    writes: int
    caller: float
    controller: float
    firmware: float


@dataclass(frozen=True)
class Outside:
    """What a partition's processors executed from its phase `running` on.

    Attributes:
        what: What the partition did.
        seconds: For so long, by the host's clock.
        instructions: All of them.
        services: How many runtime services the OS called.
        strays: Instructions of controller and partition firmware other than those of these calls.
    """

    what: str
    seconds: float
    instructions: int
    services: int
    strays: int


@dataclass(frozen=True)
class Link:
    """A sample of a network between two systems, or of a disk that the controller serves.

    Attributes:
        subject: What carries or holds the data (bench.links).
        row: What is measured.
        unit: Of the other figures: ns, where less is better, or MB/s.
        value: The median of what the sample consists of.
        round: Number of the round it was taken in.
    """

    subject: str
    row: str
    unit: str
    value: float
    round: int


@dataclass(frozen=True)
class PhaseCount:
    """A phase of a partition's start, on the processor that does it.

    Attributes:
        phase: Its name.
        instructions: All of them.
        modules: Instructions by module.
        written: Bytes that code of images wrote to memory, by module; empty in results of runs that did not
            tell.
    """

    phase: str
    instructions: int
    modules: Mapping[str, int]
    written: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LevelCount:
    """Instructions of the same work at an isolation level, the least of `count` runs, beside none."""

    level: str
    row: str
    cooperative: float
    held: float
    count: int

    @property
    def ratio(self) -> float:
        """At the level ÷ cooperative."""
        return self.held / self.cooperative


@dataclass(frozen=True)
class ExitCount:
    """How often a partition's processors left guest mode.

    Attributes:
        level: Its isolation level.
        what: What it did.
        seconds: For so long, by the host's clock.
        exits: How often, by reason.
    """

    level: str
    what: str
    seconds: float
    exits: Mapping[str, int]


@dataclass(frozen=True)
class StartCount:
    """Instructions of partitions that were started at the same time, all together.

    Attributes:
        partitions: How many.
        built: The boot processor's, from the order until the last partition's first C code.
        loader: The partitions' first processors', from their first C code to their loaders.
        kernel: The same, to the end of boot services.
        platform: Of these, those after the loaders' beginning of the driver that waits for a kernel's turn.
        build: What is `built`, in full; None in results of runs that did not tell.
    """

    partitions: int
    built: int
    loader: int
    kernel: int
    platform: int
    build: PhaseCount | None = None


@dataclass(frozen=True)
class Counts:
    """Everything that was counted exactly.

    Attributes:
        rows: The same work on both.
        outside: What ran beside the OS.
        services: Runtime services.
        phases: A partition's start.
        boot_processor: Instructions each second, by what a partition did.
        resident: Bytes of a partition's memory that its OS does not get.
        starts: Starts of one and of several partitions.
        levels: The same work at isolation levels.
        exits: What left guest mode there.
        commit: A change of a variable; None in results of runs that did not tell it apart.
    """

    rows: Sequence[RowCount] = ()
    outside: Sequence[Outside] = ()
    services: Sequence[ServiceCount] = ()
    phases: Sequence[PhaseCount] = ()
    boot_processor: Mapping[str, float] = field(default_factory=dict)
    resident: int = 0
    starts: Sequence[StartCount] = ()
    levels: Sequence[LevelCount] = ()
    exits: Sequence[ExitCount] = ()
    commit: CommitCount | None = None


@dataclass(frozen=True)
class PlannerTime:
    """What the generator took for a plan.

    Attributes:
        partitions: Of the plan.
        processors: Of its machine.
        functions: PCI functions of its machine.
        seconds: From files to files, the picture included.
        memory: Bytes that its process had at most.
    """

    partitions: int
    processors: int
    functions: int
    seconds: float
    memory: int


@dataclass(frozen=True)
class Taken:
    """When and on what a part was measured.

    Attributes:
        date: Day, as 2026-11-29.
        machine: What it was measured on, in words, by what is described.
        rounds: How many samples of each figure there are, or boots of which the least counts.
    """

    date: str
    machine: Mapping[str, str]
    rounds: int


@dataclass(frozen=True)
class Results:
    """Everything that was measured, in one run or in several.

    Attributes:
        date: Day on which the first run began, as 2026-11-29.
        machine: What that ran on, in words, by what is described.
        counts: Exact counts.
        samples: Samples of times.
        sizes: Bytes, by what they are of.
        restarts: The PC's own and those of partitions.
        latencies: Of a real-time kernel.
        plans: What the generator took for plans of large machines.
        links: Networks in memory and served disks.
        memory: Bytes of memory, by what has them.
        taken: When and on what each part was measured, by its name: those of PARTS that were.
    """

    date: str
    machine: Mapping[str, str]
    counts: Counts = Counts()
    samples: Sequence[Sample] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    restarts: Sequence[Restart] = ()
    latencies: Sequence[Latency] = ()
    plans: Sequence[PlannerTime] = ()
    links: Sequence[Link] = ()
    memory: Mapping[str, int] = field(default_factory=dict)
    taken: Mapping[str, Taken] = field(default_factory=dict)


def rounds_of(results: Results, part: str) -> int:
    """Return how many rounds or boots there are of a part; 0 if it was not measured."""
    counts = results.counts
    rounds: Mapping[str, Sequence[int]] = {
        "counts": [row.count for row in counts.rows],
        "levels": [level.count for level in counts.levels],
        "channels": [len({link.round for link in results.links})],
        "times": [len({sample.round for sample in results.samples})],
        "restarts": [len({restart.round for restart in results.restarts})],
        "latencies": [len({latency.round for latency in results.latencies})],
        # Each is looked at once.
        "starts": [1 for _ in counts.starts],
        "memory": [1 for _ in results.memory],
        "plans": [1 for _ in results.plans],
        "sizes": [1 for _ in results.sizes],
    }
    return min(rounds[part], default=0)


def write_results(results: Results, path: Path) -> None:
    """Write a file, one that people can compare line by line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"format": FORMAT, **asdict(results)}, indent=1) + "\n")


def read_results(path: Path) -> Results:
    """Read a file; raises ResultsError."""
    try:
        data = json.loads(path.read_text())
    except OSError as error:
        raise ResultsError(f"{path}: {error.strerror}; measure first (`make bench`)") from error
    except ValueError as error:
        raise ResultsError(f"{path}: not JSON: {error}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ResultsError(f"{path}: expected results of format {FORMAT}; measure again (`make bench`)")
    try:
        results = Results(
            date=str(data["date"]),
            machine={str(key): str(value) for key, value in data["machine"].items()},
            counts=_counts(data["counts"]),
            samples=[Sample(**sample) for sample in data["samples"]],
            sizes={str(key): int(value) for key, value in data["sizes"].items()},
            # What follows was not measured by every run that left its results.
            restarts=[Restart(**restart) for restart in data.get("restarts", ())],
            latencies=[Latency(**latency) for latency in data.get("latencies", ())],
            plans=[PlannerTime(**plan) for plan in data.get("plans", ())],
            links=[Link(**link) for link in data.get("links", ())],
            memory={str(key): int(value) for key, value in data.get("memory", {}).items()},
        )
        return replace(results, taken=_taken(data.get("taken", {}), results))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ResultsError(f"{path}: {error!r} is missing or of the wrong kind; measure again") from error


def _taken(data: Mapping[str, Any], results: Results) -> dict[str, Taken]:
    """Return when each part was measured: with all others, if the file does not tell of that part."""
    told = {
        str(part): Taken(
            date=str(one["date"]),
            machine={str(key): str(value) for key, value in one["machine"].items()},
            rounds=int(one["rounds"]),
        )
        for part, one in data.items()
    }
    # The load was that of the first part.
    machine = {key: value for key, value in results.machine.items() if key != LOAD}
    measured = {part: rounds for part in PARTS if (rounds := rounds_of(results, part))}
    return {part: told.get(part) or Taken(results.date, machine, rounds) for part, rounds in measured.items()}


def _counts(data: Mapping[str, Any]) -> Counts:
    return Counts(
        rows=[RowCount(**row) for row in data["rows"]],
        outside=[Outside(**outside) for outside in data["outside"]],
        services=[ServiceCount(**service) for service in data["services"]],
        phases=[PhaseCount(**phase) for phase in data["phases"]],
        boot_processor={str(key): float(value) for key, value in data["boot_processor"].items()},
        resident=int(data["resident"]),
        starts=[_start(start) for start in data.get("starts", ())],
        levels=[LevelCount(**level) for level in data.get("levels", ())],
        exits=[ExitCount(**exits) for exits in data.get("exits", ())],
        commit=CommitCount(**data["commit"]) if data.get("commit") else None,
    )


def _start(data: Mapping[str, Any]) -> StartCount:
    build = data.get("build")
    return StartCount(**{**data, "build": PhaseCount(**build) if build else None})
