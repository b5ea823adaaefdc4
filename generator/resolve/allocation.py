# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Where the controller would allocate memory if all RAM that the firmware does not hold were free.

It uses the controller's method.  The controller itself chooses at boot, from what is free then; this is for
the picture and for warnings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generator.model.machine import HeldRange, Machine
from generator.model.plan import MemoryRequest, PartitionPlan, SharedPlan
from generator.resolve.memory import (
    BELOW_4G_LIMIT,
    LOW_LIMIT,
    LOW_MINIMUM,
    MIB,
    PAGE,
    controller_bytes,
    low_reserved_for_firmware,
    reserved_for_firmware,
)

MOST_PIECES = 16
"""MRM_MAX_PIECES of the controller: ranges that one partition can be made of."""

Range = tuple[int, int]
"""First address, and the first one beyond."""


@dataclass(frozen=True, slots=True)
class Allocated:
    """Ranges for a request; `complete` if they are all of it."""

    request: MemoryRequest
    ranges: tuple[Range, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Allocation:
    """What the firmware holds, what else is reserved for it and the controller, and what each partition gets.

    Where the reserved memory lies is not known: it is shown as high as it can be.  A shared memory that
    nobody has is None.
    """

    held: tuple[HeldRange, ...]
    reserved: tuple[Range, ...]
    partitions: tuple[tuple[Allocated, ...], ...]
    shared: tuple[Allocated | None, ...] = ()


def allocate_memory(
    machine: Machine, partitions: Sequence[PartitionPlan], shared: Sequence[SharedPlan] = ()
) -> Allocation:
    """Allocate all requests in the controller's order: lowest limit, highest minimum, the file's order.

    Shared memories come last, each in one piece.
    """
    free = sorted(machine.free)
    others = sum(controller_bytes(partition) for partition in partitions)
    reserved = reserved_for_firmware(machine, others) // PAGE * PAGE
    reserved_ranges = _take(free, reserved, PAGE, MIB, BELOW_4G_LIMIT, MOST_PIECES)
    low = low_reserved_for_firmware(machine) // PAGE * PAGE
    reserved_ranges += _take(free, low, PAGE, LOW_MINIMUM, LOW_LIMIT, MOST_PIECES)
    left = [MOST_PIECES] * len(partitions)
    found: dict[tuple[int, int], Allocated] = {}
    for owner, number, request in sorted(_all_requests(partitions), key=_order):
        ranges = _take(free, request.size, request.alignment, request.minimum, request.limit, left[owner])
        left[owner] -= len(ranges)
        complete = sum(end - start for start, end in ranges) == request.size
        found[owner, number] = Allocated(request, tuple(ranges), complete)
    had = {has.index for partition in partitions for has in partition.shared}
    shares: list[Allocated | None] = []
    for index, one in enumerate(shared):
        request = one.request
        if index not in had:
            shares.append(None)
            continue
        ranges = _take(free, request.size, request.alignment, request.minimum, request.limit, 1)
        complete = sum(end - start for start, end in ranges) == request.size
        shares.append(Allocated(request, tuple(ranges), complete))
    return Allocation(
        machine.firmware.holds,
        tuple(reserved_ranges),
        tuple(
            tuple(found[owner, number] for number in range(len(partition.memory.requests)))
            for owner, partition in enumerate(partitions)
        ),
        tuple(shares),
    )


def _all_requests(partitions: Sequence[PartitionPlan]) -> Iterator[tuple[int, int, MemoryRequest]]:
    """Every request with the index of its partition and its own."""
    for owner, partition in enumerate(partitions):
        for number, request in enumerate(partition.memory.requests):
            yield owner, number, request


def _order(entry: tuple[int, int, MemoryRequest]) -> tuple[int, int]:
    """What MrmMemoryNext of the controller compares."""
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
