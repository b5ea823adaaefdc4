# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which memory each partition asks the controller for, and where it may lie.

A low slice starts processors in real mode.  A share below 1 GiB is for loaders that need it.  Everything
else lies wholly below 4 GiB if that fits beside the firmware, smallest partitions first: then devices with
32-bit DMA work, and Linux sets no bounce buffers aside (64 MiB).  A partition that does not fit gets a share
below 4 GiB for them, and the rest anywhere.  The keys `above` and `below_4g` of the partition file override
this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generator.model.files import Files
from generator.model.intent import BootIntent, DiskIntent, MemoryIntent, PartitionIntent
from generator.model.machine import HeldRange, Machine
from generator.model.plan import (
    DiskPlan,
    MemoryPlan,
    MemoryPurpose,
    MemoryRequest,
    PartitionPlan,
    ProcessorsPlan,
)
from generator.places import Located, Place

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

PAGE = 4 * KIB
LOW_DEFAULT = 64 * KIB
LOW_LINUX = 32 * KIB
"""Enough for Linux's own EFI stub: it does not start its processors with 28 KiB (seen)."""
LOW_GRUB = 64 * KIB
"""GRUB 2.06 puts its real-mode data and the memory map there."""
BELOW_1G_GRUB = 256 * MIB
"""Share below 1 GiB for GRUB 2.06, which loads an initrd nowhere else, if the file says nothing."""
BELOW_1G_GRUB_SCARCE = 192 * MIB
"""The same if there is not enough for all."""
LOW_LEAST = 16 * KIB
"""What the partition firmware itself is started with."""
LOW_MINIMUM = 0x10000
"""Below lie the interrupt vectors and what is reserved for the PC's firmware."""
LOW_LIMIT = 0x90000
"""GRUB and Linux look for their real-mode data below this address."""
LOW_RESERVED = 64 * KIB
"""Bytes between these two addresses that running firmware typically uses: docs/machine-file.md."""
BELOW_1G_LIMIT = 0x38000000
"""896 MiB: GRUB before 2.12 loads an initrd below, and above the kernel."""
BELOW_4G_LIMIT = 4 * GIB
DMA32_SHARE = 128 * MIB
"""What a partition with memory above 4 GiB gets below: Linux's bounce buffers are 64 MiB."""
FIRMWARE_LEAST = 64 * MIB
"""What the controller leaves free below 4 GiB for the PC's firmware, whatever the machine file says."""
CHANNELS = 4 * MIB
"""What the controller uses for cards and disks of a partition: 2 MiB at a multiple of that, and state."""
LARGEST_ALIGNMENT = 2 * MIB
"""A large page: better alignment has no use unless somebody asks for it."""
MOST_WINDOWS = 2
"""Ranges of one NUMA node that are used; with alignment each can take two of the eight requests there are."""

Window = tuple[int, int]
"""First address, and the first one beyond."""


def resolve_memory(
    intents: Sequence[PartitionIntent],
    machine: Machine,
    files: Files,
    processors: Sequence[ProcessorsPlan],
    shared: int = 0,
) -> list[MemoryPlan]:
    """The memory requests of all partitions, in their order, beside `shared` bytes of shared memories.

    Those of one partition add up to its `size` as far as that allows.  Where the partition file could not be
    read, the plan has only the small shares that could be read.
    """
    lows = _low_slices(intents, machine, files)
    below = _shares_below_1g(intents, machine)
    needs = [
        _Need(intent.memory, intent.memory.size, low, below[number], number)
        for number, (intent, low) in enumerate(zip(intents, lows, strict=True))
        if intent.knows("memory") and intent.memory.size is not None and low is not None
    ]
    choice = _Choice(needs, machine, sum(_controller_bytes(intent, files) for intent in intents), shared)
    chosen = []
    for need in needs:
        grants = processors[need.number].grants
        nodes = {grant.processor.node for grant in grants if grant.processor is not None}
        chosen.append(choice.choose(need, nodes))
    shares = _shares_below_4g(needs, chosen, choice.left)
    plans = {
        need.number: _requests(need, bounds, share, machine)
        for need, bounds, share in zip(needs, chosen, shares, strict=True)
    }
    return [
        plans[number] if number in plans else _what_is_known(intent, lows[number])
        for number, intent in enumerate(intents)
    ]


@dataclass(frozen=True, slots=True)
class _Need:
    """The memory of the partition with this number, as its file says, with defaults."""

    intent: MemoryIntent
    size: Located[int]
    low: Located[int]
    below: Located[int]
    number: int

    @property
    def rest(self) -> int:
        """Bytes besides the low slice and the share below 1 GiB."""
        return max(0, self.size.value - self.low.value - self.below.value)


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Where everything but the small shares of a partition may lie.

    `fixed`: the partition file says so.  `node` is the NUMA node the windows are on, if only that one.
    """

    windows: tuple[Window, ...]
    fixed: bool
    node: int | None


class _Choice:
    """Chooses windows, NUMA-near where that fits; keeps account of what is left on each node."""

    def __init__(self, needs: Sequence[_Need], machine: Machine, others: int, shared: int) -> None:
        """`others` are the bytes that the controller uses for all partitions, `shared` those they share."""
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
        self.left = sum(self._below.values()) - reserved_for_firmware(machine, others)
        """Bytes below 4 GiB that nobody is promised; shared memories lie there only if they must."""
        low = max(0, shared - capacity(machine, BELOW_4G_LIMIT, self._top))
        # A rule refuses more than there is.
        self.left -= low if low <= self.left else 0
        for need in needs:
            memory = need.intent
            self.left -= memory.below_4g.value if memory.below_4g else 0
            self.left -= need.below.value
            end = memory.within.value[1] if memory.within else self._top
            if memory.at is not None or (memory.within is not None and end <= BELOW_4G_LIMIT):
                confined = memory.at is None or memory.at.value < BELOW_4G_LIMIT
                self.left -= need.rest if confined else 0
            if memory.node is not None and memory.node.value in self._room:
                self._room[memory.node.value] -= need.rest

    def choose(self, need: _Need, nodes: set[int]) -> _Bounds:
        """Where a partition's memory lies whose processors are on these NUMA nodes."""
        anywhere: Window = (MIB, self._top)
        intent = need.intent
        if intent.at is not None:
            size = need.rest - (intent.below_4g.value if intent.below_4g else 0)
            return _Bounds(((intent.at.value, intent.at.value + max(size, PAGE)),), True, None)
        if intent.within is not None:
            return _Bounds((intent.within.value,), True, None)
        if intent.above is not None:
            return _Bounds(((max(MIB, intent.above.value), self._top),), True, None)
        if intent.node is not None:
            windows = self._windows.get(intent.node.value, ())
            return _Bounds(windows, not windows, intent.node.value if windows else None)
        near = next(iter(nodes)) if len(nodes) == 1 else None
        if near is None or len(self._windows) < 2 or self._room.get(near, 0) < need.rest:
            return _Bounds((anywhere,), False, None)
        self._room[near] -= need.rest
        return _Bounds(self._windows[near], False, near)


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


def reserved_for_firmware(machine: Machine, others: int) -> int:
    """Bytes of `capacity` below 4 GiB that no partition can have.

    `others` are those that the controller uses for all partitions.  What the firmware is known to hold is
    no longer part of the capacity, and so not counted again.
    """
    ram = sum(max(0, min(memory.end, BELOW_4G_LIMIT) - max(memory.base, MIB)) for memory in machine.memory)
    held = ram - capacity(machine, MIB, BELOW_4G_LIMIT)
    return max(machine.firmware.memory - held, FIRMWARE_LEAST) + others


def low_reserved_for_firmware(machine: Machine) -> int:
    """Bytes of `capacity` for low slices that running firmware typically uses.

    What it is known to hold is no longer part of the capacity, and so not counted again.
    """
    ram = sum(max(0, min(memory.end, LOW_LIMIT) - max(memory.base, LOW_MINIMUM)) for memory in machine.memory)
    room = capacity(machine, LOW_MINIMUM, LOW_LIMIT)
    return min(room, max(0, LOW_RESERVED - (ram - room)))


def low_room(machine: Machine) -> int:
    """Bytes that the low slices of all partitions can have."""
    return capacity(machine, LOW_MINIMUM, LOW_LIMIT) - low_reserved_for_firmware(machine)


def capacity(machine: Machine, start: int, end: int) -> int:
    """Bytes of RAM between two addresses that the firmware is not known to hold."""
    return sum(max(0, min(last, end) - max(first, start)) for first, last in machine.free)


def held_within(machine: Machine, start: int, end: int) -> list[HeldRange]:
    """What the firmware holds of these addresses, in order."""
    held = (h for h in machine.firmware.holds if h.base < end and start < h.end)
    return sorted(held, key=lambda held: held.base)


def controller_bytes(partition: PartitionPlan) -> int:
    """Bytes the controller uses for a partition: copies of boot files, its cards and disks."""
    channels = CHANNELS if partition.has_channels else 0
    return partition.boot.copy_bytes + channels + _in_memory(partition.disks)


def _controller_bytes(intent: PartitionIntent, files: Files) -> int:
    """The same of one that is not planned yet."""
    channels = CHANNELS if intent.network or intent.disk else 0
    return _copies(intent.boot, files) + channels + _in_memory(intent.disk)


def _in_memory(disks: Iterable[DiskPlan | DiskIntent]) -> int:
    """Bytes of the disks that are in memory."""
    return sum(disk.size.value for disk in disks if disk.kind == "memory" and disk.size is not None)


def _copies(boot: BootIntent, files: Files) -> int:
    """Bytes of the controller's pristine copies of what a partition boots."""
    named = [file for source in boot.files for file in (source.file, source.initrd) if file is not None]
    return sum(files[file.value].size for file in named)


def _low_slices(
    intents: Sequence[PartitionIntent], machine: Machine, files: Files
) -> list[Located[int] | None]:
    """The low slice of each partition: what it says, else 64 KiB, or 32 KiB for Linux if they get scarce.

    None where it could not be read; the least where what is booted could not be.
    """
    room = low_room(machine)
    wanted = sum(intent.memory.low.value if intent.memory.low else LOW_DEFAULT for intent in intents)
    slices: list[Located[int] | None] = []
    for intent in intents:
        little = not intent.knows("boot") or (wanted > room and _is_content_with_little(intent.boot, files))
        size = LOW_LINUX if little else LOW_DEFAULT
        place = intent.memory.size.place if intent.memory.size else intent.memory.place
        slices.append((intent.memory.low or Located(size, place)) if intent.knows("memory.low") else None)
    return slices


def _is_content_with_little(boot: BootIntent, files: Files) -> bool:
    """Whether nothing is booted that is known to need more low memory than Linux's EFI stub."""
    if boot.owns_loader:
        return False
    facts = [files[source.file.value] for source in boot.files if source.file is not None]
    loaders = [one.loader for one in facts if one.loader is not None and one.loader.error is None]
    return all(loader.linux is not None for loader in loaders)


def _shares_below_1g(intents: Sequence[PartitionIntent], machine: Machine) -> list[Located[int]]:
    """The share below 1 GiB of each partition: what it says, else what GRUB takes if it may run there."""
    owners = [intent for intent in intents if intent.boot.owns_loader and intent.memory.below_1g is None]
    said = sum(intent.memory.below_1g.value for intent in intents if intent.memory.below_1g)
    room = capacity(machine, MIB, BELOW_1G_LIMIT)
    share = BELOW_1G_GRUB if said + BELOW_1G_GRUB * len(owners) <= room else BELOW_1G_GRUB_SCARCE
    shares = []
    for intent in intents:
        size = intent.memory.size or Located(0, intent.memory.place)
        half = size.value // 2 // LARGEST_ALIGNMENT * LARGEST_ALIGNMENT
        default = min(share, half) if intent.boot.owns_loader and intent.knows("memory.below_1g") else 0
        shares.append(intent.memory.below_1g or Located(default, size.place))
    return shares


def _shares_below_4g(needs: Sequence[_Need], bounds: Sequence[_Bounds], left: int) -> list[int]:
    """How much of the rest of each partition is to lie below 4 GiB, where `left` bytes are free."""
    shares = [need.intent.below_4g.value if need.intent.below_4g else 0 for need in needs]
    free = [
        (need.rest, number)
        for number, need in enumerate(needs)
        if need.intent.below_4g is None and not bounds[number].fixed
    ]
    if free and left > 0:
        at_least = min(DMA32_SHARE, left // len(free) // LARGEST_ALIGNMENT * LARGEST_ALIGNMENT)
        left -= sum(min(at_least, rest) for rest, _ in free)
        for rest, number in sorted(free):
            more = max(0, rest - at_least)
            reaches = any(start < BELOW_4G_LIMIT for start, _ in bounds[number].windows)
            whole = reaches and more <= left
            shares[number] = rest if whole else min(at_least, rest)
            left -= more if whole else 0
    return shares


def _what_is_known(intent: PartitionIntent, low: Located[int] | None) -> MemoryPlan:
    """The small shares of a partition, as far as they could be read."""
    memory = intent.memory
    nothing = Located(0, memory.place)
    below = memory.below_1g or nothing
    requests = [] if low is None else [_low_request(low)]
    if below.value:
        requests.append(_below_1g_request(below))
    return MemoryPlan(memory.size or nothing, low or nothing, below, memory.below_4g, tuple(requests), memory)


def _requests(need: _Need, bounds: _Bounds, share: int, machine: Machine) -> MemoryPlan:
    """The memory requests of one partition with a given share below 4 GiB."""
    intent, size_place = need.intent, need.size.place
    below = need.below
    rest = need.rest
    share = min(share, rest)
    limit = 1 << machine.physical_address_bits
    near = [w for w in bounds.windows if w[0] < BELOW_4G_LIMIT] if bounds.node is not None else []
    window = near[0] if near else (MIB, limit)
    requests = [_low_request(need.low), _below_1g_request(below)]
    share_place = intent.below_4g.place if intent.below_4g else size_place
    why = "everything else" if share == rest else "for devices with 32-bit DMA"
    window = (window[0], min(window[1], BELOW_4G_LIMIT, limit))
    requests += _main(share_place, share, intent.alignment, window, why)
    left = rest - share
    for number, window in enumerate(bounds.windows):
        last = number + 1 == len(bounds.windows)
        size = (
            left if last else min(left, capacity(machine, *window) // LARGEST_ALIGNMENT * LARGEST_ALIGNMENT)
        )
        requests += _main(size_place, size, intent.alignment, window, "everything else")
        left -= size
    if not bounds.windows:
        requests += _main(size_place, left, intent.alignment, (MIB, limit), "everything else")
    real = tuple(part for part in requests if part.size or part.purpose is MemoryPurpose.MrmMemoryLow)
    return MemoryPlan(need.size, need.low, below, intent.below_4g, real, intent, bounds.node)


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
    """Requests for main memory: what can be aligned as the file says, and what is over."""
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
