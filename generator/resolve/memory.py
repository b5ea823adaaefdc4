# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which memory each partition asks the controller for, and where it may lie.

A low slice starts processors in real mode.  A share below 1 GiB is for loaders that need it.  Everything
else lies wholly below 4 GiB if that fits beside the firmware, smallest partitions first: then devices with
32-bit DMA work, and Linux sets no bounce buffers aside (64 MiB).  Who does not fit gets a share below 4 GiB
for them, and the rest anywhere.  What the partition file says about that (`above`, `below_4g`) holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.model.files import Files
from generator.model.intent import BootIntent, MemoryIntent, PartitionIntent
from generator.model.machine import HeldRange, Machine
from generator.model.plan import MemoryPlan, MemoryPurpose, MemoryRequest, ProcessorsPlan
from generator.places import Located, Place

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

PAGE = 4 * KIB
LOW_DEFAULT = 64 * KIB
LOW_LINUX = 32 * KIB
"""Enough for Linux's own EFI stub: it does not start its processors with 28 KiB (seen)."""
LOW_GRUB = 64 * KIB
"""GRUB 2.06 puts its real-mode data and the memory map there."""
BELOW_1G_GRUB = 256 * MIB
"""Share below 1 GiB for GRUB 2.06, which places an initrd nowhere else, where nothing is said about it."""
BELOW_1G_GRUB_SCARCE = 192 * MIB
"""The same if there is not enough for all."""
LOW_LEAST = 16 * KIB
"""What the partition firmware itself is started with."""
LOW_MINIMUM = 0x10000
"""Below lie the interrupt vectors and what the PC's firmware keeps for itself."""
LOW_LIMIT = 0x90000
"""GRUB and Linux look for their real-mode data below this address."""
LOW_KEPT = 64 * KIB
"""What the running firmware typically keeps of the addresses between these two: docs/machine-file.md."""
BELOW_1G_LIMIT = 0x38000000
"""896 MiB: GRUB before 2.12 places an initrd below, and above the kernel."""
BELOW_4G_LIMIT = 4 * GIB
DMA32_SHARE = 128 * MIB
"""What a partition with memory above 4 GiB gets below: Linux's bounce buffers are 64 MiB."""
FIRMWARE_LEAST = 64 * MIB
"""What the controller leaves free below 4 GiB for the PC's firmware, whatever the machine file says."""
LARGEST_ALIGNMENT = 2 * MIB
"""A large page: better alignment has no use unless somebody asks for it."""
MOST_WINDOWS = 2
"""Ranges of one NUMA node that are used; with alignment each can take two of the eight requests there are."""

Window = tuple[int, int]
"""First address, and the first one beyond."""


def resolve_memory(
    wishes: Sequence[PartitionIntent], machine: Machine, files: Files, processors: Sequence[ProcessorsPlan]
) -> list[MemoryPlan]:
    """The memory requests of all partitions, in their order.

    Those of one partition add up to its `size` as far as that allows.  Where the partition file could not be
    read, only those small shares are asked for that could.
    """
    lows = _low_slices(wishes, machine, files)
    below = _shares_below_1g(wishes, machine)
    asked = [
        _Asked(wish.memory, wish.memory.size, low, below[number], number)
        for number, (wish, low) in enumerate(zip(wishes, lows, strict=True))
        if wish.knows("memory") and wish.memory.size is not None and low is not None
    ]
    places = _Places(asked, machine, sum(_stored(wish.boot, files) for wish in wishes))
    chosen = []
    for one in asked:
        grants = processors[one.number].grants
        nodes = {grant.processor.node for grant in grants if grant.processor is not None}
        chosen.append(places.choose(one, nodes))
    shares = _shares_below_4g(asked, chosen, places.left)
    plans = {
        one.number: _requests(one, place, share, machine)
        for one, place, share in zip(asked, chosen, shares, strict=True)
    }
    return [
        plans[number] if number in plans else _what_is_known(wish, lows[number])
        for number, wish in enumerate(wishes)
    ]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the partition with this number asks for."""

    wish: MemoryIntent
    size: Located[int]
    low: Located[int]
    below: Located[int]
    number: int

    @property
    def rest(self) -> int:
        """Bytes besides the low slice and the share below 1 GiB."""
        return max(0, self.size.value - self.low.value - self.below.value)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where everything but the small shares of a partition may lie.

    `fixed`: the partition file says so.  `node` is the NUMA node the windows are on, if only that one.
    """

    windows: tuple[Window, ...]
    fixed: bool
    node: int | None


class _Places:
    """Chooses windows, NUMA-near where that fits; keeps account of what is left on each node."""

    def __init__(self, asked: Sequence[_Asked], machine: Machine, stored: int) -> None:
        """`stored` are the controller's copies of boot files, in bytes."""
        self._top = 1 << machine.physical_address_bits
        self._windows = _node_windows(machine)
        self._room = {
            node: sum(capacity(machine, max(start, MIB), end) for start, end in windows)
            for node, windows in self._windows.items()
        }
        self._below: dict[int, int] = {
            node: sum(capacity(machine, max(start, MIB), min(end, BELOW_4G_LIMIT)) for start, end in windows)
            for node, windows in self._windows.items()
        }
        self.left = sum(self._below.values()) - kept_by_firmware(machine, stored)
        """Bytes below 4 GiB that nobody is promised."""
        for one in asked:
            memory = one.wish
            self.left -= memory.below_4g.value if memory.below_4g else 0
            self.left -= one.below.value
            end = memory.within.value[1] if memory.within else self._top
            if memory.at is not None or (memory.within is not None and end <= BELOW_4G_LIMIT):
                confined = memory.at is None or memory.at.value < BELOW_4G_LIMIT
                self.left -= one.rest if confined else 0
            if memory.node is not None and memory.node.value in self._room:
                self._room[memory.node.value] -= one.rest

    def choose(self, asked: _Asked, nodes: set[int]) -> _Place:
        """Where a partition's memory lies whose processors are on these NUMA nodes."""
        anywhere: Window = (MIB, self._top)
        wish = asked.wish
        if wish.at is not None:
            size = asked.rest - (wish.below_4g.value if wish.below_4g else 0)
            return _Place(((wish.at.value, wish.at.value + max(size, PAGE)),), True, None)
        if wish.within is not None:
            return _Place((wish.within.value,), True, None)
        if wish.above is not None:
            return _Place(((max(MIB, wish.above.value), self._top),), True, None)
        if wish.node is not None:
            windows = self._windows.get(wish.node.value, ())
            return _Place(windows, not windows, wish.node.value if windows else None)
        near = next(iter(nodes)) if len(nodes) == 1 else None
        if near is None or len(self._windows) < 2 or self._room.get(near, 0) < asked.rest:
            return _Place((anywhere,), False, None)
        self._room[near] -= asked.rest
        return _Place(self._windows[near], False, near)


def _node_windows(machine: Machine) -> dict[int, tuple[Window, ...]]:
    """Ranges of addresses in which all RAM belongs to one NUMA node, largest first."""
    found: list[tuple[int, int, int]] = []
    for memory in sorted(machine.memory, key=lambda memory: memory.base):
        if found and found[-1][2] == memory.node:
            found[-1] = (found[-1][0], max(found[-1][1], memory.end), memory.node)
        else:
            found.append((max(MIB, memory.base), memory.end, memory.node))
    windows: dict[int, list[Window]] = {}
    for start, end, node in found:
        if start < end:
            windows.setdefault(node, []).append((start, end))
    order = {
        n: sorted(w, key=lambda window: capacity(machine, *window), reverse=True) for n, w in windows.items()
    }
    return {node: tuple(of_node[:MOST_WINDOWS]) for node, of_node in order.items()}


def kept_by_firmware(machine: Machine, stored: int) -> int:
    """Bytes of `capacity` below 4 GiB that no partition can have.

    `stored` are the controller's copies of boot files.  What the firmware is known to hold is no longer part
    of the capacity, and so not counted again.
    """
    ram = sum(max(0, min(memory.end, BELOW_4G_LIMIT) - max(memory.base, MIB)) for memory in machine.memory)
    held = ram - capacity(machine, MIB, BELOW_4G_LIMIT)
    return max(machine.firmware.memory - held, FIRMWARE_LEAST) + stored


def low_kept_by_firmware(machine: Machine) -> int:
    """Bytes of `capacity` for low slices that the running firmware typically keeps.

    What it is known to hold is no longer part of the capacity, and so not counted again.
    """
    ram = sum(max(0, min(memory.end, LOW_LIMIT) - max(memory.base, LOW_MINIMUM)) for memory in machine.memory)
    room = capacity(machine, LOW_MINIMUM, LOW_LIMIT)
    return min(room, max(0, LOW_KEPT - (ram - room)))


def low_room(machine: Machine) -> int:
    """Bytes that the low slices of all partitions can have."""
    return capacity(machine, LOW_MINIMUM, LOW_LIMIT) - low_kept_by_firmware(machine)


def capacity(machine: Machine, start: int, end: int) -> int:
    """Bytes of RAM between two addresses that the firmware is not known to hold."""
    return sum(max(0, min(last, end) - max(first, start)) for first, last in machine.free)


def held_within(machine: Machine, start: int, end: int) -> list[HeldRange]:
    """What the firmware holds of these addresses, in order."""
    held = (h for h in machine.firmware.holds if h.base < end and start < h.end)
    return sorted(held, key=lambda held: held.base)


def _stored(boot: BootIntent, files: Files) -> int:
    """Bytes of pristine copies the controller keeps of what a partition boots."""
    named = [file for source in boot.files for file in (source.file, source.initrd) if file is not None]
    return sum(files[file.value].size for file in named)


def _low_slices(
    wishes: Sequence[PartitionIntent], machine: Machine, files: Files
) -> list[Located[int] | None]:
    """The low slice of each partition: what it says, else 64 KiB, or 32 KiB for Linux if they get scarce.

    None where it could not be read; the least where what is booted could not be.
    """
    room = low_room(machine)
    wanted = sum(wish.memory.low.value if wish.memory.low else LOW_DEFAULT for wish in wishes)
    slices: list[Located[int] | None] = []
    for wish in wishes:
        little = not wish.knows("boot") or (wanted > room and _is_content_with_little(wish.boot, files))
        size = LOW_LINUX if little else LOW_DEFAULT
        place = wish.memory.size.place if wish.memory.size else wish.memory.place
        slices.append((wish.memory.low or Located(size, place)) if wish.knows("memory.low") else None)
    return slices


def _is_content_with_little(boot: BootIntent, files: Files) -> bool:
    """Whether nothing is booted that is known to need more low memory than Linux's EFI stub."""
    if boot.owns_loader:
        return False
    facts = [files[source.file.value] for source in boot.files if source.file is not None]
    loaders = [one.loader for one in facts if one.loader is not None and one.loader.error is None]
    return all(loader.linux is not None for loader in loaders)


def _shares_below_1g(wishes: Sequence[PartitionIntent], machine: Machine) -> list[Located[int]]:
    """The share below 1 GiB of each partition: what it says, else what GRUB takes if it may run there."""
    owners = [wish for wish in wishes if wish.boot.owns_loader and wish.memory.below_1g is None]
    said = sum(wish.memory.below_1g.value for wish in wishes if wish.memory.below_1g)
    room = capacity(machine, MIB, BELOW_1G_LIMIT)
    share = BELOW_1G_GRUB if said + BELOW_1G_GRUB * len(owners) <= room else BELOW_1G_GRUB_SCARCE
    shares = []
    for wish in wishes:
        size = wish.memory.size or Located(0, wish.memory.place)
        half = size.value // 2 // LARGEST_ALIGNMENT * LARGEST_ALIGNMENT
        default = min(share, half) if wish.boot.owns_loader and wish.knows("memory.below_1g") else 0
        shares.append(wish.memory.below_1g or Located(default, size.place))
    return shares


def _shares_below_4g(asked: Sequence[_Asked], places: Sequence[_Place], left: int) -> list[int]:
    """How much of the rest of each partition is to lie below 4 GiB, where `left` bytes are free."""
    shares = [one.wish.below_4g.value if one.wish.below_4g else 0 for one in asked]
    free = [
        (one.rest, number)
        for number, one in enumerate(asked)
        if one.wish.below_4g is None and not places[number].fixed
    ]
    if free and left > 0:
        at_least = min(DMA32_SHARE, left // len(free) // LARGEST_ALIGNMENT * LARGEST_ALIGNMENT)
        left -= sum(min(at_least, rest) for rest, _ in free)
        for rest, number in sorted(free):
            more = max(0, rest - at_least)
            reaches = any(start < BELOW_4G_LIMIT for start, _ in places[number].windows)
            whole = reaches and more <= left
            shares[number] = rest if whole else min(at_least, rest)
            left -= more if whole else 0
    return shares


def _what_is_known(wish: PartitionIntent, low: Located[int] | None) -> MemoryPlan:
    """The small shares of a partition, as far as they could be read."""
    memory = wish.memory
    nothing = Located(0, memory.place)
    below = memory.below_1g or nothing
    requests = [] if low is None else [_low_request(low)]
    if below.value:
        requests.append(_below_1g_request(below))
    return MemoryPlan(memory.size or nothing, low or nothing, below, memory.below_4g, tuple(requests), memory)


def _requests(asked: _Asked, place: _Place, share: int, machine: Machine) -> MemoryPlan:
    """The memory requests of one partition with a given share below 4 GiB."""
    wish, size_place = asked.wish, asked.size.place
    below = asked.below
    rest = asked.rest
    share = min(share, rest)
    limit = 1 << machine.physical_address_bits
    near = [w for w in place.windows if w[0] < BELOW_4G_LIMIT] if place.node is not None else []
    window = near[0] if near else (MIB, limit)
    requests = [_low_request(asked.low), _below_1g_request(below)]
    share_place = wish.below_4g.place if wish.below_4g else size_place
    why = "everything else" if share == rest else "for devices with 32-bit DMA"
    window = (window[0], min(window[1], BELOW_4G_LIMIT, limit))
    requests += _main(share_place, share, wish.alignment, window, why)
    left = rest - share
    for number, window in enumerate(place.windows):
        last = number + 1 == len(place.windows)
        size = (
            left if last else min(left, capacity(machine, *window) // LARGEST_ALIGNMENT * LARGEST_ALIGNMENT)
        )
        requests += _main(size_place, size, wish.alignment, window, "everything else")
        left -= size
    if not place.windows:
        requests += _main(size_place, left, wish.alignment, (MIB, limit), "everything else")
    kept = tuple(part for part in requests if part.size or part.purpose is MemoryPurpose.MrmMemoryLow)
    return MemoryPlan(asked.size, asked.low, below, wish.below_4g, kept, wish, place.node)


def _low_request(low: Located[int]) -> MemoryRequest:
    """The request for the low slice."""
    return MemoryRequest(
        place=low.place,
        purpose=MemoryPurpose.MrmMemoryLow,
        size=low.value,
        alignment=PAGE,
        minimum=LOW_MINIMUM,
        limit=LOW_LIMIT,
        why="starts processors in real mode",
    )


def _below_1g_request(below: Located[int]) -> MemoryRequest:
    """The request for the share below 1 GiB."""
    return MemoryRequest(
        place=below.place,
        purpose=MemoryPurpose.MrmMemoryBelow1G,
        size=below.value,
        alignment=_alignment(below.value),
        minimum=MIB,
        limit=BELOW_1G_LIMIT,
        why="for loaders that cannot place an initrd higher",
    )


def _main(
    place: Place, size: int, alignment: Located[int] | None, window: Window, why: str
) -> list[MemoryRequest]:
    """Requests for main memory: what can be aligned as wished, and what is over."""
    if alignment is None or alignment.value < PAGE or alignment.value & (alignment.value - 1):
        sizes = [(size, _alignment(size))]
    else:
        aligned = size // alignment.value * alignment.value
        sizes = [(aligned, alignment.value), (size - aligned, _alignment(size - aligned))]
    return [
        MemoryRequest(
            place=place,
            purpose=MemoryPurpose.MrmMemoryMain,
            size=part,
            alignment=granule,
            minimum=window[0],
            limit=window[1],
            why=why,
        )
        for part, granule in sizes
        if part
    ]


def _alignment(size: int) -> int:
    """The largest alignment that divides a size, from a page to a large page."""
    return max(PAGE, min(LARGEST_ALIGNMENT, size & -size))
