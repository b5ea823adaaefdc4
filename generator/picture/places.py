# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The pieces of memory with their looks."""

from __future__ import annotations

from dataclasses import dataclass

from generator.model.plan import Plan
from generator.picture.owners import SEVERAL, STAYS, Look, Owners
from generator.resolve.allocation import allocate_memory


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of memory and its owner."""

    start: int
    end: int
    look: Look
    why: str


def pieces_of(plan: Plan, owners: Owners) -> list[Piece]:
    """The pieces of all partitions, and what firmware and controller keep, by address."""
    allocation = allocate_memory(plan.machine, plan.partitions, plan.shared)
    pieces = [
        Piece(start, end, STAYS, "reserved below 4 GiB; where is up to the firmware")
        for start, end in allocation.reserved
    ]
    pieces += [Piece(held.base, held.end, STAYS, f"held: {held.what}") for held in allocation.held]
    for (_, look), allocated in zip(owners.partitions, allocation.partitions, strict=True):
        for part in allocated:
            pieces.extend(Piece(start, end, look, part.request.why) for start, end in part.ranges)
    for found in allocation.shared:
        if found is not None:
            pieces.extend(Piece(start, end, SEVERAL, found.request.why) for start, end in found.ranges)
    return sorted(pieces, key=lambda piece: piece.start)
