# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which memory each partition asks the controller for, and where it may lie.

A low slice starts processors in real mode.  A share below 1 GiB is for loaders that need it.  Everything
else lies wholly below 4 GiB if that fits beside the firmware, smallest partitions first: then devices with
32-bit DMA work, and Linux sets no bounce buffers aside (64 MiB).  Who does not fit gets a share below 4 GiB
for them, and the rest anywhere.  What the partition file says about that (`above`, `below_4g`) holds.
"""

from __future__ import annotations

from collections.abc import Sequence

from generator.model.files import Files
from generator.model.intent import BootIntent, MemoryIntent, PartitionIntent
from generator.model.machine import Machine
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
BELOW_4G_LIMIT = 4 * GIB
DMA32_SHARE = 128 * MIB
"""What a partition with memory above 4 GiB gets below: Linux's bounce buffers are 64 MiB."""
FIRMWARE_LEAST = 64 * MIB
"""What the controller leaves free below 4 GiB for the PC's firmware, whatever the machine file says."""
LARGEST_ALIGNMENT = 2 * MIB
"""A large page: better alignment has no use."""


def resolve_memory(wishes: Sequence[PartitionIntent], machine: Machine, files: Files) -> list[MemoryPlan]:
    """The memory requests of all partitions, in their order.

    Those of one partition add up to its `size` as far as that allows.
    """
    shares = _shares_below_4g(wishes, machine, files)
    limit = 1 << machine.physical_address_bits
    return [_requests(wish.memory, share, limit) for wish, share in zip(wishes, shares, strict=True)]


def kept_by_firmware(machine: Machine, stored: int) -> int:
    """Bytes below 4 GiB that no partition can have; `stored` are the controller's copies of boot files."""
    return max(machine.firmware.memory, FIRMWARE_LEAST) + stored


def capacity(machine: Machine, start: int, end: int) -> int:
    """Bytes of RAM between two addresses."""
    return sum(max(0, min(memory.end, end) - max(memory.base, start)) for memory in machine.memory)


def _stored(boot: BootIntent, files: Files) -> int:
    """Bytes of pristine copies the controller keeps of what a partition boots."""
    return files[boot.file.value].size + (files[boot.initrd.value].size if boot.initrd else 0)


def _rest(wish: MemoryIntent) -> int:
    """Bytes besides the low slice and the share below 1 GiB."""
    low = wish.low.value if wish.low else LOW_DEFAULT
    return max(0, wish.size.value - low - (wish.below_1g.value if wish.below_1g else 0))


def _shares_below_4g(wishes: Sequence[PartitionIntent], machine: Machine, files: Files) -> list[int]:
    """How much of the rest of each partition is to lie below 4 GiB."""
    shares = [wish.memory.below_4g.value if wish.memory.below_4g else 0 for wish in wishes]
    left = capacity(machine, MIB, BELOW_4G_LIMIT) - sum(shares)
    left -= kept_by_firmware(machine, sum(_stored(wish.boot, files) for wish in wishes))
    left -= sum(wish.memory.below_1g.value for wish in wishes if wish.memory.below_1g)
    free = [
        (_rest(wish.memory), number)
        for number, wish in enumerate(wishes)
        if wish.memory.below_4g is None and wish.memory.above is None
    ]
    if free and left > 0:
        at_least = min(DMA32_SHARE, left // len(free) // LARGEST_ALIGNMENT * LARGEST_ALIGNMENT)
        left -= sum(min(at_least, rest) for rest, _ in free)
        for rest, number in sorted(free):
            more = max(0, rest - at_least)
            shares[number] = rest if more <= left else at_least
            left -= more if more <= left else 0
    return shares


def _requests(wish: MemoryIntent, share: int, limit: int) -> MemoryPlan:
    """The memory requests of one partition with a given share below 4 GiB."""
    low = wish.low or Located(LOW_DEFAULT, wish.size.place)
    below = wish.below_1g or Located(0, wish.size.place)
    share = min(share, _rest(wish))
    parts = [
        MemoryRequest(
            place=low.place,
            purpose=MemoryPurpose.MrmMemoryLow,
            size=low.value,
            alignment=PAGE,
            minimum=LOW_MINIMUM,
            limit=LOW_LIMIT,
            why="starts processors in real mode",
        ),
        MemoryRequest(
            place=below.place,
            purpose=MemoryPurpose.MrmMemoryBelow1G,
            size=below.value,
            alignment=_alignment(below.value),
            minimum=MIB,
            limit=BELOW_1G_LIMIT,
            why="for loaders that cannot place an initrd higher",
        ),
        MemoryRequest(
            place=wish.below_4g.place if wish.below_4g else wish.size.place,
            purpose=MemoryPurpose.MrmMemoryMain,
            size=share,
            alignment=_alignment(share),
            minimum=MIB,
            limit=min(BELOW_4G_LIMIT, limit),
            why="everything else" if share == _rest(wish) else "for devices with 32-bit DMA",
        ),
        MemoryRequest(
            place=wish.size.place,
            purpose=MemoryPurpose.MrmMemoryMain,
            size=_rest(wish) - share,
            alignment=_alignment(_rest(wish) - share),
            minimum=MIB if wish.above is None else max(MIB, wish.above.value),
            limit=limit,
            why="everything else",
        ),
    ]
    requests = tuple(part for part in parts if part.size or part.purpose is MemoryPurpose.MrmMemoryLow)
    return MemoryPlan(wish.size, low, below, wish.below_4g, requests)


def _alignment(size: int) -> int:
    """The largest alignment that divides a size, from a page to a large page."""
    return max(PAGE, min(LARGEST_ALIGNMENT, size & -size))
