# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about memory."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.registry import Finding, error, warning
from generator.load.values import format_size
from generator.model.machine import HeldRange
from generator.model.plan import FileBoot, MemoryPlan, MemoryPurpose, MemoryRequest, PartitionPlan, Plan
from generator.places import Located
from generator.resolve.allocation import allocate_memory
from generator.resolve.memory import (
    BELOW_1G_LIMIT,
    BELOW_4G_LIMIT,
    GIB,
    LOW_GRUB,
    LOW_LEAST,
    LOW_LIMIT,
    LOW_LINUX,
    LOW_MINIMUM,
    MIB,
    PAGE,
    capacity,
    controller_bytes,
    held_within,
    low_reserved_for_firmware,
    reserved_for_firmware,
)

MINIMUM = 64 * MIB
"""The partition firmware, its page tables and a small loader."""
FIRMWARE_SHARE = 32 * MIB
"""What the partition firmware needs for itself while it starts a loader."""
MOST_NAMED = 3
"""Ranges of the firmware that a message lists."""
BELOW_1G_LEAST = 160 * MIB
"""For GRUB: twice the memory a kernel unpacks itself to (64 MiB), and an initrd of the usual size."""
DMA32_LEAST = 96 * MIB
"""Below 4 GiB: 64 MiB of bounce buffers, Linux's pools and what its firmware keeps."""


@error
def memory_aligned(plan: Plan) -> Iterator[Finding]:
    """All sizes of memory are multiples of 4 KiB."""
    for partition in plan.partitions:
        memory = partition.memory
        for size in dict.fromkeys(_sizes(memory)):
            if size.value % PAGE:
                yield Finding(
                    size.place,
                    f"the size {size.value:#x}",
                    "a multiple of 4 KiB",
                    "round it up or use a unit",
                )


def _sizes(memory: MemoryPlan) -> Iterator[Located[int]]:
    """All sizes and addresses of a partition's memory."""
    yield from (memory.size, memory.low, memory.below_1g)
    for size in (memory.below_4g, memory.intent.at, memory.intent.above):
        if size is not None:
            yield size
    within = memory.intent.within
    if within is not None:
        yield from (Located(address, within.place) for address in within.value)


@error
def memory_alignment(plan: Plan) -> Iterator[Finding]:
    """A wanted alignment is a power of two, 4 KiB to 1 GiB, and a wanted address is a multiple of it."""
    for partition in plan.partitions:
        alignment, at = partition.memory.intent.alignment, partition.memory.intent.at
        if alignment is not None and not (
            PAGE <= alignment.value <= GIB and alignment.value & (alignment.value - 1) == 0
        ):
            yield Finding(
                alignment.place,
                f"an alignment of {format_size(alignment.value)}",
                "a power of two, 4 KiB to 1 GiB",
                "round it, or leave 'alignment' out",
            )
        elif alignment is not None and at is not None and at.value % alignment.value:
            yield Finding(
                at.place,
                f"the address {at.value:#x} with an alignment of {format_size(alignment.value)}",
                "a multiple of the alignment",
                "change 'at' or 'alignment'",
            )


@error
def memory_addresses(plan: Plan) -> Iterator[Finding]:
    """Wanted addresses lie between 1 MiB and the end of the machine's physical addresses."""
    bits = plan.machine.physical_address_bits
    for partition in plan.partitions:
        intent, requests = partition.memory.intent, partition.memory.requests
        within = intent.within
        named = [address for address in (intent.at, intent.above) if address is not None]
        named += [Located(within.value[0], within.place)] if within is not None else []
        for address in named:
            first = address.value
            end = within.value[1] if within is not None else max([first + 1, *(r.limit for r in requests)])
            if first < MIB or end > 1 << bits:
                yield Finding(
                    address.place,
                    f"memory from {first:#x} to {end - 1:#x}",
                    f"addresses from 0x100000 to {(1 << bits) - 1:#x}",
                    "change the address",
                )


@error
def memory_not_firmwares(plan: Plan) -> Iterator[Finding]:
    """Wanted addresses are not those that the firmware is known to hold."""
    for partition in plan.partitions:
        if not partition.knows("memory"):
            continue
        intent, below = partition.memory.intent, partition.memory.below_4g
        main = [r for r in partition.memory.requests if r.purpose is MemoryPurpose.MrmMemoryMain]
        size = sum(request.size for request in main) - (below.value if below else 0)
        if intent.at is not None:
            place, start, end = intent.at.place, intent.at.value, intent.at.value + size
        elif intent.within is not None:
            place, (start, end) = intent.within.place, intent.within.value
        elif intent.above is not None:
            place, start, end = (
                intent.above.place,
                intent.above.value,
                1 << plan.machine.physical_address_bits,
            )
        else:
            continue
        held = held_within(plan.machine, start, end)
        taken = sum(min(h.end, end) - max(h.base, start) for h in held)
        room = capacity(plan.machine, start, end)
        # Pieces may lie around what is held.  It is the reason only if all would fit without it.
        if taken and room < size <= room + taken:
            yield Finding(
                place,
                f"of {start:#x} to {end - 1:#x} the firmware holds {_list_held(held)}",
                f"{format_size(size)} that it does not hold",
                "take other addresses, or leave them to the controller",
            )


def _list_held(held: list[HeldRange]) -> str:
    """What is held, the first few by name."""
    named = ", ".join(str(one) for one in held[:MOST_NAMED])
    return named if len(held) <= MOST_NAMED else f"{named} and {len(held) - MOST_NAMED} more"


@error
def memory_node_exists(plan: Plan) -> Iterator[Finding]:
    """A NUMA node that a partition names for its memory has memory."""
    nodes = sorted({memory.node for memory in plan.machine.memory})
    for partition in plan.partitions:
        node = partition.memory.intent.node
        if node is not None and node.value not in nodes:
            yield Finding(
                node.place,
                f"the machine {plan.machine.name} has no memory on NUMA node {node.value}",
                "one of " + ", ".join(map(str, nodes)),
                "change 'node'",
            )


@error
def memory_minimum(plan: Plan) -> Iterator[Finding]:
    """Every partition has at least 64 MiB."""
    for partition in plan.partitions:
        size = partition.memory.size
        if size.value < MINIMUM and partition.knows("memory.size"):
            yield Finding(
                size.place, f"{format_size(size.value)} of memory", "at least 64 MiB", "give it more"
            )


@error
def memory_low_size(plan: Plan) -> Iterator[Finding]:
    """The low slice is 16 KiB (for Linux 32 KiB) to 512 KiB: real-mode trampolines need it."""
    for partition in plan.partitions:
        low = partition.memory.low
        if partition.memory.intent.low is None:
            continue
        linux = any(source.file_facts.linux is not None for source in partition.boot.files)
        least = LOW_LINUX if linux else LOW_LEAST
        if not least <= low.value <= LOW_LIMIT - LOW_MINIMUM:
            yield Finding(
                low.place,
                f"a low slice of {format_size(low.value)}",
                f"{format_size(least)} to 512 KiB",
                "leave 'low' out for 64 KiB",
            )


@error
def memory_parts(plan: Plan) -> Iterator[Finding]:
    """The low slice and the shares below 1 GiB and 4 GiB are parts of the size; the first two leave some."""
    for partition in plan.partitions:
        memory = partition.memory
        if not partition.knows("memory.size", "memory.low", "memory.below_1g", "memory.below_4g"):
            continue
        share = memory.below_4g.value if memory.below_4g else 0
        parts = memory.low.value + memory.below_1g.value
        if memory.size.value >= MINIMUM and (parts >= memory.size.value or parts + share > memory.size.value):
            yield Finding(
                memory.size.place,
                f"'low', 'below_1g' and 'below_4g' are {format_size(parts + share)} "
                f"of {format_size(memory.size.value)}",
                "parts of 'size', with memory left over by the first two",
                "raise 'size' or lower its parts",
            )


@error
def memory_low_fits(plan: Plan) -> Iterator[Finding]:
    """The low slices of all partitions fit between 64 KiB and 576 KiB, beside what firmware uses there."""
    reserved = low_reserved_for_firmware(plan.machine)
    yield from _shared_window(
        plan,
        MemoryPurpose.MrmMemoryLow,
        LOW_MINIMUM,
        LOW_LIMIT,
        "low slices",
        "write 'low: 32 KiB' for those that boot Linux by its own EFI stub, or have fewer partitions",
        LOW_LIMIT - LOW_MINIMUM,
        reserved,
    )


@error
def memory_below_1g_fits(plan: Plan) -> Iterator[Finding]:
    """The shares below 1 GiB of all partitions fit between 1 MiB and 896 MiB."""
    yield from _shared_window(
        plan,
        MemoryPurpose.MrmMemoryBelow1G,
        MIB,
        BELOW_1G_LIMIT,
        "shares below 1 GiB",
        "lower 'below_1g' of some partitions, or have fewer partitions",
        BELOW_1G_LIMIT,
        0,
    )


def _shared_window(
    plan: Plan,
    purpose: MemoryPurpose,
    start: int,
    end: int,
    what: str,
    advice: str,
    largest: int,
    reserved: int,
) -> Iterator[Finding]:
    """Find the partition whose request no longer fits a window all partitions share.

    `reserved` are the bytes that firmware typically uses there besides those it is known to hold.
    """
    room = capacity(plan.machine, start, end) - reserved
    held = held_within(plan.machine, start, end)
    others = [f"{_list_held(held)} of the firmware"] if held else []
    others += [f"{format_size(reserved)} that running firmware typically uses"] if reserved else []
    beside = f", beside {' and '.join(others)}" if others else ""
    used = 0
    for partition in plan.partitions:
        for request in partition.memory.requests:
            if request.purpose is not purpose or request.size > largest:
                continue
            used += request.size
            if used > room:
                yield Finding(
                    request.place,
                    f"the {what} up to '{partition.name.value}' add up to {format_size(used)}",
                    f"at most {format_size(room)} in {start:#x} to {end - 1:#x} of the machine{beside}",
                    advice,
                )
                return


@error
def memory_fits(plan: Plan) -> Iterator[Finding]:
    """The memory of all partitions fits the machine beside its firmware and the controller.

    Requests may be cut in pieces, so they can all be met exactly if no window holds more than its capacity:
    for each pair of lower and upper bounds that occurs, what is confined between them must fit there.  The
    PC's firmware and the controller are one more request, below 4 GiB.
    """
    requests = [
        (partition, request)
        for partition in plan.partitions
        for request in partition.memory.requests
        if request.purpose is not MemoryPurpose.MrmMemoryLow
    ]
    reserved = reserved_for_firmware(
        plan.machine, sum(controller_bytes(partition) for partition in plan.partitions)
    )
    ends = sorted({request.limit for _, request in requests} | {BELOW_4G_LIMIT})
    starts = sorted({request.minimum for _, request in requests} | {MIB}, reverse=True)
    reported: set[int] = set()
    for end in ends:
        for start in starts:
            inside = [(p, r) for p, r in requests if r.minimum >= start and r.limit <= end]
            beside_firmware = start <= MIB and end >= BELOW_4G_LIMIT
            room = max(0, capacity(plan.machine, start, end) - (reserved if beside_firmware else 0))
            beyond = _first_beyond(inside, room)
            if beyond is None or id(beyond[1]) in reported:
                continue
            partition, request = beyond
            reported.add(id(request))
            needed = _rounded(sum(r.size for _, r in inside) + MIB - 1)
            beside = " beside firmware and controller" if beside_firmware else ""
            where = f"between {start:#x} and {end - 1:#x}"
            yield Finding(
                request.place,
                f"no memory left for '{partition.name.value}': {needed} are asked for {where}",
                f"at most {_rounded(room)} there{beside}",
                "give less memory, or lift 'above', 'below_1g' or 'below_4g'",
            )


@warning
def memory_order(plan: Plan) -> Iterator[Finding]:
    """The controller, which allocates memory with the lowest limit first, finds room for all of it.

    Judged only if nothing else is wrong with the memory: then there is enough, but others may have it first.
    """
    errors = (memory_aligned, memory_alignment, memory_addresses, memory_low_size, memory_parts)
    fits = (memory_low_fits, memory_below_1g_fits, memory_fits)
    if any(next(judge(plan), None) is not None for judge in (*errors, *fits)):
        return
    allocation = allocate_memory(plan.machine, plan.partitions)
    for partition, allocated in zip(plan.partitions, allocation.partitions, strict=True):
        missing = next((part.request for part in allocated if not part.complete), None)
        if missing is not None:
            where = f"{missing.minimum:#x} to {missing.limit - 1:#x}"
            yield Finding(
                missing.place,
                f"'{partition.name.value}' may find {where} taken or in too many pieces: the controller "
                "takes memory from above, what has the lowest limit first",
                "room for each request, one after the other",
                "give the others addresses that leave it free",
            )


def _first_beyond(
    inside: list[tuple[PartitionPlan, MemoryRequest]], room: int
) -> tuple[PartitionPlan, MemoryRequest] | None:
    """The first request, in the order of the file, that goes beyond a capacity."""
    used = 0
    for partition, request in inside:
        used += request.size
        if used > room:
            return partition, request
    return None


def _rounded(size: int) -> str:
    """A size, rounded down to whole MiB where that makes it readable."""
    return format_size(size // MIB * MIB if size >= MIB else size)


@warning
def memory_dma32(plan: Plan) -> Iterator[Finding]:
    """A partition with memory above 4 GiB has at least 96 MiB below, for devices with 32-bit DMA."""
    for partition in plan.partitions:
        memory = partition.memory
        main = [r for r in memory.requests if r.purpose is not MemoryPurpose.MrmMemoryLow]
        below = sum(request.size for request in main if request.limit <= BELOW_4G_LIMIT)
        beyond = sum(request.size for request in main if request.limit > BELOW_4G_LIMIT)
        if beyond and below < DMA32_LEAST:
            has = format_size(below) if below else "nothing"
            yield Finding(
                (memory.below_4g or memory.size).place,
                f"'{partition.name.value}' has {has} below 4 GiB besides its low slice: Linux "
                "will find no room for bounce buffers (swiotlb), and devices with 32-bit DMA will not work",
                "at least 96 MiB there, or all of its memory",
                "write 'below_4g: 128 MiB', or leave it if all devices of the partition address 64 bits",
            )


@warning
def memory_for_grub(plan: Plan) -> Iterator[Finding]:
    """A partition that boots from disks or the network has 64 KiB low, 160 MiB below 1 GiB, for GRUB 2.06."""
    for partition in plan.partitions:
        memory = partition.memory
        if not partition.boot.owns_loader or not partition.knows("memory", "boot"):
            continue
        for size, least, key in (
            (memory.low, LOW_GRUB, "low"),
            (memory.below_1g, min(BELOW_1G_LEAST, memory.size.value // 2), "below_1g"),
        ):
            if size.value < least:
                yield Finding(
                    size.place,
                    f"'{key}' of '{partition.name.value}' is {format_size(size.value)}: GRUB before 2.12 "
                    "cannot start Linux with it",
                    f"at least {format_size(least)}",
                    f"leave '{key}' out, or leave it if the loader is another",
                )


@error
def memory_holds_loader(plan: Plan) -> Iterator[Finding]:
    """Partition firmware, loader and initrd, with room to unpack a kernel, fit into the memory."""
    for partition in plan.partitions:
        size = partition.memory.size
        needed = max((_needed(source) for source in partition.boot.files), default=0)
        if needed > size.value >= MINIMUM:
            least = f"{needed // MIB + 1} MiB"
            yield Finding(
                size.place,
                f"{format_size(size.value)} of memory; loader and initrd take {least} to start",
                f"at least {least}",
                "give it more, or boot something smaller",
            )


def _needed(boot: FileBoot) -> int:
    """Bytes that booting a file takes; 0 if that is not known."""
    loader = boot.file_facts.loader
    if loader is None or loader.error is not None:
        return 0
    initrd = boot.initrd_facts.size if boot.initrd_facts is not None else 0
    unpacked = loader.linux.init_size if loader.linux is not None else 0
    return FIRMWARE_SHARE + boot.file_facts.size + loader.image_size + unpacked + 2 * initrd
