# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which memory a partition asks the controller for: a low slice, a share below 1 GiB if wanted, the rest."""

from __future__ import annotations

from generator.model.intent import MemoryIntent
from generator.model.plan import MemoryPlan, MemoryPurpose, MemoryRequest
from generator.places import Located

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

PAGE = 4 * KIB
LOW_DEFAULT = 64 * KIB
LOW_MINIMUM = 0x10000
"""Below lie the interrupt vectors and what the PC's firmware keeps for itself."""
LOW_LIMIT = 0x90000
"""GRUB and Linux look for their real-mode data below this address."""
BELOW_1G_LIMIT = GIB
LARGEST_ALIGNMENT = 2 * MIB
"""A large page: better alignment has no use."""


def resolve_memory(wish: MemoryIntent, physical_address_bits: int) -> MemoryPlan:
    """The memory requests of one partition; they add up to `size` as far as `size` allows."""
    low = wish.low or Located(LOW_DEFAULT, wish.size.place)
    below = wish.below_1g or Located(0, wish.size.place)
    requests = [
        MemoryRequest(
            place=low.place,
            purpose=MemoryPurpose.MrmMemoryLow,
            size=low.value,
            alignment=PAGE,
            minimum=LOW_MINIMUM,
            limit=LOW_LIMIT,
            why="starts processors in real mode",
        )
    ]
    if below.value > 0:
        requests.append(
            MemoryRequest(
                place=below.place,
                purpose=MemoryPurpose.MrmMemoryBelow1G,
                size=below.value,
                alignment=_alignment(below.value),
                minimum=MIB,
                limit=BELOW_1G_LIMIT,
                why="for loaders that cannot place an initrd higher",
            )
        )
    rest = wish.size.value - low.value - below.value
    if rest > 0:
        requests.append(
            MemoryRequest(
                place=wish.size.place,
                purpose=MemoryPurpose.MrmMemoryMain,
                size=rest,
                alignment=_alignment(rest),
                minimum=MIB if wish.above is None else max(MIB, wish.above.value),
                limit=1 << physical_address_bits,
                why="everything else",
            )
        )
    return MemoryPlan(wish.size, low, below, tuple(requests))


def _alignment(size: int) -> int:
    """The largest alignment that divides a size, from a page to a large page."""
    return max(PAGE, min(LARGEST_ALIGNMENT, size & -size))
