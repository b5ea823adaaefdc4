# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Where the controller will probably put memory: at boot, by the same method, from what is free then."""

from __future__ import annotations

from dataclasses import dataclass

from generator.model.plan import MemoryRequest, Plan
from generator.picture.owners import KEPT, Look, Owners
from generator.resolve.memory import BELOW_4G_LIMIT, MIB, PAGE, kept_by_firmware

Range = tuple[int, int]
"""First address, and the first one beyond."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of memory and its owner."""

    start: int
    end: int
    look: Look
    why: str


def place_memory(plan: Plan, owners: Owners) -> list[Piece]:
    """The pieces of all partitions, and what firmware and controller keep (shown as high as it can be)."""
    free = sorted((memory.base, memory.end) for memory in plan.machine.memory)
    pieces = []
    stored = sum(
        boot.file_facts.size + (boot.initrd_facts.size if boot.initrd_facts else 0)
        for boot in (partition.boot for partition in plan.partitions)
    )
    kept = kept_by_firmware(plan.machine, stored) // PAGE * PAGE
    for start, end in _take(free, kept, PAGE, MIB, BELOW_4G_LIMIT):
        pieces.append(Piece(start, end, KEPT, "kept below 4 GiB; where is up to the firmware"))
    for partition, look in owners.partitions:
        for request in partition.memory.requests:
            for start, end in _place(free, request):
                pieces.append(Piece(start, end, look, request.why))
    return sorted(pieces, key=lambda piece: piece.start)


def _place(free: list[Range], request: MemoryRequest) -> list[Range]:
    """Take a request out of what is free."""
    return _take(free, request.size, request.alignment, request.minimum, request.limit)


def _take(free: list[Range], size: int, alignment: int, minimum: int, limit: int) -> list[Range]:
    """One piece as high as possible if that fits, else pieces of the largest ranges."""
    taken: list[Range] = []
    while size > 0:
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
