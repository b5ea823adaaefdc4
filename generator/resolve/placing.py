# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Where the controller would put memory if all RAM that the firmware does not hold were free: by its method.

The controller chooses at boot, from what is free then; this is for looking at and for warnings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generator.model.machine import HeldRange, Machine
from generator.model.plan import MemoryRequest, PartitionPlan
from generator.resolve.memory import (
    BELOW_4G_LIMIT,
    LOW_LIMIT,
    LOW_MINIMUM,
    MIB,
    PAGE,
    kept_by_firmware,
    low_kept_by_firmware,
)

MOST_PIECES = 16
"""MRM_MAX_PIECES of the controller: ranges that one partition can be made of."""

Range = tuple[int, int]
"""First address, and the first one beyond."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Ranges for a request; `complete` if they are all of it."""

    request: MemoryRequest
    ranges: tuple[Range, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Placing:
    """What the firmware holds, what else it and the controller keep, and what each partition gets.

    Where that else lies is not known: it is shown as high as it can be.
    """

    held: tuple[HeldRange, ...]
    kept: tuple[Range, ...]
    partitions: tuple[tuple[Placed, ...], ...]


def place_memory(machine: Machine, partitions: Sequence[PartitionPlan]) -> Placing:
    """Place all requests in the controller's order: lowest limit, highest minimum, the file's order."""
    free = sorted(machine.free)
    stored = sum(partition.boot.stored for partition in partitions)
    kept = kept_by_firmware(machine, stored) // PAGE * PAGE
    kept_ranges = _take(free, kept, PAGE, MIB, BELOW_4G_LIMIT, MOST_PIECES)
    low = low_kept_by_firmware(machine) // PAGE * PAGE
    kept_ranges += _take(free, low, PAGE, LOW_MINIMUM, LOW_LIMIT, MOST_PIECES)
    left = [MOST_PIECES] * len(partitions)
    found: dict[tuple[int, int], Placed] = {}
    for owner, number, request in sorted(_all_requests(partitions), key=_controllers_order):
        ranges = _take(free, request.size, request.alignment, request.minimum, request.limit, left[owner])
        left[owner] -= len(ranges)
        complete = sum(end - start for start, end in ranges) == request.size
        found[owner, number] = Placed(request, tuple(ranges), complete)
    return Placing(
        machine.firmware.holds,
        tuple(kept_ranges),
        tuple(
            tuple(found[owner, number] for number in range(len(partition.memory.requests)))
            for owner, partition in enumerate(partitions)
        ),
    )


def _all_requests(partitions: Sequence[PartitionPlan]) -> Iterator[tuple[int, int, MemoryRequest]]:
    """Every request with the index of its partition and its own."""
    for owner, partition in enumerate(partitions):
        for number, request in enumerate(partition.memory.requests):
            yield owner, number, request


def _controllers_order(entry: tuple[int, int, MemoryRequest]) -> tuple[int, int]:
    """What NextRequest of the controller compares."""
    request = entry[2]
    return request.limit, -request.minimum


def _take(free: list[Range], size: int, alignment: int, minimum: int, limit: int, most: int) -> list[Range]:
    """One piece as high as possible if that fits, else pieces of the largest ranges; see MrmRangeLib."""
    taken: list[Range] = []
    while size > 0 and len(taken) < most:
        usable = []
        for start, end in free:
            first = -(-max(start, minimum) // alignment) * alignment
            last = min(end, limit) // alignment * alignment
            if first < last:
                usable.append((first, last))
        if not usable:
            break
        fitting = [r for r in usable if r[1] - r[0] >= size]
        first, last = max(fitting, key=lambda r: r[1]) if fitting else max(usable, key=lambda r: r[1] - r[0])
        piece = (max(first, last - size), last)
        taken.append(piece)
        size -= piece[1] - piece[0]
        _remove(free, piece)
    return taken


def _remove(free: list[Range], piece: Range) -> None:
    """Take a piece out of the free ranges."""
    left = []
    for start, end in free:
        if end <= piece[0] or start >= piece[1]:
            left.append((start, end))
            continue
        left.extend(r for r in ((start, piece[0]), (piece[1], end)) if r[0] < r[1])
    free[:] = left
