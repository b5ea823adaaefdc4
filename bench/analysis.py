# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What follows from the counter's records.  Pure functions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.counter.record import Image, Record
from bench.modules import CONTROLLER, Modules
from bench.results import CommitCount, PhaseCount, ServiceCount, StartCount

_ENTRY, _LOADER, _RUNNING = 1, 4, 5
"""Of MRM_PHASE: first C code, the loader is next, boot services have ended."""

RUNNING = f"phase-{_RUNNING}"
"""The record when a partition firmware says that boot services have ended."""

PHASES = ("SEC", "DXE", "BDS", "loader")
"""What the phases of a mailbox are called here, from MrmPhaseEntry on; each ends with the next one."""

BUILDING = "building"
"""What the boot processor does before them."""

OTHER = "no module"
"""What is executed outside images: the PC firmware's or the loader's code, and pieces without a header."""

PLATFORM = "MrmPlatformDxe"
"""The module that looks for kernel parameters, and waits for a kernel's turn."""

WAITS = "MrmVariableDxe"
"""The module of the partition firmware that waits for a commit."""

_BEFORE, _AFTER = "mark-1", "mark-2"


class AnalysisError(Exception):
    """The records do not have what is asked for."""


def marked(records: Iterable[Record]) -> list[int]:
    """Return how many instructions a processor executed between each pair of marks, in their order.

    Raises:
        AnalysisError: The marks do not come in pairs, by one processor.
    """
    found = []
    begun: Record | None = None
    for record in records:
        if record.name == _BEFORE:
            begun = record
        elif record.name == _AFTER:
            if begun is None or begun.totals.keys() != record.totals.keys():
                raise AnalysisError("the work program's marks do not come in pairs")
            (processor,) = record.totals
            found.append(record.totals[processor] - begun.totals[processor])
            begun = None
    return found


def named(records: Sequence[Record], name: str) -> Record:
    """Return the first record of a name; raises AnalysisError."""
    for record in records:
        if record.name == name:
            return record
    raise AnalysisError(f"the counter has written no record {name}")


def phases(records: Sequence[Record], processor: int, modules: Modules) -> list[PhaseCount]:
    """Return what a partition's first processor executed in each phase of its first start, by module.

    Raises:
        AnalysisError: A phase has not begun.
    """
    ends = [named(records, f"phase-{number}") for number in range(1, len(PHASES) + 2)]
    counts = []
    for phase, before, after in zip(PHASES, ends, ends[1:], strict=False):
        counts.append(_phase(phase, before, after, processor, modules))
    return counts


def _phase(phase: str, before: Record, after: Record, processor: int, modules: Modules) -> PhaseCount:
    """Return what a processor did between two records."""
    return PhaseCount(
        phase,
        after.totals[processor] - before.totals[processor],
        by_module(before, after, processor, modules),
        written(before, after, processor, modules),
    )


def by_module(before: Record, after: Record, processor: int, modules: Modules) -> dict[str, int]:
    """Return what a processor executed between two records by module, the most first."""
    return _named(_difference(before, after, processor), after, modules)


def written(before: Record, after: Record, processor: int, modules: Modules) -> dict[str, int]:
    """Return the bytes that a processor's images wrote between two records by module, the most first."""
    earlier = before.processors[processor].written if processor in before.processors else {}
    return _named(_less(after.processors[processor].written, earlier), after, modules)


def _named(counts: Mapping[int, int], record: Record, modules: Modules) -> dict[str, int]:
    """Return counts by module instead of image, the most first."""
    found: dict[str, int] = {}
    for image, count in counts.items():
        name = _name(record.images.get(image), modules)
        found[name] = found.get(name, 0) + count
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def commits(
    before: Record, after: Record, processors: Collection[int], modules: Modules, writes: int
) -> CommitCount:
    """Return what changes of variables took between two records.

    Args:
        before: When that began.
        after: When it ended.
        processors: The partition's.
        modules: Names of the images.
        writes: How many changes there were.
    """
    controller = by_module(before, after, 0, modules)
    partition: dict[str, int] = {}
    for processor in processors:
        for name, count in by_module(before, after, processor, modules).items():
            partition[name] = partition.get(name, 0) + count
    caller = sum(count for name, count in partition.items() if name not in (OTHER, WAITS))
    ours = controller.get(CONTROLLER, 0)
    theirs = after.totals[0] - before.totals[0] - ours
    return CommitCount(writes, caller / writes, ours / writes, theirs / writes)


def starts(
    records: Sequence[Record], idle: Record, processors: Sequence[int], modules: Modules
) -> StartCount:
    """Return what it took to start partitions that were started at the same time.

    Args:
        records: All of them.
        idle: The record before anybody was started.
        processors: The first processor of each partition.
        modules: Names of the images.

    Raises:
        AnalysisError: One of them has not come to the end of boot services.
    """

    def reached(number: int, processor: int) -> Record:
        for record in records:
            if record.name == f"phase-{number}" and record.by == processor:
                return record
        raise AnalysisError(f"the partition on processor {processor} has not come to phase {number}")

    entered = [reached(_ENTRY, processor) for processor in processors]
    loader, kernel = (
        sum(
            reached(phase, processor).totals[processor] - record.totals[processor]
            for processor, record in zip(processors, entered, strict=True)
        )
        for phase in (_LOADER, _RUNNING)
    )
    build = _phase(BUILDING, idle, max(entered, key=lambda record: record.totals[0]), 0, modules)
    platform = 0
    for processor in processors:
        before, after = reached(_LOADER, processor), reached(_RUNNING, processor)
        for image, count in _difference(before, after, processor).items():
            if _name(after.images.get(image), modules) == PLATFORM:
                platform += count
    return StartCount(len(processors), build.instructions, loader, kernel, platform, build)


def _difference(before: Record, after: Record, processor: int) -> dict[int, int]:
    """Instructions between two records, by image."""
    earlier = before.by_image(processor) if processor in before.processors else {}
    return _less(after.by_image(processor), earlier)


def _less(later: Mapping[int, int], earlier: Mapping[int, int]) -> dict[int, int]:
    """What came between two counts, where something did."""
    found = {image: count - earlier.get(image, 0) for image, count in later.items()}
    return {image: count for image, count in found.items() if count > 0}


def _name(image: Image | None, modules: Modules) -> str:
    return (modules.name(image) if image else None) or OTHER


@dataclass(frozen=True)
class Ways:
    """How a partition's processors came into code of firmware or controller.

    Attributes:
        services: Calls of runtime services.
        strays: What came in elsewhere.
    """

    services: Sequence[ServiceCount]
    strays: Sequence[ServiceCount]


def ways_in(
    before: Record,
    after: Record,
    processors: Collection[int],
    services: Mapping[int, str],
    modules: Modules,
) -> Ways:
    """Return how processors came into images of controller or partition firmware between two records.

    A processor comes into an image when it executes its code after code that is no image's, as an OS's
    kernel; to go on after an interrupt is no new way in. A way in is a runtime service if it is at the first
    instruction of one.

    Args:
        before: When that began.
        after: When it ended.
        processors: The partition's.
        services: Names of the runtime services by the physical address of their first instruction.
        modules: Names of the images.
    """
    known: dict[str, ServiceCount] = {}
    strays: dict[str, ServiceCount] = {}
    for processor in processors:
        earlier = before.processors[processor].entries if processor in before.processors else {}
        for address, entry in after.processors[processor].entries.items():
            old = earlier.get(address)
            calls = entry.calls - (old.calls if old else 0)
            instructions = entry.instructions - (old.instructions if old else 0)
            image = next((found for found in after.images.values() if found.holds(address)), None)
            name = modules.name(image) if image else None
            if calls == 0 or (image and name is None):
                continue
            kind, place = (
                services.get(address),
                f"{name or OTHER}+{address - (image.base if image else 0):#x}",
            )
            table, label = (known, kind) if kind else (strays, place)
            count = ServiceCount(label, calls, entry.least, instructions / calls, entry.most)
            table[label] = together(table[label], count) if label in table else count
    return Ways(list(known.values()), list(strays.values()))


def together(one: ServiceCount, other: ServiceCount) -> ServiceCount:
    """Return the count of two counts of one service."""
    calls = one.calls + other.calls
    return ServiceCount(
        one.service,
        calls,
        min(one.least, other.least),
        (one.mean * one.calls + other.mean * other.calls) / calls,
        max(one.most, other.most),
    )


def elsewhere(
    before: Record, after: Record, processors: Collection[int], own: Sequence[range], modules: Modules
) -> dict[int, int]:
    """Return pages outside their OS's memory that processors executed between two records, with counts.

    Pages of the partition firmware's images are left out: `ways_in` judges these.

    Args:
        before: When that began.
        after: When it ended.
        processors: The partition's.
        own: The memory that the OS has for itself, as ranges of addresses.
        modules: Names of the images.
    """
    found: dict[int, int] = {}
    for processor in processors:
        earlier = before.processors[processor].pages if processor in before.processors else {}
        for page, (count, image) in after.processors[processor].pages.items():
            run = count - earlier.get(page, (0, 0))[0]
            name = modules.name(after.images[image]) if image in after.images else None
            if run > 0 and name is None and not any(page in memory for memory in own):
                found[page] = found.get(page, 0) + run
    return found
